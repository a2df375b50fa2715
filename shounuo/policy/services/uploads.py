"""Regulations that people upload: read, cut, proposed for; and asked about where an assistant is configured."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import IO

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import app

from shounuo.events.services import NewEvent, publish
from shounuo.files.services import blob_store, file_attach, file_name, files_remove
from shounuo.kernel import egress
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotFound, Problem
from shounuo.kernel.text import clean_line, truncate
from shounuo.policy import events, permissions
from shounuo.policy.models import Clause, PolicyDocument, RuleProposal
from shounuo.policy.proposing import Cut, Mark, Proposal, documents, model, propose, words
from shounuo.policy.reading.pack import PACK, TAKEN
from shounuo.policy.services.common import need
from shounuo.policy.services.common import words as vocabulary_now

SUBJECT = "policy_document"
ASK_TASK = "policy.ask"
ASK_QUEUE = "policy"
ASK_SECONDS = 60.0
MOST_ASKED = 300
_PREFIX = re.compile(r"^[A-Z]{1,8}$")
_LONGEST_TITLE = 120
_SAYS_NOTHING = re.compile(r"[0-9一二三四五六七八九十百半每%须应]")


def document_upload(
    *,
    data: bytes | IO[bytes],
    name: str,
    title: str = "",
    code: str = "",
    prefix: str = "",
    actor: Actor,
    at: datetime,
) -> PolicyDocument:
    """Reads an uploaded regulation, cuts it into clauses and proposes rules for them.

    `title`, `code` (of the policy that its rules go into, new or there already) and `prefix` (how the codes of its
    clauses begin) are made from the text where they are not given. The same file for the same policy again is the
    document that is there. Call it outside long transactions: it writes to the disk and may start a process. Needs
    policy.edit. Raises Invalid and TooLarge as `proposing.documents.read` does; publishes policy.document_added.
    """
    need(actor, permissions.EDIT)
    content = data if isinstance(data, bytes) else data.read(documents.MAX_BYTES + 1)
    document = documents.read(content)
    proposed = propose(document.text, document.outline, wrapped=document.wrapped)
    stem = file_name(name).rpartition(".")[0] or file_name(name)
    title = truncate(clean_line(title or proposed.outline.title or stem), _LONGEST_TITLE)
    code = code_for(code, title)
    prefix = prefix_for(prefix, code)
    checksum = hashlib.sha256(content).hexdigest()
    blob = blob_store(data=content, at=at)
    with transaction.atomic():
        row, created = PolicyDocument.objects.get_or_create(
            code=code,
            checksum=checksum,
            defaults={
                "title": title,
                "prefix": prefix,
                "kind": document.kind,
                "pages": document.pages,
                "text": document.text,
                "wrapped": proposed.outline.wrapped,
                "chapters": [list(c) for c in proposed.outline.chapters],
                "clauses": [
                    {
                        "number": c.number,
                        "title": c.title,
                        "chapter": c.chapter,
                        "start": c.start,
                        "end": c.end,
                    }
                    for c in proposed.outline.clauses
                ],
                "created_at": at,
                "created_by_id": actor.person_id,
                "asked_at": at if _assistant() else None,
            },
        )
        if not created:
            return row
        RuleProposal.objects.bulk_create(row_of(row, p, i) for i, p in enumerate(proposed.proposals, 1))
        file_attach(blob=blob, name=name, subject=(SUBJECT, row.pk), internal=True, actor=actor, at=at)
        payload = {"clauses": len(row.clauses), "rules": len(proposed.proposals)}
        publish([NewEvent(events.DOCUMENT_ADDED, (SUBJECT, row.pk), at, actor, payload)])
        if row.asked_at is not None:
            app.configure_task(ASK_TASK, queue=ASK_QUEUE).defer(document_id=row.pk)
    return row


def document_remove(*, document_id: int, actor: Actor, at: datetime) -> None:
    """Deletes an upload with its proposals and its file; drafts made of it stay. Needs policy.edit; publishes
    policy.document_removed."""
    need(actor, permissions.EDIT)
    with transaction.atomic():
        row = locked_document(document_id)
        publish([NewEvent(events.DOCUMENT_REMOVED, (SUBJECT, row.pk), at, actor, {})])
        files_remove(subject=(SUBJECT, row.pk))
        row.delete()


def locked_document(document_id: int) -> PolicyDocument:
    """The upload under lock; NotFound when it is gone."""
    row = PolicyDocument.objects.select_for_update().filter(pk=document_id).first()
    if row is None:
        raise NotFound(_("没有这份制度文件"))
    return row


def row_of(document: PolicyDocument, proposal: Proposal, position: int) -> RuleProposal:
    """A proposal as a row, not saved."""
    body = dict(proposal.rule)
    name = str(body.pop(proposal.kind))
    return RuleProposal(
        document=document,
        clause=proposal.clause,
        position=position,
        kind=proposal.kind,
        name=name,
        body=body,
        marks=[[m.field, m.start, m.end] for m in proposal.marks],
        confidence=round(proposal.confidence * 100),
        gaps=list(proposal.gaps),
        assumed=list(proposal.assumed),
        origin=proposal.origin,
    )


def proposal_of_row(row: RuleProposal) -> Proposal:
    """The row as the proposal that it was made of."""
    return Proposal(
        row.clause,
        {row.kind: row.name, **row.body},
        tuple(Mark(*m) for m in row.marks),
        row.confidence / 100,
        tuple(row.gaps),
        tuple(row.assumed),
        row.origin,
    )


def code_for(code: str, title: str) -> str:
    """The code of a policy as given, or made of its title; Invalid for one that cannot be."""
    code = code.strip() or words.name_of(title)[:40].strip("-")
    if not PACK.match(code):
        raise Invalid(
            _("“%(value)s”不是制度包代码：小写字母开头，只用小写字母、数字和 -") % {"value": code},
            field="code",
        )
    if code in TAKEN:
        raise Invalid(_("“%(value)s”是页面的地址，不能作制度包代码") % {"value": code}, field="code")
    return code


def prefix_for(prefix: str, code: str) -> str:
    """The beginning of the clause codes: given, or that of the policy there is, or made of its code."""
    prefix = prefix.strip().upper()
    if not prefix:
        there = Clause.objects.filter(version__policy__code=code).order_by("-version__number", "position")
        known = there.values_list("code", flat=True).first()
        initials = "".join(part[:1] for part in code.split("-") if part[:1].isalpha()).upper()
        prefix = known.partition("-")[0] if known else initials[:6] or "R"
    if not _PREFIX.match(prefix):
        raise Invalid(_("条款编号的开头须为 1 到 8 个大写字母，例如 REG"), field="prefix")
    return prefix


# The assistant


def _assistant() -> bool:
    return bool(settings.SHOUNUO_LLM_URL and settings.SHOUNUO_LLM_MODEL)


def assistant_ask(*, document_id: int, at: datetime) -> None:
    """Asks the configured endpoint about each clause of an upload and keeps what stands up to the text.

    One request a clause, outside any transaction; the answers of all are kept together. A clause that the endpoint
    does not answer for is passed over, and the first trouble is noted on the document. Publishes
    policy.assistant_answered.
    """
    document = PolicyDocument.objects.filter(pk=document_id, answered_at=None).first()
    if document is None or not _assistant():
        return
    vocabulary = vocabulary_now()
    found: dict[str, list[Proposal]] = {}
    turned_away, trouble = 0, ""
    for plain in document.clauses[:MOST_ASKED]:
        wording = document.text[plain["start"] : plain["end"]]
        if not _SAYS_NOTHING.search(wording):
            continue
        try:
            answer = egress.request(
                "POST",
                settings.SHOUNUO_LLM_URL.rstrip("/") + "/chat/completions",
                body=model.body(wording, settings.SHOUNUO_LLM_MODEL, vocabulary),
                headers=_headers(),
                timeout=ASK_SECONDS,
            )
        except Problem as problem:
            trouble = str(problem)
            break  # the next clause would fare no better
        items = model.answered(answer.body) if answer.status == 200 else None
        if items is None:
            trouble = trouble or str(_("端点的回答无法使用（状态 %(status)s）") % {"status": answer.status})
            continue
        cut = Cut(plain["number"], plain["title"], plain["chapter"], plain["start"], plain["end"])
        found[cut.number], away = model.let_in(
            items, document.text, cut, vocabulary, wrapped=document.wrapped
        )
        turned_away += away
    _answers_keep(document_id, found, turned_away, trouble, at)


def _headers() -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    if settings.SHOUNUO_LLM_KEY:
        headers["Authorization"] = f"Bearer {settings.SHOUNUO_LLM_KEY}"
    return headers


def _answers_keep(
    document_id: int, found: dict[str, list[Proposal]], turned_away: int, trouble: str, at: datetime
) -> None:
    with transaction.atomic():
        document = PolicyDocument.objects.select_for_update().filter(pk=document_id, answered_at=None).first()
        if document is None:
            return
        rows = list(document.proposals.select_for_update().order_by("position"))
        position = rows[-1].position if rows else 0
        added: list[RuleProposal] = []
        for clause, more in found.items():
            own = [r for r in rows if r.clause == clause]
            filled, new = model.merged([proposal_of_row(r) for r in own], more)
            for at_index, proposal in filled.items():
                _fill(own[at_index], proposal)
            for proposal in new:
                position += 1
                added.append(row_of(document, proposal, position))
        RuleProposal.objects.bulk_create(added)
        document.answered_at, document.trouble = at, truncate(trouble, 200)
        document.save(update_fields=["answered_at", "trouble"])
        payload = {"rules": len(added), "turned_away": turned_away}
        event = NewEvent(events.ASSISTANT_ANSWERED, (SUBJECT, document.pk), at, Actor.system(), payload)
        publish([event])


def _fill(row: RuleProposal, proposal: Proposal) -> None:
    """Fills the gaps of a proposal about which nobody has decided yet."""
    if row.state != RuleProposal.State.PROPOSED:
        return
    made = row_of(row.document, proposal, row.position)
    row.body, row.gaps, row.assumed, row.confidence = made.body, made.gaps, made.assumed, made.confidence
    row.save(update_fields=["body", "gaps", "assumed", "confidence"])
