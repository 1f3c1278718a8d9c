"""Word error rate of a recognizer, by kind of recording, and how far its confidence can be trusted.

    python benchmarks/camera/hearing.py [--recordings FOLDER] [--media FOLDER]

`read aloud` are the real recordings of the wheel moonshine-voice (MIT; read from its assets, or from FOLDER);
`synthetic` are sentences spoken by espeak-ng, a voice that no recognizer was made for. Of both it is said how many of
the words that were heard had been said: in utterances that count as sure and in the others, and by the confidence of
the words. `without a transcript` are the recordings that gradio ships: nobody says what is said in them, so only how
much of them counts as sure is told.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from accuracy import distance
from numpy.typing import NDArray

from tightrope.measure.environment import Watch
from tightrope.writing import write_text
from tightrope_translate.speech.recognizer import Heard, Recognizer, open_recognizer
from tightrope_translate.speech.say import say
from tightrope_translate.speech.sound import RATE, Samples, read_sound
from tightrope_translate.speech.voice import Voice, open_voice, spans

RESULTS = Path(__file__).parents[1] / "results" / "speech-accuracy.json"
READ_ALOUD = {
    "two_cities.wav": (  # Dickens, A Tale of Two Cities, 1859
        "it was the best of times it was the worst of times it was the age of wisdom it was the age of foolishness it "
        "was the epoch of belief it was the epoch of incredulity it was the season of light it was the season of "
        "darkness it was the spring of hope it was the winter of despair we had everything before us we had nothing "
        "before us we were all going direct to heaven we were all going direct the other way in short the period was "
        "so far like the present period that some of its noisiest authorities insisted on its being received for good "
        "or for evil in the superlative degree of comparison only"
    ),
    "beckett.wav": "ever tried ever failed no matter try again fail again fail better",
}
SENTENCES = (
    "where is the railway station",
    "how much does this cost",
    "i need a doctor please",
    "my daughter has a fever",
    "the train leaves at seven forty five",
    "we would like a table for two",
    "is breakfast included in the price",
    "can you help me find my hotel",
    "i have lost my passport",
    "please call the police",
)


BANDS = (0.0, 0.5, 0.8, 1.01)  # of a word's confidence


def main() -> None:
    parser = argparse.ArgumentParser(description="Word error rate of a recognizer.")
    parser.add_argument("--recordings", type=Path, help="folder with the recordings of moonshine-voice")
    parser.add_argument("--media", type=Path, help="folder with the recordings of gradio")
    parser.add_argument("--model", type=Path, help="folder of a Whisper model for sherpa-onnx; pocketsphinx without")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    folder = arguments.recordings or _inside("moonshine_voice", "assets")
    media = arguments.media or _inside("gradio", "media_assets/audio")
    voice, recognizer = open_voice(), open_recognizer("en", arguments.model)
    tests: dict[str, list[tuple[Samples, str]]] = {}
    if folder is not None:
        tests["read aloud"] = [(read_sound(folder / name), text) for name, text in READ_ALOUD.items()]
    if shutil.which("espeak-ng"):
        tests["synthetic"] = [(_spoken(text), text) for text in SENTENCES]
    result: dict[str, Any] = {"voice": type(voice).__name__, "recognizer": type(recognizer).__name__}
    with Watch(threads=1) as watch:
        for kind, pairs in tests.items():
            result[kind] = tested(pairs, voice, recognizer)
        if media is not None:
            sounds = [read_sound(path) for path in sorted(media.glob("*.wav"))]
            result["without a transcript"] = untold(sounds, voice, recognizer)
    result["environment"] = watch.record.to_dict()
    write_text(arguments.out, json.dumps(result, indent=1) + "\n")
    for kind in tests:
        row = result[kind]
        rate = f"{row['cpu_seconds_per_second']:.2f} CPU s/s"
        print(f"{kind:11} WER {row['word_error_rate']:6.1%} of {row['words']}, {rate}")
        for name, band in row["by_confidence"].items():
            print(f"   {name:20} {band['words']:4} words heard, {band['right']:6.1%} of them were said")
    print(result.get("without a transcript", ""))


def tested(pairs: Sequence[tuple[Samples, str]], voice: Voice, recognizer: Recognizer) -> dict[str, Any]:
    """What is heard in recordings, against what is said in them."""
    start, errors, words = time.process_time(), 0, 0
    utterances: list[Heard] = []
    told: list[tuple[bool, float, bool]] = []  # of each word: in a sure utterance, its confidence, whether it was said
    for samples, text in pairs:
        heard = _heard(samples, voice, recognizer)
        errors += word_errors(" ".join(one.text for one in heard), text)
        words += len(_words(text))
        utterances += heard
        told += confidences(heard, text, recognizer.sure_from)
    seconds = sum(len(samples) for samples, _ in pairs) / RATE
    taken = (time.process_time() - start) / seconds
    return {
        "word_error_rate": errors / words,
        "words": words,
        "cpu_seconds_per_second": taken,
        "by_confidence": by_confidence(told, recognizer.sure_from),
        "utterances": [
            [one.text, round(one.confidence, 3), one.confidence >= recognizer.sure_from] for one in utterances
        ],
    }


def untold(sounds: Sequence[Samples], voice: Voice, recognizer: Recognizer) -> dict[str, Any]:
    """What can be told of recordings that nobody has written down."""
    heard = [one for samples in sounds for one in _heard(samples, voice, recognizer) if one.text]
    sure = [one for one in heard if one.confidence >= recognizer.sure_from]
    return {
        "recordings": len(sounds),
        "seconds": round(sum(map(len, sounds)) / RATE),
        "utterances": len(heard),
        "sure": len(sure),
    }


def _heard(samples: Samples, voice: Voice, recognizer: Recognizer) -> list[Heard]:
    return [recognizer(samples[span.samples]) for span in spans(voice(samples), voice.frame_s)]


def confidences(heard: Sequence[Heard], text: str, sure_from: float) -> list[tuple[bool, float, bool]]:
    """Of each word that was heard: whether its utterance is sure, its own confidence, and whether it was said."""
    words = [
        (part, one.confidence >= sure_from, word.confidence)
        for one in heard
        for word in one.words
        for part in _words(word.text)
    ]
    right = were_said([part for part, _, _ in words], _words(text))
    return [(sure, confidence, said) for (_, sure, confidence), said in zip(words, right, strict=True)]


def were_said(heard: Sequence[str], said: Sequence[str]) -> list[bool]:
    """Of each word of `heard`: whether it stands in `said`, where both are aligned with the fewest errors."""
    cost: NDArray[np.int64] = np.add.outer(np.arange(len(heard) + 1), np.arange(len(said) + 1))
    for i, word in enumerate(heard, 1):
        for j, other in enumerate(said, 1):
            cost[i, j] = min(cost[i - 1, j - 1] + (word != other), cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    right = [False] * len(heard)
    i, j = len(heard), len(said)
    while i and j:
        if cost[i, j] == cost[i - 1, j - 1] + (heard[i - 1] != said[j - 1]):
            i, j = i - 1, j - 1
            right[i] = heard[i] == said[j]
        elif cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
        else:
            j -= 1
    return right


def by_confidence(told: Sequence[tuple[bool, float, bool]], sure_from: float) -> dict[str, dict[str, float]]:
    """The words that were heard and the share of them that had been said: by utterance, and by word."""
    chosen = {
        f"utterance >= {sure_from:g}": [said for sure, _, said in told if sure],
        f"utterance < {sure_from:g}": [said for sure, _, said in told if not sure],
    }
    for low, high in pairwise(BANDS):
        chosen[f"word {low:g} to {min(high, 1):g}"] = [said for _, c, said in told if low <= c < high]
    return {name: {"words": len(row), "right": sum(row) / max(1, len(row))} for name, row in chosen.items()}


def word_errors(heard: str, said: str) -> int:
    """Insertions, deletions and substitutions of whole words."""
    numbers: dict[str, str] = {}
    coded = ["".join(numbers.setdefault(word, chr(0x100 + len(numbers))) for word in _words(t)) for t in (heard, said)]
    return distance(*coded)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower().replace("'", ""))


def _inside(package: str, folder: str) -> Path | None:
    """A folder of an installed package, if it is there."""
    found = find_spec(package)
    path = Path(found.origin).parent / folder if found is not None and found.origin else None
    return path if path is not None and path.is_dir() else None


def _spoken(text: str) -> Samples:
    with tempfile.TemporaryDirectory() as folder:
        say(text, "en-us", Path(folder) / "said.wav")
        return read_sound(Path(folder) / "said.wav")


if __name__ == "__main__":
    main()
