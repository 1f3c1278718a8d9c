"""What every demo measures with: budget bar, ladder slider, plot, evidence, and the switch that slows it down.

>>> cockpit = Cockpit(APP, rungs("road"), "nanodet-416-int8", slowdown)                               # doctest: +SKIP
>>> cockpit.bar.render()                                           # under the answer                 # doctest: +SKIP
>>> cockpit.add_controls().then(again, [shown, cockpit.session])   # in a column of its own           # doctest: +SKIP

A function of the app runs its pipeline through it, and gives the new contents of `bar` and `plot`:

>>> answer = cockpit.timed(session, lambda: detector(picture))                                        # doctest: +SKIP
>>> return draw(answer), *cockpit.figures(session)                                                    # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, TypeVar

import gradio as gr

from tightrope.app import App
from tightrope.artifact import Artifact
from tightrope.budget import Budget
from tightrope.demo.autopilot import Autopilot
from tightrope.demo.budget_bar import budget_bar
from tightrope.demo.evidence_table import about, evidence_table
from tightrope.demo.html import html
from tightrope.demo.session import Session
from tightrope.demo.slowdown import MOST_RIVALS, Slowdown, can_slow_down
from tightrope.demo.told import told
from tightrope.demo.tradeoff import tradeoff
from tightrope.measure.probe import peak_rss_bytes
from tightrope.runtime.pipeline import Answer

Result = TypeVar("Result")

# One run at a time on the whole server: two at once would measure each other.
_TURN = Lock()


class Cockpit:
    """What a tab measures with. It adds nothing to the page but where it is told to.

    Attributes:
        session: gr.State of this tab's Session; an input of every function that runs something.
        bar: the budget bar, to be rendered where the answer is; an output of those functions.
        plot: accuracy against latency, with 'you are here'; also one.
        artifacts: the demo's ladder.
    """

    def __init__(self, app: App, artifacts: Sequence[Artifact], default: str, slowdown: Slowdown) -> None:
        self.artifacts = tuple(artifacts)
        self._slowdown, self._name, self._budgets = slowdown, app.name, app.budget()
        names = [artifact.manifest.name for artifact in artifacts]
        self._start = Session(names.index(default), self._budgets.default)
        self.session = gr.State(self._start)
        self.bar = self._html("Budget bar", "budget", self.bar_of(self._start))
        self.plot = self._html("Accuracy against latency", "plot", self._plot(self._start))

    def add_controls(self, governed: bool = False) -> Any:
        """Ladder slider, device profile, slow-down switch, plot and evidence, here.

        Args:
            governed: offer to let the governor choose the rung; for an app whose runs all go through `timed`.

        Returns:
            the event 'another rung, profile or slowness was chosen'; the app runs again `then`.
        """
        start = self._start
        ladder = self._ladder()
        itself = gr.Checkbox(
            False,
            label="Let it choose",
            info="The governor steps down as soon as the budget is in danger, and up again when it has room.",
            visible=governed and len(self.artifacts) > 1,
            elem_id=f"{self._name}-governed",
        )
        rung = html(self._rung(start), "Rung")
        profile = gr.Dropdown(
            [*self._budgets.profiles], value=start.profile, label="Budget of", elem_id=f"{self._name}-profile"
        )
        rivals = self._switch()
        self.plot.render()
        with gr.Accordion("Evidence", open=False):
            evidence = self._html("Evidence", "evidence", self._evidence(start))
            evidence.render()
        return gr.on(
            [ladder.change, profile.change, rivals.change, itself.change],
            told(self._choose),
            [ladder, profile, rivals, itself, self.session],
            [self.bar, self.plot, rung, evidence],
            api_name=f"{self._name}_choose",
            api_description="Choose the rung of the ladder (0: the most accurate), the device profile whose budget "
            "judges, how many other programs share the core while something is measured, and whether the governor "
            "chooses the rung from then on.",
            show_progress="hidden",
            trigger_mode="always_last",
        )

    def artifact(self, session: Session) -> Artifact:
        return self.artifacts[session.rung]

    def budget(self, session: Session) -> Budget:
        return self._budgets.profile(session.profile)

    def timed(self, session: Session, run: Callable[[], Answer[Result]]) -> Answer[Result]:
        """Run when it is this session's turn, beside its rivals, and add the stage times to its meter."""
        with self.running(session):
            answer = run()
        session.took(answer.times, self.budget(session).latency_ms)
        return answer

    @contextmanager
    def running(self, session: Session) -> Iterator[None]:
        """The block is run when it is this session's turn, beside its rivals. Whoever runs it adds what it took."""
        with self.turn(), self._slowdown.beside(session.rivals):
            yield

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Nothing else is run on this server while the block is."""
        with _TURN:
            yield

    def bar_of(self, session: Session) -> str:
        """The new content of `bar`."""
        manifest = self.artifact(session).manifest
        return budget_bar(session, self.budget(session), manifest.name, peak_rss_bytes() / 1e6, manifest.evidence)

    def figures(self, session: Session) -> tuple[str, str]:
        """The new contents of `bar` and `plot`."""
        return self.bar_of(session), self._plot(session)

    def _html(self, label: str, name: str, value: str) -> Any:
        return html(value, label, elem_id=f"{self._name}-{name}", render=False)

    def _ladder(self) -> Any:
        last = len(self.artifacts) - 1
        return gr.Slider(
            0,
            max(1, last),
            value=self._start.rung,
            step=1,
            label=f"Ladder: rung 0, the most accurate, to {last}, the cheapest",
            visible=last > 0,
            buttons=[],
            elem_id=f"{self._name}-ladder",
        )

    def _switch(self) -> Any:
        possible = can_slow_down()
        return gr.Radio(
            [("as it is", 0), ("half a core", 1), ("a quarter", MOST_RIVALS)],
            value=0,
            label="Slow this device down",
            info="Emulation: other programs take the core that runs your inputs, only while they run."
            if possible
            else "Not possible here: this system pins no program to a core.",
            interactive=possible,
            elem_id=f"{self._name}-rivals",
        )

    def _choose(
        self, rung: float, profile: str, rivals: int, itself: bool, session: Session
    ) -> tuple[str, str, str, str]:
        rung, rivals = min(max(int(rung), 0), len(self.artifacts) - 1), min(max(int(rivals), 0), MOST_RIVALS)
        self._budgets.profile(profile)
        session.choose(rung, profile, rivals)
        session.pilot = Autopilot(self.artifacts, self.budget(session).latency_ms / 1e3) if itself else None
        session.why = ""
        return *self.figures(session), self._rung(session), self._evidence(session)

    def _plot(self, session: Session) -> str:
        here, meter = self.artifact(session).manifest.name, session.meter
        return tradeoff(self.artifacts, here, self.budget(session), meter.total_ms(50) if meter.runs else None)

    def _rung(self, session: Session) -> str:
        return f'<p class="tr-rung">Rung {session.rung}: {about(self.artifact(session))}</p>'

    def _evidence(self, session: Session) -> str:
        return evidence_table(self.artifact(session), self.budget(session))
