"""`tightrope triage val`: a made-up model on made-up sites and on a hospital's own folder, down to the page."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tightrope.artifact import Manifest, save_artifact
from tightrope.compress import lineage
from tightrope.errors import ArtifactError, BadInputError
from tightrope.models import open_artifact
from tightrope_triage import kinds
from tightrope_triage.baseline import metadata_scores
from tightrope_triage.checks import picture_problems
from tightrope_triage.data import MANIFESTS, Case, DataError, read_nih
from tightrope_triage.evaluation import auc
from tightrope_triage.figures import roc
from tightrope_triage.judging import NO_CHEST, Judge
from tightrope_triage.preprocess import to_grey8
from tightrope_triage.val import look
from tightrope_triage.val_command import val_command

from .sites import adult, child, write_site


def graph() -> bytes:
    """Logit: how bright the centre is; distance: how bright the top row is; both from a normalized picture."""
    node = helper.make_node
    cut = {"from": [112, 112], "to": [144, 144], "axes": [2, 3], "row0": [0], "row1": [8], "down": [2], "one": [1]}
    values = [helper.make_tensor(name, TensorProto.INT64, [len(ints)], ints) for name, ints in cut.items()]
    values.append(helper.make_tensor("all", TensorProto.INT64, [3], [1, 2, 3]))
    nodes = [
        node("Slice", ["image", "from", "to", "axes"], ["centre"]),
        node("ReduceMean", ["centre", "all"], ["logit1"], keepdims=0),
        node("Unsqueeze", ["logit1", "one"], ["logit"]),
        node("Slice", ["image", "row0", "row1", "down"], ["top"]),
        node("ReduceMean", ["top", "all"], ["distance"], keepdims=0),
        node("AveragePool", ["image"], ["heat"], kernel_shape=[36, 36], strides=[36, 36]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 256, 256])
    shapes = {"heat": [1, 1, 7, 7], "distance": [1], "logit": [1, 1]}
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    made = helper.make_graph(nodes, "triage", [image], outputs, values)
    return onnx.helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()


def picture(label: int, seed: int, top: int = 40) -> np.ndarray:
    """A chest that is drawn, whose centre is brighter where the label is 1, mostly, under a top of one grey."""
    rng = np.random.default_rng(seed)
    grey = np.full((256, 256), 30.0, np.float32)
    for centre, axes, level in (
        ((128, 150), (112, 150), 170),  # the body
        ((75, 110), (36, 70), 80),  # lungs
        ((181, 110), (36, 70), 80),
        ((128, 210), (80, 46), 220),  # the belly
    ):
        cv2.ellipse(grey, centre, axes, 0, 0, 360, level, -1)
    grey += rng.normal(0, 12, grey.shape)
    grey[112:144, 112:144] = 90 + 70 * label + rng.normal(0, 30)
    grey[:8] = top
    return grey.clip(0, 255).astype(np.uint8)


@pytest.fixture
def model(tmp_path: Path) -> str:
    rate = (0.9, 0.8, 1.0)
    points = {
        group: {"probability": probability, "sensitivity": rate, "specificity": rate}
        for group, probability in (("adult", 0.5), ("child", 0.4))
    }
    manifest = Manifest(
        "triage", "toy", "fp32", "2026-01-01",
        preprocess={"size": 256, "mean": 0.498, "std": 0.502, "window_percentiles": [0.5, 99.5]},
        postprocess={"temperature": 0.5, "distance_limit": 0.5},
        operating_points={"sensitivity-95": points},
    )  # fmt: skip
    return str(save_artifact(tmp_path / "toy", manifest, {"model": graph()}, "toy").path)


@pytest.fixture(autouse=True)
def no_dicom_files(monkeypatch):
    """pydicom's own files take seconds to decode."""
    monkeypatch.setattr(kinds, "dicom_files", list)
    kinds.dicom_pictures.cache_clear()
    yield
    kinds.dicom_pictures.cache_clear()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    adults = [adult(f"{i}.png", str(i), i % 2, ("PA", "AP")[i // 2 % 2], 20 + i % 61) for i in range(200)]
    children = [child(f"{i}.png", str(i), "train" if i % 4 else "test", i // 4 % 2) for i in range(80)]
    write_site(folder / "cxr-nih", adults, [picture(i % 2, i) for i in range(200)])
    write_site(folder / "cxr-kermany", children, [picture(i // 4 % 2, 1000 + i) for i in range(80)])
    return folder


def test_the_drawn_chest_passes_the_checks():
    assert picture_problems(to_grey8(picture(1, 0))) == []


def test_only_held_out_radiographs_count_and_the_page_is_whole(data, model, tmp_path, capsys):
    (data / "cxr-kermany" / "images" / "0.png").unlink()
    page = tmp_path / "page.html"
    with pytest.raises(BadInputError, match=r"1 radiographs could not be judged: .*0\.png"):
        val_command(data, model, page, as_json=True)
    report = json.loads(capsys.readouterr().out)
    held = [case for case in read_nih(data, 0) if case.split == "test"]
    groups = {group["name"]: group for group in report["sites"]["nih"]["groups"]}
    assert groups["all"]["cases"] == len(held) == groups["view PA"]["cases"] + groups["view AP"]["cases"]
    assert report["sites"]["kermany"]["groups"][0]["cases"] == 19
    assert groups["all"]["auc"]["value"] > 0.7
    assert groups["all"]["points"]["sensitivity-95"]["sensitivity"]["of"] == sum(case.label for case in held)
    assert report["metadata"]["model_minus_view_age_sex"]["low"] > 0
    assert report["latency_ms"]["total"]["n"] == len(held) + 19
    html = page.read_text()
    for said in ("not for diagnostic use", "0.png", "One model on two sites", "Brier", "upside down"):
        assert said in html
    assert "learned from children" not in html  # the figures that are shipped are of other radiographs
    for plot in ("ROC", "Reliability", "Decision curve"):
        assert html.count(f"<figcaption>{plot}") == 2
    for name in ("expected_calibration_error", "brier"):
        found = groups["all"][f"{name}_by_person_bootstrap"]
        assert found["low"] < found["high"]
        assert found["value"] == groups["all"][name]
    assert "<script" not in html
    assert 'src="http' not in html


def test_the_floor_is_shown_where_it_was_measured_on_the_same_radiographs(data, model, tmp_path, monkeypatch, capsys):
    area = {"value": 0.71, "low": 0.61, "high": 0.81}
    groups = ("nih", "nih PA", "nih AP", "kermany")
    shipped = {
        "date": "2026-01-01T00:00:00",
        "start": "a network",
        "fold_held_out": 0,
        "manifests_sha256": lineage.digests(data, MANIFESTS.values()),
        "learned_from": {"children": {"penalty": 1.0, "auc": dict.fromkeys(groups, area)}},
    }
    (tmp_path / "triage").mkdir()
    (tmp_path / "triage" / "frozen.json").write_text(json.dumps(shipped))
    tuned = {**shipped, "seed": 3, "images": 64, "auc": dict.fromkeys(groups, area), "everybody": {"nih": area}}
    other = {**tuned, "manifests_sha256": dict.fromkeys(MANIFESTS.values(), "")}
    (tmp_path / "triage" / "cross_site.json").write_text(
        json.dumps({"date": shipped["date"], "learned_from": {"children": tuned, "adults": other}})
    )
    monkeypatch.setenv("TIGHTROPE_MODELS", str(tmp_path))
    val_command(data, model, tmp_path / "page.html", as_json=True)
    report = json.loads(capsys.readouterr().out)
    assert report["frozen"] == shipped
    assert report["cross_site"] == {"children": tuned}
    row = "<tr><td>learned from children</td>" + "<td>0.710 [0.610,\N{NO-BREAK SPACE}0.810]</td>" * 4
    page = (tmp_path / "page.html").read_text()
    assert row in page
    assert row.replace("learned from children", "fine-tuned on children alone") in page


def test_pictures_are_kept_as_small_as_the_network_gets_them(model, tmp_path):
    """Whole ones, a hundred a site, would fill the memory."""
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), cv2.resize(picture(1, 0), (700, 900)))
    judge = Judge(open_artifact("triage", model))
    _, kept, unread = look(judge, [Case("ward", path, 1, "P", "test")])
    assert unread == []
    assert [each.shape for each in kept["ward"]] == [(256, 256)]


def test_a_hospitals_own_folder_with_bad_rows(model, tmp_path, capsys):
    own = tmp_path / "ward <7>"
    own.mkdir()
    rows = ["file,label,person,age"]
    for i in range(12):
        cv2.imwrite(str(own / f"{i}.png"), picture(i % 2, i, top=250 if i == 0 else 40))
        rows.append(f"{i}.png,{i % 2},P{i},{5 if i < 4 else 50}")
    cv2.imwrite(str(own / "1.png"), np.rot90(picture(1, 1)))
    (own / "text.dcm").write_text("no radiograph")
    rows += ["gone.png,1,,", "text.dcm,0,,", "3.png,maybe,,", "3.png,1,,old"]
    (own / "manifest.csv").write_text("\n".join(rows), encoding="utf-8-sig")
    with pytest.raises(BadInputError, match="4 radiographs"):
        val_command(own, model, tmp_path / "page.html", as_json=True)
    report = json.loads(capsys.readouterr().out)
    site = report["sites"]["ward <7>"]
    assert [group["name"] for group in site["groups"]] == ["all", "age 0 to 17", "age 40 to 64"]
    assert site["refused"]["all"]["value"] == pytest.approx(2 / 12)
    assert site["reasons"] == {"The picture seems to be on its side.": 1, NO_CHEST: 1}
    assert len(report["unreadable"]) == 4
    assert "ward &lt;7&gt;" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize(
    ("manifest", "said"),
    [(None, "holds neither"), ("name;label\n", "lacks the column file"), ("file,label\n", "it lists none")],
)
def test_data_that_cannot_be_used_is_named_in_one_line(manifest, said, model, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    if manifest is not None:
        (folder / "manifest.csv").write_text(manifest)
    with pytest.raises(DataError, match=said) as caught:
        val_command(folder, model, None, as_json=True)
    assert "\n" not in str(caught.value)


def test_another_preprocessing_is_refused(data, tmp_path):
    save_artifact(
        tmp_path / "odd", Manifest("triage", "odd", "fp32", "", preprocess={"size": 8}), {"model": graph()}, ""
    )
    with pytest.raises(ArtifactError, match="upgrade tightrope"):
        val_command(data, str(tmp_path / "odd"), None, as_json=True)


def test_metadata_of_one_fold_learns_from_the_other_folds(data):
    known = read_nih(data, 0)
    held = [case for case in known if case.split == "test"]
    everybody = dict(zip((case.person for case in known), metadata_scores(known), strict=True))
    np.testing.assert_allclose(metadata_scores(held, known=known), [everybody[case.person] for case in held])


def test_the_area_under_the_corners_is_the_auc():
    rng = np.random.default_rng(0)
    label, score = rng.integers(0, 2, 300), rng.integers(0, 20, 300).astype(float)
    x, y = np.array(roc(label, score)).T
    assert np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2) == pytest.approx(auc(label, score))
