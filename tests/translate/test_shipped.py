"""The shipped translators score what their evidence says. `tightrope verify` would also need the float weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tightrope.measure.cpu import detect_cpu
from tightrope.models import open_artifact
from tightrope_translate.corpus import read_pairs
from tightrope_translate.graphs import Graphs
from tightrope_translate.greedy import write
from tightrope_translate.vocabulary import Vocabulary


@pytest.mark.verify
@pytest.mark.parametrize("direction", ["en-de", "de-en"])
def test_it_scores_what_its_evidence_says(direction: str, shared_data: Path) -> None:
    pytest.importorskip("sacrebleu")
    from tightrope_translate.scores import TranslationScores

    artifact = open_artifact("translate", f"{direction}-int8")
    source, target = direction.split("-")
    corpus = read_pairs(shared_data / "mt-en-de" / "tatoeba.test.tsv")
    sides = {"en": corpus.english, "de": corpus.german}
    vocabulary = Vocabulary(artifact.path / "vocabulary.model")
    written = write(Graphs.open(artifact, len(vocabulary)), vocabulary, sides[source], target)
    found = TranslationScores([one.text for one in written], sides[target])
    evidence = artifact.manifest.evidence
    same = evidence["environment"]["instruction_set"] == detect_cpu().instruction_set
    for name, value in found.on(np.arange(len(found))).items():
        assert value == pytest.approx(evidence["scores"]["artifact"][name], abs=1e-9 if same else 0.3)
