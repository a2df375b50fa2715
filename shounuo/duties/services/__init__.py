"""All writes of the duties part."""

from shounuo.duties.services.absence import delegation_end, delegation_make
from shounuo.duties.services.doing import duties_done, duty_done, duty_settle
from shounuo.duties.services.ending import duties_lapse, duty_cancel, duty_miss, duty_reopen
from shounuo.duties.services.holding import duty_assign, duty_release, duty_snooze, duty_take
from shounuo.duties.services.making import MAX_TEXT, Plan, duties_plan, duty_create, need_asking

__all__ = [
    "MAX_TEXT",
    "Plan",
    "delegation_end",
    "delegation_make",
    "duties_done",
    "duties_lapse",
    "duties_plan",
    "duty_assign",
    "duty_cancel",
    "duty_create",
    "duty_done",
    "duty_miss",
    "duty_release",
    "duty_reopen",
    "duty_settle",
    "duty_snooze",
    "duty_take",
    "need_asking",
]
