"""What happens to a calendar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shounuo.events.registry import declare

# change: created | renamed | hours | zone | statutory | day | year | published. A running clock is moved by none of them:
# who reacts lists the clocks concerned and offers a rebase.
CALENDAR_CHANGED = declare(
    "calendar.changed",
    subject="calendar",
    payload={"version": int, "code": str, "change": str},
    label=_("修改工作日历"),
)
