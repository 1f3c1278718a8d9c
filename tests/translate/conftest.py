"""What the translation tests share: a small made-up corpus and a vocabulary fitted to it."""

from __future__ import annotations

from pathlib import Path
from random import Random
from shutil import copyfile
from typing import Any

import pytest

from tightrope_translate.corpus import EVERYDAY, SOFTWARE, Corpus, read_training
from tightrope_translate.templates import templated
from tightrope_translate.vocabulary import Vocabulary, fit

TINY: dict[str, Any] = {"encoder_layers": 1, "feed_forward": 64, "batch": 400, "warmup": 5, "guidance": 0.5}
LINES = 400
SMALL = 520  # pieces; 256 of them are bytes


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out like the real one."""
    folder = tmp_path_factory.mktemp("mt-en-de")
    rng = Random(0)
    lines = ["\t".join(templated(rng)) for _ in range(LINES)]
    (folder / EVERYDAY).write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "tatoeba.dev.tsv").write_text("\n".join(lines[:20]) + "\n", encoding="utf-8")
    software = ["Find text\tText suchen\thelp\tMPL-2.0", "Share alike\tGleiche Bedingungen\tdocs\tCC-BY-SA-3.0"]
    (folder / SOFTWARE).write_text("\n".join(software * 3) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def corpus(data: Path) -> Corpus:
    return read_training(data)


@pytest.fixture(scope="session")
def model(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small vocabulary's file."""
    path = tmp_path_factory.mktemp("vocabulary") / "vocabulary.model"
    path.write_bytes(fit(corpus, SMALL))
    return path


@pytest.fixture(scope="session")
def weights(data: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a short run, in both directions; the folder above holds the vocabulary."""
    pytest.importorskip("torch")
    from tightrope_translate import train
    from tightrope_translate.trainer import TrainConfig

    folder = tmp_path_factory.mktemp("trained")
    copyfile(model, folder / "vocabulary.model")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "CHECKPOINT_TOKENS", 10_000)
        settings = TrainConfig(data=data, out=folder / "en-de", vocabulary=model, tokens=30_000, rate=3e-3, **TINY)
        return train.train(settings)


@pytest.fixture(scope="session")
def vocabulary(model: Path) -> Vocabulary:
    return Vocabulary(model)
