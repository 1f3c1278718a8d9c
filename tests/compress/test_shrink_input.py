"""A smaller picture inside the graph: what it sees, and what cannot be made smaller."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from tightrope.compress import Candidate
from tightrope.errors import ConfigError
from tightrope.runtime.session import Session

from .conftest import apply
from .nets import Likeness

Tasks = Callable[[str], Likeness]
Candidates = Callable[[str], Candidate]


def test_the_network_sees_what_a_smaller_picture_shows(task_of: Tasks, cleaned: Candidates) -> None:
    """The shrunk graph on a picture gives what the graph gives on the picture that OpenCV shrinks."""
    task, before = task_of("mobilenet"), cleaned("mobilenet")
    picture = task.example()
    after = apply("shrink-input", before, task, factor=0.75, multiple=8)
    sides = after.lineage[-1].notes["sides_after"]
    assert sides == [round(side * 0.75 / 8) * 8 for side in picture.shape[2:]]
    planes = [cv2.resize(plane, sides[::-1], interpolation=cv2.INTER_LINEAR) for plane in picture[0]]
    free = before.float_graph()
    for axis in (2, 3):
        free.graph.input[0].type.tensor_type.shape.dim[axis].Clear()
    del free.graph.value_info[:]
    expected = Session(free.SerializeToString())(np.stack(planes)[None])[0]
    np.testing.assert_allclose(after.session()(picture)[0], expected, rtol=1e-3, atol=1e-4)


def test_what_has_no_sides_is_refused(task_of: Tasks, cleaned: Candidates) -> None:
    with pytest.raises(ConfigError, match=r"needs an input \[N, C, H, W\]"):
        apply("shrink-input", cleaned("transformer"), task_of("transformer"), factor=0.5)
