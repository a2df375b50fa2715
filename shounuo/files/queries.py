"""Reading files: who may, and with which address."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.events import subjects
from shounuo.files.models import File
from shounuo.files.services import DRAFT
from shounuo.kernel import store
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.kernel.secrets import signature, signature_holds
from shounuo.kernel.text import whole

_PURPOSE = "files.link"


def of_subject(kind: str, id: int, *, internal: bool) -> QuerySet[File]:
    """A subject's files in order; `internal` ones only for staff. The caller holds the subject already."""
    rows = File.objects.select_related("blob").filter(subject_kind=kind, subject_id=id).order_by("id")
    return rows if internal else rows.filter(internal=False)


def by_ref(kind: str, id: int, *, internal: bool) -> dict[int | None, list[File]]:
    """A subject's files by what in it they belong to; one query."""
    table: dict[int | None, list[File]] = {}
    for file in of_subject(kind, id, internal=internal):
        table.setdefault(file.ref, []).append(file)
    return table


def drafts(actor: Actor, ids: Iterable[int]) -> list[File]:
    """Those of the ids that are unclaimed uploads of the actor."""
    rows = File.objects.select_related("blob").filter(id__in=list(ids), subject_kind=DRAFT)
    return list(rows.filter(actor_kind=actor.kind, actor_id=actor.id).order_by("id"))


def get(actor: Actor, file_id: int) -> File:
    """The file when the actor may see its subject (and, not being staff, it is not internal); NotFound else.

    An unclaimed upload is its uploader's alone.
    """
    file = File.objects.select_related("blob").filter(pk=file_id).first()
    if file is None or not _may_see(actor, file):
        raise NotFound(_("没有这个文件，或它不对您开放"))
    return file


def _may_see(actor: Actor, file: File) -> bool:
    if file.subject_kind == DRAFT:
        return (file.actor_kind, file.actor_id) == (actor.kind, actor.id)
    if file.internal and actor.kind not in ("person", "system"):
        return False
    if actor.is_system:
        return True
    subject = subjects.get(file.subject_kind)
    return subject is not None and file.subject_id in subject.visible_ids(actor, [file.subject_id])


def content(file: File) -> bytes:
    """The file's bytes; NotFound when they are gone."""
    return store.get("blobs", file.blob_id)


def signed_path(file: File, *, at: datetime, lives: timedelta = timedelta(days=7)) -> str:
    """An address that opens this one file without a sign-in until it expires, for the customer's pages and
    mails.
    """
    if file.internal or file.subject_kind == DRAFT:
        raise ValueError("an internal file has no public address")
    text = f"{file.id}.{int((at + lives).timestamp())}"
    return f"/files/s/{text}.{signature(_PURPOSE, text)}/"


def by_signature(token: str, at: datetime) -> File:
    """The file behind a signed address; NotFound when it is not ours, over, or the file is now internal."""
    text, _dot, given = token.rpartition(".")
    id, until = (whole(part) for part in text.partition(".")[::2])
    if id is None or until is None or not signature_holds(_PURPOSE, text, given) or until <= at.timestamp():
        raise NotFound(_("这个链接已过期，请从工单页面重新打开"), code="link_over")
    file = File.objects.select_related("blob").filter(pk=id, internal=False).first()
    if file is None or file.subject_kind == DRAFT:
        raise NotFound(_("没有这个文件，或它不对您开放"))
    return file
