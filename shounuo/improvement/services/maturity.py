"""Self-assessments: begun with the quarter's evidence, rated process by process, with improvements agreed, and finished."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from shounuo.commitments import cadences
from shounuo.duties import services as duties
from shounuo.events.services import NewEvent, publish
from shounuo.improvement import events, kinds
from shounuo.improvement.models import Assessment, Improvement, Rating
from shounuo.improvement.permissions import MATURITY_ASSESS
from shounuo.improvement.queries import maturity as queries
from shounuo.improvement.rules import maturity
from shounuo.improvement.services.common import cadence_duty, text_of
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.kernel.text import clean_line

MAX_LINKS = 5
MAX_ADDRESS = 500


def assessment_start(
    *, policy_code: str, quarter: date, duty_id: int | None = None, actor: Actor, at: datetime
) -> Assessment:
    """Begins the assessment of a process standard for a quarter: its processes with the evidence of now and the level that it
    speaks for. `duty_id`: the cadence's duty that this fulfils.

    Needs maturity.assess. Invalid for a quarter that has not begun, NotFound where no such standard is in force, Conflict when
    the quarter has one already. Publishes maturity.started.
    """
    _need(actor)
    quarter = maturity.quarter_of(quarter)
    if queries.quarter_window(quarter, at).start >= at:
        raise Invalid(_("这个季度还没有开始"), field="quarter", code="in_the_future")
    version = next((v for v in queries.assessable(at) if v.policy.code == policy_code), None)
    if version is None:
        raise NotFound(_("没有施行中的流程标准，条款须写明做法"), code="no_standard")
    duty = cadence_duty(duty_id, queries.ACTIVITY, _("这项待办不是成熟度自评"), actor)
    with transaction.atomic():
        made, fresh = Assessment.objects.get_or_create(
            policy_code=policy_code,
            quarter=quarter,
            defaults={
                "version": version,
                "taken_at": at,
                "duty": duty,
                "created_at": at,
                "created_by_id": actor.person_id,
            },
        )
        if not fresh:
            raise Conflict(_("这个季度已经有一次自评"), code="assessed_already", id=made.pk)
        count = _take(made, at)
        _tell(events.STARTED, made, actor, at, processes=count)
    return made


def assessment_refresh(*, assessment_id: int, actor: Actor, at: datetime) -> Assessment:
    """Reads the evidence of an open assessment anew; what people have rated stays. Needs maturity.assess; Conflict when it is
    finished."""
    with transaction.atomic():
        assessment = _open(assessment_id, actor)
        assessment.taken_at = at
        assessment.save(update_fields=["taken_at"])
        _take(assessment, at)
    return assessment


def _take(assessment: Assessment, at: datetime) -> int:
    """Writes the evidence of now into the ratings; how many there are. Needs a transaction."""
    last = queries.previous(assessment)
    before = dict(last.ratings.values_list("clause_code", "level")) if last is not None else {}
    found = queries.known(assessment.version, assessment.quarter, at, {c: n or 0 for c, n in before.items()})
    there = {r.clause_code: r for r in assessment.ratings.all()}
    for position, one in enumerate(found, 1):
        row = one.view.row
        rating = there.get(row.code) or Rating(assessment=assessment, clause_code=row.code)
        rating.position, rating.number = position, row.number
        rating.title, rating.title_en = row.title, row.title_en
        rating.evidence, rating.proposed = one.plain(), one.proposal.level
        rating.reasons = [[code, dict(given)] for code, given in one.proposal.reasons]
        rating.save()
    return len(found)


def process_rate(
    *,
    rating_id: int,
    level: int,
    comment: str = "",
    links: Sequence[tuple[str, str]] = (),
    actor: Actor,
    at: datetime,
) -> Rating:
    """The level that a person gives a process, with a comment (needed where it is not the proposed one) and evidence that the
    system does not have: (label, address) pairs, pages of this site or https.

    Needs maturity.assess; Conflict when the assessment is finished; Invalid (field). Publishes maturity.rated.
    """
    said = text_of(comment, "comment")
    if level not in maturity.LEVELS:
        raise Invalid(_("请选择等级"), field="level", code="no_level")
    kept = _links(links)
    with transaction.atomic():
        rating = _rating(rating_id, actor)
        if level != rating.proposed and not said:
            raise Invalid(_("与建议的等级不同，请写明依据"), field="comment", code="missing")
        was = rating.level
        rating.level, rating.comment, rating.links = level, said, kept
        rating.rated_at, rating.rated_by_id = at, actor.person_id
        rating.save(update_fields=["level", "comment", "links", "rated_at", "rated_by"])
        payload: dict[str, Any] = {"clause": rating.clause_code, "level": level, "proposed": rating.proposed}
        if was is not None:
            payload["was"] = was
        publish([NewEvent(events.RATED, ("maturity", rating.assessment_id), at, actor, payload)])
    return rating


def _links(given: Sequence[tuple[str, str]]) -> list[list[str]]:
    found = []
    for label, address in given:
        address = address.strip()
        if not address:
            continue
        parts = urlsplit(address)
        own = (
            not parts.scheme and not parts.netloc and address.startswith("/") and not address.startswith("//")
        )
        if len(address) > MAX_ADDRESS or not (own or (parts.scheme == "https" and parts.netloc)):
            raise Invalid(_("凭据须是本站的页面，或 https 开头的网址"), field="links", code="bad_address")
        found.append([clean_line(label, 80) or address[:80], address])
    if len(found) > MAX_LINKS:
        raise Invalid(_("最多 %(max)d 个凭据") % {"max": MAX_LINKS}, field="links", code="too_many")
    return found


def improvement_agree(
    *, rating_id: int, title: str, target: int, owner_id: int, due_at: datetime, actor: Actor, at: datetime
) -> Improvement:
    """What is done to bring a rated process to a level: a duty of the owner until `due_at`.

    Needs maturity.assess. Conflict when the assessment is finished or the process has no level yet; Invalid (field) for a target
    that is no gap. Publishes maturity.improvement_agreed.
    """
    with transaction.atomic():
        rating = _rating(rating_id, actor)
        if rating.level is None:
            raise Conflict(_("请先评定这个流程的等级"), code="not_rated")
        if not rating.level < target <= maturity.LEVELS[-1]:
            raise Invalid(_("目标等级须高于现在的等级"), field="target", code="no_gap")
        number = rating.improvements.count() + 1
        duty = duties.duty_create(
            kind=kinds.IMPROVE,
            title=title,
            subject=("maturity", rating.assessment_id),
            owner_id=owner_id,
            due_at=due_at,
            origin=("maturity", rating.pk, f"improve:{number}"),
            clause_code=rating.clause_code,
            actor=actor,
            at=at,
        )
        made = Improvement.objects.create(
            rating=rating, duty=duty, target=target, created_at=at, created_by_id=actor.person_id
        )
        payload = {
            "clause": rating.clause_code,
            "target": target,
            "duty": duty.pk,
            "owner": owner_id,
            "due": due_at.isoformat(),
        }
        publish([NewEvent(events.AGREED, ("maturity", rating.assessment_id), at, actor, payload)])
    return made


def assessment_finish(*, assessment_id: int, conclusion: str, actor: Actor, at: datetime) -> Assessment:
    """Every process has its level: the assessment is final and never changes. It does the duty of the cadence
    (`service_maturity_assessment`) with itself as evidence.

    Needs maturity.assess and a conclusion (Invalid); Conflict while a process has no level. Publishes maturity.finished.
    """
    text = text_of(conclusion, "conclusion", needed=_("请写结论：强在哪里，弱在哪里，策略怎样调整"))
    with transaction.atomic():
        assessment = _open(assessment_id, actor)
        found = list(assessment.ratings.values_list("level", flat=True))
        if left := sum(level is None for level in found):
            raise Conflict(_("还有 %(n)d 个流程没有评定") % {"n": left}, code="not_rated", left=left)
        assessment.state, assessment.conclusion = Assessment.State.FINISHED, text
        assessment.finished_at, assessment.finished_by_id = at, actor.person_id
        assessment.save(update_fields=["state", "conclusion", "finished_at", "finished_by"])
        average = maturity.mean(level for level in found if level is not None) or 0
        event = _tell(events.COMPLETED, assessment, actor, at, processes=len(found), mean=round(average, 2))
        cadences.activity_done(
            activity=queries.ACTIVITY,
            event=event,
            proof=("maturity", assessment.pk),
            first=assessment.duty_id,
            at=at,
        )
    return assessment


def _need(actor: Actor) -> None:
    if not actor.may(MATURITY_ASSESS):
        raise NotAllowed(_("您没有做成熟度自评的权限"))


def _open(assessment_id: int, actor: Actor) -> Assessment:
    """The assessment under its row's lock, while it may be changed."""
    assessment = queries.get(actor, assessment_id, lock=True)
    _need(actor)
    if not assessment.is_open:
        raise Conflict(_("这次自评已经定稿，不再改动"), code="assessment_finished")
    return assessment


def _rating(rating_id: int, actor: Actor) -> Rating:
    """The rating, its assessment under lock."""
    seen = Rating.objects.filter(pk=rating_id).values_list("assessment_id", flat=True).first()
    if seen is None:
        raise NotFound(_("没有这个流程，或您无权查看"), code="rating_not_found")
    assessment = _open(seen, actor)
    rating = Rating.objects.get(pk=rating_id)
    rating.assessment = assessment
    return rating


def _tell(kind: str, assessment: Assessment, actor: Actor, at: datetime, **extra: Any) -> Any:
    payload = {"policy": assessment.policy_code, "quarter": assessment.quarter.isoformat()} | extra
    (event,) = publish([NewEvent(kind, ("maturity", assessment.pk), at, actor, payload)])
    return event
