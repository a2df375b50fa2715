"""What several API views answer with, and how they read what names a person or a team."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.cases.models import Interaction
from shounuo.channels.wire import moment
from shounuo.files.models import File
from shounuo.kernel import paging
from shounuo.kernel.errors import Invalid
from shounuo.kernel.text import mask_mail
from shounuo.staff import queries as staff


def person_id_of(given: int | str) -> int:
    """The active person of this id or login; Invalid when there is none."""
    text = str(given).strip()
    found = (
        staff.people().filter(pk=int(text)).first()
        if text.isascii() and text.isdigit() and len(text) < 19
        else staff.person_by_login(text)
    )
    if found is None:
        raise Invalid(_("没有这个人：%(who)s") % {"who": text[:60]}, field="person", code="no_person")
    return found.pk


def team_id_of(given: int | str) -> int:
    """The active team of this id or code; Invalid when there is none."""
    text = str(given).strip()
    by_id = text.isascii() and text.isdigit() and len(text) < 19
    found = staff.teams().filter(pk=int(text)) if by_id else staff.teams().filter(code=text)
    team = found.first()
    if team is None:
        raise Invalid(_("没有这个团队：%(team)s") % {"team": text[:60]}, field="team", code="no_team")
    return team.pk


def interaction_page(
    rows: QuerySet[Interaction], cursor: str | None, limit: int | None, *, newest: bool
) -> dict[str, Any]:
    """A page of interactions in their order of time; three queries."""
    size = paging.limit_of(limit)
    if cursor:
        [last] = paging.decode(cursor, int)
        rows = rows.filter(Q(pk__lt=last) if newest else Q(pk__gt=last))
    ids = list(rows.order_by("-pk" if newest else "pk").values_list("pk", flat=True)[: size + 1])
    more = paging.encode(ids[size - 1]) if len(ids) > size else None
    return {"items": interactions_json(ids[:size]), "next_cursor": more}


def interactions_json(ids: Sequence[int]) -> list[dict[str, Any]]:
    """The interactions of these ids in this order; two queries. Addresses are masked, as everywhere."""
    rows = Interaction.objects.select_related("case", "person", "customer").in_bulk(list(ids))
    files: dict[int, list[dict[str, Any]]] = {}
    attached = (
        File.objects.filter(subject_kind="case", ref__in=list(ids)).select_related("blob").order_by("pk")
    )
    for file in attached:
        files.setdefault(file.ref or 0, []).append(
            {"id": file.pk, "name": file.name, "size": file.blob.size, "content_type": file.blob.content_type}
        )
    return [_interaction_json(rows[i], files.get(i, [])) for i in ids]


def _interaction_json(row: Interaction, files: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": row.pk,
        "case": row.case.number,
        "direction": row.direction,
        "channel": row.channel,
        "body": row.text,
        "at": moment(row.at),
        "person": {"id": row.person.pk, "name": row.person.name} if row.person else None,
        "customer": {"id": row.customer.pk, "name": row.customer.name} if row.customer else None,
        "automatic": row.automatic,
        "state": row.state,
        "error": row.error or None,
        "sender": mask_mail(row.sender) if row.sender else None,
        "threaded_by": row.threaded_by or None,
        "files": files,
    }
