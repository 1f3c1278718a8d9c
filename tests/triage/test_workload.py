"""What is timed as a transfer syntax is one, and decodes to the very same picture."""

from __future__ import annotations

import pydicom
import pytest

from tightrope.app import Workload
from tightrope.models import open_artifact
from tightrope_triage.commands import DEFAULT_MODEL
from tightrope_triage.dicom import model_pixels, read_dataset
from tightrope_triage.workload import SYNTAXES, open_workload


@pytest.fixture(scope="module")
def workload() -> Workload:
    return open_workload(open_artifact("triage", DEFAULT_MODEL), threads=1)


@pytest.mark.parametrize("name", SYNTAXES)
def test_a_variant_is_the_phantom_in_another_transfer_syntax(workload, name):
    found = workload.variants[f"file to result, {name}"]().result
    dataset = read_dataset(found.header.path)
    assert dataset.file_meta.TransferSyntaxUID == SYNTAXES[name]
    assert (dataset.Rows, dataset.Columns, dataset.BitsStored) == (2048, 2048, 12)
    phantom = read_dataset(workload.samples[0].item)
    assert (model_pixels(dataset) == model_pixels(phantom)).all()
    assert found.state == workload.pipeline(workload.samples[0]).result.state


def test_the_files_go_with_the_workload():
    made = open_workload(open_artifact("triage", DEFAULT_MODEL), threads=1)
    path = made.variants["file to result, uncompressed"]().result.header.path
    assert pydicom.misc.is_dicom(path)
    del made
    assert not path.exists()


def test_the_picture_with_a_heat_map_is_another_one(workload):
    plain, warm = (workload.variants[f"picture{heat}, JPEG 2000"]() for heat in ("", " with heat map"))
    assert plain.shape[1:] == (1024, 3)
    assert warm.shape[0] > plain.shape[0], "the legend of the heat map"
