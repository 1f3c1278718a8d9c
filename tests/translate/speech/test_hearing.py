"""The benchmark of recognizers: which of the words that were heard had been said."""

from __future__ import annotations

import sys
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("matplotlib", reason="the benchmark renders signs, too")
pytest.importorskip("pocketsphinx", reason="needs the extra 'speech'")
sys.path.append(str(Path(__file__).parents[3] / "benchmarks" / "camera"))
from hearing import by_confidence, confidences, were_said, word_errors

from tightrope_translate.speech.recognizer import Heard, Word

WORDS = st.lists(st.sampled_from("it was the best of times".split()), max_size=9)  # noqa: SIM905


@given(WORDS, WORDS)
def test_the_alignment_has_the_fewest_errors(heard: list[str], said: list[str]) -> None:
    right = were_said(heard, said)
    kept = [word for word, one in zip(heard, right, strict=True) if one]

    rest = iter(said)
    assert all(word in rest for word in kept), "in the order in which they were said"
    assert max(len(heard), len(said)) - sum(right) <= word_errors(" ".join(heard), " ".join(said))
    if heard == said:
        assert all(right)
    assert (
        sum(right) <= sum(b.size for b in SequenceMatcher(None, heard, said, autojunk=False).get_matching_blocks()) + 3
    )


def test_confidence_is_held_against_what_was_said() -> None:
    sure = Heard("it's the best", 0.9, (Word("it's", 0.95), Word("the", 0.9), Word("best", 0.6)))
    unsure = Heard("of dimes", 0.3, (Word("of", 0.6), Word("dimes", 0.2)))
    told = confidences([sure, unsure], "Its the best of times", 0.8)
    found = by_confidence(told, 0.8)

    assert found["utterance >= 0.8"] == {"words": 3, "right": 1.0}
    assert found["utterance < 0.8"] == {"words": 2, "right": 0.5}
    assert found["word 0 to 0.5"] == {"words": 1, "right": 0.0}
    assert found["word 0.8 to 1"] == {"words": 2, "right": 1.0}
