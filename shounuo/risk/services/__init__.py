"""All writes of alarms and targets."""

from shounuo.risk.services.handling import alarm_acknowledge, alarm_close
from shounuo.risk.services.judging import targets_judge
from shounuo.risk.services.watching import alarms_evaluate, alarms_triggered

__all__ = ["alarm_acknowledge", "alarm_close", "alarms_evaluate", "alarms_triggered", "targets_judge"]
