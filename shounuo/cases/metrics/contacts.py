"""Whether one contact was enough: first-contact resolution, and customers who come again about the same thing.

These look from one case to the customer's others, so that what happens to one may change what is observed of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from shounuo.cases import events
from shounuo.cases.metrics.source import cases_of, customers_in
from shounuo.metrics import registry
from shounuo.metrics.ground import units_of
from shounuo.metrics.registry import Key, Metric, Series, Source, Touch
from shounuo.metrics.rules import Aggregate, Direction, Unit

AGAIN_WITHIN = timedelta(days=7)
"""How long a customer must not come again about the same topic."""
_AGAIN = f"interval '{AGAIN_WITHIN.days} days'"

_TOLD = """
SELECT subject_id AS on_case, min(at) FILTER (WHERE kind = 'case.resolved') AS solved_at,
  (array_agg(actor_id ORDER BY seq) FILTER (WHERE kind = 'case.resolved' AND actor_kind = 'person'))[1] AS solved_by,
  bool_or(kind = 'case.reopened') AS reopened, bool_or(kind = 'case.imported') AS imported
FROM events_event WHERE subject_kind = %(kind)s AND subject_id = ANY(%(ids)s)
  AND kind IN ('case.opened', 'case.resolved', 'case.reopened', 'case.imported') GROUP BY 1
"""
_BASE = """
SELECT c.id AS case_id, c.channel, c.channel_class, c.kind AS case_kind, c.level AS case_level, c.severity, c.complexity,
  c.priority, c.customer_id, c.mailbox_id, c.opened_at, c.owner_id, c.team_id AS case_team, c.topic_id, u.segment,
  coalesce(t.code, '') AS topic, c.merged_into_id IS NOT NULL AS gone, e.solved_at, e.solved_by, e.reopened, e.imported
FROM cases_case c
JOIN told e ON e.on_case = c.id
JOIN customers_customer u ON u.id = c.customer_id
LEFT JOIN cases_topic t ON t.id = c.topic_id
"""
_ANSWERED = """
SELECT i.case_id, min(i.at) AS at FROM cases_interaction i
WHERE i.case_id = ANY(%(ids)s) AND i.direction = 'out' AND NOT i.automatic AND i.state <> 'failed' GROUP BY 1
"""
_SOLVED = f"""
SELECT b.*,
  NOT EXISTS (
    SELECT 1 FROM cases_interaction i WHERE i.case_id = b.case_id AND i.direction = 'in' AND NOT i.automatic
      AND i.purpose <> 'feedback' AND i.at > coalesce(a.at, b.opened_at) AND i.at <= b.solved_at
  ) AS at_once,
  b.topic_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM cases_case c JOIN cases_interaction i ON i.case_id = c.id
    WHERE c.customer_id = b.customer_id AND c.id <> b.case_id AND c.topic_id = b.topic_id
      AND i.direction = 'in' AND NOT i.automatic AND i.purpose <> 'feedback'
      AND i.at > b.solved_at AND i.at <= b.solved_at + {_AGAIN}
  ) AS came_again
FROM base b LEFT JOIN answered a ON a.case_id = b.case_id
WHERE b.solved_at IS NOT NULL AND NOT b.gone
"""  # noqa: S608  an interval of ours

_COLUMNS = {
    "subject_id": "x.case_id",
    "team_id": "x.case_team",
    "person_id": "coalesce(x.solved_by, x.owner_id)",
    "customer_id": "x.customer_id",
    "mailbox_id": "x.mailbox_id",
    "channel": "x.channel",
    "channel_class": "x.channel_class",
    "kind": "x.case_kind",
    "level": "x.case_level",
    "severity": "x.severity",
    "complexity": "x.complexity",
    "priority": "x.priority",
    "topic": "x.topic",
    "segment": "x.segment",
}

_KINDS = frozenset(
    {
        events.OPENED,
        events.IMPORTED,
        events.CLASSIFIED,
        events.ASSIGNED,
        events.RESOLVED,
        events.REOPENED,
        events.RECEIVED,
        events.SENT,
        events.DELIVERED,
        events.FAILED,
        events.MERGED,
        events.MERGE_UNDONE,
        events.MERGE_RECEIVED,
        events.MERGE_RETURNED,
        events.SPLIT,
        events.MESSAGE_IMPORTED,
        events.CUSTOMER_CHANGED,
        "customer.changed",
        "customer.merged",
        "customer.merge_undone",
    }
)


def _touched(given: Sequence[Touch]) -> set[Key]:
    """The cases themselves, and those of the same customers that were not over long before them."""
    cases = sorted({t.subject[1] for t in given if t.subject[0] == "case"})
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT DISTINCT o.id FROM cases_case c JOIN cases_case o ON o.customer_id = c.customer_id
                WHERE c.id = ANY(%s) AND o.updated_at >= c.opened_at - {_AGAIN}""",  # noqa: S608
            [cases],
        )
        near = {("case", id) for (id,) in cursor.fetchall()}
    former = {
        v for t in given if t.kind == events.CUSTOMER_CHANGED and isinstance(v := t.payload.get("was"), int)
    }
    others = cases_of(sorted(former | customers_in(given)))
    return {("case", id) for id in cases} | near | others


registry.source(
    Source(
        "contact",
        _("一次解决与重复来询"),
        "case",
        _KINDS,
        given={"told": _TOLD, "base": _BASE, "answered": _ANSWERED, "solved": _SOLVED},
        columns=_COLUMNS,
        series=(
            Series(
                "contact.solved",
                "FROM solved x",
                {"at": "x.solved_at", "hit": "x.at_once AND NOT x.reopened AND NOT x.came_again"},
                {"at_once": "x.at_once", "reopened": "x.reopened", "came_again": "x.came_again"},
            ),
            Series(
                "contact.opened",
                "FROM base x WHERE NOT x.imported AND NOT x.gone",
                {
                    "at": "x.opened_at",
                    "person_id": "x.owner_id",
                    "hit": f"""CASE WHEN x.topic_id IS NOT NULL THEN EXISTS (
                        SELECT 1 FROM cases_case c WHERE c.customer_id = x.customer_id AND c.id <> x.case_id
                        AND c.topic_id = x.topic_id AND c.resolved_at < x.opened_at
                        AND c.resolved_at >= x.opened_at - {_AGAIN}) END""",  # noqa: S608
                },
            ),
        ),
        units=lambda: units_of("cases_case", "case"),
        touched=_touched,
    )
)

_SHARE: dict[str, Any] = {"aggregate": Aggregate.SHARE, "unit": Unit.SHARE, "least": 10}
_WHAT = _("首次解决的工单")

registry.metrics(
    Metric(
        "fcr",
        _("一次解决率"),
        "quality",
        _(
            "即首次解决率。我们答复之后客户不必再来就解决了，没有重新打开，7 天内同一客户没有就同一主题再来。"
            "满 7 天才计入；没有归主题的工单只看本单。"
        ),
        _WHAT,
        "contact.solved",
        direction=Direction.UP,
        hits=_("一次解决的工单"),
        final_after=AGAIN_WITHIN,
        cut=("topic_top", "team"),
        **_SHARE,
    ),
    Metric(
        "same_day_fcr",
        _("当日一次解决率"),
        "quality",
        _("与一次解决率相同，但不等 7 天：截至目前没有重新打开、没有再来的都算。适合按天监控。"),
        _WHAT,
        "contact.solved",
        direction=Direction.UP,
        hits=_("截至目前一次解决的工单"),
        cut=("topic_top", "team"),
        **_SHARE,
    ),
    Metric(
        "single_answer_rate",
        _("一次答复解决率"),
        "quality",
        _("解决之前，客户在我们首次答复之后没有再来信、来电的比例。不看之后是否重开或再来。"),
        _WHAT,
        "contact.solved",
        direction=Direction.UP,
        hits=_("一次答复即解决的工单"),
        hit={"flag": "at_once"},
        cut=("channel", "topic_top"),
        **_SHARE,
    ),
    Metric(
        "came_again_rate",
        _("解决后再来率"),
        "quality",
        _("解决之后 7 天内，同一客户就同一主题再来的比例。满 7 天才计入。"),
        _WHAT,
        "contact.solved",
        direction=Direction.DOWN,
        hits=_("7 天内再来的工单"),
        hit={"flag": "came_again"},
        final_after=AGAIN_WITHIN,
        cut=("topic_top",),
        **_SHARE,
    ),
    Metric(
        "repeat_contact_rate",
        _("重复来询率"),
        "quality",
        _("新建的工单里，同一客户 7 天内刚解决过同一主题的比例。没有归主题的不计。"),
        _("已归主题的新建工单"),
        "contact.opened",
        direction=Direction.DOWN,
        hits=_("重复来询的工单"),
        cut=("topic_top", "channel"),
        **_SHARE,
    ),
)
