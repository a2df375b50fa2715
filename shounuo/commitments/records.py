"""Records 记录: what must be filled before something happens, and after something in time.

A gate keeps out what people of the house do while fields are missing, and names them. What customers do, and what happens by
itself (a silence is over), is not kept out: nobody is refused for what we have not written down. Either is noted with what
was missing, so that the share of complete records can be told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from shounuo.commitments import events, store
from shounuo.commitments.deeper import publish_deeper
from shounuo.commitments.facts import FactsBook, Key, by_kind
from shounuo.commitments.models import Clock
from shounuo.commitments.ruleset import Book, Gate, any_counts, book, known
from shounuo.commitments.ruleset import rule as rule_of
from shounuo.events import subjects
from shounuo.events.models import Stream
from shounuo.events.services import NewEvent, Published
from shounuo.events.subjects import Filled
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid
from shounuo.policy import labels, matching
from shounuo.policy.schema import Record

HELD = ("person", "bot")
"""Whose acts a gate keeps out."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """What a record of a clause still lacks: names of fields."""

    rule: int
    clause: str
    name: str
    fields: tuple[str, ...]


def missing(spec: Record, filled: Filled) -> tuple[str, ...]:
    """The names of what the record lacks, in its order. Of items: their sort when they are too few or too many, and each
    field that one of them lacks. Pure."""
    if spec.items is None:
        return tuple(name for name in spec.fields if not filled.fields.get(name, False))
    things = filled.items.get(spec.items.of, ())
    few = len(things) < spec.items.min
    many = spec.items.max is not None and len(things) > spec.items.max
    lacked = tuple(n for n in spec.fields if any(not thing.get(n, False) for thing in things))
    return ((spec.items.of,) if few or many else ()) + lacked


def pass_gates(published: Sequence[Published], rulebook: Book, facts: FactsBook) -> list[NewEvent]:
    """Judges the events of one publish at the gates in force, and gives what is to be told of it: record.checked for each
    event before which a record is demanded.

    Raises Invalid `record_incomplete` (extra: fields, clauses) when somebody of the house has done what is kept out: the
    transaction with all that he did is undone. Nothing is asked of the database when no gate stands before the events.
    """
    held = [
        (event, gate)
        for event in published
        for gate in rulebook.gates.get(event.kind, ())
        if gate.spec.subject == event.subject[0]
        and gate.in_force(event.at)
        and any_counts(gate.spec.before, event.kind, event.payload, event.roles)
    ]
    if not held:
        return []
    known_facts = facts(event.subject for event, _gate in held)
    held = [(e, g) for e, g in held if matching.matches(g.spec.when, known_facts.get(e.subject, {}))]
    filled = _filled((event.subject, gate.spec) for event, gate in held)
    told: dict[int, NewEvent] = {}
    for event, gate in held:
        lacked = missing(gate.spec, filled.get(event.subject, Filled({})))
        if lacked and event.actor_kind in HELD:
            _refuse(event, [g for e, g in held if e is event], filled)
        news = told.setdefault(
            event.id,
            NewEvent(
                events.CHECKED,
                event.subject,
                event.at,
                event.actor,
                {"on": event.kind, "rules": [], "clauses": [], "missing": []},
            ),
        )
        news.payload["rules"].append(gate.id)
        news.payload["clauses"].append(gate.clause)
        news.payload["missing"] += [f"{gate.id}:{name}" for name in lacked]
    return list(told.values())


def lacking(
    key: Key,
    kind: str,
    at: datetime,
    *,
    payload: Mapping[str, Any] | None = None,
    fresh: Collection[str] = (),
    facts: FactsBook | None = None,
) -> list[Lacking]:
    """What would keep out an event of this kind on a subject as it is now; fields that the act itself fills (`fresh`) are
    not counted. Who asks for several steps passes one book of `facts`. Three queries at most, none when no gate stands before
    such events."""
    gates = [
        g
        for g in book().gates.get(kind, ())
        if g.spec.subject == key[0] and g.in_force(at) and any_counts(g.spec.before, kind, payload or {})
    ]
    if not gates:
        return []
    known = (facts or FactsBook())([key]).get(key, {})
    gates = [g for g in gates if matching.matches(g.spec.when, known)]
    filled = _filled((key, g.spec) for g in gates).get(key, Filled({}))
    found = []
    for gate in gates:
        if lacked := tuple(name for name in missing(gate.spec, filled) if name not in fresh):
            found.append(Lacking(gate.id, gate.clause, gate.spec.name, lacked))
    return found


def would_lack(
    subject: str, kind: str, facts: Mapping[str, Any], filled: Filled, at: datetime
) -> tuple[str, ...]:
    """The fields that gates would find missing before such an event on a subject that is not there yet. One query at most."""
    found: dict[str, None] = {}
    for gate in book().gates.get(kind, ()):
        stands = gate.spec.subject == subject and gate.in_force(at)
        if stands and any_counts(gate.spec.before, kind, {}) and matching.matches(gate.spec.when, facts):
            found |= dict.fromkeys(missing(gate.spec, filled))
    return tuple(found)


def gated(kind: str) -> bool:
    """True when some record may be demanded before such events, as far as this process knows; no query."""
    return kind in known().gates


def completed(clocks: Mapping[Key, Sequence[Clock]], actor: Actor, at: datetime) -> list[NewEvent]:
    """record.filled for each record that a live clock of a subject waits for and that lacks nothing by now; to be published
    in the transaction of what filled it. One question for each kind of subject."""
    owed = {
        key: {c.rule_id: rule_of(c.rule_id) for c in of_key if c.is_live} for key, of_key in clocks.items()
    }
    filled = _filled((key, r.record) for key, rules in owed.items() for r in rules.values() if r.record)
    return [
        NewEvent(events.FILLED, key, at, actor, {"rule": id, "clause": rule.clause, "record": rule.spec.name})
        for key, rules in owed.items()
        for id, rule in rules.items()
        if rule.record is not None and key in filled and not missing(rule.record, filled[key])
    ]


def look(keys: Collection[Key], *, actor: Actor, at: datetime) -> None:
    """Sees whether something that happened elsewhere (a customer's name was learnt) has completed records that are owed on
    these subjects. Needs a transaction. Publishes record.filled."""
    if not keys:
        return
    book()
    for kind, ids in sorted(by_kind(keys).items()):
        streams = Stream.objects.filter(subject_kind=kind, subject_id__in=ids).order_by("subject_id")
        list(streams.select_for_update(no_key=True))
    publish_deeper(completed(store.lock_clocks(keys), actor, at))


def field_words(kind: str, names: Iterable[str]) -> list[str]:
    """What fields are called: the organisation's own by the name that it gave them."""
    subject = subjects.get(kind)
    own = subject.own_fields() if subject is not None and subject.own_fields is not None else {}
    return [own.get(name) or labels.word(name) for name in names]


def _refuse(event: Published, gates: Sequence[Gate], filled: Mapping[Key, Filled]) -> None:
    """Says everything that is missing at once."""
    fields: dict[str, None] = {}
    clauses: dict[str, None] = {}
    for gate in gates:
        for name in missing(gate.spec, filled.get(event.subject, Filled({}))):
            fields[name], clauses[gate.clause] = None, None
    raise Invalid(
        _("“%(act)s”之前须填写：%(fields)s（条 %(clauses)s）")
        % {
            "act": labels.event(event.kind),
            "fields": _("、").join(field_words(event.subject[0], fields)),
            "clauses": _("、").join(clauses),
        },
        code="record_incomplete",
        fields=list(fields),
        clauses=list(clauses),
    )


def _filled(demands: Iterable[tuple[Key, Record]]) -> dict[Key, Filled]:
    """What is filled of the subjects on which these records are demanded; of their items where one asks for them."""
    with_items: dict[Key, bool] = {}
    for key, spec in demands:
        with_items[key] = with_items.get(key, False) or spec.items is not None
    found: dict[Key, Filled] = {}
    for kind, ids in by_kind(with_items).items():
        subject = subjects.get(kind)
        if subject is not None and subject.filled is not None:
            items = any(with_items[kind, id] for id in ids)
            found.update({(kind, id): filled for id, filled in subject.filled(ids, items).items()})
    return found
