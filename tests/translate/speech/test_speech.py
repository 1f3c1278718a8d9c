"""From sound to a translation, with the real recognizer, and the command as a person runs it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tightrope.errors import BadInputError, MissingExtraError
from tightrope_translate.engine import Engine
from tightrope_translate.speech import recognizer, say
from tightrope_translate.speech.recognizer import Heard, open_recognizer
from tightrope_translate.speech.run import SpeechOptions, speech_command
from tightrope_translate.speech.sound import RATE, Samples, read_sound
from tightrope_translate.speech.spoken import SpeechTranslator, as_sentence
from tightrope_translate.speech.voice import open_voice

from .conftest import Brackets, write_wav

Spoken = Callable[[str], Samples]


def options(*recordings: Path, source: str = "en", as_json: bool = True, aloud: bool = False) -> SpeechOptions:
    return SpeechOptions(recordings, False, source, "de", None, aloud, 1, as_json)


@pytest.fixture(autouse=True)
def _no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "open", classmethod(lambda cls, models=None, threads=1: Brackets()))


def test_a_recording_is_translated_and_a_bad_one_named(
    spoken: Spoken, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pocketsphinx")
    good = write_wav(tmp_path / "good.wav", spoken("this is a good time to go home"))
    still = write_wav(tmp_path / "still.wav", np.zeros(RATE, np.float32))

    with pytest.raises(BadInputError, match=r"none\.wav does not exist"):
        speech_command(options(good, tmp_path / "none.wav", still))

    (found,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert found["recording"] == str(good)
    assert found["translation"] == f"[{found['text']}]"
    assert 0 <= found["confidence"] <= 1
    assert 0.5 < found["start"] < found["end"]


def test_a_real_recording_is_mostly_understood() -> None:
    pytest.importorskip("pocketsphinx")
    package = find_spec("moonshine_voice")
    if package is None or package.origin is None:
        pytest.skip("real recordings are in the wheel moonshine-voice")
    samples = read_sound(Path(package.origin).parent / "assets" / "two_cities.wav")[: 9 * RATE]
    speech = SpeechTranslator(open_voice(), open_recognizer("en"), Brackets())  # type: ignore[arg-type]
    heard = " ".join(one.text for one in speech.translate(samples, "en", "de")).lower()

    assert "it was the best of times" in heard
    assert "it was the worst of times" in heard


class Certain:
    """A recognizer that always hears the same."""

    sure_from = 0.6

    def __init__(self, text: str, confidence: float) -> None:
        self.heard = Heard(text, confidence)

    def __call__(self, samples: Samples) -> Heard:
        return self.heard


@pytest.mark.parametrize(("confidence", "sure"), [(0.3, False), (0.9, True)])
def test_what_is_heard_without_certainty_is_not_sure(spoken: Spoken, confidence: float, sure: bool) -> None:
    pytest.importorskip("pocketsphinx")
    speech = SpeechTranslator(open_voice(), Certain("where am i", confidence), Brackets())  # type: ignore[arg-type]
    (one,) = speech.translate(spoken("where am I"), "en", "de")

    assert (one.text, one.translation, one.sure) == ("Where am I?", "[Where am I?]", sure)


def test_sound_without_words_says_nothing(spoken: Spoken) -> None:
    pytest.importorskip("pocketsphinx")
    speech = SpeechTranslator(open_voice(), Certain("", 0.0), Brackets())  # type: ignore[arg-type]

    assert list(speech.translate(spoken("where am I"), "en", "de")) == []


def test_words_become_a_sentence() -> None:
    assert as_sentence("i think i'm lost") == "I think I'm lost."
    assert as_sentence("is it far") == "Is it far?"
    assert as_sentence("Is it far? Yes.") == "Is it far? Yes."
    assert as_sentence("  ") == ""


def test_what_is_missing_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"understands English only, not 'de'"):
        open_recognizer("de")
    with pytest.raises(BadInputError, match="name recordings, or the microphone"):
        speech_command(options())
    monkeypatch.setattr(recognizer, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"tightrope\[speech\]"):
        open_recognizer("en")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(BadInputError, match="espeak-ng, which is not installed"):
        say.say("Hallo", "de")
    with pytest.raises(BadInputError, match="espeak-ng, which is not installed"):  # before it listens
        speech_command(options(tmp_path / "a.wav", aloud=True))


def test_a_sentence_that_looks_like_an_option_is_spoken(tmp_path: Path) -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    say.say("--version", "de", tmp_path / "said.wav")

    assert (tmp_path / "said.wav").stat().st_size > 10_000
