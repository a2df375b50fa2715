"""All writes of runs."""

from shounuo.process.services.running import (
    run_cancel,
    run_start,
    step_choose,
    step_done,
    step_finish,
    step_proved,
)
from shounuo.process.services.watching import events_read

__all__ = [
    "events_read",
    "run_cancel",
    "run_start",
    "step_choose",
    "step_done",
    "step_finish",
    "step_proved",
]
