"""Uploaded regulations and the rules proposed for them: who sees them, how far they are decided."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.policy import permissions
from shounuo.policy.models import PolicyDocument, RuleProposal

State = RuleProposal.State
TAKEN = (State.ACCEPTED, State.EDITED)


def documents_visible_to(actor: Actor) -> QuerySet[PolicyDocument]:
    """The uploads that the actor may read, newest first: with policy.edit, policy.approve or policy.publish all of
    them, for anybody else none (they are drafts)."""
    rows = PolicyDocument.objects.order_by("-created_at", "-id")
    seen = (permissions.EDIT, permissions.APPROVE, permissions.PUBLISH)
    return rows if any(actor.may(p) for p in seen) else rows.none()


def documents(actor: Actor) -> QuerySet[PolicyDocument]:
    """The uploads for a list, without their text, each with `rules`, `open` and `taken` proposals; one query."""
    return (
        documents_visible_to(actor)
        .defer("text", "clauses", "chapters")
        .select_related("created_by", "version__policy")
        .defer("version__source")
        .annotate(
            rules=Count("proposals"),
            open=Count("proposals", filter=Q(proposals__state=State.PROPOSED)),
            taken=Count("proposals", filter=Q(proposals__state__in=TAKEN)),
        )
    )


def document_of(actor: Actor, document_id: int) -> PolicyDocument:
    """One upload with its text; NotFound where the actor may not know of it."""
    rows = documents_visible_to(actor).select_related("version__policy").defer("version__source")
    found = rows.filter(pk=document_id).first()
    if found is None:
        raise NotFound(_("没有这份制度文件"))
    return found


def proposals_of(document: PolicyDocument) -> list[RuleProposal]:
    """The proposals of an upload in the order of its text; one query."""
    return list(document.proposals.select_related("decided_by").order_by("position"))


def proposal_of(actor: Actor, proposal_id: int) -> RuleProposal:
    """One proposal with its document; NotFound where the actor may not know of it."""
    found = (
        RuleProposal.objects.filter(pk=proposal_id, document__in=documents_visible_to(actor).values("pk"))
        .select_related("document", "decided_by")
        .first()
    )
    if found is None:
        raise NotFound(_("没有这条提议"))
    return found
