"""Storing files and hanging them on what they belong to. Bytes are safe on the disk before a row names
them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import IO

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.files.models import Blob, File
from shounuo.files.types import type_of
from shounuo.kernel import store
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotFound
from shounuo.kernel.text import clean_line

DRAFT = "draft"
MOST_DRAFTS = 60
UNCLAIMED_LIVES = timedelta(days=1)
_DELETE_UNNAMED = """
DELETE FROM files_blob b WHERE created_at < %s
AND NOT EXISTS (SELECT 1 FROM files_file f WHERE f.blob_id = b.sha256)
"""
_UNSAFE = re.compile(r'[\\/:*?"<>|]')


def blob_store(*, data: bytes | IO[bytes], at: datetime) -> Blob:
    """Stores bytes (or a file's) and their row; the same bytes again are the same blob. TooLarge above the
    limit.

    Call it outside long transactions: it writes to the disk. A blob that no file names within a day is swept.
    """
    source = io.BytesIO(data) if isinstance(data, bytes) else data
    content = store.put("blobs", source, limit=settings.MAX_FILE_BYTES)
    blob, _created = Blob.objects.update_or_create(
        sha256=content.name,
        defaults={"created_at": at},
        create_defaults={"size": content.size, "content_type": type_of(content.head), "created_at": at},
    )
    return blob


def file_attach(
    *,
    blob: Blob,
    name: str,
    subject: tuple[str, int],
    ref: int | None = None,
    cid: str = "",
    internal: bool = False,
    actor: Actor,
    at: datetime,
) -> File:
    """Hangs a stored blob on a subject (kind, id); `ref` points into it, `cid` is its Content-ID in a mail.

    Whether the actor may write to the subject is the caller's to know.
    """
    return File.objects.create(
        blob=blob,
        name=file_name(name),
        subject_kind=subject[0],
        subject_id=subject[1],
        ref=ref,
        cid=clean_line(cid, 255),
        internal=internal,
        actor_kind=actor.kind,
        actor_id=actor.id,
        at=at,
    )


def draft_upload(*, data: bytes | IO[bytes], name: str, actor: Actor, at: datetime) -> File:
    """Keeps a file for a message still being written; `drafts_claim` hangs it where it belongs, else it is
    swept.

    Invalid when too many wait unclaimed (uploads are no storage).
    """
    if actor.id is None:
        raise Invalid(_("请先登录再上传"))
    if _drafts(actor).count() >= MOST_DRAFTS:
        raise Invalid(_("未发送的附件太多，请先发送或删除"), code="too_many_drafts")
    blob = blob_store(data=data, at=at)
    return file_attach(blob=blob, name=name, subject=(DRAFT, actor.id), actor=actor, at=at)


def drafts_claim(
    *,
    file_ids: Iterable[int],
    subject: tuple[str, int],
    ref: int | None = None,
    internal: bool = False,
    actor: Actor,
) -> list[File]:
    """Hangs files that the actor himself has uploaded on the subject, in the caller's transaction, in the
    order given.

    NotFound when one of them is not an unclaimed upload of his: nobody attaches another's file by guessing
    its id.
    """
    ids = list(dict.fromkeys(file_ids))
    if not ids:
        return []
    with transaction.atomic():
        rows = {f.id: f for f in _drafts(actor).select_for_update().filter(id__in=ids)}
        if len(rows) < len(ids):
            raise NotFound(_("附件已不存在，请重新上传"), field="files")
        for row in rows.values():
            row.subject_kind, row.subject_id = subject
            row.ref, row.internal = ref, internal
        File.objects.bulk_update(rows.values(), ["subject_kind", "subject_id", "ref", "internal"])
    return [rows[id] for id in ids]


def draft_remove(*, file_id: int, actor: Actor) -> None:
    """Takes an unclaimed upload of one's own away."""
    deleted, _rows = _drafts(actor).filter(id=file_id).delete()
    if not deleted:
        raise NotFound(_("附件已不存在，请重新上传"))


def files_remove(*, subject: tuple[str, int], refs: Iterable[int] | None = None) -> int:
    """Takes a subject's files away (those of `refs` only), for erasure and retention; the bytes go with the
    sweep.
    """
    rows = File.objects.filter(subject_kind=subject[0], subject_id=subject[1])
    if refs is not None:
        rows = rows.filter(ref__in=list(refs))
    return rows.delete()[0]


def files_move(
    *, source: tuple[str, int], target: tuple[str, int], ids: Iterable[int] | None = None
) -> list[int]:
    """Hangs a subject's files (those of `ids` only) on another, when subjects are merged; returns the ids
    moved.
    """
    rows = File.objects.filter(subject_kind=source[0], subject_id=source[1])
    if ids is not None:
        rows = rows.filter(id__in=list(ids))
    moved = list(rows.values_list("id", flat=True))
    File.objects.filter(id__in=moved).update(subject_kind=target[0], subject_id=target[1])
    return moved


def raw_put(data: bytes) -> str:
    """Keeps a raw message as it came; returns its SHA-256. It is on the disk when this returns."""
    return store.put("raw", io.BytesIO(data), limit=settings.MAX_MESSAGE_BYTES).name


def raw_get(sha256: str) -> bytes:
    """The raw message; NotFound when it is gone (retention)."""
    return store.get("raw", sha256)


def raw_discard(sha256: str, *, before: datetime) -> bool:
    """Deletes a raw message unless it came again since the moment; for retention by who keeps its row."""
    return store.discard("raw", sha256, before=before)


def sweep(at: datetime, *, limit: int = 10_000) -> int:
    """Deletes unclaimed uploads, rows of blobs that nothing names, and content without a row, each older than
    a day.

    Rows go first; content goes in a later sweep, when it has had no row for a day. Returns how many contents
    went.
    """
    before = at - UNCLAIMED_LIVES
    File.objects.filter(subject_kind=DRAFT, at__lt=before).delete()
    with connection.cursor() as cursor:  # one statement: a blob stored again meanwhile is young and stays
        cursor.execute(_DELETE_UNNAMED, [before])
    swept = 0
    for name in store.names("blobs", before=before):
        if not Blob.objects.filter(pk=name).exists() and store.discard("blobs", name, before=before):
            swept += 1
            if swept >= limit:
                break
    return swept


def file_name(name: str) -> str:
    """A name that is one on every system: one line, no path, not hidden, its ending kept when it is cut."""
    name = _UNSAFE.sub("_", clean_line(name)).strip(". ")
    if not name:
        return str(_("未命名"))
    if len(name) <= 200:
        return name
    stem, dot, ending = name.rpartition(".")
    if dot and len(ending) <= 10:
        return f"{stem[: 199 - len(ending)]}.{ending}"
    return name[:200]


def _drafts(actor: Actor) -> QuerySet[File]:
    return File.objects.filter(subject_kind=DRAFT, actor_kind=actor.kind, actor_id=actor.id or 0)
