"""Translation that keeps up with a typist: what is finished stays, what is open is translated anew at every word."""

from tightrope_translate.live.live import Live
from tightrope_translate.live.update import Update

__all__ = ["Live", "Update"]
