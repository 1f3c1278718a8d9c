"""One site teaches, the other is judged: from the training command to the file that ships and to the card."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tightrope.errors import BadInputError
from tightrope_triage import cross_site, findings, train
from tightrope_triage.data import read_cases
from tightrope_triage.trainer import TrainConfig

from .test_train import data, small  # noqa: F401  two tiny sites, two steps an epoch


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIGHTROPE_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(cross_site, "INPUT_SIZE", 32)
    (tmp_path / "models" / "triage").mkdir(parents=True)
    return tmp_path / "models" / "triage" / findings.CROSS_SITE


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["cross_site", *arguments])
    cross_site.main()


def test_each_site_is_judged_by_who_never_saw_it(data: Path, shelf: Path, tmp_path, monkeypatch) -> None:  # noqa: F811
    cases = read_cases(data)
    trained: dict[str, tuple[int, ...]] = {}
    first = train.Trainer

    class Watched(first):  # type: ignore[misc, valid-type]
        def __init__(self, config: TrainConfig, learned: list, pictures: object) -> None:
            trained[config.out.name] = tuple({case.site for case in learned})
            super().__init__(config, learned, pictures)

    monkeypatch.setattr(train, "Trainer", Watched)
    for who, share in (("children", 0.0), ("adults", 1.0)):
        train.train(TrainConfig(data=data, out=tmp_path / who, epochs=1, batch=4, adult_share=share))
        run(monkeypatch, "--data", str(data), "--run", str(tmp_path / who))
    assert trained == {"children": ("kermany",), "adults": ("nih",)}
    text = shelf.read_text()
    assert str(tmp_path) not in text
    rows = json.loads(text)["learned_from"]
    assert list(rows) == ["children", "adults"]
    for who, away in (("children", "nih"), ("adults", "kermany")):
        everybody = {group: area["cases"] for group, area in rows[who]["everybody"].items() if " " not in group}
        assert everybody == {away: sum(case.site == away for case in cases)}
        tested = {group: area["cases"] for group, area in rows[who]["auc"].items() if " " not in group}
        assert tested == {
            site: sum(case.site == site and case.split == "test" for case in cases) for site in ("nih", "kermany")
        }
        assert f"--adult-share {float(who == 'adults')}" in rows[who]["command"]
        assert away not in rows[who]["learned"]
    found = findings._fine_tuned_on_one_site()["Fine-tuned on one site, at the other"]["rows"]
    value = rows["children"]["everybody"]["nih"]["value"]
    assert found["learned from children, all of the other site"]["AUC adult"][0] == value


def test_a_run_on_both_sites_or_unfinished_is_refused(data: Path, tmp_path: Path) -> None:  # noqa: F811
    train.train(TrainConfig(data=data, out=tmp_path / "both", epochs=1, batch=4, adult_share=0.5))
    with pytest.raises(BadInputError, match="one site alone"):
        cross_site.judged(data, tmp_path / "both")
    with pytest.raises(BadInputError, match="goes on where it stopped"):
        cross_site.judged(data, tmp_path / "nothing")
