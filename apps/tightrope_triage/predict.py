"""Logits and embeddings of many radiographs from the exported graph. numpy and onnxruntime only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tightrope_triage.preprocess import to_tensor

Floats = NDArray[np.float32]


def predict(model: Path, grey: NDArray[np.uint8], batch: int = 16, threads: int = 1) -> tuple[Floats, Floats]:
    """Logits [N] and embeddings [N, 1280] of windowed pictures uint8 [N, H, W]."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    logits, embeddings = [], []
    for start in range(0, len(grey), batch):
        images = to_tensor(grey[start : start + batch])
        logit, embedding = session.run(["logit", "embedding"], {"image": images})
        logits.append(np.asarray(logit)[:, 0])
        embeddings.append(np.asarray(embedding))
    return np.concatenate(logits), np.concatenate(embeddings)
