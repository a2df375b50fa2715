"""A policy as a thing that events and audit rows hang on."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import OuterRef, Subquery

from shounuo.events.subjects import Facts, People, Subject
from shounuo.kernel.actors import Actor
from shounuo.policy import queries
from shounuo.policy.labels import spoken
from shounuo.policy.models import Policy, PolicyDocument, PolicyVersion


def _facts(ids: Iterable[int]) -> dict[int, Facts]:
    return {p.pk: {"code": p.code} for p in Policy.objects.filter(id__in=list(ids))}


def _visible_ids(actor: Actor, ids: Iterable[int]) -> set[int]:
    """Those with a version that the actor may see: a draft's history is its drafters'."""
    wanted = list(ids)
    found = queries.visible_to(actor).filter(policy_id__in=wanted)
    return set(found.values_list("policy_id", flat=True))


def _labels(ids: Iterable[int]) -> dict[int, str]:
    """What the policies are called in the reader's language; a policy bears the title of its newest version in force."""
    english = PolicyVersion.objects.filter(policy=OuterRef("pk"), title=OuterRef("title")).order_by("-number")
    rows = Policy.objects.filter(id__in=list(ids)).annotate(title_en=Subquery(english.values("title_en")[:1]))
    return {p.pk: spoken(p.title, p.title_en or "") for p in rows}


SUBJECT = Subject(
    kind="policy",
    facts=_facts,
    visible_ids=_visible_ids,
    people=lambda id: People(),
    label=_labels,
    url=lambda id: f"/policy/{id}/",
)


def _seen_documents(actor: Actor, ids: Iterable[int]) -> set[int]:
    return set(queries.documents_visible_to(actor).filter(id__in=list(ids)).values_list("id", flat=True))


DOCUMENT = Subject(
    kind="policy_document",
    facts=lambda ids: {
        d.pk: {"code": d.code} for d in PolicyDocument.objects.filter(id__in=list(ids)).only("code")
    },
    visible_ids=_seen_documents,
    people=lambda id: People(),
    label=lambda ids: dict(PolicyDocument.objects.filter(id__in=list(ids)).values_list("id", "title")),
    url=lambda id: f"/policy/documents/{id}/",
)
