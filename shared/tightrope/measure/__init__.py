"""Measure what an artifact costs on this machine: latency, memory, cold start, operators, and the machine itself.

Nothing is imported here: the probe process that is measured must load only what running an artifact takes.
"""

from __future__ import annotations
