"""Live translation as an agent of SimulEval (Ma et al., EMNLP 2020), to be measured by its protocol and scorers:

    simuleval --agent-class tightrope_translate.live.simuleval_agent.LiveAgent --source-lang en --target-lang de \\
        --source sentences.en --target sentences.de --eval-latency-unit word --latency-metrics LAAL AL

SimulEval is no dependency: only who runs it imports this module.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from simuleval.agents import TextToTextAgent
from simuleval.agents.actions import Action, ReadAction, WriteAction

from tightrope_translate.engine import Engine
from tightrope_translate.live.live import AGREE, MASK, TextEngine
from tightrope_translate.live.streaming import Streaming


class LiveAgent(TextToTextAgent):  # type: ignore[misc]
    """Reads a word, writes those of the translation that will stay."""

    def __init__(self, args: Namespace, engine: TextEngine | None = None) -> None:
        self._engine = engine or Engine.open(args.models)
        super().__init__(args)

    @staticmethod
    def add_args(parser: ArgumentParser) -> None:
        """Options beside SimulEval's own."""
        parser.add_argument("--source-lang", choices=("en", "de"), default="en")
        parser.add_argument("--target-lang", choices=("en", "de"), default="de")
        parser.add_argument("--models", type=Path, help="folder of both artifacts; the shipped ones without")
        parser.add_argument("--mask", type=int, default=MASK, help="words withheld at the end of an open sentence")
        parser.add_argument("--agree", type=int, default=AGREE, help="translations that must agree on a word")

    def reset(self) -> None:
        """Begin a new text."""
        super().reset()
        asked = self.args
        self._read = 0
        self._stream = Streaming(self._engine, asked.source_lang, asked.target_lang, asked.mask, asked.agree)

    def policy(self) -> Action:
        """Take what was pushed, and write what has become certain, if anything has."""
        states, words = self.states, []
        for place in range(self._read, len(states.source)):
            last = states.source_finished and place + 1 == len(states.source)
            words += self._stream.push(states.source[place], last)
        if states.source_finished and self._read == len(states.source):  # the end came without a word
            words += self._stream.push("", last=True)
        self._read = len(states.source)
        if not words and not states.source_finished:
            return ReadAction()
        return WriteAction(" ".join(words), finished=states.source_finished)
