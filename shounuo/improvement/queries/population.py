"""What an inspection can draw from, and who of its inspectors may judge what.

The population is counted over everything, as figures are; nobody is given anything to judge that he may not see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.db.models.fields.json import KT

from shounuo.cases.models import Case, Interaction
from shounuo.commitments.models import Clock
from shounuo.duties.models import Duty
from shounuo.events import subjects
from shounuo.improvement.models import Inspection
from shounuo.improvement.rules.sampling import Unit
from shounuo.kernel.actors import Actor
from shounuo.kernel.text import whole
from shounuo.staff.models import Team

Source = Inspection.Source
# What a population may be narrowed by; of promises these are the facts of their subject, as they were when it was decided.
NARROWED = ("team", "channel", "kind", "level")
OUTCOME = "outcome"
DECIDED = (Clock.State.MET, Clock.State.BREACHED)
CASE = "case"


def population(
    source: str, clauses: Sequence[str], start: datetime, end: datetime, narrowed: Mapping[str, str]
) -> list[Unit]:
    """Every unit of the population, its stratum its team's. Cases opened in [start, end) that were not merged or erased;
    of promises those of the clauses that fell due in it and are decided. Two queries at most."""
    if source == Source.CASE:
        cases = _cases(start, end, narrowed).values_list("pk", "team_id")
        return [Unit(CASE, pk, stratum=team or 0) for pk, team in cases]
    teams = dict(Team.objects.values_list("code", "pk"))
    clocks = _clocks(clauses, start, end, narrowed).annotate(of_team=KT("facts__team"))
    rows = clocks.values_list("pk", "subject_kind", "subject_id", "clause_code", "of_team")
    return [Unit(kind, id, pk, clause, teams.get(team or "", 0)) for pk, kind, id, clause, team in rows]


def size_of(
    source: str, clauses: Sequence[str], start: datetime, end: datetime, narrowed: Mapping[str, str]
) -> int:
    """How many units the population has. One query."""
    if source == Source.CASE:
        return _cases(start, end, narrowed).count()
    return _clocks(clauses, start, end, narrowed).count()


def _cases(start: datetime, end: datetime, narrowed: Mapping[str, str]) -> QuerySet[Case]:
    rows = Case.objects.filter(opened_at__gte=start, opened_at__lt=end, merged_into=None, erased_at=None)
    for name in NARROWED:
        if value := narrowed.get(name):
            rows = rows.filter(**{"team__code" if name == "team" else name: value})
    return rows.order_by()


def _clocks(
    clauses: Sequence[str], start: datetime, end: datetime, narrowed: Mapping[str, str]
) -> QuerySet[Clock]:
    outcome = narrowed.get(OUTCOME)
    states = [s for s in DECIDED if not outcome or s == outcome]
    rows = Clock.objects.filter(
        clause_code__in=list(clauses), due_at__gte=start, due_at__lt=end, state__in=states
    )
    facts = {name: narrowed[name] for name in NARROWED if narrowed.get(name)}
    return (rows.filter(facts__contains=facts) if facts else rows).order_by()


def judges_of(units: Sequence[Unit], inspectors: Sequence[Actor]) -> dict[Unit, set[int]]:
    """Who of the inspectors may judge each unit: whoever sees what it is about and had no part in it. For each kind of
    thing a query per inspector and three more, however many units."""
    by_kind: dict[str, list[Unit]] = {}
    for unit in units:
        by_kind.setdefault(unit.kind, []).append(unit)
    people = [a.person_id for a in inspectors if a.person_id is not None]
    found: dict[Unit, set[int]] = {}
    for kind, of_kind in by_kind.items():
        subject = subjects.get(kind)
        ids = {u.id for u in of_kind}
        seen = {a.person_id: subject.visible_ids(a, ids) for a in inspectors} if subject is not None else {}
        parts = part_of(kind, ids, people)
        clocks = _clock_owners([u.clock for u in of_kind if u.clock])
        for unit in of_kind:
            had = parts.get(unit.id, set()) | ({clocks[unit.clock]} if unit.clock in clocks else set())
            found[unit] = {p for p in people if unit.id in seen.get(p, ()) and p not in had}
    return found


def part_of(kind: str, ids: Iterable[int], people: Sequence[int]) -> dict[int, set[int]]:
    """Who of the people had a part in each thing. In a case: who owns or first owned it, helps, or wrote in it; in a duty
    who has or ended it; in anything else who owns it."""
    wanted, found = list(ids), {}
    if kind == CASE:
        found = {id: set(owners) for id, *owners in _owners(wanted)}
        helping = Case.helpers.through.objects.filter(case_id__in=wanted, person_id__in=people)
        wrote = Interaction.objects.filter(case_id__in=wanted, person_id__in=people)
        pairs = [
            *helping.values_list("case_id", "person_id"),
            *wrote.values_list("case_id", "person_id").distinct(),
        ]
        for id, person in pairs:
            found.setdefault(id, set()).add(person)
    elif kind == "duty":
        rows = Duty.objects.filter(pk__in=wanted).values_list("pk", "owner_id", "ended_by_id")
        found = {pk: {owner, ended} for pk, owner, ended in rows}
    elif (subject := subjects.get(kind)) is not None:
        found = {id: {subject.people(id).owner_id} for id in wanted}
    return {id: {p for p in had if p is not None and p in people} for id, had in found.items()}


def _owners(ids: list[int]) -> Iterable[tuple[int, int | None, int | None]]:
    return Case.objects.filter(pk__in=ids).values_list("pk", "owner_id", "first_owner_id")


def _clock_owners(ids: list[int]) -> dict[int, int]:
    """Who had the subject when the promise was decided."""
    rows = Clock.objects.filter(pk__in=ids).annotate(had=KT("facts__owner")).values_list("pk", "had")
    return {pk: person for pk, had in rows if (person := whole(had)) is not None}
