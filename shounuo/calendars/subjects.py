"""A calendar as a thing that events hang on."""

from __future__ import annotations

from collections.abc import Iterable

from shounuo.calendars import queries
from shounuo.calendars.models import Calendar
from shounuo.events.subjects import Facts, People, Subject
from shounuo.kernel.actors import Actor


def _facts(ids: Iterable[int]) -> dict[int, Facts]:
    return {
        c.pk: {"code": c.code, "kind": c.kind, "version": c.version}
        for c in Calendar.objects.filter(id__in=list(ids))
    }


def _visible_ids(actor: Actor, ids: Iterable[int]) -> set[int]:
    return set(queries.visible_to(actor).filter(id__in=list(ids)).values_list("id", flat=True))


def _labels(ids: Iterable[int]) -> dict[int, str]:
    return dict(Calendar.objects.filter(id__in=list(ids)).values_list("id", "name"))


SUBJECT = Subject(
    kind="calendar",
    facts=_facts,
    visible_ids=_visible_ids,
    people=lambda id: People(),
    label=_labels,
    url=lambda id: f"/console/calendars/{id}/",
)
