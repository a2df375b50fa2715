"""A case's page: all that stands on it, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from shounuo.cases.models import Case, Draft, Interaction, Link, Mention, Merge, Option, Plan, Reading, Viewer
from shounuo.cases.queries.history import Happening, timeline
from shounuo.cases.queries.presence import HERE_FOR, Present
from shounuo.cases.queries.record import record_of
from shounuo.cases.queries.settings import fields_of
from shounuo.cases.queries.standing import allowed_actions
from shounuo.cases.queries.visibility import not_found, visible_to
from shounuo.cases.rules import states
from shounuo.cases.rules.fields import Field
from shounuo.cases.rules.records import Record
from shounuo.commitments.models import Clock
from shounuo.commitments.queries import of_subjects
from shounuo.customers.models import ContactPoint
from shounuo.files.models import File
from shounuo.kernel import prepared
from shounuo.kernel.actors import Actor
from shounuo.kernel.composed import Composed
from shounuo.staff.queries import names

MAX_MESSAGES = 300
MAX_OTHERS = 10


@dataclass(slots=True)
class Message:
    """An interaction with what hangs on it."""

    interaction: Interaction
    mentions: list[int] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    plan: Plan | None = None
    options: list[Option] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        return self.interaction.at


@dataclass(frozen=True, slots=True)
class Tie:
    """Another case tied to this one: `kind` as seen from here (parent, child, related, split, split_from)."""

    link_id: int
    kind: str
    case: Case


@dataclass(frozen=True, slots=True)
class Merged:
    """A case that went up in this one, and when."""

    merge_id: int
    at: datetime
    case: Case


@dataclass(slots=True)
class CasePage:
    """Everything on a case's page. `people` gives names for the ids in it, `actions` what the actor may do now."""

    case: Case
    contacts: list[ContactPoint]
    clocks: list[Clock]
    messages: list[Message]
    happenings: list[Happening]
    plan: Plan | None
    options: list[Option]
    files: list[File]
    ties: list[Tie]
    merges: list[Merged]
    others: list[Case]
    helpers: list[int]
    viewers: list[Present]
    drafts: dict[str, dict[str, Any]]
    fields: list[Field]
    record: Record
    people: dict[int, str]
    actions: frozenset[str]
    read_at: datetime | None

    @property
    def timeline(self) -> list[Message | Happening]:
        """Messages and events as one course, in order."""
        return sorted((*self.messages, *self.happenings), key=lambda one: one.at)


@Composed
def _asked(actor: Actor, *, number: int, at: datetime, me: int) -> QuerySet[Any, Any]:
    return (
        visible_to(actor)
        .filter(number=number)
        .select_related("customer__company", "owner", "team", "topic")
        .annotate(
            helper_ids=ArraySubquery(
                Case.helpers.through.objects.filter(case_id=OuterRef("pk"))
                .order_by("person_id")
                .values("person_id")
            ),
            present=ArraySubquery(
                Viewer.objects.filter(case_id=OuterRef("pk"), seen_at__gt=at - HERE_FOR)
                .exclude(person_id=me)
                .order_by("-writing", "person_id")
                .values(data=JSONObject(person_id="person_id", name="person__name", writing="writing"))
            ),
            own_drafts=ArraySubquery(
                Draft.objects.filter(case_id=OuterRef("pk"), person_id=me).values(
                    data=JSONObject(mode="mode", body="body")
                )
            ),
            read_marks=ArraySubquery(
                Reading.objects.filter(case_id=OuterRef("pk"), person_id=me).values("read_at")
            ),
        )
    )


def case_page(actor: Actor, number: int, *, at: datetime) -> CasePage:
    """The page of a case for a colleague; NotFound when he may not see it. Thirteen queries at most, whatever it holds."""
    me = actor.person_id or 0
    found: list[Any] = _asked.objects(actor, number=number if 0 < number < 2**63 else 0, at=at, me=me)
    if not found:
        raise not_found()
    [case] = found
    clocks = of_subjects("case", [case.pk]).get(case.pk, [])
    has = _has(case)
    options = (
        list(
            Option.objects.filter(plan__case_id=case.pk)
            .select_related("plan")
            .order_by("plan_id", "position")
        )
        if has.options
        else []
    )
    files = (
        list(
            File.objects.filter(subject_kind="case", subject_id=case.pk).select_related("blob").order_by("id")
        )
        if has.files
        else []
    )
    messages = _messages(case, options, files)
    happenings = timeline(case.pk)
    open_plan = next((o.plan for o in reversed(options) if o.plan.withdrawn_at is None), None)
    ties = [_tie(case, link) for link in _links(actor, case)] if has.links else []
    return CasePage(
        case=case,
        contacts=_contacts.objects(None, customer=case.customer_id),
        clocks=list(clocks),
        messages=messages,
        happenings=happenings,
        plan=open_plan,
        options=[o for o in options if open_plan is not None and o.plan_id == open_plan.pk],
        files=files,
        ties=ties,
        merges=_merged(actor, case) if has.merges else [],
        others=_others(actor, case) if has.others else [],
        helpers=case.helper_ids,
        viewers=[Present(**p) for p in case.present],
        drafts={d["mode"]: d["body"] for d in case.own_drafts},
        fields=fields_of(case.kind),
        record=record_of(case, customer_known=case.customer.named),
        people=_names(case, messages, happenings),
        actions=allowed_actions(
            actor,
            case,
            helps=me in case.helper_ids,
            choosable=open_plan is not None and open_plan.chosen_at is None,
        ),
        read_at=max(case.read_marks, default=None),
    )


class _Has(NamedTuple):
    """What there is beside messages and events; most cases have nothing of it, and are not asked for it."""

    options: bool
    files: bool
    links: bool
    merges: bool
    others: bool


_HAS = f"""
SELECT EXISTS (SELECT FROM cases_option o JOIN cases_plan p ON p.id = o.plan_id WHERE p.case_id = c.id),
  EXISTS (SELECT FROM files_file WHERE subject_kind = 'case' AND subject_id = c.id),
  EXISTS (SELECT FROM cases_link WHERE source_id = c.id) OR EXISTS (SELECT FROM cases_link WHERE target_id = c.id),
  EXISTS (SELECT FROM cases_merge WHERE target_id = c.id AND undone_at IS NULL),
  EXISTS (SELECT FROM cases_case WHERE customer_id = c.customer_id AND id <> c.id
          AND status NOT IN ({", ".join(f"'{s}'" for s in states.DONE)}))
FROM cases_case c WHERE c.id = %s"""  # noqa: S608  names of ours


def _has(case: Case) -> _Has:
    [row] = prepared.execute(_HAS, [case.pk])
    return _Has(*row)


@Composed
def _contacts(_actor: None, *, customer: int) -> QuerySet[ContactPoint]:
    return ContactPoint.objects.filter(customer_id=customer).order_by("-primary", "id")


@Composed
def _latest(_actor: None, *, case: int) -> QuerySet[Any, Any]:
    mentioned = (
        Mention.objects.filter(interaction_id=OuterRef("pk")).order_by("person_id").values("person_id")
    )
    return (
        Interaction.objects.filter(case_id=case)
        .select_related("person", "customer")
        .annotate(mentioned=ArraySubquery(mentioned))
        .order_by("-at", "-id")[:MAX_MESSAGES]
    )


def _messages(case: Case, options: Sequence[Option], files: Sequence[File]) -> list[Message]:
    rows: list[Any] = _latest.objects(None, case=case.pk)
    messages = {i.pk: Message(i, mentions=i.mentioned) for i in reversed(rows)}
    for option in options:
        message = messages.get(option.plan.interaction_id or 0)
        if message is not None:
            message.plan = option.plan
            message.options.append(option)
    for file in files:
        if file.ref in messages:
            messages[file.ref].files.append(file)
    return list(messages.values())


def _links(actor: Actor, case: Case) -> list[Link]:
    """Ties to cases that the actor may see."""
    seen = visible_to(actor)
    ties = Q(source_id=case.pk, target__in=seen) | Q(target_id=case.pk, source__in=seen)
    return list(Link.objects.filter(ties).select_related("source", "target").order_by("id"))


def _tie(case: Case, link: Link) -> Tie:
    outgoing = link.source_id == case.pk
    other = link.target if outgoing else link.source
    kind = str(link.kind)
    if kind == Link.Kind.PARENT:
        kind = "child" if outgoing else "parent"
    elif kind == Link.Kind.SPLIT and not outgoing:
        kind = "split_from"
    return Tie(link.pk, kind, other)


def _merged(actor: Actor, case: Case) -> list[Merged]:
    """What was merged into this case, as far as the actor may see it."""
    merges = Merge.objects.filter(target_id=case.pk, undone_at=None, source__in=visible_to(actor))
    return [Merged(m.pk, m.at, m.source) for m in merges.select_related("source").order_by("id")]


def _others(actor: Actor, case: Case) -> list[Case]:
    """The customer's other open cases that the actor may see, the newest first."""
    others = visible_to(actor).filter(customer_id=case.customer_id, status__in=states.ACTIVE)
    return list(others.exclude(pk=case.pk).select_related("owner").order_by("-opened_at", "-pk")[:MAX_OTHERS])


def _names(case: Case, messages: Sequence[Message], happenings: Sequence[Happening]) -> dict[int, str]:
    ids: set[int | None] = {case.owner_id, case.first_owner_id, *case.helper_ids}  # type: ignore[attr-defined]
    for happening in happenings:
        ids |= happening.person_ids
    for message in messages:
        ids |= {message.interaction.person_id, *message.mentions}
    return names(ids)
