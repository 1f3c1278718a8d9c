"""The microphone, by `sounddevice` where it is installed: utterances as they end."""

from __future__ import annotations

import queue
from collections.abc import Iterator

import numpy as np

from tightrope.errors import BadInputError, MissingExtraError
from tightrope.interrupt import Stop
from tightrope_translate.speech.sound import RATE, Samples
from tightrope_translate.speech.voice import LONGEST_S, PAUSE_S, Span, Voice, spans

_BLOCK_S = 0.25


def listen(stop: Stop) -> Iterator[Samples]:
    """Blocks of sound, float32 [n] at 16 kHz, until `stop`. Raises MissingExtraError, BadInputError."""
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # OSError: the system's PortAudio is missing
        raise MissingExtraError("the microphone (with PortAudio)", "speech") from error
    blocks: queue.Queue[Samples] = queue.Queue()

    def keep(data: Samples, *_: object) -> None:
        blocks.put(data[:, 0].copy())

    try:
        with sounddevice.InputStream(RATE, round(_BLOCK_S * RATE), channels=1, dtype="float32", callback=keep):
            while not stop.is_set():
                try:
                    yield blocks.get(timeout=_BLOCK_S)
                except queue.Empty:
                    continue
    except sounddevice.PortAudioError as error:
        raise BadInputError(f"no microphone can be opened: {error}") from error


def utterances(blocks: Iterator[Samples], voice: Voice) -> Iterator[tuple[Span, Samples]]:
    """Cut a live stream where somebody has stopped to speak; what is silent is forgotten."""
    kept = np.zeros(0, np.float32)
    offset = 0.0
    for block in blocks:
        kept = np.concatenate([kept, block])
        length = len(kept) / RATE
        found = spans(voice(kept), voice.frame_s)
        if not found:
            keep = min(len(kept), RATE)  # the beginning of a word may be in it
        elif length - found[0].end < PAUSE_S and length < LONGEST_S:
            continue
        else:
            first = found[0]
            yield Span(offset + first.start, offset + first.end), kept[first.samples]
            keep = len(kept) - first.samples.stop
        offset += (len(kept) - keep) / RATE
        kept = kept[len(kept) - keep :]
    yield from (
        (Span(offset + one.start, offset + one.end), kept[one.samples]) for one in spans(voice(kept), voice.frame_s)
    )
