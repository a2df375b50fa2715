"""Figures worked out by loops over rows and events: slow, plain, and written without a look at the SQL."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import defaultdict
from datetime import timedelta

from shounuo.cases.models import Case, Interaction, Plan
from shounuo.channels.models import RawMessage
from shounuo.commitments.models import Clock, Rebase, Step
from shounuo.customers.models import Customer
from shounuo.events.models import Event
from shounuo.improvement.models import Finding, Judgement
from shounuo.metrics.models import OPEN_END
from shounuo.metrics.rules import Aggregate as A
from shounuo.metrics.rules import Window
from shounuo.policy.models import Rule
from shounuo.staff.models import Membership, Team

COLUMN = {
    "team": "team_id",
    "person": "person_id",
    "channel": "channel",
    "topic": "topic",
    "clause": "clause",
    "cause": "outcome",
}
TEXTS = (
    "channel",
    "channel_class",
    "kind",
    "level",
    "severity",
    "complexity",
    "priority",
    "topic",
    "segment",
    "clause",
    "outcome",
)
ACTIVE = ("new", "open", "waiting_customer", "waiting_internal")
WEEK = timedelta(days=7)


def seconds(later, earlier):
    return (later - earlier).total_seconds()


def observations():
    """series -> observations as dictionaries."""
    made = defaultdict(list)

    def note(series, at, flags=(), **columns):
        blank = dict.fromkeys(TEXTS, "") | {"team_id": None, "person_id": None, "customer_id": None}
        row = blank | {"at": at, "until": None, "value": None, "hit": None, "flags": set(flags)} | columns
        made[series].append(row | {k: row[k] or "" for k in TEXTS})

    _cases(note)
    _contacts(note)
    _clocks(note)
    _records(note)
    _presence(note)
    _others(note)
    _supervision(note)
    return made


def _of_case(case):
    return {
        "channel": case.channel,
        "channel_class": case.channel_class,
        "kind": case.kind,
        "level": case.level,
        "severity": case.severity,
        "complexity": case.complexity,
        "priority": case.priority,
        "topic": case.topic.code if case.topic else "",
        "segment": case.customer.segment,
        "customer_id": case.customer_id,
        "team_id": case.team_id,
        "person_id": case.owner_id,
    }


def _cases(note):
    for case in Case.objects.select_related("customer", "topic"):
        _case(case, note)


def _walk(case):
    """The case's events, each with who had it, in which team, since when in this round."""
    owner = team = round_at = None
    for event in Event.objects.filter(subject_kind="case", subject_id=case.pk).order_by("seq"):
        if event.kind in ("case.opened", "case.assigned"):
            owner = event.payload.get("owner", owner)
            team = event.payload.get("team", team)
        if event.kind in ("case.opened", "case.reopened"):
            round_at = event.at
        event.owner, event.team, event.round_at = owner, team, round_at
        event.by = event.actor_id if event.actor_kind == "person" else None
        yield event


def _case(case, note):
    dims = _of_case(case)
    walk = list(_walk(case))
    kinds = [e.kind for e in walk]
    said = list(Interaction.objects.filter(case=case).exclude(direction="note").order_by("at", "id"))
    answers = [i for i in said if i.direction == "out" and not i.automatic and i.state != "failed"]
    gone, imported = case.merged_into_id is not None, "case.imported" in kinds
    broken = sorted(
        c.due_at for c in Clock.objects.filter(subject_kind="case", subject_id=case.pk, state="breached")
    )
    decided = Clock.objects.filter(
        subject_kind="case", subject_id=case.pk, state__in=("met", "breached")
    ).exists()
    raised = [
        e for before, e in _pairs([e for e in walk if e.kind in ("case.opened", "case.classified")])
        if before.payload.get("level") and e.payload.get("level", "") > before.payload["level"]
    ]  # fmt: skip
    passed = [e for e in walk if e.kind == "case.transferred"]
    elsewhere = [
        e for e in passed
        if {"team", "was_team"} <= set(e.payload) and e.payload["team"] != e.payload["was_team"]
    ]  # fmt: skip

    if not imported:
        receipt = any(i.direction == "out" and i.automatic and i.purpose == "receipt" for i in said)
        note(
            "case.opened",
            case.opened_at,
            [n for n, yes in (("receipt", receipt), ("merged", gone)) if yes],
            **dims,
        )
        first = next((e for e in walk if e.kind == "case.assigned" and e.payload.get("owner")), None)
        if first:
            note(
                "case.queue_left",
                first.at,
                **dims | {"value": seconds(first.at, case.opened_at), "person_id": first.payload["owner"]},
            )
        if not gone and case.first_response_at:
            called = next((e.by for e in walk if e.kind == "call.answered"), None)
            who = next((i.person_id for i in answers), None) or called or case.first_owner_id
            note(
                "case.first_response",
                case.first_response_at,
                **dims | {"value": seconds(case.first_response_at, case.opened_at), "person_id": who},
            )
        told = [i for i in said if i.direction == "out" and i.state != "failed"]
        if not gone and told:
            note(
                "case.acknowledged",
                told[0].at,
                **dims | {"value": seconds(told[0].at, case.opened_at), "hit": told[0].automatic},
            )

    def happened(series, event, **columns):
        then = {"team_id": event.team, "person_id": event.by or event.owner}
        note(series, event.at, columns.pop("flags", ()), **dims | then | columns)

    handed = None
    for n, event in enumerate(walk):
        since = seconds(event.at, case.opened_at)
        first_of_kind = event.kind not in kinds[:n]
        match event.kind:
            case "case.transferred":
                handed = event
                was = {
                    "person_id": event.payload.get("was"),
                    "team_id": event.payload.get("was_team") or event.team,
                }
                happened("case.transferred", event, flags=["other_team"] if event in elsewhere else [], **was)
                if event in elsewhere:
                    happened("case.escalated_team", event, **was | {"outcome": "team"})
            case "case.accepted":
                if first_of_kind:
                    happened("case.accepted", event, value=since)
                if handed:
                    happened("case.taken_over", event, value=seconds(event.at, handed.at))
                handed = None
            case "case.triaged" if first_of_kind:
                happened("case.triaged", event, value=since)
            case "case.diagnosed" if first_of_kind:
                happened("case.diagnosed", event, value=since)
            case "case.resolved":
                flags = ["reopened"] if "case.reopened" in kinds[n:] else []
                happened(
                    "case.resolved",
                    event,
                    flags=flags,
                    value=seconds(event.at, event.round_at or case.opened_at),
                )
            case "case.reopened":
                happened("case.reopened", event, person_id=event.owner, outcome=event.payload.get("why"))
            case "case.disputed":
                happened("case.disputed", event, person_id=event.owner)
            case "case.merged" | "case.split":
                happened(event.kind, event)
            case "case.helper_added":
                happened("case.helped", event, person_id=event.payload["person"])
            case "customer.warned":
                happened("case.warned", event)
        if event in raised:
            happened("case.escalated", event, outcome="level")

    spans = [] if imported else _spans(walk)
    for span in spans:
        if span["outcome"] in ACTIVE and span["until"] > span["at"]:
            note("case.state", flags=["unowned"] if span["person_id"] is None else [], **dims | span)
        late = next((due for due in broken if due >= span["at"]), None)
        if span["outcome"] == "new" and late and span["until"] > late:
            note("case.late_unaccepted", **dims | span | {"at": late, "outcome": "", "value": None})
    if case.resolved_at and not gone:
        _concluded(case, dims, note, walk, spans, answers, broken, decided, bool(raised or elsewhere))
    if case.resolved_at and case.record_completed_at:
        note(
            "case.recorded",
            case.record_completed_at,
            **dims | {"value": seconds(case.record_completed_at, case.resolved_at)},
        )
    if case.closed_at and case.closed_how and not gone:
        took = seconds(case.closed_at, case.resolved_at) if case.resolved_at else None
        note(
            "case.closed",
            case.closed_at,
            **dims | {"value": took, "hit": case.closed_how == "confirmed", "outcome": case.closed_how},
        )
    for plan in Plan.objects.filter(case=case):
        hit = True if plan.chosen_at else False if plan.withdrawn_at else None
        took = seconds(plan.chosen_at, plan.at) if plan.chosen_at else None
        note("plan.proposed", plan.at, **dims | {"person_id": plan.person_id, "hit": hit, "value": took})
    _messages(case, dims, note, said, imported)


def _pairs(items):
    return itertools.pairwise(items)


def _spans(walk):
    """Stretches in which status, owner and team stayed the same."""
    points = [e for e in walk if "status" in e.payload]
    changes = [e for n, e in enumerate(points) if n == 0 or _state(e) != _state(points[n - 1])]
    ends = [e.at for e in changes[1:]] + [OPEN_END]
    return [
        {
            "at": e.at, "until": end, "outcome": e.payload["status"], "team_id": e.team, "person_id": e.owner,
            "value": seconds(e.at, e.round_at),
        }
        for e, end in zip(changes, ends, strict=True)
    ]  # fmt: skip


def _state(event):
    return event.payload["status"], event.owner, event.team


def _concluded(case, dims, note, walk, spans, answers, broken, decided, escalated):
    told = any(e.kind == "case.eta_told" for e in walk)
    yes = {
        "transferred": case.transfer_count > 0,
        "passed_on": case.transfer_count > 1,
        "escalated": escalated,
        "reopened": case.reopen_count > 0,
        "recorded": case.record_completed_at is not None,
        "verified": case.record_verified_at is not None,
        "eta_told": told,
        "eta_kept": told and case.resolved_at <= case.expected_at,
        "diagnosed": case.diagnosed_at is not None,
    }
    took = seconds(case.resolved_at, case.opened_at)
    waited = sum(
        seconds(s["until"], s["at"])
        for s in spans
        if s["outcome"] == "waiting_customer" and s["until"] != OPEN_END
    )
    note(
        "case.concluded",
        case.resolved_at,
        [n for n, one in yes.items() if one],
        **dims | {"value": took, "hit": not broken if decided else None},
    )
    note("case.net_time", case.resolved_at, **dims | {"value": took - waited})
    note("case.transfers", case.resolved_at, **dims | {"value": case.transfer_count})
    heard = [case.opened_at, *[i.at for i in answers if i.at <= case.resolved_at]]
    if len(heard) > 1:
        note(
            "case.silence", case.resolved_at, **dims | {"value": max(seconds(b, a) for a, b in _pairs(heard))}
        )


def _messages(case, dims, note, said, imported):
    asked_at = None
    for i in said:
        by = dims | {"channel": i.channel}
        if i.direction == "out" and i.automatic:
            note("message.automatic", i.at, **by | {"person_id": None, "outcome": i.state})
        if imported or i.automatic:
            continue
        if i.direction == "in":
            note("message.in", i.at, **by)
            if i.purpose != "feedback" and i.channel not in ("phone", "visit"):
                asked_at = asked_at or i.at
            continue
        hit = {"done": True, "failed": False}.get(i.state)
        note("message.out", i.at, **by | {"person_id": i.person_id, "hit": hit, "outcome": i.state})
        if i.state != "failed":
            if asked_at:
                note(
                    "message.answered",
                    i.at,
                    **dims | {"person_id": i.person_id, "value": seconds(i.at, asked_at)},
                )
            asked_at = None


def _contacts(note):
    every = list(Case.objects.select_related("customer", "topic"))
    spoken = defaultdict(list)
    for i in Interaction.objects.filter(direction="in", automatic=False).exclude(purpose="feedback"):
        spoken[i.case_id].append(i.at)
    for case in every:
        walk = list(_walk(case))
        if case.merged_into_id or any(e.kind == "case.imported" for e in walk):
            if case.merged_into_id or not any(e.kind == "case.resolved" for e in walk):
                continue
            imported = True
        else:
            imported = False
        twins = [
            o
            for o in every
            if o.customer_id == case.customer_id
            and o.pk != case.pk
            and o.topic_id == case.topic_id
            and case.topic_id
        ]
        if not imported:
            before = any(
                o.resolved_at and case.opened_at - WEEK <= o.resolved_at < case.opened_at for o in twins
            )
            note(
                "contact.opened",
                case.opened_at,
                **_of_case(case) | {"hit": before if case.topic_id else None},
            )
        solved = [e for e in walk if e.kind == "case.resolved"]
        if not solved:
            continue
        at = min(e.at for e in solved)
        outs = [
            i.at
            for i in Interaction.objects.filter(case=case, direction="out", automatic=False).exclude(
                state="failed"
            )
        ]
        answered = min(outs) if outs else case.opened_at
        once = not any(answered < t <= at for t in spoken[case.pk])
        again = any(at < t <= at + WEEK for o in twins for t in spoken[o.pk])
        reopened = any(e.kind == "case.reopened" for e in walk)
        flags = [n for n, yes in (("at_once", once), ("came_again", again), ("reopened", reopened)) if yes]
        who = next((e.by for e in solved if e.by), None) or case.owner_id
        note(
            "contact.solved",
            at,
            flags,
            **_of_case(case) | {"person_id": who, "hit": once and not again and not reopened},
        )


def _clocks(note):
    teams = dict(Team.objects.values_list("code", "pk"))
    steps, moved = defaultdict(list), defaultdict(list)
    for step in Step.objects.exclude(to=""):
        steps[step.clock_id].append(step)
    for one in Rebase.objects.all():
        moved[one.clock_id].append(one)
    for c in Clock.objects.all():
        dims = {
            k: c.facts.get(k)
            for k in (
                "channel",
                "channel_class",
                "kind",
                "level",
                "severity",
                "complexity",
                "priority",
                "segment",
            )
        }
        dims |= {
            "topic": (c.facts.get("topic") or [""])[-1],
            "team_id": teams.get(c.facts.get("team")),
            "person_id": c.facts.get("owner"),
        }
        dims |= {"clause": c.clause_code}
        late = c.state == "breached"
        yes = {
            "by_person": c.state == "met" and c.person_met_at is not None and c.person_met_at <= c.due_at,
            "warned": c.warned_at is not None,
            "rebased": bool(moved[c.pk]),
            "made_good": late and c.met_at is not None,
            "explained": c.cause != "",
        }
        outcome = "running" if c.state == "paused" else c.state
        note(
            "clock.due",
            c.due_at,
            [n for n, one in yes.items() if one],
            **dims
            | {"value": c.used_s, "hit": {"met": True, "breached": False}.get(c.state), "outcome": outcome},
        )
        if late:
            note("clock.breached", c.due_at, **dims | {"outcome": c.cause})
            end = c.met_at or c.cancelled_at or OPEN_END
            if end > c.due_at:
                note("clock.owed", c.due_at, **dims | {"until": end, "value": 0})
            if c.met_at:
                note("clock.late", c.met_at, **dims | {"value": seconds(c.met_at, c.due_at)})
        if c.used_s is not None and c.length_s > 0:
            note("clock.used", c.due_at, **dims | {"value": c.used_s / c.length_s})
        for step in steps[c.pk]:
            note("clock.escalated", step.fired_at, **dims)
        for one in moved[c.pk]:
            note("clock.rebased", one.at, **dims | {"person_id": one.person_id or dims["person_id"]})


def _records(note):
    for e in Event.objects.filter(kind="record.checked"):
        lacking = {m.partition(":")[0] for m in e.payload["missing"]}
        for rule, clause in zip(e.payload["rules"], e.payload["clauses"], strict=True):
            note("record.demanded", e.at, clause=clause, hit=str(rule) not in lacking)
    of_records = set(Rule.objects.filter(kind="record").values_list("pk", flat=True))
    for c in Clock.objects.filter(rule_id__in=of_records, state__in=["met", "breached"]):
        note("record.demanded", c.due_at, clause=c.clause_code, hit=c.state == "met")


def _presence(note):
    teams = defaultdict(list)
    for person_id, team_id in Membership.objects.values_list("person_id", "team_id"):
        teams[person_id].append(team_id)
    by_person = defaultdict(list)
    for event in Event.objects.filter(subject_kind="person").order_by("seq"):
        by_person[event.subject_id].append(event)
    for person_id, events in by_person.items():
        dims = {"person_id": person_id, "team_id": min(teams[person_id], default=None)}
        turns = [e for e in events if e.kind in ("presence.changed", "person.deactivated")]
        for n, e in enumerate(turns):
            until = turns[n + 1].at if n + 1 < len(turns) else OPEN_END
            if e.kind == "presence.changed" and until > e.at:
                note("person.presence", e.at, **dims | {"until": until, "outcome": e.payload["presence"]})


def _others(note):
    segments = dict(Customer.objects.values_list("pk", "segment"))
    for e in Event.objects.filter(subject_kind="customer"):
        series = {
            "customer.created",
            "customer.merged",
            "customer.revealed",
            "customer.exported",
            "customer.erased",
        }
        if e.kind in series:
            who = e.actor_id if e.actor_kind == "person" else None
            note(e.kind, e.at, person_id=who, customer_id=e.subject_id, segment=segments[e.subject_id])
    for row in RawMessage.objects.select_related("mailbox").exclude(state__in=("stored", "duplicate")):
        box = row.mailbox
        note(
            "mail.received", row.received_at, value=seconds(row.handled_at, row.received_at) if row.handled_at else None,
            outcome=row.state, team_id=box.team_id if box else None, channel_class=box.channel_class if box else "",
        )  # fmt: skip


def _supervision(note):
    for j in Judgement.objects.select_related("item__inspection"):
        if (ended := j.item.inspection.finished_at) is not None:
            hit = {"kept": True, "not_kept": False}.get(j.verdict)
            note(
                "supervision.judged",
                ended,
                clause=j.clause_code,
                team_id=j.item.team_id,
                hit=hit,
                outcome=j.verdict,
            )
    for f in Finding.objects.all():
        note("finding.raised", f.created_at, clause=f.clause_code, outcome=f.severity)
        if f.verified_at is not None:
            took = seconds(f.verified_at, f.created_at)
            note("finding.verified", f.verified_at, clause=f.clause_code, hit=f.round == 1, value=took)


# ---- from observations to figures


def fits(row, only):
    for name, wanted in only.items():
        several = (wanted,) if isinstance(wanted, str) else wanted
        if name == "flag":
            if not set(several) <= row["flags"]:
                return False
        elif name == "no_flag":
            if set(several) & row["flags"]:
                return False
        elif row[name] not in several:
            return False
    return True


def figure(metric, made, window, at, by):
    """(value, n) of the whole, and of each group by its values."""
    dims = [COLUMN[code] for code in by]
    if metric.against is not None:
        return _of_two(metric, made, window, at, by)
    if metric.aggregate is A.GROWTH:
        now, then = (_grouped(metric, made, w, at, dims) for w in (window, window.previous()))
        groups = {
            k: (len(rows) / len(then[k]) - 1 if then.get(k) else None, len(rows))
            for k, rows in now.items()
            if k is not None
        }
        old = len(then[None])
        return (len(now[None]) / old - 1 if old else None, len(now[None])), groups if by else {}
    grouped = _grouped(metric, made, window, at, dims)
    whole = _one(metric, grouped.pop(None), window, at)
    groups = {key: _one(metric, rows, window, at) for key, rows in grouped.items()} if by else {}
    if metric.aggregate is A.PORTION:
        count = sum(n for _v, n in groups.values())
        groups = {k: (n / count, n) for k, (_v, n) in groups.items()}
        whole = (1.0 if whole[1] else None, whole[1])
    return whole, groups


def _of_two(metric, made, window, at, by):
    series, only = metric.against
    dims = [COLUMN[code] for code in by]
    first = _grouped(metric, made, window, at, dims)
    second = _grouped(metric, made, window, at, dims, series=series, only=only)

    def two(key):
        a, b = len(first.get(key, ())), len(second.get(key, ()))
        return (a - b, a + b) if metric.aggregate is A.DIFFERENCE else (a / b if b else None, b)

    return two(None), {k: two(k) for k in {*first, *second} if k is not None} if by else {}


def _grouped(metric, made, window, at, dims, series=None, only=None):
    rows = [r for r in made[series or metric.series] if fits(r, metric.only if only is None else only)]
    rows = [r for r in rows if _counts(metric, r, window, at)]
    if metric.per and metric.aggregate is not A.LASTING_PER:  # who is nobody is not told apart from others
        rows = [r for r in rows if all(c == "day" or r[c] is not None for c in metric.per)]
    groups = {None: rows}
    for row in rows if dims else ():
        groups.setdefault(tuple(row[d] for d in dims), []).append(row)
    return groups


def _counts(metric, row, window, at):
    if metric.aggregate in (A.STANDING, A.AGE):
        moment = min(window.end, at)
        on = row["at"] < moment <= row["until"]
        return on and (
            metric.within is None or (row["value"] or 0) + seconds(moment, row["at"]) > metric.within
        )
    if metric.aggregate in (A.LASTING, A.LASTING_PER, A.LASTING_SHARE):
        return row["at"] < min(window.end, at) and row["until"] > window.start
    end = window.end if metric.final_after is None else min(window.end, at - metric.final_after)
    return window.start <= row["at"] < end


def _one(metric, rows, window: Window, at):
    values = sorted(r["value"] for r in rows if r["value"] is not None)
    each = {tuple(_at_day(r, c, window) for c in metric.per) for r in rows} - {(None,) * len(metric.per)}
    each = {e for e in each if None not in e} if len(metric.per) == 1 else each
    end = min(window.end, at)

    def lasted(row):
        return seconds(min(row["until"], end), max(row["at"], window.start))

    match metric.aggregate:
        case A.COUNT | A.STANDING if not metric.per:
            return len(rows), len(rows)
        case A.SUM:
            return sum(values), len(values)
        case A.MEAN:
            return (statistics.fmean(values) if values else None), len(values)
        case A.MEDIAN | A.P90:
            return _percentile(values, 0.5 if metric.aggregate is A.MEDIAN else 0.9), len(values)
        case A.SHARE:
            if metric.within is not None:
                able, hits = len(values), sum(v <= metric.within for v in values)
            elif metric.hit is not None:
                able, hits = len(rows), sum(fits(r, metric.hit) for r in rows)
            else:
                able, hits = sum(r["hit"] is not None for r in rows), sum(r["hit"] is True for r in rows)
            return (hits / able if able else None), able
        case A.DISTINCT:
            return len(each), len(rows)
        case A.PER | A.STANDING:
            return (len(rows) / len(each) if each else (0 if metric.aggregate is A.STANDING else None)), len(
                rows
            )
        case A.AGE:
            ages = [(r["value"] or 0) + seconds(end, r["at"]) for r in rows]
            return (statistics.fmean(ages) if ages else None), len(ages)
        case A.LASTING:
            return (sum(map(lasted, rows)) if rows else None), len(rows)
        case A.LASTING_PER:
            return (sum(map(lasted, rows)) / len(each) if each else None), len(rows)
        case A.LASTING_SHARE:
            total = sum(map(lasted, rows))
            return (sum(lasted(r) for r in rows if fits(r, metric.hit)) / total if total else None), len(rows)
    return len(rows), len(rows)  # portions and growth are made of counts


def _at_day(row, column, window):
    return row["at"].astimezone(window.zone).date() if column == "day" else row[column]


def _percentile(values, share):
    """Between the two nearest, as PostgreSQL and spreadsheets do."""
    if not values:
        return None
    place = share * (len(values) - 1)
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def near(told, worked_out):
    """The same number of the same population."""
    (value, n), (other, m) = told, worked_out
    if n != m or (value is None) != (other is None):
        return False
    return value is None or math.isclose(value, other, rel_tol=1e-9, abs_tol=1e-6)
