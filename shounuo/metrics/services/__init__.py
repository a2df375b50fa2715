"""Making observations: a few at a time behind the events, or all anew. Nobody else writes them."""

from shounuo.metrics.services.projecting import build_missing, catch_up
from shounuo.metrics.services.rebuilding import Report, rebuild, tidy

__all__ = ["Report", "build_missing", "catch_up", "rebuild", "tidy"]
