"""All reads of runs. With `process.view` one sees who is where in all of them; what they are about only where one may see
that; without it the runs of which one owes a step."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.duties import queries as duties
from shounuo.duties import rules as duty_rules
from shounuo.duties.models import Duty
from shounuo.events.subjects import Facts, People, Subject
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.policy import queries as policy
from shounuo.process import book
from shounuo.process.book import LivePlaybook
from shounuo.process.models import Run, RunStep
from shounuo.process.permissions import VIEW


def visible_to(actor: Actor) -> QuerySet[Run]:
    """The runs that the actor may see."""
    if actor.may(VIEW):
        return Run.objects.all()
    if actor.person_id is None:
        return Run.objects.none()
    mine = duties.visible_to(actor).filter(kind__in=("step", "step_choice"))
    return Run.objects.filter(steps__duty__in=mine.values("pk")).distinct()


def get(actor: Actor, run_id: int) -> Run:
    """The run with its steps, their duties and people; NotFound also when the actor may not see it. Three queries."""
    steps = RunStep.objects.select_related("duty__owner", "duty__team", "ended_by").order_by("position")
    rows = visible_to(actor).select_related("rule__clause__version__policy", "started_by", "ended_by")
    found = (
        rows.prefetch_related(Prefetch("steps", steps)).filter(pk=run_id).first()
        if 0 < run_id < 2**63
        else None
    )
    if found is None:
        raise NotFound(_("没有这次流程，或您无权查看"), code="run_not_found")
    return found


def listed(
    actor: Actor,
    *,
    state: str = "",
    about: tuple[str, int] | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> tuple[list[Run], str | None]:
    """Runs in a state, or in any (about the thing, where one is named that the reader may see), the latest first, each with the steps that it has reached; and the cursor of the next page. Two queries
    whatever their number."""
    steps = RunStep.objects.select_related("duty__owner", "duty__team").order_by("position")
    rows = visible_to(actor).select_related("rule", "started_by")
    if state:
        rows = rows.filter(state=state)
    if about is not None:
        rows = rows.filter(subject_kind=about[0], subject_id=about[1])
    if cursor:
        (last,) = paging.decode(cursor, int)
        rows = rows.filter(pk__lt=last)
    found = list(rows.order_by("-pk").prefetch_related(Prefetch("steps", steps))[: limit + 1])
    if len(found) <= limit:
        return found, None
    return found[:limit], paging.encode(found[limit - 1].pk)


def of_subject(kind: str, id: int) -> list[Run]:
    """The runs about a thing, the latest first, at most twenty. The caller has shown that the reader may see it."""
    return list(Run.objects.filter(subject_kind=kind, subject_id=id).order_by("-pk")[:20])


def playbooks(at: datetime) -> list[LivePlaybook]:
    """The playbooks that may be started now; one query."""
    return book.live(at)


def may_do(actor: Actor, duty: Duty) -> bool:
    """True when the actor may do the duty of a step."""
    return duty_rules.may_do(actor, duty)


def visible_ids(actor: Actor, ids: Iterable[int]) -> set[int]:
    """Those of the ids that the actor may see; one query."""
    return set(visible_to(actor).filter(pk__in=set(ids)).values_list("pk", flat=True))


def facts(ids: Iterable[int]) -> dict[int, Facts]:
    rows = Run.objects.filter(pk__in=list(ids)).values_list("pk", "name", "state", "clause_code")
    return {pk: {"playbook": name, "status": state, "clause": clause} for pk, name, state, clause in rows}


def people(id: int) -> People:
    """Who owes the step under way."""
    step = RunStep.objects.select_related("duty").filter(run_id=id, state=RunStep.State.OPEN).first()
    duty = step.duty if step is not None else None
    return People(owner_id=duty.owner_id, team_id=duty.team_id) if duty is not None else People()


def label_of(ids: Iterable[int]) -> dict[int, str]:
    rules = dict(Run.objects.filter(pk__in=list(ids)).values_list("pk", "rule_id"))
    titles = policy.rule_titles(rules.values())
    return {pk: titles.get(rule, "") for pk, rule in rules.items()}


SUBJECT = Subject(
    kind="run",
    facts=facts,
    visible_ids=visible_ids,
    people=people,
    label=label_of,
    url=lambda id: f"/process/{id}/",
    urls=lambda ids: {id: f"/process/{id}/" for id in ids},
)
