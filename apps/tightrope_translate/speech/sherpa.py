"""Whisper models in ONNX by `sherpa-onnx` (Apache-2.0), for those who have them: a folder as that project publishes.

The folder holds ...encoder.onnx, ...decoder.onnx (or .int8.onnx) and ...tokens.txt.
"""

from __future__ import annotations

from pathlib import Path

from tightrope.errors import BadInputError, MissingExtraError
from tightrope_translate.speech.recognizer import Heard
from tightrope_translate.speech.sound import RATE, Samples


class Sherpa:
    """A recognizer of any language that its model knows. It gives no confidence: all that it hears counts as unsure."""

    sure_from = 1.0

    def __init__(self, folder: Path, language: str, threads: int = 1) -> None:
        try:
            import sherpa_onnx
        except ImportError as error:
            raise MissingExtraError("a model of your own", "speech-models") from error
        encoder, decoder, tokens = (_one(folder, end) for end in ("encoder*.onnx", "decoder*.onnx", "tokens.txt"))
        self._recognizer = sherpa_onnx.OfflineRecognizer.from_whisper(
            encoder=str(encoder), decoder=str(decoder), tokens=str(tokens), language=language, num_threads=threads
        )

    def __call__(self, samples: Samples) -> Heard:
        stream = self._recognizer.create_stream()
        stream.accept_waveform(RATE, samples)
        self._recognizer.decode_stream(stream)
        return Heard(stream.result.text.strip(), 0.5)


def _one(folder: Path, end: str) -> Path:
    found = sorted(folder.glob(f"*{end}"), key=lambda path: len(path.name))
    if not found:
        raise BadInputError(f"{folder} holds no *{end}: it is no folder with a Whisper model for sherpa-onnx")
    return found[0]
