"""Where a mail belongs: the case that its references, its address or its subject name, if the writer has part
in it.

Each way names a case; none of them lets a stranger in. What decided is kept on the message (`threaded_by`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from shounuo.cases import queries
from shounuo.cases.models import Case
from shounuo.channels.mail import tokens
from shounuo.channels.mail.parse import ParsedMail
from shounuo.channels.services import naming
from shounuo.staff import queries as staff
from shounuo.staff.models import Person


@dataclass(frozen=True, slots=True)
class Place:
    """The case that the mail joins (None: a new one), and by what: token, plus, reference, number; `new`,
    or `stranger` when it named a case that the writer has no part in. `related` is a case whose token a
    stranger held: a colleague of the customer perhaps, so the new case is linked to it. `colleague` is set
    when one of our own people wrote.
    """

    by: str
    case: Case | None = None
    related: Case | None = None
    colleague: Person | None = None
    participants: frozenset[str] = field(default=frozenset())


def place_of(mail: ParsedMail, sender: str, envelope_to: Sequence[str], own: frozenset[str]) -> Place:
    """Finds the place, trying the surest way first. A merged case leads to the one it went up in."""
    stranger = False
    related: Case | None = None
    for by, case in _named(mail, envelope_to):
        people = frozenset(queries.participants(case.pk)) - own
        current = queries.current(case)
        if sender and sender in people:
            return Place(by, current, participants=people)
        colleague = _colleague(sender)
        if colleague is not None and by != "number" and _may_see(colleague, current):
            return Place(by, current, colleague=colleague, participants=people)
        stranger = True
        if by in ("token", "plus") and related is None:
            related = current
    return Place("stranger" if stranger else "new", related=related)


def _named(mail: ParsedMail, envelope_to: Sequence[str]) -> Iterable[tuple[str, Case]]:
    """The cases that the mail names, each with the way; read from the database only as far as they are
    wanted.
    """
    named = [m for m in (mail.in_reply_to, *reversed(mail.references)) if m]
    ids = naming.ids_in(named)
    if ids is not None and (case := queries.by_number(ids.case_number)) is not None:
        yield "token", case
    number = naming.number_in((*envelope_to, *(a.mail for a in (*mail.to, *mail.cc))))
    if number is not None and (case := queries.by_number(number)) is not None:
        yield "plus", case
    if named and (known := queries.by_message_ids(named)) is not None and known.direction != "note":
        yield "reference", known.case
    tag = tokens.read_subject_tag(mail.subject)
    if tag is not None and (case := queries.by_number(tag)) is not None:
        yield "number", case


def _colleague(address: str) -> Person | None:
    return staff.with_rights().filter(mail__iexact=address).first() if address else None


def _may_see(person: Person, case: Case) -> bool:
    return queries.visible_to(staff.actor_for(person)).filter(pk=case.pk).exists()
