"""Cadences 周期: from a rule in force to the duties of its periods, and from an event that proves one to the duty done.

Every period of a rule in force has its duties from its beginning on: one for each of those whom the rule counts for (`per`)
and each time that it asks for. A duty is planned once, whoever plans how often, and a new version of the rule moves none
that is there. On each of them runs a clock (`ruleset`): due at the end of the period, with the warning and the ladder of
the rule. Another whole period later it counts as missed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max
from django.utils import translation
from django.utils.translation import pgettext_lazy

from shounuo.commitments.hours import HoursBook
from shounuo.commitments.periods import Period, Periods, is_worked
from shounuo.commitments.ruleset import LiveRule, any_counts, book
from shounuo.duties import queries as duties
from shounuo.duties import services as duty_services
from shounuo.duties.models import Duty
from shounuo.duties.registry import declare
from shounuo.duties.services import Plan
from shounuo.events import subjects
from shounuo.events.services import Published
from shounuo.kernel.actors import Actor
from shounuo.policy import labels, matching
from shounuo.policy.schema import Cadence
from shounuo.staff import queries as staff
from shounuo.staff.models import Membership, Person

CADENCE = declare("cadence", pgettext_lazy("duty", "周期工作"), icon="repeat", needs_evidence=True)
BACK = 62
"""So many periods at most are made up for after the system was down; what lies further back is not told as missed."""
# Those who do the work owe what is counted per person themselves; anybody else owes it about others.
OWN = frozenset({"agent", "tech_support", "field_engineer", "account_manager"})
NOBODY_NAMED = ("manager",)


@dataclass(frozen=True, slots=True)
class Key:
    """One for whom a cadence is counted, since when he is there, and who owes it."""

    subject: tuple[str, int] | None
    since: datetime | None = None
    owner_id: int | None = None
    team_id: int | None = None
    roles: tuple[str, ...] = ()


def plan(at: datetime) -> int:
    """Makes the duties of every cadence in force that are not there yet, up to the period of `at`; returns how many. Each
    rule is a transaction of its own; safe to repeat. Publishes duty.created at the beginning of each duty."""
    zone, hours = ZoneInfo(staff.organisation().zone), HoursBook()
    made = 0
    for rule in book().rules.values():
        if rule.cadence is not None and rule.in_force(at):
            made += len(_plan_rule(rule, rule.cadence, zone, hours, at))
    return made


def policy_changed(_event: Published, at: datetime) -> None:
    """A policy was put in force, or a part that it waited for has come: what its cadences demand now is planned at once."""
    plan(at)


def series_of(clause: str, name: str) -> str:
    """What the duties of a cadence are called together, over all versions of its policy."""
    return f"{clause}/{name}"


def periods_of(rule: LiveRule, zone: ZoneInfo, hours: HoursBook) -> Periods:
    """The periods of a cadence; those of an odd length are counted from when its first version began."""
    assert rule.cadence is not None
    anchor = rule.first_since or rule.since or rule.effective_at
    return Periods(rule.span, zone=zone, anchor=anchor, hours=hours(rule.calendar))


def _plan_rule(
    rule: LiveRule, cadence: Cadence, zone: ZoneInfo, hours: HoursBook, at: datetime
) -> list[Duty]:
    assert rule.since is not None
    begin = max(rule.effective_at, rule.since)
    series, periods = series_of(rule.clause, rule.spec.name), periods_of(rule, zone, hours)
    newest = Duty.objects.filter(series=series).aggregate(newest=Max("opens_at"))["newest"]
    wanted = [
        p
        for p in periods.between(max(begin, newest or begin), at)
        if is_worked(p, hours(rule.worked_on)) and p.end > begin
    ][-BACK:]
    if not wanted:
        return []
    keys = [k for k in _population(cadence) if _applies(cadence, k)]
    titles = _titles(rule)
    plans = [
        _plan(rule, cadence, key, period, periods.at(period.end), titles, begin, item, n)
        for period in wanted
        for key in keys
        if key.since is None or key.since < period.end
        for item, n in _times(cadence)
    ]
    due = [p for p in plans if p.at <= at]
    with transaction.atomic():
        return duty_services.duties_plan(plans=due, actor=Actor.system()) if due else []


def _plan(
    rule: LiveRule,
    cadence: Cadence,
    key: Key,
    period: Period,
    following: Period,
    titles: tuple[str, str],
    begin: datetime,
    item: str,
    n: int,
) -> Plan:
    opens = max(t for t in (period.start, begin, key.since) if t is not None)
    who = f"{key.subject[0]}:{key.subject[1]}" if key.subject is not None else ""
    series = series_of(rule.clause, cadence.name)
    return Plan(
        kind=CADENCE,
        title=titles[0],
        title_en=titles[1],
        subject=key.subject,
        owner_id=key.owner_id,
        team_id=key.team_id,
        roles=key.roles,
        at=opens,
        opens_at=opens,
        due_at=period.end,
        lapses_at=following.end,
        origin_code=CADENCE,
        origin_key=f"{series}|{period.name}|{who}|{item}|{n}",
        series=series,
        item=item,
        clause_code=rule.clause,
        rule_id=rule.id,
    )


def _times(cadence: Cadence) -> Iterator[tuple[str, int]]:
    """Each time that the rule asks for: first those of each sort, then the rest."""
    sorted_ones = 0
    for item, count in cadence.composition:
        for n in range(1, count + 1):
            sorted_ones += 1
            yield item, n
    for n in range(1, cadence.times - sorted_ones + 1):
        yield "", n


def _titles(rule: LiveRule) -> tuple[str, str]:
    """What is to be done, in Chinese and English: the rule's title, else what its activity is called."""
    assert rule.cadence is not None
    told = []
    for language, title in (("zh-hans", rule.cadence.title), ("en", rule.cadence.title_en)):
        with translation.override(language):
            word = str(labels.word(rule.cadence.activity))
        told.append(title or word[:1].upper() + word[1:])
    return told[0], told[1]


def _population(cadence: Cadence) -> list[Key]:
    """Those for whom the cadence is counted now. A fixed number of queries."""
    roles = cadence.owner or NOBODY_NAMED
    if cadence.per == "team":
        here = _held_in_teams(roles)
        return [
            Key(("team", t.pk), team_id=t.pk, roles=roles)
            if t.pk in here
            else Key(("team", t.pk), roles=roles)
            for t in staff.teams()
        ]
    if cadence.per == "person":
        return _people(roles)
    return [Key(None, roles=roles)]


def _people(roles: tuple[str, ...]) -> list[Key]:
    """Owed by those who do the work: each holder of the roles for himself. Owed by others: for each member of a team who
    does not lead it, by the holders of the roles in his team, if it has any."""
    active = Person.objects.filter(is_active=True).order_by("id")
    if OWN.issuperset(roles):
        rows = active.filter(roles__code__in=roles).distinct()
        return [Key(("person", p.pk), p.created_at, owner_id=p.pk) for p in rows.only("id", "created_at")]
    here = _held_in_teams(roles)
    members = Membership.objects.filter(leads=False, person__is_active=True, team__active=True)
    found: dict[int, Key] = {}
    for m in members.select_related("person").order_by("person_id", "id"):
        team = m.team_id if m.team_id in here else None
        found.setdefault(m.person_id, Key(("person", m.person_id), m.person.created_at, None, team, roles))
    return list(found.values())


def _held_in_teams(roles: Collection[str]) -> set[int]:
    """Teams with a member who holds one of the roles."""
    rows = Membership.objects.filter(person__is_active=True, person__roles__code__in=list(roles))
    return set(rows.values_list("team_id", flat=True))


def _applies(cadence: Cadence, key: Key) -> bool:
    if not cadence.when:
        return True
    if key.subject is None:
        return matching.matches(cadence.when, {})
    subject = subjects.get(key.subject[0])
    facts = subject.facts([key.subject[1]]) if subject is not None else {}
    return matching.matches(cadence.when, facts.get(key.subject[1], {}))


# what has happened proves that one was done


def event_happened(event: Published) -> None:
    """Closes the duties that the event proves, by whom and when it happened, with the event as evidence.

    Of each rule one: of the period in which the event lies, else the oldest that is still owed. Safe to repeat: an
    event proves a duty once.
    """
    for rule in book().rules.values():
        cadence = rule.cadence
        if cadence is None or not rule.was_running(event.at):
            continue
        if any_counts(cadence.done, event.kind, event.payload, _roles(event, cadence)):
            _prove(rule, cadence, event)


def activity_done(
    *, activity: str, event: Published, proof: tuple[str, int], first: int | None = None, at: datetime
) -> None:
    """For parts whose own act is an activity that cadences ask for, whatever their rules name as proof: closes a duty of
    each such cadence as `event_happened` does, with the thing itself as evidence. `first`: the duty from which the act
    was begun. In the transaction of the act; safe to repeat."""
    with transaction.atomic():
        if first is not None:
            duty_services.duty_settle(duty_id=first, event_id=event.id, proof=proof, actor=event.actor, at=at)
        for rule in book().rules.values():
            if rule.cadence is not None and rule.cadence.activity == activity and rule.in_force(at):
                _prove(rule, rule.cadence, event, proof)


def activity_of(duty: Duty) -> str:
    """What the cadence behind a duty asks for; "" where it comes from none."""
    rule = book().rules.get(duty.rule_id) if duty.rule_id is not None else None
    return rule.cadence.activity if rule is not None and rule.cadence is not None else ""


def _prove(rule: LiveRule, cadence: Cadence, event: Published, proof: tuple[str, int] | None = None) -> None:
    series = series_of(rule.clause, cadence.name)
    proved = Duty.objects.filter(series=series, evidence__event_id=event.id)
    with transaction.atomic():
        if proved.exists():
            return
        duty = duties.open_in_series(series, _key_of(cadence, event), event.at)
        if duty is not None:
            duty_services.duty_settle(
                duty_id=duty.pk, event_id=event.id, proof=proof, actor=event.actor, at=event.at
            )


def _key_of(cadence: Cadence, event: Published) -> tuple[str, int] | None:
    """For whom the event counts: the team or the person behind what it happened to."""
    kind, id = event.subject
    if cadence.per == "organisation":
        return None
    if kind == cadence.per:
        return event.subject
    subject = subjects.get(kind)
    behind = subject.people(id) if subject is not None else None
    if cadence.per == "team":
        return ("team", behind.team_id) if behind is not None and behind.team_id is not None else None
    person = behind.owner_id if behind is not None else None
    person = person or (event.actor_id if event.actor_kind == "person" else None)
    return ("person", person) if person is not None else None


def _roles(event: Published, cadence: Cadence) -> Collection[str]:
    if event.actor_kind == "person" and event.actor_id is not None and any(s.by for s in cadence.done):
        return staff.roles_of(event.actor_id)
    return ()
