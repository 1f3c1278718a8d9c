"""What a typist sees: nothing twice, little taken back, and in the end what the engine says of the whole text."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope_translate.live import Live, Update
from tightrope_translate.live.live import REMEMBERED, complete, has_ended, split_open

from .live_engines import Gated, Scripted, Shouting


def typed(text: str) -> Iterator[str]:
    return (text[: end + 1] for end in range(len(text)))


def test_only_the_open_sentence_is_translated_and_only_at_whole_words() -> None:
    engine = Shouting()
    live = Live(engine, "en", "de")
    for text in typed("Where is it? I am late."):
        live.update(text)
    assert engine.asked == ["Where", "Where is", "Where is it?", "I", "I am", "I am late."]
    assert live.text == "WHERE IS IT? I AM LATE."


def test_an_edit_in_the_middle_translates_the_sentence_that_it_changed() -> None:
    engine = Shouting()
    live = Live(engine, "en", "de")
    live.update("One. Two. Three. Fo", settled=True)
    engine.asked.clear()
    update = live.update("One. Twenty. Three. Fo", settled=True)
    assert engine.asked == ["Twenty."]
    assert update == Update(7, "ENTY. THREE. ", "FO", "en", True)
    live.update("One. Two. Three. Fo", settled=True)
    assert engine.asked == ["Twenty."], "an edit that is undone costs nothing"


GUESSES = {
    "I": "Ich",
    "I have": "Ich habe es",
    "I have not": "Ich habe keine Lust",
    "I have not seen": "Ich habe nicht gesehen was",
    "I have not seen him": "Ich habe ihn nicht gesehen",
}


@pytest.mark.parametrize(
    ("mask", "agree", "seen"),
    [
        (0, 1, ["Ich", "Ich habe es", "Ich habe es", "Ich habe nicht gesehen was", "Ich habe nicht gesehen was"]),
        (1, 1, ["", "Ich habe", "Ich habe keine", "Ich habe keine", "Ich habe ihn nicht"]),
        (0, 2, ["", "Ich", "Ich habe", "Ich habe", "Ich habe"]),
        (3, 2, ["", "", "Ich", "Ich habe", "Ich habe"]),
        (0, 3, ["", "", "Ich", "Ich habe", "Ich habe"]),
    ],
)
def test_words_are_shown_when_translations_agree(mask: int, agree: int, seen: list[str]) -> None:
    live = Live(Scripted(GUESSES), "en", "de", mask, agree)
    shown = []
    for text in GUESSES:
        live.update(text + " ")
        shown.append(live.text)
    assert shown == seen


def test_stable_words_were_seen_once_more_than_tentative_ones() -> None:
    live = Live(Scripted(GUESSES), "en", "de", mask=0, agree=2)
    for text in GUESSES:
        live.update(text + " ")
    assert (live.stable, live.tentative) == ("Ich habe", "")
    live.update("I have not seen him", settled=True)
    assert (live.stable, live.tentative) == ("Ich habe", " ihn nicht gesehen")


@pytest.mark.parametrize(
    ("text", "closed", "open_"),
    [
        ("", [], ""),
        ("Hello", [], "Hello"),
        ("Hello.", [], "Hello."),
        ("Hello. ", ["Hello."], ""),
        ("Hello.\nYou", ["Hello."], "You"),
        ("Dr. ", [], "Dr. "),
        ("Am 3. ", [], "Am 3. "),
        ("hello. you", ["hello."], "you"),
        ("12", [], "12"),
    ],
)
def test_what_is_finished(text: str, closed: list[str], open_: str) -> None:
    parts, rest = split_open(text)
    assert ([part.text for part in parts], rest) == (closed, open_)


def test_the_end_of_a_sentence_is_seen_before_the_next_begins() -> None:
    assert all(map(has_ended, ("Where is it?", 'He said "no."', "No. I won't!")))
    assert not any(map(has_ended, ("", "Where", "It costs 12.", "Dr.", "e.g.", "Well,")))


def test_a_word_that_is_being_written_waits() -> None:
    assert complete("I don'") == complete("I do") == complete("I ") == "I"
    assert complete("Well, ") == complete("Well,") == "Well,"
    assert complete("Where") == complete("") == ""


def test_going_back_over_the_end_of_a_figure_takes_nothing_back() -> None:
    live = Live(Shouting(), "en", "de")
    seen = []
    for text in typed("It costs just about 12.50 euros"):
        live.update(text)
        seen.append(live.text)
    assert all(after.startswith(before) for before, after in pairwise(seen))


def test_the_language_is_told_from_the_text_and_kept() -> None:
    engine = Shouting()
    live = Live(engine, "auto", "en")
    assert live.update("Wo", settled=True).source == "en"  # type: ignore[union-attr]
    assert live.update("Wo ist es", settled=True).source == "de"  # type: ignore[union-attr]


def test_what_is_not_sure_is_said_when_the_sentence_has_ended() -> None:
    live = Live(Shouting(), "en", "de", mask=0, agree=1)
    update = live.update("One two xyzzy, three ")
    assert update is not None
    assert update.sure
    assert live.text == "ONE TWO XYZZY, THREE"
    update = live.update("One two xyzzy, three four", settled=True)
    assert update is not None
    assert not update.sure
    assert live.text == "[5 words]"
    live.update("One two xyzzy, three four ")
    assert live.text == "[5 words]", "no news"
    live.update("One two xyzzy, three four five ")
    assert live.text == "ONE TWO XYZZY, THREE FOUR FIVE", "it goes on, and may become sure"
    update = live.update("One two xyzzy, three four five. Six")
    assert update is not None
    assert not update.sure
    assert live.stable == "[6 words] "


def test_a_newer_text_supersedes_the_one_at_work() -> None:
    engine = Gated()
    live = Live(engine, "en", "de")
    answers: dict[str, Update | None] = {}

    def run(text: str) -> None:
        answers[text] = live.update(text, settled=True)

    long, newer = "One. Two. Three.", "One. Two."
    first = threading.Thread(target=run, args=(long,))
    first.start()
    assert engine.entered.wait(10)
    second = threading.Thread(target=run, args=(newer,))
    second.start()
    while live._generation < 2:
        pass
    engine.gate.set()
    first.join(10)
    second.join(10)
    assert answers[long] is None
    assert answers[newer] == Update(0, "ONE. TWO.", "", "en", True)
    assert engine.asked == ["One.", "Two."], "what the first had translated is used, and no more was"


def test_many_threads_leave_one_text() -> None:
    live = Live(Shouting(), "en", "de")
    texts = ["One. Two. " * count for count in range(1, 40)]
    threads = [threading.Thread(target=live.update, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert live.text in {text.upper() for text in texts}
    assert live.update("The end.") is not None
    assert live.text == "THE END."


def test_memory_is_bounded() -> None:
    live = Live(Shouting(), "en", "de")
    for number in range(3 * REMEMBERED):
        live.update(f"Number {number}x.")
    assert len(live._known) <= REMEMBERED + 2


TEXTS = st.text(max_size=60) | st.lists(
    st.sampled_from(["Hi", "Dr.", "12.", "so", "\n", "\u202e", "ß", "!", "...", "“No.”", "- ", "\x00", "😀", "<b>"])
).map(" ".join)


@given(st.lists(st.tuples(TEXTS, st.booleans()), max_size=8))
def test_any_texts_in_any_order(texts: list[tuple[str, bool]]) -> None:
    engine = Shouting()
    live, stable = Live(engine, "en", "de"), ""
    for text, settled in texts:
        update = live.update(text, settled)
        assert update is not None
        stable = update.apply(stable)
        assert (stable, update.tentative) == (live.stable, live.tentative)
    for text, _ in texts[-1:]:
        live.update(text, settled=True)
        assert live.text == engine.translate(text.rstrip(), "en", "de").text + live.text[len(text.rstrip().upper()) :]
        assert not live.text[len(text.rstrip().upper()) :].strip()
