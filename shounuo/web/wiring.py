"""Who reacts to what: event kind -> handlers. The one screen that answers what follows from an event.

*Same transaction*: clocks only, because a promise must start with the fact that starts it. Everything else is a job that runs
after commit and is safe to repeat.
"""

from __future__ import annotations

from shounuo.commitments import engine as clocks
from shounuo.events import registry


def wire() -> None:
    """Called once, when the apps are ready."""
    registry.clear_wiring()
    registry.subscribe_sync(None, clocks.on_events)
