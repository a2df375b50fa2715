"""What is taken out of closed cases when their time is over: files, and later their words. Figures, times and events stay."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shounuo.audit.retention import Kept
from shounuo.cases import events
from shounuo.cases.models import Case, Draft, Interaction, Option, SearchText
from shounuo.cases.queries.holds import held_cases
from shounuo.cases.rules import states
from shounuo.cases.services.changing import Change
from shounuo.events.services import publish
from shounuo.files.models import File
from shounuo.files.services import files_remove
from shounuo.kernel.actors import Actor

ERASED = "***"
CASES = 200  # a batch


def words_erase(ids: Collection[int]) -> None:
    """Takes every word out of the cases for good, in the caller's transaction: messages both ways, notes, texts, files,
    drafts, what is searched. States, times, owners and figures stay."""
    SearchText.objects.filter(case_id__in=ids).delete()
    interactions_erase(Interaction.objects.filter(case_id__in=ids))
    Case.objects.filter(pk__in=ids).update(
        subject=ERASED,
        difficulty="",
        diagnosis="",
        resolution="",
        feedback="",
        wait_reason="",
        tags=[],
        custom={},
    )
    Option.objects.filter(plan__case_id__in=ids).update(
        title=ERASED, pros="", cons="", steps="", time="", cost=""
    )
    Draft.objects.filter(case_id__in=ids).delete()
    for case_id in ids:
        files_remove(subject=("case", case_id))


def interactions_erase(rows: QuerySet[Interaction]) -> None:
    """Empties messages; who wrote when, and whether it arrived, stays."""
    rows.update(
        subject="",
        text=ERASED,
        folded="",
        html="",
        sender="",
        recipients=[],
        copies=[],
        message_id="",
        error="",
    )


def _past(before: datetime) -> QuerySet[Case]:
    """Cases that were closed before the moment, without those under a hold. One that went up in another waits for it."""
    past = Case.objects.filter(status=states.CLOSED, closed_at__lt=before)
    alone = Q(merged_into=None) | Q(merged_into__status=states.CLOSED, merged_into__closed_at__lt=before)
    return past.filter(alone).exclude(pk__in=held_cases())


def _files_prune(before: datetime, at: datetime) -> int:
    rows = File.objects.filter(subject_kind="case", subject_id__in=_past(before).values("pk"))
    ids = rows.order_by("subject_id").values_list("subject_id", flat=True).distinct()[:CASES]
    return sum(files_remove(subject=("case", case_id)) for case_id in ids)


def _cases_prune(before: datetime, at: datetime) -> int:
    past = _past(before).filter(erased_at=None).order_by("pk")
    cases = list(past.select_for_update(of=("self",), skip_locked=True)[:CASES])
    words_erase([case.pk for case in cases])
    news = []
    for case in cases:
        change = Change(case, Actor.system(), at)
        change.tell(events.ERASED)
        news += change.news
    # Nobody worked on them: `updated_at`, by which lists are sorted, stays.
    Case.objects.filter(pk__in=[case.pk for case in cases]).update(erased_at=at, version=F("version") + 1)
    publish(news)
    return len(cases)


ATTACHMENTS = Kept(
    "attachments",
    pgettext_lazy("kept", "附件"),
    _("工单关闭满期后删除它的附件；往来文字留着。"),
    30,
    _files_prune,
)
CLOSED_CASES = Kept(
    "closed_cases",
    _("已关闭的工单"),
    _("关闭满期后删掉标题、往来、备注、附件和邮件原文；状态、时间、经办人和统计留着。"),
    30,
    _cases_prune,
)
