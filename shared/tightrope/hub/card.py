"""The page of a repository on the hub: metadata in the hub's form, a table of the artifacts, and how to run them.

https://huggingface.co/docs/hub/model-cards#model-card-metadata
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tightrope.artifact import Artifact, Manifest
from tightrope.ladder import Ladder
from tightrope.report.card import markdown_table
from tightrope.runtime.picture import KIND

_PICTURES = "image-classification"
_LICENCES = {
    "apache-2.0": "apache-2.0",
    "mit": "mit",
    "bsd-3-clause": "bsd-3-clause",
    "cc0-1.0": "cc0-1.0",
    "cc by 4.0": "cc-by-4.0",
    "cc-by-4.0": "cc-by-4.0",
    "cc by-sa 4.0": "cc-by-sa-4.0",
    "cc by-nc-sa 4.0": "cc-by-nc-sa-4.0",
}


def hub_card(repo: str, artifacts: Sequence[Artifact], task: str | None = None) -> str:
    """README.md of a repository: YAML front matter and Markdown, from the artifacts' manifests alone.

    Args:
        repo: 'owner/name' on the hub.
        artifacts: each in a folder of its name.
        task: the hub's name of what they do, such as object-detection; None: told by the manifest, or left out.
    """
    from huggingface_hub import EvalResult, ModelCardData

    results = [
        EvalResult(
            task_type=task or _task(artifact.manifest) or "other",
            dataset_type="held-out",
            dataset_name=f"held-out split, {evidence['gate']['samples']} samples",
            metric_type=str(kept["metric"]),
            metric_value=kept["candidate"],
            metric_name=f"{artifact.manifest.name}: {kept['metric']}",
            verified=False,
        )
        for artifact in artifacts
        if "gate" in (evidence := artifact.manifest.evidence)
        for kept in evidence["gate"]["retentions"]
    ]
    manifests = [artifact.manifest for artifact in artifacts]
    data = ModelCardData(
        library_name="tightrope",
        tags=["tightrope", "onnx", "onnxruntime", *sorted({manifest.precision for manifest in manifests})],
        pipeline_tag=task or _task(manifests[0]),
        model_name=repo.rpartition("/")[2],
        eval_results=results or None,
        **_licence(manifests),
    )
    return f"---\n{data.to_yaml()}\n---\n\n" + "\n\n".join(_body(repo, artifacts)) + "\n"


def _body(repo: str, artifacts: Sequence[Artifact]) -> Iterator[str]:
    ladder = Ladder.of(artifacts)
    yield f"# {repo.rpartition('/')[2]}"
    count = "An artifact" if len(artifacts) == 1 else f"{len(artifacts)} artifacts"
    yield f"{count} of Tightrope: ONNX graphs with their constants and their evidence, each in a folder of its own."
    header = ("artifact", "precision", "MB", "rung", "pipeline p90", "kept")
    yield markdown_table(header, [_row(artifact, ladder) for artifact in artifacts])
    yield "Times hold for the machine in each artifact's card, on the artifact's own data; measure them on yours:"
    name = artifacts[0].manifest.name
    yield f"```\ntightrope pull {repo}\ntightrope measure {repo.rpartition('/')[2]}/{name}\n```"
    yield "Cards: " + ", ".join(
        f"[{artifact.manifest.name}]({artifact.manifest.name}/README.md)" for artifact in artifacts
    )


def _row(artifact: Artifact, ladder: Ladder) -> tuple[str, ...]:
    manifest, evidence = artifact.manifest, artifact.manifest.evidence
    rung = ladder.position(manifest.name)
    p90 = f"{evidence['pipeline']['total']['p90']['value']:.3g} ms" if "pipeline" in evidence else "-"
    kept = ", ".join(f"{row['share']:.1%} of {row['metric']}" for row in evidence.get("gate", {}).get("retentions", ()))
    place = "-" if rung is None else str(rung)
    return manifest.name, manifest.precision, f"{artifact.size / 1e6:.2f}", place, p90, kept or "-"


def _task(manifest: Manifest) -> str | None:
    """Only where the manifest tells it: class names, and pictures that go in."""
    return _PICTURES if manifest.labels and manifest.preprocess.get("takes") == KIND else None


def _licence(manifests: Sequence[Manifest]) -> dict[str, Any]:
    """The one licence where there is only one and the hub knows it; 'other' with all names else."""
    names = sorted({entry["licence"] for manifest in manifests for entry in manifest.licences})
    if not names:
        return {}
    if len(names) == 1 and names[0].lower() in _LICENCES:
        return {"license": _LICENCES[names[0].lower()]}
    return {"license": "other", "license_name": "; ".join(names)}
