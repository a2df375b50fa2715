"""Reading grants: sums that cannot be split, what stands on a case or on none, and who may decide what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from shounuo.cases.models import Case, Grant
from shounuo.cases.queries import authority, cursors
from shounuo.cases.queries.authority import Standard
from shounuo.cases.queries.visibility import visible_to as cases_visible_to
from shounuo.cases.rules import grants as rules
from shounuo.duties import queries as duties
from shounuo.duties.models import Duty
from shounuo.duties.permissions import VIEW_ALL
from shounuo.duties.queries import Seat
from shounuo.kernel import prepared
from shounuo.kernel.actors import Actor
from shounuo.kernel.composed import Composed
from shounuo.kernel.errors import NotFound
from shounuo.staff import queries as staff

ORIGIN = "cases.grant"
"""What a duty of approval names as its origin, with the grant's id."""

# One matter, however many numbers it has: what was split from it, what was merged into it, and so on.
_FAMILY = """
WITH RECURSIVE family(id) AS (
  SELECT %s::bigint
  UNION
  SELECT tie.other FROM family f, LATERAL (
    SELECT target_id AS other FROM cases_link WHERE source_id = f.id AND kind = 'split'
    UNION ALL SELECT source_id FROM cases_link WHERE target_id = f.id AND kind = 'split'
    UNION ALL SELECT merged_into_id FROM cases_case WHERE id = f.id AND merged_into_id IS NOT NULL
    UNION ALL SELECT id FROM cases_case WHERE merged_into_id = f.id) tie
)
SELECT id FROM family ORDER BY id
"""


def family(case_id: int) -> list[int]:
    """The ids of the cases that are one matter with this one, itself among them; one query."""
    return [id for (id,) in prepared.execute(_FAMILY, [case_id])]


def sums(case_id: int, customer_id: int, *, kinds: Iterable[str] | None = None) -> dict[tuple[str, str], int]:
    """What was granted so far in fen, by (kind, what is summed over): the matter, the customer. Two queries."""
    ids = family(case_id)
    rows = Grant.objects.filter(
        Q(case_id__in=ids) | Q(case__customer_id=customer_id), state=Grant.State.GRANTED
    )
    rows = rows.exclude(amount=None)
    if kinds is not None:
        rows = rows.filter(kind__in=list(kinds))
    found: dict[tuple[str, str], int] = {}
    for kind, amount, of_case, of_customer in rows.values_list(
        "kind", "amount", "case_id", "case__customer_id"
    ):
        if of_case in ids:
            found[kind, "case"] = found.get((kind, "case"), 0) + (amount or 0)
        if of_customer == customer_id:
            found[kind, "customer"] = found.get((kind, "customer"), 0) + (amount or 0)
    return found


def organisation_sums(*, kinds: Iterable[str]) -> dict[str, int]:
    """What was granted so far on no case in fen, by kind. One query."""
    rows = Grant.objects.filter(case=None, state=Grant.State.GRANTED, kind__in=list(kinds))
    rows = rows.exclude(amount=None).order_by()
    return dict(rows.values("kind").annotate(sum=Sum("amount")).values_list("kind", "sum"))


def totals(case: Case | None, kind: str, amount: int | None) -> dict[str, int]:
    """What the sums come to with so much more of a kind, by what is summed over. Two queries, one where there is no case."""
    if case is None:
        return {rules.ORGANISATION: organisation_sums(kinds=[kind]).get(kind, 0) + (amount or 0)}
    given = sums(case.pk, case.customer_id, kinds=[kind])
    return {per: given.get((kind, per), 0) + (amount or 0) for per in rules.SCOPES}


def standards_of(grant: Grant, at: datetime) -> list[Standard]:
    """The rules in force that speak of a grant as it stands. Two queries, one where it belongs to no case."""
    book = authority.of_organisation(at) if grant.case is None else authority.of_case(grant.case.pk, at)
    return book.get(grant.kind, [])


def visible_to(actor: Actor) -> QuerySet[Grant]:
    """The grants that the actor may see: those that he asked for or decided; on cases those on cases that he may see, and those
    of which he is asked (or for whom he stands in); on no case those that his role may decide, or a role of somebody for whom he
    stands in, and with `duties.view_all` all. Newest first."""
    rows = Grant.objects.select_related(
        "case__customer", "asked_by", "decided_by", "stood_in_for", "withdrawn_by"
    )
    rows = rows.order_by("-asked_at", "-id")
    if actor.is_system:
        return rows
    if actor.person_id is None:
        return rows.none()
    own = Q(asked_by_id=actor.person_id) | Q(decided_by_id=actor.person_id)
    mine = duties.visible_to(actor) if not actor.may(VIEW_ALL) else Duty.objects.all()
    near = Q(case__in=cases_visible_to(actor).values("pk"))
    near |= Q(case__isnull=False, pk__in=mine.filter(origin_code=ORIGIN).values("origin_id"))
    return rows.filter(own | near | (Q(case=None) & _may_read_requests(actor)))


def _may_read_requests(actor: Actor) -> Q:
    """Which of the grants on no case somebody may read whose own they are not. Not as duties are seen: who leads the one
    that took the duty learns that there is one, not what it is about."""
    if actor.may(VIEW_ALL):
        return Q()
    lent = Duty.objects.filter(duties.stood_in(actor, taken=True), origin_code=ORIGIN).values("origin_id")
    return Q(roles__overlap=sorted(actor.roles)) | Q(pk__in=lent)


def get(actor: Actor, grant_id: int) -> Grant:
    """The grant with its case and people; NotFound also when the actor may not see it."""
    found = visible_to(actor).filter(pk=grant_id).first() if 0 < grant_id < 2**63 else None
    if found is None:
        raise not_found()
    return found


def not_found() -> NotFound:
    return NotFound(_("没有这项申请，或您无权查看"), code="grant_not_found")


def of_case(case_id: int) -> list[Grant]:
    """The grants of the matter that a case belongs to, newest first, at most fifty; two queries. The caller has shown that the
    reader may see the case."""
    return _of_cases.objects(None, **{f"case{n}": id for n, id in enumerate(family(case_id))})


@Composed
def _of_cases(_actor: None, **cases: int) -> QuerySet[Grant]:
    rows = Grant.objects.filter(case_id__in=list(cases.values()))
    return rows.select_related("asked_by", "decided_by", "case").order_by("-asked_at", "-id")[:50]


def page_of_case(
    case_id: int, *, cursor: str | None = None, limit: int = 50
) -> tuple[list[Grant], str | None]:
    """As `of_case`, a page of them and the cursor of the next one."""
    rows = Grant.objects.filter(case_id__in=family(case_id)).select_related("asked_by", "decided_by", "case")
    return page_of(rows.order_by("-asked_at", "-id"), cursor=cursor, limit=limit)


def page_of(rows: QuerySet[Grant], *, cursor: str | None, limit: int) -> tuple[list[Grant], str | None]:
    """A page of grants that stand with the last asked for first, and the cursor of the next one. One query."""
    if cursor:
        when, last = cursors.decode(cursor)
        if when is None:  # made for another list: nothing stands behind it here
            return [], None
        rows = rows.filter(Q(asked_at__lt=when) | Q(asked_at=when, id__lt=last))
    found = list(rows[: limit + 1])
    if len(found) <= limit:
        return found, None
    last_row = found[limit - 1]
    return found[:limit], cursors.encode(last_row.asked_at, last_row.pk)


@dataclass(frozen=True, slots=True)
class Offer:
    """A kind of grant that may be asked for on a case: what was given so far in fen, up to how much the reader may give by
    himself, whether it is money, and the clause that says so."""

    kind: str
    given: int
    limit: rules.Limit
    money: bool
    clause: str


def offers(actor: Actor, case: Case, at: datetime) -> list[Offer]:
    """What the rules in force let anybody ask for on the case, in the order of their clauses. Four queries, two where none
    speaks of it."""
    book = authority.of_case(case.pk, at)
    if not book:
        return []
    given = sums(case.pk, case.customer_id, kinds=book)
    found = []
    for kind, standards in book.items():
        specs = authority.specs(standards)
        per = standards[0].spec.per
        found.append(
            Offer(
                kind,
                given.get((kind, per), 0),
                rules.limit_of(specs, actor.roles),
                rules.has_amount(specs),
                standards[0].clause,
            )
        )
    return found


def duty_of(grant: Grant) -> Duty | None:
    """The open duty in which a grant waits."""
    rows = Duty.objects.filter(origin_code=ORIGIN, origin_id=grant.pk, state=Duty.State.OPEN)
    return rows.order_by("-id").first()


def seats(actor: Actor, grant: Grant, at: datetime) -> list[Seat]:
    """As whom the actor may speak on a grant, himself first; none for who asked for it, nor in his place. One query."""
    return duties.seats(actor, at, asked_by=_asker(grant))


def able(grant: Grant, at: datetime) -> frozenset[str]:
    """The roles that may decide a grant as things stand: by the rules in force now and the sum now; by those of which it was
    asked where no rule speaks of it any more. Four queries."""
    standards = standards_of(grant, at)
    if not standards:
        return frozenset(grant.roles)
    return rules.deciders(authority.specs(standards), totals(grant.case, grant.kind, grant.amount))


def seat_for(actor: Actor, grant: Grant, at: datetime) -> Seat | None:
    """As whom the actor may decide a grant that is asked for; None = not at all."""
    if not grant.is_asked:
        return None
    places = seats(actor, grant, at)
    if not places:
        return None
    roles = able(grant, at)
    return next((place for place in places if place.roles & roles), None)


def holders(roles: Iterable[str], *, team_id: int | None, but: int | None) -> list[int]:
    """The ids of those who work here and hold one of the roles, within a team where one is given, without one person."""
    rows = staff.people().filter(roles__code__in=list(roles))
    if team_id is not None:
        rows = rows.filter(teams=team_id)
    return sorted(set(rows.exclude(pk=but or 0).values_list("pk", flat=True)))


def asked_people(grant: Grant, at: datetime) -> dict[int, int | None]:
    """Who is asked to decide now: person -> in whose place (None: his own). Of those away their stand-ins are asked in
    their place, unless it was these who asked."""
    duty = duty_of(grant)
    if duty is None:
        return {}
    if duty.owner_id is not None:
        people = [duty.owner_id]
    else:
        people = holders(duty.roles, team_id=duty.team_id, but=grant.asked_by_id)
    return duties.in_their_places(people, at, asked_by=_asker(grant))


def who_may_hold(duty: Duty, at: datetime) -> frozenset[int]:
    """Who may have the duty of an approval: whoever may decide it as things stand, and who stands in for them."""
    grant = Grant.objects.select_related("case").filter(pk=duty.origin_id, state=Grant.State.ASKED).first()
    if grant is None:
        return frozenset()
    people = holders(able(grant, at), team_id=None, but=grant.asked_by_id)
    return duties.with_stand_ins(people, at, asked_by=_asker(grant))


def _asker(grant: Grant) -> frozenset[int]:
    return frozenset({grant.asked_by_id} - {None})


def yuan(fen: int) -> str:
    """An amount in yuan, with two places only where there are fen: 1,250 or 49.90."""
    whole, rest = divmod(fen, 100)
    return f"{whole:,}.{rest:02d}" if rest else f"{whole:,}"


def grant_json(grant: Grant) -> dict[str, Any]:
    """A grant as the API tells it."""
    return {
        "id": grant.pk,
        "case": grant.case.number if grant.case is not None else None,
        "about": grant.about or None,
        "kind": grant.kind,
        "amount": grant.amount,
        "total": grant.total,
        "reason": grant.reason,
        "state": str(grant.state),
        "asked_by": grant.asked_by_id,
        "asked_at": grant.asked_at,
        "roles": list(grant.roles),
        "decided_by": grant.decided_by_id,
        "decided_at": grant.decided_at,
        "stood_in_for": grant.stood_in_for_id,
        "via": grant.via or None,
        "note": grant.note or None,
        "clause": grant.clause_code,
    }
