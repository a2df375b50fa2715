"""Interactions in pages, for the API and the customer's own page."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.cases.models import Case, Interaction
from shounuo.cases.permissions import VIEW_ALL
from shounuo.cases.queries import cursors
from shounuo.cases.queries.visibility import visible_to
from shounuo.cases.rules.filters import FILTERS
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid

DIRECTIONS = ("in", "out", "note")


def visible_interactions(actor: Actor) -> QuerySet[Interaction]:
    """The interactions on cases that the actor may see; for a customer without notes."""
    if actor.may(VIEW_ALL):
        return Interaction.objects.all()
    rows = Interaction.objects.filter(case__in=visible_to(actor))
    return rows.exclude(direction="note") if actor.kind == "customer" else rows


def interactions_page(
    actor: Actor,
    *,
    case_id: int | None = None,
    direction: str | None = None,
    channel: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> tuple[list[Interaction], str | None]:
    """A page of interactions with case, person and customer. Of one case in their order, of all the newest first."""
    size = paging.limit_of(limit)
    rows = visible_interactions(actor).select_related("case", "person", "customer")
    if direction is not None:
        if direction not in DIRECTIONS:
            raise Invalid(
                _("“%(value)s”不在可选范围内") % {"value": direction[:40]},
                field="direction",
                code="bad_choice",
            )
        rows = rows.filter(direction=direction)
    if channel is not None:
        if FILTERS["channel"].value(channel) is None:
            raise Invalid(_("没有这个渠道"), field="channel", code="bad_channel")
        rows = rows.filter(channel=channel)
    oldest_first = case_id is not None
    if case_id is not None:
        rows = rows.filter(case_id=case_id)
    if cursor:
        moment, pk = cursors.decode_dated(cursor)
        bound = Q(at__gte=moment) if oldest_first else Q(at__lte=moment)
        past = Q(at__gt=moment) | Q(pk__gt=pk) if oldest_first else Q(at__lt=moment) | Q(pk__lt=pk)
        rows = rows.filter(bound & past)
    rows = rows.order_by("at", "pk") if oldest_first else rows.order_by("-at", "-pk")
    found = list(rows[: size + 1])
    if len(found) <= size:
        return found, None
    last = found[size - 1]
    return found[:size], cursors.encode(last.at, last.pk)


def for_customer(case: Case) -> list[Interaction]:
    """What a customer reads of his case, oldest first: his messages and ours, never a note."""
    return list(
        Interaction.objects.filter(case_id=case.pk)
        .exclude(direction="note")
        .select_related("person")
        .order_by("at", "pk")
    )
