"""The demos: each app as a tab of one local web page, with the budget shown live. Needs the extra `demo` (Gradio).

>>> from tightrope.demo.page import build            # doctest: +SKIP
>>> from tightrope.demo.server import serve          # doctest: +SKIP

An app names its tab in `App.demo`, 'module:attribute' of a function `(gr.Blocks, Slowdown) -> None` that adds its
components to the page being built. What the tabs share is here: `Cockpit` (budget bar, ladder slider, plot, evidence,
the switch that slows it down), pictures that never touch the disk, and errors told in one line.

Only what is imported for `tightrope demo` imports Gradio.
"""

from __future__ import annotations
