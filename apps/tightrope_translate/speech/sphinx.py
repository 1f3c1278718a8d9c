"""PocketSphinx (BSD) with the US English model of its wheel: small, offline, and no better than its age."""

from __future__ import annotations

import numpy as np
import pocketsphinx

from tightrope_translate.speech.recognizer import Heard, Word
from tightrope_translate.speech.sound import RATE, Samples, pcm

SURE_FROM = 0.8  # measured: benchmarks/camera/hearing.py


class Sphinx:
    """A recognizer; confidence is the mean of the words' posterior probabilities, weighted by their length in time."""

    sure_from = SURE_FROM

    def __init__(self) -> None:
        pocketsphinx.set_loglevel("FATAL")
        self._decoder = pocketsphinx.Decoder(samprate=RATE)

    def __call__(self, samples: Samples) -> Heard:
        self._decoder.start_utt()
        self._decoder.process_raw(pcm(samples), full_utt=True)
        self._decoder.end_utt()
        # Fillers are <s>, <sil>, [NOISE]; 'the(2)' is the second way to say 'the'.
        found = [one for one in self._decoder.seg() or () if one.word[0] not in "<["]
        if not found:
            return Heard("", 0.0)
        words = tuple(Word(one.word.partition("(")[0], float(min(1.0, one.prob))) for one in found)
        lengths = np.array([one.end_frame - one.start_frame + 1 for one in found])
        confidence = float(np.average([word.confidence for word in words], weights=lengths))
        return Heard(" ".join(word.text for word in words), confidence, words)
