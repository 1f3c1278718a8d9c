"""A translation network through the compressor: two graphs, one gate, and an artifact that translates."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copyfile, copytree

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sacrebleu")

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from tightrope.artifact import Artifact
from tightrope.cli.main import main
from tightrope.cli.verify import verify_command
from tightrope.compress.scores import metrics
from tightrope.errors import ArtifactError, ConfigError
from tightrope_translate import shortlist, taught
from tightrope_translate.corpus import read_phrase_book
from tightrope_translate.graphs import ENCODER, SHORTLIST, STEP, Graphs
from tightrope_translate.scores import TranslationScores
from tightrope_translate.shortlist import Shortlist, every_word
from tightrope_translate.task import FOLDER, TranslateTask
from tightrope_translate.translator import Translator
from tightrope_translate.vocabulary import Vocabulary
from tightrope_translate.workload import open_workload

RECIPE = Path(__file__).parents[2] / "models" / "translate" / "recipe.toml"


@pytest.fixture(scope="module", autouse=True)
def folder(data: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> object:
    """The small corpus and weights in the places where the task looks for them."""
    root = tmp_path_factory.mktemp("root")
    copytree(data, root / "mt-en-de")
    copyfile(root / "mt-en-de" / "tatoeba.dev.tsv", root / "mt-en-de" / "tatoeba.test.tsv")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIGHTROPE_DATA", str(root))
        patch.setenv(FOLDER, str(weights.parents[1]))
        # Of the phrase book a part: the small vocabulary cuts its sentences into many pieces to align.
        part = read_phrase_book().every(20)
        patch.setattr(taught, "read_phrase_book", lambda: part)
        yield root


@pytest.fixture(scope="module")
def task() -> TranslateTask:
    return TranslateTask()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """What the shipped recipe makes of the small network."""
    pytest.importorskip("mlperf_loadgen")
    out = tmp_path_factory.mktemp("models")
    arguments = ["compress", "translate", "-r", str(RECIPE), "--set", "direction=en-de", "--name", "en-de-int8"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["tightrope", *arguments])
        with pytest.raises(SystemExit) as end:
            # A network that has learned next to nothing is easily thrown off: it is not what is tested here.
            main([*arguments, "--keep", "0.5", "--only-gate", "-o", str(out)])
    assert not end.value.code
    return Artifact.load(out / "en-de-int8")


def test_the_artifact_translates_and_tells_how_it_was_made(made: Artifact, weights: Path) -> None:
    manifest = made.manifest
    assert set(manifest.graphs) == {ENCODER, STEP}
    assert set(manifest.files) == {"vocabulary.model", SHORTLIST}
    assert made.size == sum(file.stat().st_size for file in made.path.iterdir() if file.suffix not in (".json", ".md"))
    passes = [(step["graph"], step["method"]) for step in manifest.lineage["passes"]]
    assert passes == [(g, m) for g in (ENCODER, STEP) for m in ("export", "clean", "quantize-dynamic")]
    assert all(step["notes"]["tables"] == 1 for step in manifest.lineage["passes"] if "tables" in step["notes"])
    recorded = json.loads((weights.parent / "lineage.json").read_text())
    assert manifest.lineage["training"]["weights_sha256"] == recorded["weights_sha256"]
    held_out = manifest.evidence["held_out"]
    assert held_out["network"]["greedy"]["chrF"] == manifest.evidence["scores"]["artifact"]["chrF"]
    assert held_out["network"]["beam_4"]["chrF"] > 0
    assert held_out["decoding"].startswith("beam of 4")
    assert 0 <= held_out["confidence"]["error"] <= 1
    facts = held_out["facts"]
    assert facts["kept"] + facts["lost"] + facts["not_sure"] == pytest.approx(1)
    assert held_out["signatures"]["chrF"].startswith("nrefs:1")
    assert manifest.evidence["model_latency"]["input"] == "sample"
    curve = Translator.load(made).confidence
    assert list(curve.scores) == manifest.postprocess["confidence"]["scores"]
    assert "encoder: quantize-dynamic" in (made.path / "README.md").read_text()


def test_the_pipeline_takes_no_longer_than_its_stages(made: Artifact) -> None:
    workload = open_workload(made, threads=1)
    answer = workload.pipeline(workload.samples[0])
    assert min(answer.times.to_dict().values()) >= 0
    assert answer.times.session_ms > 0
    assert workload.describe(answer.result)
    assert all(len(sentence.split()) == 15 for sentence in workload.samples)


def test_verify_evaluates_both_graphs_again(made: Artifact, capsys: pytest.CaptureFixture[str]) -> None:
    verify_command("translate", str(made.path), as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["reproduced"]
    assert {check["metric"] for check in found["metrics"]} == {"chrF", "BLEU"}


@pytest.mark.parametrize("name", ["vocabulary.model", SHORTLIST])
def test_a_changed_file_is_refused(made: Artifact, name: str, tmp_path: Path) -> None:
    copy = copytree(made.path, tmp_path / "copy")
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(ArtifactError, match=f"{name} is not"):
        Artifact.load(copy)


def test_parts_give_what_they_say(task: TranslateTask) -> None:
    """The inputs that calibrate a part are those that the running graphs see, in the shapes that it is exported for."""
    for name, part in task.parts().items():
        session = task.floats[name]
        example = session.feeds(part.example())
        assert set(example) == {spec.name for spec in session.inputs}
        for axes in (part.free_axes[name] for name in example):
            assert axes
        for feeds, _ in zip(part.calibration(), range(2), strict=False):
            assert len(session(feeds)) == len(part.output_names)


def test_a_sentence_is_the_same_alone_and_beside_others(task: TranslateTask) -> None:
    """In float. Integers see the largest number of the batch: there a sentence may differ by what stands beside it."""
    sources, _ = task.sentences("calibration")
    words = every_word(len(task.vocabulary))
    together = task.write(task.floats, sources, words)
    alone = [task.write(task.floats, [source], words)[0] for source in sources]
    assert [one.text for one in together] == [one.text for one in alone]
    np.testing.assert_allclose([one.score for one in together], [one.score for one in alone], atol=1e-3)


def test_scores_are_those_of_sacrebleu() -> None:
    texts = ["Das ist ein Haus.", "Wo ist die Bahn?", "Nein"]
    references = ["Das ist mein Haus.", "Wo ist der Bahnhof?", "Ja."]
    scores = TranslationScores(texts, references)
    found = metrics(scores)
    assert found["chrF"] == CHRF().corpus_score(texts, [references]).score
    assert found["BLEU"] == BLEU().corpus_score(texts, [references]).score
    twice = scores.on(np.array([0, 0, 2]))
    sample = [[side[index] for index in (0, 0, 2)] for side in (texts, references)]
    assert twice["chrF"] == CHRF().corpus_score(sample[0], [sample[1]]).score


def test_the_shortlist_holds_what_a_translation_needs(task: TranslateTask, vocabulary: Vocabulary) -> None:
    found = task.shortlist
    assert Shortlist.read(found.to_bytes()).to_bytes() == found.to_bytes()
    sources, targets = (vocabulary.encode(side) for side in task.sentences("calibration"))
    missing = total = 0
    for source, target in zip(sources, targets, strict=True):
        words = found(np.array([source]))
        assert set(source) <= set(words.tolist()), "what is copied is always there"
        assert (np.diff(words) > 0).all()
        missing += len(set(target) - set(words.tolist()))
        total += len(set(target))
    assert missing / total < 0.05, "these are sentences that it was fitted to"


def test_likely_translations_go_before_unlikely_ones() -> None:
    sources, targets = [[5, 2], [5, 2], [6, 2]] * 5, [[8, 2], [8, 2], [9, 2]] * 5
    found = shortlist.fit(sources, targets, 10)
    assert found.likely[5][0] == 8
    assert found.likely[6][0] == 9
    assert set(found.common[:2].tolist()) == {2, 8}


def test_a_damaged_shortlist_is_refused() -> None:
    with pytest.raises(ArtifactError, match="no shortlist"):
        Shortlist.read(b"PK\x03\x04 and then nothing")
    with pytest.raises(ArtifactError, match="no shortlist"):
        Shortlist.read(b"")


def test_only_words_of_the_list_are_written(task: TranslateTask) -> None:
    allowed = np.array(sorted({2, *task.vocabulary.encode(["Das ist ein Hotel."])[0]}))
    graphs = Graphs(task.floats[ENCODER], task.floats[STEP], lambda source: allowed)
    tag = task.vocabulary.tags["de"]
    source = np.array([[tag, *task.vocabulary.encode(["Where is the hotel?"])[0]]])
    (written,) = graphs.write(source, np.array([tag]))
    assert set(written.tokens) <= set(allowed.tolist())


def test_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, weights: Path) -> None:
    with pytest.raises(ConfigError, match="en-de or de-en"):
        TranslateTask("en-fr")
    with pytest.raises(ConfigError, match="no weights at"):
        TranslateTask("de-en")
    lonely = copyfile(weights, tmp_path / "weights.safetensors")
    with pytest.raises(ConfigError, match=r"vocabulary\.model is neither beside"):
        TranslateTask(weights=str(lonely))
    monkeypatch.delenv(FOLDER)
    with pytest.raises(ConfigError, match="--set weights=FILE"):
        TranslateTask()


def test_the_benchmark_writes_what_it_measured(
    made: Artifact, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ctranslate2")
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks" / "translate"))
    import peers
    import speed

    monkeypatch.setattr(speed, "RESULTS", tmp_path)
    monkeypatch.setattr(peers.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(speed, "memory", lambda *_: 1.0)
    monkeypatch.setattr("sys.argv", ["speed.py", str(made.path), "--weights", str(weights), "--rounds", "2"])
    assert speed.main() == 0
    result = json.loads((tmp_path / "translate-speed.json").read_text())
    assert set(result["first_word_ms"]) == {"tightrope int8", "CTranslate2 int8", "PyTorch eager fp32"}
    assert all(rate > 0 for rate in result["words_per_second"].values())
    for name, ratio in result["times_as_fast"].items():
        assert ratio["low"] <= ratio["value"] <= ratio["high"], name
    assert (tmp_path / "translate-speed.md").read_text() in capsys.readouterr().out
