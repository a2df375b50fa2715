"""What clocks have to count: how promises were kept.

The kept share is that of the design: met by due / (met + breached) among clocks whose due moment lies in the window;
cancelled and running ones are no part of it. Dimensions are the subject's facts as they were when the clock was decided.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy, pgettext_lazy

from shounuo.commitments import events
from shounuo.commitments.models import Clock
from shounuo.events import subjects
from shounuo.metrics import registry
from shounuo.metrics.ground import OPEN_END, TIMES
from shounuo.metrics.registry import Dimension, Metric, Series, Source
from shounuo.metrics.rules import Aggregate, Direction, Unit
from shounuo.policy.labels import spoken
from shounuo.policy.models import Rule

PROMISES = npgettext_lazy("promises", "项", "项")
UP, DOWN = Direction.UP, Direction.DOWN


def _clause(text: str) -> str:
    """Any text may be a clause's code; one that nothing runs under has no figure."""
    if not 0 < len(text) <= 64:
        raise ValueError(text)
    return text


def _clause_names(codes: Iterable[Any]) -> dict[Any, str]:
    """The code with the clause's title in its latest version."""
    rows = (
        Rule.objects.filter(clause__code__in=list(filter(None, codes)))
        .order_by("clause__version_id")
        .values_list("clause__code", "clause__title", "clause__title_en")
    )
    return {code: f"{code} {spoken(title, title_en)}" for code, title, title_en in rows}


def _commitment_names(names: Iterable[Any]) -> dict[Any, str]:
    rows = (
        Rule.objects.filter(kind="commitment", name__in=list(filter(None, names)))
        .order_by("clause__version_id")
        .values_list("name", "title")
    )
    return {name: title or name for name, title in rows}


registry.dimension(Dimension("clause", pgettext_lazy("dimension", "条款"), "clause", _clause_names, _clause))
registry.dimension(Dimension("commitment", _("时限"), "commitment", _commitment_names, _clause))


def units() -> list[tuple[str, int, int]]:
    """The kinds of subjects that clocks hang on, each with its least and greatest id."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject_kind, min(subject_id), max(subject_id) FROM commitments_clock GROUP BY 1 ORDER BY 1"
        )
        return cursor.fetchall()


_CLOCKS = """
SELECT c.id, c.subject_id, c.state, c.due_at, c.met_at, c.cancelled_at, c.breached_at, c.used_s, c.length_s, c.cause,
  c.clause_code, c.commitment, c.warned_at, c.person_met_at, c.facts, t.id AS team_id,
  CASE WHEN jsonb_typeof(c.facts->'owner') = 'number' THEN (c.facts->>'owner')::bigint END AS owner_id,
  CASE WHEN jsonb_typeof(c.facts->'mailbox') = 'number' THEN (c.facts->>'mailbox')::bigint END AS mailbox_id,
  CASE WHEN jsonb_typeof(c.facts->'topic') = 'array' THEN c.facts->'topic'->>-1 END AS topic,
  EXISTS (SELECT 1 FROM commitments_rebase r WHERE r.clock_id = c.id) AS rebased
FROM commitments_clock c LEFT JOIN staff_team t ON t.code = c.facts->>'team'
WHERE c.subject_kind = %(kind)s AND c.subject_id = ANY(%(ids)s)
"""
_COLUMNS = {
    "subject_id": "x.subject_id",
    "ref": "x.id",
    "team_id": "x.team_id",
    "person_id": "x.owner_id",
    "mailbox_id": "x.mailbox_id",
    "clause": "x.clause_code",
    "commitment": "x.commitment",
    "topic": "x.topic",
    **{
        name: f"x.facts->>'{name}'"
        for name in (
            "channel",
            "channel_class",
            "kind",
            "level",
            "severity",
            "complexity",
            "priority",
            "segment",
        )
    },
}

registry.source(
    Source(
        "clock",
        _("计时"),
        "*",
        events.KINDS,
        given={"clocks": _CLOCKS},
        columns=_COLUMNS,
        series=(
            Series(
                "clock.due",
                "FROM clocks x",
                {
                    "at": "x.due_at",
                    "value": "x.used_s",
                    "hit": "CASE x.state WHEN 'met' THEN true WHEN 'breached' THEN false END",
                    "outcome": "CASE x.state WHEN 'paused' THEN 'running' ELSE x.state END",
                },
                {
                    "by_person": "x.state = 'met' AND x.person_met_at <= x.due_at",
                    "warned": "x.warned_at IS NOT NULL",
                    "rebased": "x.rebased",
                    "made_good": "x.state = 'breached' AND x.met_at IS NOT NULL",
                    "explained": "x.cause <> ''",
                },
            ),
            Series(
                "clock.breached",
                "FROM clocks x WHERE x.state = 'breached'",
                {"at": "x.due_at", "outcome": "x.cause"},
            ),
            Series(
                "clock.late",
                "FROM clocks x WHERE x.state = 'breached' AND x.met_at IS NOT NULL",
                {"at": "x.met_at", "value": "extract(epoch FROM x.met_at - x.due_at)"},
            ),
            Series(
                "clock.owed",
                "FROM clocks x WHERE x.state = 'breached'"
                " AND coalesce(x.met_at, x.cancelled_at, 'infinity') > x.due_at",
                {"at": "x.due_at", "until": f"coalesce(x.met_at, x.cancelled_at, {OPEN_END})", "value": "0"},
            ),
            Series(
                "clock.used",
                "FROM clocks x WHERE x.used_s IS NOT NULL AND x.length_s > 0",
                {"at": "x.due_at", "value": "x.used_s::float8 / x.length_s"},
            ),
            Series(
                "clock.escalated",
                "FROM clocks x JOIN commitments_step s ON s.clock_id = x.id AND s.\"to\" <> ''",
                {"ref": "s.id", "at": "s.fired_at"},
            ),
            Series(
                "clock.rebased",
                "FROM clocks x JOIN commitments_rebase r ON r.clock_id = x.id",
                {"ref": "r.id", "at": "r.at", "person_id": "coalesce(r.person_id, x.owner_id)"},
            ),
        ),
        units=units,
    )
)


def _cause(code: str) -> str:
    if code not in Clock.Cause.values:
        raise ValueError(code)
    return code


registry.dimension(
    Dimension(
        "cause",
        _("违诺原因"),
        "outcome",
        lambda codes: {c: str(Clock.Cause(c).label) for c in codes if c in Clock.Cause.values},
        _cause,
        series="clock.breached",
    )
)

DECIDED = _("期内到期、已有结果的时限")
_OF: dict[str, Any] = {"group": "promise", "cut": ("clause", "team")}
_SHARE: dict[str, Any] = {"aggregate": Aggregate.SHARE, "unit": Unit.SHARE, "least": 10, **_OF}

registry.metrics(
    Metric("kept_share", _("守诺率"), definition=_("到期的时限里，按时办到的比例，即按时率。已取消的、还在计时的不计。"), population=DECIDED, series="clock.due", direction=UP, hits=_("按时办到的时限"), **_SHARE),
    Metric("kept_share_by_person", _("人工守诺率"), definition=_("与守诺率相同，但只靠自动回执办到的不算守诺。"), population=DECIDED, series="clock.due", direction=UP, hits=_("由人按时办到的时限"), only={"outcome": ("met", "breached")}, hit={"flag": "by_person"}, **_SHARE),
    Metric("promises_due", _("应守量"), definition=_("期内到期、已有结果的时限数。"), population=DECIDED, series="clock.due", noun=PROMISES, only={"outcome": ("met", "breached")}, **_OF),
    Metric("promises_kept", _("守诺量"), definition=_("期内到期的时限里，按时办到的项数。"), population=_("按时办到的时限"), series="clock.due", noun=PROMISES, direction=UP, only={"outcome": "met"}, **_OF),
    Metric("breaches", _("违诺量"), definition=_("期内到期的时限里，没有按时办到的项数；后来补办的也算。"), population=_("没有按时办到的时限"), series="clock.due", noun=PROMISES, direction=DOWN, only={"outcome": "breached"}, **_OF),
    Metric("promises_running", _("计时中量"), definition=_("期内到期的时限里，还在计时或已暂停的项数。"), population=_("还没有结果的时限"), series="clock.due", noun=PROMISES, only={"outcome": "running"}, **_OF),
    Metric("promises_cancelled", _("取消量"), definition=_("期内到期的时限里，已取消的项数：条款不再适用，或工单已关闭、合并。"), population=_("已取消的时限"), series="clock.due", noun=PROMISES, only={"outcome": "cancelled"}, **_OF),
    Metric("made_good_rate", _("违诺补办率"), definition=_("没有按时办到的时限里，后来还是办到了的比例。"), population=_("没有按时办到的时限"), series="clock.due", direction=UP, hits=_("后来办到的"), only={"outcome": "breached"}, hit={"flag": "made_good"}, **_SHARE),
    Metric("warned_rate", _("临期预警率"), definition=_("期内到期、已有结果的时限里，到过预警线的比例：离超时有多近。"), population=DECIDED, series="clock.due", direction=DOWN, hits=_("到过预警线的时限"), only={"outcome": ("met", "breached")}, hit={"flag": "warned"}, **_SHARE),
    Metric("promise_used_time", _("条款平均用时"), definition=_("办到的时限，从起算到办到的计时时长（扣除暂停，按条款的日历计），按到期时刻计入。"), population=_("已办到的时限"), series="clock.due", aggregate=Aggregate.MEAN, unit=Unit.SECONDS, direction=DOWN, least=10, **_OF),
    Metric("promise_used_median", _("条款用时中位数"), definition=_("办到的时限，计时时长居中的一个。"), population=_("已办到的时限"), series="clock.due", aggregate=Aggregate.MEDIAN, unit=Unit.SECONDS, direction=DOWN, least=10, **_OF),
    Metric("promise_used_p90", _("条款用时九成位"), definition=_("办到的时限，九成不超过的计时时长。"), population=_("已办到的时限"), series="clock.due", aggregate=Aggregate.P90, unit=Unit.SECONDS, direction=DOWN, least=10, **_OF),
    Metric("promise_used_share", _("时限占用率"), definition=_("办到的时限，用掉了所给时长的几成，取平均；超过 100% 是晚了。"), population=_("已办到的时限"), series="clock.used", aggregate=Aggregate.MEAN, unit=Unit.SHARE, direction=DOWN, least=10, **_OF),
    Metric("lateness", _("平均超时时长"), definition=_("违诺之后才办到的时限，晚了多久，取平均，按办到的时刻计入。"), population=_("期内补办的时限"), series="clock.late", aggregate=Aggregate.MEAN, unit=Unit.SECONDS, direction=DOWN, least=10, **_OF),
    Metric("overdue_promises", _("超时未办量"), definition=_("时间范围结束时（或此刻）已经违诺、仍未办到的时限数。"), population=_("已违诺、未办到的时限"), series="clock.owed", aggregate=Aggregate.STANDING, noun=PROMISES, direction=DOWN, **_OF),
    Metric("overdue_age", _("平均超时账龄"), definition=_("已经违诺、仍未办到的时限，超时已有多久，取平均。"), population=_("已违诺、未办到的时限"), series="clock.owed", aggregate=Aggregate.AGE, unit=Unit.SECONDS, direction=DOWN, **_OF),
    Metric("escalations", _("超时升级次数"), definition=_("时限将到或超时，按升级阶梯通知上级的次数。"), population=_("升级通知"), series="clock.escalated", noun=TIMES, direction=DOWN, **_OF),
    Metric("rebase_count", _("时限重排次数"), definition=_("由人重新设定到期时刻的次数，计在重排的人名下。"), population=_("期内的重排"), series="clock.rebased", noun=TIMES, group="promise", cut=("person", "clause")),
    Metric("rebased_rate", _("时限重排率"), definition=_("期内到期、已有结果的时限里，到期时刻被人改过的比例。"), population=DECIDED, series="clock.due", hits=_("重排过的时限"), only={"outcome": ("met", "breached")}, hit={"flag": "rebased"}, direction=DOWN, **_SHARE),
    Metric("breach_cause_share", _("违诺原因占比"), definition=_("各种原因占全部违诺的比例；还没有归因的单列。"), population=_("没有按时办到的时限"), series="clock.breached", aggregate=Aggregate.PORTION, unit=Unit.SHARE, group="promise", cut=("cause",)),
    Metric("breach_explained_rate", _("违诺归因率"), definition=_("没有按时办到的时限里，主管已写明原因的比例。"), population=_("没有按时办到的时限"), series="clock.due", direction=UP, hits=_("已归因的"), only={"outcome": "breached"}, hit={"flag": "explained"}, **_SHARE),
)  # fmt: skip


# Records: at each step before which a regulation demands fields, whether they were there; of those owed after something,
# whether the last was filled in time, at the moment at which it was due.
_RECORDS = """
SELECT e.subject_id, e.id * 256 + r.n AS ref, e.at, r.clause, NOT EXISTS (
    SELECT 1 FROM jsonb_array_elements_text(e.payload->'missing') m WHERE starts_with(m, r.rule || ':')) AS complete
FROM events_event e, LATERAL ROWS FROM (
    jsonb_array_elements_text(e.payload->'rules'), jsonb_array_elements_text(e.payload->'clauses'))
  WITH ORDINALITY AS r(rule, clause, n)
WHERE e.kind = 'record.checked' AND e.subject_kind = %(kind)s AND e.subject_id = ANY(%(ids)s)
UNION ALL
SELECT c.subject_id, -c.id, c.due_at, c.clause_code, c.state = 'met'
FROM commitments_clock c JOIN policy_rule p ON p.id = c.rule_id
WHERE p.kind = 'record' AND c.state IN ('met', 'breached') AND c.subject_kind = %(kind)s AND c.subject_id = ANY(%(ids)s)
"""


def _record_units() -> list[tuple[str, int, int]]:
    """The kinds of subjects that keep a record, each with its least and greatest id."""
    kinds = [k for k in subjects.kinds() if (s := subjects.get(k)) is not None and s.filled is not None]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject_kind, min(subject_id), max(subject_id) FROM events_stream"
            " WHERE subject_kind = ANY(%s) GROUP BY 1 ORDER BY 1",
            [kinds],
        )
        return cursor.fetchall()


registry.source(
    Source(
        "record",
        pgettext_lazy("source", "须填记录"),
        "*",
        frozenset({events.CHECKED, events.MET, events.BREACHED, events.CANCELLED, events.RESUMED}),
        given={"records": _RECORDS},
        columns={"subject_id": "x.subject_id", "ref": "x.ref", "clause": "x.clause"},
        series=(Series("record.demanded", "FROM records x", {"at": "x.at", "hit": "x.complete"}),),
        units=_record_units,
    )
)
registry.metrics(
    Metric("records_complete_share", _("须填记录完整率"), "promise", _("制度要求先填好的每一步，做的时候要填的都已填齐；要求事后填的，按时填齐。这样的比例。"), _("制度要求的记录"), "record.demanded", Aggregate.SHARE, Unit.SHARE, direction=UP, least=10, hits=_("填齐的记录"), cut=("clause",)),
)  # fmt: skip
