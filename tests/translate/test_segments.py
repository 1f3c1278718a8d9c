"""Sentences are found as a reader would find them, and nothing between them is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope_translate.pieces import LONGEST, core, pieces, translatable
from tightrope_translate.segments import split

AWKWARD = st.lists(
    st.sampled_from([".", "!", "?", "…", "\n", "\t", " ", "- ", "1. ", "3.", "Dr.", "z.B.", "usw.", "“", "„", '"', ")"])
    | st.text(max_size=5)
).map("".join)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Dr. Weiß kommt am 3. Mai. Wann?", ["Dr. Weiß kommt am 3. Mai.", "Wann?"]),
        (
            "Im 2. Stock. Im 19. Jahrhundert. Seit 1987. Gut.",
            ["Im 2. Stock.", "Im 19. Jahrhundert.", "Seit 1987.", "Gut."],
        ),
        ("Das ist z. B. gut, d.h. besser. Ja.", ["Das ist z. B. gut, d.h. besser.", "Ja."]),
        ("Äpfel, Birnen usw. Dann Nr. 5. Ende.", ["Äpfel, Birnen usw.", "Dann Nr. 5.", "Ende."]),
        ("He came at 5 p.m. and left. At 7 p.m. We ate.", ["He came at 5 p.m. and left.", "At 7 p.m.", "We ate."]),
        (
            "It costs $3.50. See no. 5. No. Mr. J. R. Smith.",
            ["It costs $3.50.", "See no. 5.", "No.", "Mr. J. R. Smith."],
        ),
        ("“Where?” she asked. “Here.” He left.", ["“Where?” she asked.", "“Here.”", "He left."]),
        ("Er sagte: „Komm!“ Dann ging er.", ["Er sagte: „Komm!“", "Dann ging er."]),
        ('"Halt!" rief er. Wait... what? Wait... What?', ['"Halt!" rief er.', "Wait... what?", "Wait...", "What?"]),
        ("where is it? i don't know. ok", ["where is it?", "i don't know.", "ok"]),
        ("Zug\tGleis\nBonn\t7", ["Zug", "Gleis", "Bonn", "7"]),
        ("# Title\n\n1. First\n2. Second\n  - Third\n> Quoted", ["Title", "First", "Second", "Third", "Quoted"]),
        (
            "This line was wrapped by an editor long before its\nend. Next.",
            ["This line was wrapped by an editor long before its\nend.", "Next."],
        ),
        ("No Smoking\nExit", ["No Smoking", "Exit"]),
        ("See example.com or v1.2.3 for more", ["See example.com or v1.2.3 for more"]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert [segment.text for segment in split(text) if segment.text] == sentences


@given(AWKWARD | st.text())
def test_nothing_is_lost(text: str) -> None:
    found = split(text)
    assert "".join(segment.text + segment.gap for segment in found) == text
    assert all(segment.text == segment.text.strip() for segment in found)


@given(st.text(max_size=2000) | st.text("ab ,", max_size=2000))
def test_pieces_are_short_unless_a_word_is_endless(text: str) -> None:
    found = pieces(text)
    assert "".join(found) == text
    assert all(len(piece) <= LONGEST or not piece[: len(piece) - 1].strip().count(" ") for piece in found)
    assert "".join(core(text)) == text


def test_a_long_sentence_is_cut_behind_a_clause() -> None:
    clause = "when the sun had gone down behind the hills and the birds were silent, "
    assert {piece[-2:] for piece in pieces(clause * 9)} == {", "}


@pytest.mark.parametrize(
    "text", ["", "12:30", "🙂 …", "→", "東京駅", "Где вокзал", "x" * 5000, "f(x) = {a: b[1]};", "7"]
)
def test_what_has_no_words(text: str) -> None:
    assert not translatable(text)


@pytest.mark.parametrize("text", ["I", "Exit", "Wo?", "I ❤️ Berlin", "Call {name} at <b>7:00</b>", "e-mail a@b.de now"])
def test_what_has_words(text: str) -> None:
    assert translatable(text)
