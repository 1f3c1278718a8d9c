"""Training on a small made-up corpus: batches without end, interruption, lineage, export and the search on graphs."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tightrope.errors import ArtifactError, ConfigError
from tightrope_translate import assess, batches, export, train
from tightrope_translate.batches import PAD, Batches, Choice, Place
from tightrope_translate.corpus import Corpus
from tightrope_translate.graphs import Graphs, limit
from tightrope_translate.search import beam, greedy
from tightrope_translate.trainer import TrainConfig
from tightrope_translate.vocabulary import END, Vocabulary

from .conftest import TINY


@pytest.fixture
def config(data: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainConfig:
    monkeypatch.setattr(train, "CHECKPOINT_TOKENS", 2000)
    monkeypatch.setattr(batches, "POOL", 200)
    return TrainConfig(data=data, out=tmp_path / "run", vocabulary=model, tokens=6000, **TINY)


def test_an_epoch_shows_every_pair_in_both_directions(
    corpus: Corpus, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "POOL", 100)
    stream = Batches(corpus, vocabulary, Choice("both"))
    everyday = [index for index, turns in enumerate(corpus.turns) if turns == 1]
    pools = len(stream.epoch(0)) // batches.POOL
    shown = Counter(member for pool in range(pools) for member in stream.members(pool))
    assert set(shown.values()) == {1}
    assert {(index, language) for index in everyday for language in ("en", "de")} <= set(shown)
    epochs = [set(stream.epoch(number).tolist()) for number in range(3)]
    rare = {2 * index for index, turns in enumerate(corpus.turns) if turns == 3}
    assert set.union(*epochs) >= rare
    assert not rare & epochs[0] & epochs[1]


def test_batches_go_on_from_a_place(corpus: Corpus, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "POOL", 100)
    first, second = (Batches(corpus, vocabulary, Choice("en-de", tokens=300)) for _ in range(2))
    places = []
    for _ in range(20):
        places.append(first.place)
        expected = next(first)
    assert places[-1].pool > 0
    second.place = Place(*places[-1])
    for ours, theirs in zip(next(second), expected, strict=True):
        assert torch.equal(ours, theirs)


def test_a_batch_is_shifted_padded_and_small(corpus: Corpus, vocabulary: Vocabulary) -> None:
    stream = Batches(corpus, vocabulary, Choice("both", tokens=300))
    for _ in range(30):
        source, target, wanted = next(stream)
        assert max(source.numel(), wanted.numel()) <= 300
        assert set(source[:, 0].tolist()) <= set(vocabulary.tags.values())
        assert torch.equal(target[:, 0], source[:, 0])
        assert torch.equal(target != PAD, wanted != PAD)
        assert torch.equal(target[:, 1:], wanted[:, :-1].masked_fill(wanted[:, 1:] == PAD, PAD))
        assert ((wanted == END).sum(1) == 1).all()


def test_an_unknown_direction_is_refused() -> None:
    with pytest.raises(ConfigError, match="en-fr"):
        Choice("en-fr")


def test_an_interrupted_run_ends_as_an_uninterrupted_one(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = load_file(train.train(config))
    halves = dataclasses.replace(config, out=config.out.parent / "halves")
    trained, calls = train.Trainer.run, []

    def stop_in_the_second(self: train.Trainer, tokens: int) -> dict[str, float]:
        calls.append(tokens)
        if len(calls) == 2:
            trained(self, tokens - 1000)  # work that is lost, as with a power cut
            raise KeyboardInterrupt
        return trained(self, tokens)

    monkeypatch.setattr(train.Trainer, "run", stop_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        train.train(halves)
    resumed = load_file(train.train(halves))
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_a_run_may_start_from_another(config: TrainConfig) -> None:
    train.train(config)
    branch = dataclasses.replace(
        config, out=config.out.parent / "branch", start=config.out / "checkpoint.pt", direction="en-de"
    )
    train.train(branch)
    first, second = (json.loads((run.out / "lineage.json").read_text()) for run in (config, branch))
    assert second["log"][0]["loss"] < first["log"][0]["loss"]
    assert len(second["start_sha256"]) == 64
    assert "--start START" in second["command"]


def test_lineage_tells_all_but_paths(config: TrainConfig) -> None:
    path = train.train(config)
    text = (config.out / "lineage.json").read_text()
    found = json.loads(text)
    assert str(config.out.parent) not in text
    assert str(config.data) not in text
    assert found["settings"]["tokens"] == config.tokens
    assert found["weights_sha256"] == train.lineage.digest(path)
    assert found["log"][-1]["tokens"] >= config.tokens
    assert {"bleu_de", "bleu_en"} <= found["log"][-1].keys()
    assert all(value.dtype == torch.float16 for value in load_file(path).values())


def test_training_learns(weights: Path) -> None:
    log = json.loads((weights.parent / "lineage.json").read_text())["log"]
    assert log[-1]["loss"] < log[0]["loss"]


def test_graphs_write_what_torch_writes(weights: Path, vocabulary: Vocabulary, corpus: Corpus, tmp_path: Path) -> None:
    net = export.load_network(weights)
    assert export.export(net, tmp_path) < export.TOLERANCE
    graphs = Graphs.open(tmp_path, len(vocabulary))
    tag = vocabulary.tags["de"]
    for texts in (corpus.english[:9], corpus.english[:1]):
        source = batches.padded([[tag, *numbers] for numbers in vocabulary.encode(texts)])
        tags = torch.full((len(texts),), tag)
        ours, theirs = graphs.write(source.numpy(), tags.numpy()), greedy(net, source, tags)
        assert [one.tokens for one in ours] == [one.tokens for one in theirs]
        np.testing.assert_allclose([w.score for w in ours], [w.score for w in theirs], atol=1e-3)


def test_exported_graphs_tell_nothing_of_the_machine(weights: Path, tmp_path: Path) -> None:
    export.export(export.load_network(weights), tmp_path)
    for name in (export.ENCODER, export.STEP):
        data = (tmp_path / name).read_bytes()
        assert str(Path(__file__).parents[2]).encode() not in data
        assert b"site-packages" not in data


def test_a_wider_beam_finds_what_is_at_least_as_likely(weights: Path, vocabulary: Vocabulary, corpus: Corpus) -> None:
    net, tag = export.load_network(weights), vocabulary.tags["de"]
    source = batches.padded([[tag, *numbers] for numbers in vocabulary.encode(corpus.english[:6])])
    tags = torch.full((6,), tag)
    narrow, wide, plain = beam(net, source, tags, 1), beam(net, source, tags, 5), greedy(net, source, tags)
    assert sum(w.score for w in wide) >= sum(w.score for w in narrow) - 1e-4
    for one, same in zip(narrow, plain, strict=True):
        ended = len(same.tokens) < limit(source.shape[1])  # a greedy search that hits the limit has no END to score
        assert not ended or one.score >= same.score - 1e-4


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(ArtifactError, match="holds no translation network"):
        export.load_network(path)


def test_assessment(weights: Path, vocabulary: Vocabulary, corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assess, "FACTS", 5)  # hardly trained, the network is asked again for every word
    found = assess.assess(export.load_network(weights), vocabulary, corpus.every(20), "de")
    assert found["sentences"] == len(corpus.every(20))
    assert 0 <= found["facts_kept"] <= 1
    assert "version" in found["bleu_signature"]
