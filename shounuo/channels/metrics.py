"""What intake has to count: mails received and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

from shounuo.channels import events
from shounuo.channels.models import Mailbox
from shounuo.metrics import registry
from shounuo.metrics.ground import units_of, whole_number
from shounuo.metrics.registry import Dimension, Key, Metric, Series, Source, Touch
from shounuo.metrics.rules import Aggregate, Direction, Unit

MAILS = npgettext_lazy("mails", "封", "封")
_BY_MESSAGE = ("interaction.received", "interaction.imported", "interaction.noted")

_MAILS = """
SELECT r.id, r.received_at, r.handled_at, r.state, r.mailbox_id, b.channel_class, b.team_id
FROM channels_rawmessage r LEFT JOIN channels_mailbox b ON b.id = r.mailbox_id
WHERE r.id = ANY(%(ids)s) AND r.state NOT IN ('stored', 'duplicate') AND r.via <> 'import'
"""


def _mailboxes(ids: Iterable[Any]) -> dict[Any, str]:
    return dict(Mailbox.objects.filter(pk__in=[i for i in ids if i is not None]).values_list("pk", "name"))


def _touched(given: Sequence[Touch]) -> set[Key]:
    """Mails of their own events, and those that became the messages of which others tell."""
    found = {t.subject for t in given if t.subject[0] == "raw"}
    messages = [
        v for t in given if t.kind in _BY_MESSAGE and isinstance(v := t.payload.get("interaction"), int)
    ]
    if messages:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT raw_id FROM cases_interaction WHERE id = ANY(%s) AND raw_id IS NOT NULL", [messages]
            )
            found |= {("raw", id) for (id,) in cursor.fetchall()}
    return found


registry.dimension(Dimension("mailbox", _("收件邮箱"), "mailbox_id", _mailboxes, whole_number))
registry.source(
    Source(
        "mail",
        _("邮件收取"),
        "raw",
        frozenset(
            {
                events.MAIL_QUARANTINED,
                events.MAIL_RELEASED,
                events.MAIL_BOUNCED,
                events.MAIL_TURNED_AWAY,
                *_BY_MESSAGE,
            }
        ),
        given={"mails": _MAILS},
        columns={
            "subject_id": "x.id",
            "at": "x.received_at",
            "mailbox_id": "x.mailbox_id",
            "team_id": "x.team_id",
            "channel_class": "x.channel_class",
        },
        series=(
            Series(
                "mail.received",
                "FROM mails x",
                {"value": "extract(epoch FROM x.handled_at - x.received_at)", "outcome": "x.state"},
            ),
        ),
        units=lambda: units_of("channels_rawmessage", "raw"),
        touched=_touched,
    )
)

_RECEIVED = _("收到并处理过的邮件")
_OF: dict[str, Any] = {
    "group": "channel",
    "population": _RECEIVED,
    "series": "mail.received",
    "cut": ("mailbox",),
}
_SHARE: dict[str, Any] = {"aggregate": Aggregate.SHARE, "unit": Unit.SHARE, "least": 10, **_OF}

registry.metrics(
    Metric("mails_received", _("收信量"), definition=_("收到并处理过的邮件封数，无论后来成单与否；内容重复的不计。"), noun=MAILS, **_OF),
    Metric("mails_to_cases", _("成单邮件量"), definition=_("成为工单或工单往来的邮件封数。"), noun=MAILS, only={"outcome": ("case", "released")}, **_OF),
    Metric("mail_quarantine_rate", _("邮件隔离率"), definition=_("收到的邮件里，因无法识别或可疑而隔离过的比例，包括后来放行的。"), direction=Direction.DOWN, hits=_("隔离过的邮件"), hit={"outcome": ("quarantined", "released")}, **_SHARE),
    Metric("mail_bounce_rate", _("退信占比"), definition=_("收到的邮件里，是退信的比例。"), direction=Direction.DOWN, hits=_("退信"), hit={"outcome": "bounce"}, **_SHARE),
    Metric("mail_machine_rate", _("自动邮件占比"), definition=_("收到的邮件里，是自动回复或循环的比例。"), hits=_("自动回复与循环的邮件"), hit={"outcome": ("auto", "loop")}, **_SHARE),
    Metric("mail_handling_time", _("邮件处理延迟"), definition=_("邮件收到与成单之间的时长，九成不超过的值：系统有没有跟上。"), aggregate=Aggregate.P90, unit=Unit.SECONDS, direction=Direction.DOWN, least=10, **_OF),
)  # fmt: skip
