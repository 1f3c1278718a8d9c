"""`tightrope new`: the skeleton of an app on the core, small enough to be read before it is changed."""

from __future__ import annotations

from tightrope.new.skeleton import Skeleton, make_app

__all__ = ["Skeleton", "make_app"]
