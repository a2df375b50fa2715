"""Drafts in the making: begun from what is in force or from nothing, changed step by step, each step taken back."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotFound
from shounuo.policy import events, permissions
from shounuo.policy.editing.changes import Change, ClauseSet
from shounuo.policy.models import DraftEdit, Policy, PolicyVersion
from shounuo.policy.reading import read_pack, read_pack_plain, stored_pack
from shounuo.policy.schema import Clause, Pack
from shounuo.policy.services.common import State, locked, need, told, words
from shounuo.policy.services.drafts import clauses_write, version_import
from shounuo.policy.services.uploads import code_for, prefix_for
from shounuo.policy.writing import dump, pack_plain

MOST_UNDONE = 30
"""How many steps back a draft can go."""


def draft_begin(*, policy_code: str, actor: Actor, at: datetime) -> PolicyVersion:
    """The policy's newest draft, or a new one with the text that is in force (else its newest text) under the next
    version's name. Needs policy.edit; NotFound without such a policy. Publishes policy.imported for a new draft."""
    need(actor, permissions.EDIT)
    with transaction.atomic():
        policy = Policy.objects.select_for_update().filter(code=policy_code).first()
        if policy is None:
            raise NotFound(_("没有这份制度"))
        versions = policy.versions.order_by("-number")
        draft = versions.filter(state=State.DRAFT).first()
        if draft is not None:
            return draft
        base = versions.filter(state=State.PUBLISHED).first() or versions.first()
        if base is None:
            raise NotFound(_("没有这份制度"))
        taken = set(versions.values_list("label", flat=True))
        pack = stored_pack(base.source, base.file_name)
        label = next_label(pack.version, taken)
        text = dump(replace(pack, version=label, note=""))
        return version_import(text=text, file_name=base.file_name, actor=actor, at=at)


def next_label(label: str, taken: set[str]) -> str:
    """The name of the version after one: 3.3 after 3.2, the first that is free."""
    found = re.fullmatch(r"(.*?)([0-9]{1,9})", label)
    head, n = (found[1], int(found[2])) if found else (f"{label}.", 0)
    return next(name for i in range(1, 10_000) if (name := f"{head}{n + i}") not in taken)[:40]


def policy_begin(
    *,
    title: str,
    code: str,
    prefix: str,
    calendar: str,
    clause_title: str,
    wording: str,
    actor: Actor,
    at: datetime,
) -> PolicyVersion:
    """A draft of a new policy with its first clause. `code` and `prefix` may be left empty: they are made of the title.

    Needs policy.edit. Raises Invalid with the field, Conflict where the policy exists; publishes policy.imported.
    """
    need(actor, permissions.EDIT)
    title, clause_title, wording = title.strip(), clause_title.strip(), wording.strip()
    if not title:
        raise Invalid(_("请写制度的名称"), field="title")
    if not clause_title:
        raise Invalid(_("请写第一条的名称"), field="clause_title")
    if not wording:
        raise Invalid(_("请写第一条的正文"), field="wording")
    code = code_for(code, title)
    if Policy.objects.filter(code=code).exists():
        raise Conflict(_("已经有代码为“%(code)s”的制度") % {"code": code}, field="code", code="policy_exists")
    pack = Pack(
        code=code,
        title=title,
        version="1",
        default_calendar=calendar,
        clauses=(Clause(id=f"{prefix_for(prefix, code)}-1", title=clause_title, wording=wording),),
    )
    return version_import(text=dump(pack), file_name=f"{code}.yaml", actor=actor, at=at)


def draft_change(*, version_id: int, change: Change, actor: Actor, at: datetime) -> PolicyVersion:
    """Changes a draft: its source is read, changed and written anew, the whole checked as at an import.

    Needs policy.edit. Raises Conflict when it is no draft any more, Moved when somebody else was faster with the same
    thing, PackInvalid when the whole does not fit together; publishes policy.edited unless nothing changes.
    """
    need(actor, permissions.EDIT)
    vocabulary = words()
    with transaction.atomic():
        version = locked(version_id, State.DRAFT)
        old = stored_pack(version.source, version.file_name)
        new = read_pack_plain(pack_plain(change.of(old)), version.file_name, vocabulary)
        if new == old:
            return version
        DraftEdit.objects.create(
            version=version,
            what=change.what,
            clause=change.clause,
            before=version.source,
            at=at,
            by_id=actor.person_id,
        )
        stale = version.edits.order_by("-id").values_list("pk", flat=True)[MOST_UNDONE : MOST_UNDONE + 50]
        DraftEdit.objects.filter(pk__in=list(stale)).delete()
        _write(version, old, new, dump(new))
        if isinstance(change, ClauseSet) and change.new.id != change.code:
            version.comments.filter(clause=change.code).update(clause=change.new.id)
        publish([told(events.EDITED, version, actor, at, change=change.what, clause=change.clause)])
    return version


def draft_undo(*, version_id: int, edit_id: int, actor: Actor, at: datetime) -> DraftEdit:
    """Takes back the last change of a draft, which must be the one named: nobody undoes what he has not seen.

    Needs policy.edit. Raises Conflict when another change came after it or it is no draft any more; publishes
    policy.edit_undone. Returns the change that is gone.
    """
    need(actor, permissions.EDIT)
    with transaction.atomic():
        version = locked(version_id, State.DRAFT)
        last = version.edits.order_by("-id").first()
        if last is None or last.pk != edit_id:
            raise Conflict(_("在您之后又有了别的修改，请先看看再撤回"), code="changed_meanwhile")
        now = stored_pack(version.source, version.file_name)
        _write(version, now, read_pack(last.before, version.file_name, words()), last.before)
        last.delete()
        publish([told(events.EDIT_UNDONE, version, actor, at, change=last.what, clause=last.clause)])
    return last


def _write(version: PolicyVersion, old: Pack, pack: Pack, text: str) -> None:
    version.source, version.checksum = text, hashlib.sha256(text.encode()).hexdigest()
    version.label, version.title, version.title_en = pack.version, pack.title, pack.title_en
    version.default_calendar = pack.default_calendar
    if pack.note != old.note:  # else it may hold why the draft was sent back
        version.note = pack.note
    version.not_built = dict(pack.not_built)
    version.save(
        update_fields=[
            "source",
            "checksum",
            "label",
            "title",
            "title_en",
            "default_calendar",
            "note",
            "not_built",
        ]
    )
    version.clauses.all().delete()
    clauses_write(version, pack, words())
