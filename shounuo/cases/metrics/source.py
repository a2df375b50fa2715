"""Observations of cases: what happened to each, and how long it took.

What a case is (channel, kind, level, topic, customer) counts as it is classified now; who had it counts as it was at the
time. Cases brought in from another system (`case.imported`) were over before they came and are not counted as opened; a
case that went up in another one is counted as opened and as merged, not as resolved.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.utils.translation import gettext_lazy as _

from shounuo.cases import events
from shounuo.metrics import registry
from shounuo.metrics.ground import OPEN_END, units_of
from shounuo.metrics.registry import Key, Series, Source, Touch

_STEPS = (
    events.OPENED,
    events.IMPORTED,
    events.CLASSIFIED,
    events.TRIAGED,
    events.DIAGNOSED,
    events.ASSIGNED,
    events.ACCEPTED,
    events.TRANSFERRED,
    events.HELPER_ADDED,
    events.ETA_TOLD,
    events.WARNED,
    events.WAITING,
    events.RESUMED,
    events.RESOLVED,
    events.CONFIRMED,
    events.DISPUTED,
    events.REOPENED,
    events.CLOSED,
    events.MERGED,
    events.MERGE_UNDONE,
    events.SPLIT,
    events.ANSWERED,
)
_OTHERS = (
    events.CUSTOMER_CHANGED,
    events.RECORD_COMPLETED,
    events.RECORD_VERIFIED,
    events.RECEIVED,
    events.SENT,
    events.DELIVERED,
    events.FAILED,
    events.MESSAGE_IMPORTED,
    events.MERGE_RECEIVED,
    events.MERGE_RETURNED,
    events.PLAN_PROPOSED,
    events.PLAN_CHOSEN,
    events.PLAN_WITHDRAWN,
    events.PROGRESS_NOTED,
)
_CLOCKS = ("clock.started", "clock.breached", "clock.met", "clock.cancelled", "clock.rebased")
_CUSTOMER = ("customer.changed", "customer.merged", "customer.merge_undone")

_TOLD = f"""
SELECT e.subject_id AS on_case, e.id, e.seq, e.kind, e.at, CASE WHEN e.actor_kind = 'person' THEN e.actor_id END AS actor,
  e.payload->>'status' AS status,
  CASE WHEN e.kind IN ('case.opened', 'case.assigned') THEN (e.payload->>'owner')::bigint END AS owner,
  CASE WHEN e.kind IN ('case.opened', 'case.assigned') THEN (e.payload->>'team')::bigint END AS team,
  coalesce(e.payload->>'level', '') AS level, e.payload->>'why' AS why, (e.payload->>'round')::int AS round,
  (e.payload->>'was')::text AS was, (e.payload->>'was_team')::bigint AS was_team, (e.payload->>'team')::bigint AS to_team,
  (e.payload->>'person')::bigint AS person
FROM events_event e
WHERE e.subject_kind = %(kind)s AND e.subject_id = ANY(%(ids)s) AND e.kind IN ({", ".join(f"'{k}'" for k in _STEPS)})
"""  # noqa: S608  kinds of ours

_BASE = """
SELECT c.id AS case_id, c.channel, c.channel_class, c.kind AS case_kind, c.level AS case_level, c.severity, c.complexity,
  c.priority, c.customer_id, c.mailbox_id, c.opened_at, c.first_response_at, c.resolved_at, c.closed_at, c.closed_how,
  c.expected_at, c.record_completed_at, c.record_verified_at, c.confirmed_at, c.diagnosed_at, c.transfer_count,
  c.reopen_count, c.owner_id AS case_owner, c.team_id AS case_team, c.first_owner_id, u.segment,
  coalesce(t.code, '') AS topic, c.merged_into_id IS NOT NULL AS gone,
  EXISTS (SELECT 1 FROM told x WHERE x.on_case = c.id AND x.kind = 'case.imported') AS imported
FROM cases_case c
JOIN customers_customer u ON u.id = c.customer_id
LEFT JOIN cases_topic t ON t.id = c.topic_id
WHERE c.id = ANY(%(ids)s)
"""

# Owner, team, level and round as they were when each event happened: carried forward from the last that named them.
_CARRIED = """
SELECT t.*,
  max(CASE WHEN owner IS NOT NULL THEN seq END) OVER w AS owner_seq,
  max(CASE WHEN team IS NOT NULL THEN seq END) OVER w AS team_seq,
  max(at) FILTER (WHERE kind IN ('case.opened', 'case.reopened')) OVER w AS round_at,
  max(at) FILTER (WHERE kind = 'case.transferred') OVER w AS handed_at,
  max(seq) FILTER (WHERE kind = 'case.transferred') OVER w AS handed_seq,
  max(seq) FILTER (WHERE kind = 'case.reopened')
    OVER (PARTITION BY on_case ORDER BY seq ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS reopened_later,
  lag(level) OVER (PARTITION BY on_case, kind IN ('case.opened', 'case.classified') ORDER BY seq) AS level_before,
  lag(kind) OVER w AS kind_before,
  row_number() OVER (PARTITION BY on_case, kind ORDER BY seq) AS nth
FROM told t WINDOW w AS (PARTITION BY on_case ORDER BY seq)
"""
_WALK = """
SELECT s.*, b.*,
  first_value(s.owner) OVER (PARTITION BY s.on_case, s.owner_seq ORDER BY s.seq) AS owner_then,
  first_value(s.team) OVER (PARTITION BY s.on_case, s.team_seq ORDER BY s.seq) AS team_then
FROM carried s JOIN base b ON b.case_id = s.on_case
"""
_SPANS = """
SELECT z.*, lead(at) OVER (PARTITION BY case_id ORDER BY seq) AS ends FROM (
  SELECT y.*, (status, owner_then, team_then) IS DISTINCT FROM (status_before, owner_before, team_before) OR nth_of = 1 AS new
  FROM (
    SELECT w.*, row_number() OVER o AS nth_of, lag(status) OVER o AS status_before, lag(owner_then) OVER o AS owner_before,
      lag(team_then) OVER o AS team_before
    FROM walk w WHERE status IS NOT NULL AND NOT imported WINDOW o AS (PARTITION BY case_id ORDER BY seq)
  ) y
) z WHERE new
"""
_PER_CASE = """
SELECT on_case AS case_id, min(at) FILTER (WHERE kind = 'case.assigned' AND owner IS NOT NULL) AS assigned_at,
  (array_agg(owner ORDER BY seq) FILTER (WHERE kind = 'case.assigned' AND owner IS NOT NULL))[1] AS assigned_to,
  (array_agg(actor ORDER BY seq) FILTER (WHERE kind = 'call.answered'))[1] AS answered_by,
  bool_or(kind = 'case.eta_told') AS eta_told,
  bool_or(kind = 'case.classified' AND level > level_before AND level_before <> ''
    OR kind = 'case.transferred' AND was_team <> to_team) AS escalated
FROM carried GROUP BY on_case
"""
_SAID = """
SELECT i.id, i.case_id, i.direction, i.channel AS by_channel, i.purpose, i.automatic, i.state, i.person_id, i.at,
  i.direction = 'out' AND NOT i.automatic AND i.state <> 'failed' AS answer,
  i.direction = 'in' AND NOT i.automatic AND i.purpose <> 'feedback' AND i.channel NOT IN ('phone', 'visit') AS question
FROM cases_interaction i WHERE i.case_id = ANY(%(ids)s) AND i.direction IN ('in', 'out')
"""
# A stretch of the customer's messages up to our answer: the first of them waited longest.
_TURNS = """
SELECT case_id, turn, min(at) FILTER (WHERE question) AS asked_at, max(at) FILTER (WHERE answer) AS at,
  max(id) FILTER (WHERE answer) AS id, max(person_id) FILTER (WHERE answer) AS person_id
FROM (
  SELECT s.*, count(*) FILTER (WHERE answer)
    OVER (PARTITION BY case_id ORDER BY at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS turn
  FROM said s WHERE answer OR question
) g GROUP BY case_id, turn
"""
_FIRSTS = """
SELECT case_id, min(at) FILTER (WHERE direction = 'out' AND state <> 'failed') AS told_at,
  (array_agg(automatic ORDER BY at, id) FILTER (WHERE direction = 'out' AND state <> 'failed'))[1] AS told_by_machine,
  (array_agg(person_id ORDER BY at, id) FILTER (WHERE answer))[1] AS answered_by,
  bool_or(automatic AND purpose = 'receipt' AND direction = 'out') AS receipt
FROM said GROUP BY case_id
"""
_SILENCES = """
SELECT case_id, max(extract(epoch FROM gap)) AS longest FROM (
  SELECT s.case_id, s.at - lag(s.at, 1, b.opened_at) OVER (PARTITION BY s.case_id ORDER BY s.at, s.id) AS gap
  FROM said s JOIN base b ON b.case_id = s.case_id WHERE s.answer AND s.at <= b.resolved_at
) g GROUP BY case_id
"""
_PROMISES = """
SELECT subject_id AS case_id, bool_or(state = 'breached') AS broken,
  array_agg(due_at ORDER BY due_at) FILTER (WHERE state = 'breached') AS late_from
FROM commitments_clock WHERE subject_kind = %(kind)s AND subject_id = ANY(%(ids)s)
  AND state IN ('met', 'breached') GROUP BY 1
"""
_STANDING = """
SELECT b.*, p.assigned_at, p.assigned_to, p.answered_by AS called_by, p.eta_told, p.escalated, f.told_at, f.told_by_machine,
  f.answered_by, f.receipt, s.longest, k.broken
FROM base b
LEFT JOIN per_case p ON p.case_id = b.case_id
LEFT JOIN firsts f ON f.case_id = b.case_id
LEFT JOIN silences s ON s.case_id = b.case_id
LEFT JOIN promises k ON k.case_id = b.case_id
"""
_WAITED = """
SELECT case_id, sum(extract(epoch FROM ends - at)) AS seconds FROM spans
WHERE status = 'waiting_customer' AND ends IS NOT NULL GROUP BY case_id
"""

_COLUMNS = {
    "subject_id": "x.case_id",
    "at": "x.at",
    "team_id": "x.case_team",
    "person_id": "x.case_owner",
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
_THEN = {"ref": "x.seq", "team_id": "x.team_then", "person_id": "coalesce(x.actor, x.owner_then)"}
_CONCLUDED = "FROM standing x WHERE x.resolved_at IS NOT NULL AND NOT x.gone"


def _since(column: str, start: str = "x.opened_at") -> str:
    return f"extract(epoch FROM {column} - {start})"


def _happened(code: str, kind: str, more: str = "", **columns: str) -> Series:
    """One observation per event of a kind."""
    return Series(code, f"FROM walk x WHERE x.kind = '{kind}'{more}", {**_THEN, **columns})


_SERIES = (
    Series(
        "case.opened",
        "FROM standing x WHERE NOT x.imported",
        {"at": "x.opened_at"},
        {"receipt": "x.receipt", "merged": "x.gone"},
    ),
    Series(
        "case.first_response",
        "FROM standing x WHERE x.first_response_at IS NOT NULL AND NOT x.gone AND NOT x.imported",
        {
            "at": "x.first_response_at",
            "value": _since("x.first_response_at"),
            "person_id": "coalesce(x.answered_by, x.called_by, x.first_owner_id)",
        },
    ),
    Series(
        "case.acknowledged",
        "FROM standing x WHERE x.told_at IS NOT NULL AND NOT x.gone AND NOT x.imported",
        {"at": "x.told_at", "value": _since("x.told_at"), "hit": "x.told_by_machine"},
    ),
    Series(
        "case.queue_left",
        "FROM standing x WHERE x.assigned_at IS NOT NULL AND NOT x.imported",
        {"at": "x.assigned_at", "value": _since("x.assigned_at"), "person_id": "x.assigned_to"},
    ),
    _happened("case.accepted", events.ACCEPTED, " AND x.nth = 1", value=_since("x.at")),
    _happened(
        "case.taken_over",
        events.ACCEPTED,
        " AND x.handed_seq IS NOT NULL AND NOT EXISTS (SELECT 1 FROM told e WHERE e.on_case = x.case_id"
        " AND e.kind = 'case.accepted' AND e.seq > x.handed_seq AND e.seq < x.seq)",
        value=_since("x.at", "x.handed_at"),
    ),
    _happened("case.triaged", events.TRIAGED, " AND x.nth = 1", value=_since("x.at")),
    _happened("case.diagnosed", events.DIAGNOSED, " AND x.nth = 1", value=_since("x.at")),
    Series(
        "case.resolved",
        "FROM walk x WHERE x.kind = 'case.resolved'",
        {**_THEN, "value": _since("x.at", "coalesce(x.round_at, x.opened_at)")},
        {"reopened": "x.reopened_later IS NOT NULL", "again": "x.round > 1"},
    ),
    Series(
        "case.concluded",
        _CONCLUDED,
        {"at": "x.resolved_at", "value": _since("x.resolved_at"), "hit": "NOT x.broken"},
        {
            "transferred": "x.transfer_count > 0",
            "passed_on": "x.transfer_count > 1",
            "escalated": "x.escalated",
            "reopened": "x.reopen_count > 0",
            "recorded": "x.record_completed_at IS NOT NULL",
            "verified": "x.record_verified_at IS NOT NULL",
            "eta_told": "x.eta_told",
            "eta_kept": "x.eta_told AND x.resolved_at <= x.expected_at",
            "diagnosed": "x.diagnosed_at IS NOT NULL",
        },
    ),
    Series(
        "case.net_time",
        "FROM standing x LEFT JOIN waited w ON w.case_id = x.case_id WHERE x.resolved_at IS NOT NULL AND NOT x.gone",
        {"at": "x.resolved_at", "value": f"{_since('x.resolved_at')} - coalesce(w.seconds, 0)"},
    ),
    Series("case.transfers", _CONCLUDED, {"at": "x.resolved_at", "value": "x.transfer_count"}),
    Series(
        "case.silence",
        "FROM standing x WHERE x.resolved_at IS NOT NULL AND NOT x.gone AND x.longest IS NOT NULL",
        {"at": "x.resolved_at", "value": "x.longest"},
    ),
    Series(
        "case.recorded",
        "FROM standing x WHERE x.record_completed_at IS NOT NULL AND x.resolved_at IS NOT NULL",
        {"at": "x.record_completed_at", "value": _since("x.record_completed_at", "x.resolved_at")},
    ),
    Series(
        "case.closed",
        "FROM standing x WHERE x.closed_at IS NOT NULL AND x.closed_how <> '' AND NOT x.gone",
        {
            "at": "x.closed_at",
            "value": _since("x.closed_at", "x.resolved_at"),
            "hit": "x.closed_how = 'confirmed'",
            "outcome": "x.closed_how",
        },
    ),
    _happened("case.reopened", events.REOPENED, person_id="x.owner_then", outcome="x.why"),
    _happened("case.disputed", events.DISPUTED, person_id="x.owner_then"),
    Series(
        "case.transferred",
        "FROM walk x WHERE x.kind = 'case.transferred'",
        {"ref": "x.seq", "person_id": "x.was::bigint", "team_id": "coalesce(x.was_team, x.team_then)"},
        {"other_team": "x.was_team <> x.to_team"},
    ),
    _happened(
        "case.escalated",
        events.CLASSIFIED,
        " AND x.level > x.level_before AND x.level_before <> ''",
        outcome="'level'",
    ),
    Series(
        "case.escalated_team",
        "FROM walk x WHERE x.kind = 'case.transferred' AND x.was_team <> x.to_team",
        {"ref": "x.seq", "person_id": "x.was::bigint", "team_id": "x.was_team", "outcome": "'team'"},
    ),
    _happened("case.merged", events.MERGED),
    _happened("case.split", events.SPLIT),
    _happened("case.helped", events.HELPER_ADDED, person_id="x.person"),
    _happened("case.warned", events.WARNED),
    Series(
        "case.state",
        "FROM spans x WHERE x.status IN ('new', 'open', 'waiting_customer', 'waiting_internal')"
        " AND (x.ends IS NULL OR x.ends > x.at)",
        {
            "ref": "x.seq",
            "until": f"coalesce(x.ends, {OPEN_END})",
            "value": _since("x.at", "coalesce(x.round_at, x.at)"),
            "outcome": "x.status",
            "team_id": "x.team_then",
            "person_id": "x.owner_then",
        },
        {"unowned": "x.owner_then IS NULL"},
    ),
    Series(
        "case.late_unaccepted",
        "FROM (SELECT s.*, (SELECT min(d) FROM unnest(p.late_from) d WHERE d >= s.at) AS late_at FROM spans s"
        " JOIN promises p ON p.case_id = s.case_id WHERE s.status = 'new' AND p.broken) x"
        " WHERE x.late_at IS NOT NULL AND (x.ends IS NULL OR x.ends > x.late_at)",
        {
            "ref": "x.seq",
            "at": "x.late_at",
            "until": f"coalesce(x.ends, {OPEN_END})",
            "team_id": "x.team_then",
            "person_id": "x.owner_then",
        },
    ),
    Series(
        "message.in",
        "FROM said m JOIN base x ON x.case_id = m.case_id WHERE m.direction = 'in' AND NOT m.automatic AND NOT x.imported",
        {"ref": "m.id", "at": "m.at", "channel": "m.by_channel"},
    ),
    Series(
        "message.out",
        "FROM said m JOIN base x ON x.case_id = m.case_id WHERE m.direction = 'out' AND NOT m.automatic AND NOT x.imported",
        {
            "ref": "m.id",
            "at": "m.at",
            "channel": "m.by_channel",
            "person_id": "m.person_id",
            "hit": "CASE m.state WHEN 'done' THEN true WHEN 'failed' THEN false END",
            "outcome": "m.state",
        },
    ),
    Series(
        "message.automatic",
        "FROM said m JOIN base x ON x.case_id = m.case_id WHERE m.direction = 'out' AND m.automatic",
        {"ref": "m.id", "at": "m.at", "channel": "m.by_channel", "person_id": "NULL", "outcome": "m.state"},
    ),
    Series(
        "message.answered",
        "FROM turns m JOIN base x ON x.case_id = m.case_id"
        " WHERE m.asked_at IS NOT NULL AND m.at IS NOT NULL AND NOT x.imported",
        {
            "ref": "m.id",
            "at": "m.at",
            "person_id": "m.person_id",
            "value": "extract(epoch FROM m.at - m.asked_at)",
        },
    ),
    Series(
        "plan.proposed",
        "FROM cases_plan m JOIN base x ON x.case_id = m.case_id",
        {
            "ref": "m.id",
            "at": "m.at",
            "person_id": "m.person_id",
            "hit": "CASE WHEN m.chosen_at IS NOT NULL THEN true WHEN m.withdrawn_at IS NOT NULL THEN false END",
            "value": "extract(epoch FROM m.chosen_at - m.at)",
        },
    ),
)


def cases_of(customer_ids: Sequence[int]) -> set[Key]:
    """The cases of these customers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM cases_case WHERE customer_id = ANY(%s)", [list(customer_ids)])
        return {("case", id) for (id,) in cursor.fetchall()}


def customers_in(given: Sequence[Touch]) -> set[int]:
    """The customers whose own events these are, and those they name."""
    found: set[int] = set()
    for touch in given:
        if touch.subject[0] == "customer":
            found.add(touch.subject[1])
            found |= {v for k in ("source", "target") if isinstance(v := touch.payload.get(k), int)}
    return found


def _touched(given: Sequence[Touch]) -> set[Key]:
    cases = {t.subject for t in given if t.subject[0] == "case"}
    customers = customers_in(
        [t for t in given if t.kind != "customer.changed" or "segment" in (t.payload.get("fields") or ())]
    )
    return cases | (cases_of(sorted(customers)) if customers else set())


SOURCE = registry.source(
    Source(
        "case",
        _("工单"),
        "case",
        frozenset({*_STEPS, *_OTHERS, *_CLOCKS, *_CUSTOMER}),
        given={
            "told": _TOLD,
            "base": _BASE,
            "carried": _CARRIED,
            "walk": _WALK,
            "spans": _SPANS,
            "per_case": _PER_CASE,
            "said": _SAID,
            "turns": _TURNS,
            "firsts": _FIRSTS,
            "silences": _SILENCES,
            "promises": _PROMISES,
            "standing": _STANDING,
            "waited": _WAITED,
        },
        columns=_COLUMNS,
        series=_SERIES,
        units=lambda: units_of("cases_case", "case"),
        touched=_touched,
    )
)
