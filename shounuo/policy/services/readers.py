"""Who has to have read a version: the questions it asks them, their word that they have, and reminders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound
from shounuo.notices.services import notify
from shounuo.policy import events, kinds, permissions
from shounuo.policy.models import Acknowledgement, CheckQuestion, Policy, PolicyVersion
from shounuo.policy.queries.readers import missing_readers
from shounuo.policy.services.common import State, locked, need, told
from shounuo.policy.services.talk import MAKING
from shounuo.staff import queries as staff

MOST_QUESTIONS = 5
MOST_OPTIONS = 5
LONGEST_OPTION = 120


@dataclass(frozen=True, slots=True)
class Question:
    """A question as its author writes it; `right` counts the options from 0."""

    text: str
    options: tuple[str, ...]
    right: int


def questions_set(
    *, version_id: int, questions: Sequence[Question], actor: Actor, at: datetime
) -> list[CheckQuestion]:
    """Sets the questions that every reader answers before acknowledging a version in the making (none = no questions).

    Needs policy.edit. Raises Invalid with the field (`q0.text`, `q1.options`); publishes policy.questions_set.
    """
    need(actor, permissions.EDIT)
    if len(questions) > MOST_QUESTIONS:
        raise Invalid(_("最多 %(n)s 题") % {"n": MOST_QUESTIONS}, field="questions")
    for n, question in enumerate(questions):
        _check(n, question)
    with transaction.atomic():
        version = locked(version_id, *MAKING)
        version.questions.all().delete()
        rows = CheckQuestion.objects.bulk_create(
            CheckQuestion(
                version=version, position=n, text=q.text.strip(), options=list(q.options), right=q.right
            )
            for n, q in enumerate(questions)
        )
        publish([told(events.QUESTIONS_SET, version, actor, at, questions=len(rows))])
    return rows


def _check(n: int, question: Question) -> None:
    if not 1 <= len(question.text.strip()) <= 200:
        raise Invalid(_("请写题目，最多 200 字"), field=f"q{n}.text")
    if not 2 <= len(question.options) <= MOST_OPTIONS:
        raise Invalid(_("请给 2 到 %(n)s 个答案，一行一个") % {"n": MOST_OPTIONS}, field=f"q{n}.options")
    if any(not 1 <= len(o.strip()) <= LONGEST_OPTION for o in question.options):
        raise Invalid(_("每个答案 1 到 %(n)s 字") % {"n": LONGEST_OPTION}, field=f"q{n}.options")
    if len(set(question.options)) != len(question.options):
        raise Invalid(_("有两个答案相同"), field=f"q{n}.options")
    if not 0 <= question.right < len(question.options):
        raise Invalid(_("请选哪个答案是对的"), field=f"q{n}.right")


def acknowledge(
    *, version_id: int, answers: Mapping[int, int] | None = None, actor: Actor, at: datetime
) -> Acknowledgement:
    """The acting person says that he has read a published version. Once; a second time changes nothing.

    answers: position of a question -> option chosen; all must be right. Needs policy.view and a person. Raises Invalid
    with the field of the first question answered wrongly or not at all; publishes policy.acknowledged.
    """
    need(actor, permissions.VIEW)
    if actor.person_id is None:
        raise NotAllowed(_("只有人员可以签阅"))
    with transaction.atomic():
        version = locked(version_id, State.PUBLISHED)
        there = Acknowledgement.objects.filter(version=version, person_id=actor.person_id).first()
        if there is not None:
            return there
        for question in version.questions.order_by("position"):
            chosen = (answers or {}).get(question.position)
            if chosen != question.right:
                said = _("这一题还没有答") if chosen is None else _("这一题答错了，请再看一遍条文")
                raise Invalid(said, field=f"q{question.position}", code="wrong_answer")
        row = Acknowledgement.objects.create(version=version, person_id=actor.person_id, at=at)
        publish([told(events.ACKNOWLEDGED, version, actor, at, person=actor.person_id)])
    return row


def readers_remind(*, version_id: int, actor: Actor, at: datetime) -> int:
    """Reminds everybody who has still to acknowledge a published version, once a day of the organisation's; returns how many were told now.

    Needs policy.edit or policy.publish. Publishes policy.readers_reminded when somebody was.
    """
    if not (actor.may(permissions.EDIT) or actor.may(permissions.PUBLISH)):
        raise NotAllowed(_("您没有做这件事的权限"))
    with transaction.atomic():
        version = locked(version_id, State.PUBLISHED)
        told_now = _tell(version, f"{_there(at):%Y-%m-%d}", at)
        if told_now:
            publish([told(events.READERS_REMINDED, version, actor, at, people=told_now)])
    return told_now


def _there(at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(staff.organisation().zone))


def _tell(version: PolicyVersion, when: str, at: datetime) -> int:
    fresh = notify(
        key=f"policy.sign:{version.pk}:{when}",
        person_ids=missing_readers(version).values_list("pk", flat=True),
        kind=kinds.TO_SIGN,
        params={"version": version.label},
        subject=("policy", version.policy_id),
        at=at,
    )
    return len(fresh)


def readers_told(*, version_id: int, at: datetime) -> int:
    """Tells the readers of a version that it is published and waits for their word; safe to repeat."""
    with transaction.atomic():
        version = PolicyVersion.objects.filter(pk=version_id, state=State.PUBLISHED).first()
        return _tell(version, "published", at) if version is not None else 0


def reminders_send(*, at: datetime) -> int:
    """What falls due by itself, asked daily: who has not acknowledged a version in force is reminded in every week since it was published; who
    drafts or publishes learns on the day that a policy is to be looked at again. Safe to repeat; returns how many
    were told."""
    count = 0
    with transaction.atomic():
        running = PolicyVersion.objects.filter(state=State.PUBLISHED, effective_at__lte=at, ended_at=None)
        for version in running.defer("source"):
            age = at - (version.published_at or at)
            if age.days >= 7:
                count += _tell(version, f"week {age.days // 7}", at)
        for policy in Policy.objects.filter(review_on__lte=_there(at).date()):
            people = {
                *staff.people_with_permission(permissions.EDIT),
                *staff.people_with_permission(permissions.PUBLISH),
            }
            fresh = notify(
                key=f"policy.review:{policy.pk}:{policy.review_on}",
                person_ids=people,
                kind=kinds.TO_REVIEW,
                subject=("policy", policy.pk),
                at=at,
            )
            count += len(fresh)
    return count


def review_set(*, policy_code: str, on: date | None, actor: Actor, at: datetime) -> Policy:
    """Sets the day on which a policy has to be looked at again (None = no day). Needs policy.edit or policy.publish.

    Raises Invalid for a day that has passed; publishes policy.review_set.
    """
    if not (actor.may(permissions.EDIT) or actor.may(permissions.PUBLISH)):
        raise NotAllowed(_("您没有做这件事的权限"))
    if on is not None and on < at.astimezone(ZoneInfo(staff.organisation().zone)).date():
        raise Invalid(_("复审日期不能早于今天"), field="review_on")
    with transaction.atomic():
        policy = Policy.objects.select_for_update().filter(code=policy_code).first()
        if policy is None:
            raise NotFound(_("没有这份制度"))
        policy.review_on = on
        policy.save(update_fields=["review_on"])
        day = on.isoformat() if on else ""
        publish([NewEvent(events.REVIEW_SET, ("policy", policy.pk), at, actor, {"on": day})])
    return policy
