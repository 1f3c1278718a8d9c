"""What is compared: each takes plain sentences and gives plain sentences, on one thread, greedily.

`Ours`: an int8 artifact. `Eager`: the same weights in float32 by PyTorch. `Peer`: CTranslate2, int8, with a Transformer
of the same size and random weights, which serve for speed: told how many tokens to write, it writes as many as ours.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tightrope_translate.vocabulary import Vocabulary  # light: what else is imported is memory of one contestant alone

LENGTH_OF = Callable[[str], int]  # a source sentence -> tokens to write, END included
TYPICAL = 12  # tokens


class Ours:
    """An artifact, through its own search."""

    name = "tightrope int8"

    def __init__(self, folder: Path, vocabulary: Vocabulary, language: str) -> None:
        from tightrope.artifact import Artifact
        from tightrope_translate.graphs import Graphs

        self.vocabulary, self.language = vocabulary, language
        self.graphs = Graphs.open(Artifact.load(folder), len(vocabulary))

    def translate(self, sentences: Sequence[str], batch: int) -> list[str]:
        from tightrope_translate.greedy import write

        return [one.text for one in write(self.graphs, self.vocabulary, sentences, self.language, batch)]

    def first_word(self, sentence: str) -> None:
        """Read the sentence, write one token."""
        tag = self.vocabulary.tags[self.language]
        source = np.array([[tag, *self.vocabulary.encode([sentence])[0]]])
        self.graphs.step.run(self.graphs.read(source, source[:, 0]))


class Eager:
    """The network in float32 in PyTorch."""

    name = "PyTorch eager fp32"

    def __init__(self, weights: Path, vocabulary: Vocabulary, language: str) -> None:
        import torch

        from tightrope_translate.export import load_network

        torch.set_num_threads(1)
        self.net, self.vocabulary, self.language = load_network(weights), vocabulary, language

    def translate(self, sentences: Sequence[str], batch: int) -> list[str]:
        from tightrope_translate.validation import translate

        return translate(self.net, self.vocabulary, list(sentences), self.language, batch)

    def first_word(self, sentence: str) -> None:
        """Read the sentence, write one token."""
        import torch

        tag = self.vocabulary.tags[self.language]
        with torch.inference_mode():
            source = torch.tensor([[tag, *self.vocabulary.encode([sentence])[0]]])
            self.net.step(source[:, 0], self.net.start(1), self.net.read(source))


class Peer:
    """CTranslate2: encoder of 4 layers, decoder of 2 with self-attention, width 256, ffn 1024, the same vocabulary."""

    name = "CTranslate2 int8"

    def __init__(self, folder: Path, vocabulary: Vocabulary, language: str, length_of: LENGTH_OF) -> None:
        import ctranslate2

        if not (folder / "model.bin").exists():
            write_random_transformer(folder, len(vocabulary))
        self.translator = ctranslate2.Translator(
            str(folder), device="cpu", compute_type="int8", inter_threads=1, intra_threads=1
        )
        self.vocabulary, self.length_of = vocabulary, length_of
        self.tag = vocabulary.tags[language]

    def translate(self, sentences: Sequence[str], batch: int) -> list[str]:
        sources = self._pieces(sentences)
        order = sorted(range(len(sources)), key=lambda index: len(sources[index]))
        found = [""] * len(sources)
        for start in range(0, len(order), batch):
            part = order[start : start + batch]
            length = max(1, round(sum(self.length_of(sentences[index]) for index in part) / len(part)))
            answers = self._write([sources[index] for index in part], length)
            texts = self.vocabulary.decode(
                [[int(piece) for piece in one.hypotheses[0] if piece.isdigit()] for one in answers]
            )
            for index, text in zip(part, texts, strict=True):
                found[index] = text
        return found

    def first_word(self, sentence: str) -> None:
        """Read the sentence, write one token."""
        self._write(self._pieces([sentence]), 1)

    def _write(self, sources: list[list[str]], length: int) -> Any:
        return self.translator.translate_batch(
            sources,
            beam_size=1,
            max_batch_size=0,
            max_decoding_length=length,
            min_decoding_length=length,
            return_scores=True,
        )

    def _pieces(self, sentences: Sequence[str]) -> list[list[str]]:
        """The random network's pieces are the numbers of ours, END being a piece of its own."""
        return [[str(self.tag), *map(str, numbers[:-1]), "</s>"] for numbers in self.vocabulary.encode(list(sentences))]


def write_random_transformer(folder: Path, vocabulary: int, width: int = 256, feed_forward: int = 1024) -> None:
    """A CTranslate2 model, int8, of the size of ours; every number in it is random."""
    from ctranslate2.specs import TransformerSpec

    random = np.random.default_rng(0)
    spec = TransformerSpec.from_config((4, 2), 8, pre_norm=True)

    def linear(layer: Any, outputs: int, inputs: int) -> None:
        layer.weight = random.normal(size=(outputs, inputs)).astype(np.float32) * 0.06
        layer.bias = np.zeros(outputs, np.float32)

    def normalize(layer: Any) -> None:
        layer.gamma, layer.beta = np.ones(width, np.float32), np.zeros(width, np.float32)

    def block(layer: Any) -> None:
        normalize(layer.self_attention.layer_norm)
        linear(layer.self_attention.linear[0], 3 * width, width)
        linear(layer.self_attention.linear[1], width, width)
        normalize(layer.ffn.layer_norm)
        linear(layer.ffn.linear_0, feed_forward, width)
        linear(layer.ffn.linear_1, width, feed_forward)

    table = random.normal(size=(vocabulary, width)).astype(np.float32) * 0.05
    for side in (spec.encoder, spec.decoder):
        normalize(side.layer_norm)
        side.position_encodings.encodings = np.zeros((512, width), np.float32)
        for layer in side.layer:
            block(layer)
    for layer in spec.decoder.layer:
        normalize(layer.attention.layer_norm)
        for place, outputs in enumerate((width, 2 * width, width)):
            linear(layer.attention.linear[place], outputs, width)
    spec.encoder.embeddings[0].weight = table
    spec.decoder.embeddings.weight = table
    linear(spec.decoder.projection, vocabulary, width)
    spec.decoder.projection.weight = table
    pieces = ["<blank>", "<unk>", "</s>", "<s>", *map(str, range(4, vocabulary))]
    spec.register_source_vocabulary(pieces)
    spec.register_target_vocabulary(pieces)
    spec.validate()
    spec.optimize(quantization="int8")
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))


def contestant(name: str, folder: Path, weights: Path | None, length_of: LENGTH_OF = lambda sentence: TYPICAL) -> Any:
    """The one of that name, ready to run.

    Args:
        folder: the artifact's.
        weights: of the network in PyTorch.
        length_of: how much CTranslate2 is to write.
    """
    constants = json.loads((folder / "artifact.json").read_text(encoding="utf-8"))["preprocess"]
    vocabulary, language = Vocabulary(folder / constants["vocabulary"]), constants["target"]
    if name == Ours.name:
        return Ours(folder, vocabulary, language)
    if name == Peer.name:
        return Peer(Path(tempfile.gettempdir()) / "tightrope-random-transformer", vocabulary, language, length_of)
    assert weights is not None
    return Eager(weights, vocabulary, language)


def missing() -> dict[str, str]:
    """Translators that are not here, and why: nothing is downloaded for a benchmark."""
    modules = {"ctranslate2": "CTranslate2", "argostranslate": "Argos Translate", "bergamot": "Bergamot"}
    return {
        name: f"the package {module} is not installed"
        for module, name in modules.items()
        if importlib.util.find_spec(module) is None
    }


def main() -> None:
    """Run one contestant on the sentences of standard input; print the peak resident set of this process in MB."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("name")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", type=Path)
    arguments = parser.parse_args()
    contestant(arguments.name, arguments.folder, arguments.weights).translate(sys.stdin.read().splitlines(), 32)
    status = Path("/proc/self/status").read_text()  # Linux: ru_maxrss would have the parent's memory in it
    print(int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6)


if __name__ == "__main__":
    main()
