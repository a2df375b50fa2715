"""What several API views answer with, and how they read what names a person or a team."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.cases.models import Interaction
from shounuo.cases.queries import interactions_page
from shounuo.cases.queries.shapes import interaction_json
from shounuo.events import subjects
from shounuo.files.models import File
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid
from shounuo.kernel.text import mask_mail, whole
from shounuo.staff import queries as staff


def person_id_of(given: int | str) -> int:
    """The active person of this id (digits alone) or login (which never is); Invalid when there is none."""
    text = str(given).strip()
    id = whole(text)
    found = staff.person_by_login(text) if id is None else staff.people().filter(pk=id).first()
    if found is None:
        raise Invalid(_("没有这个人：%(who)s") % {"who": text[:60]}, field="person", code="no_person")
    return found.pk


def team_id_of(given: int | str) -> int:
    """The active team of this id (digits alone) or code (which never is); Invalid when there is none."""
    text = str(given).strip()
    id = whole(text)
    team = (staff.teams().filter(code=text) if id is None else staff.teams().filter(pk=id)).first()
    if team is None:
        raise Invalid(_("没有这个小组：%(team)s") % {"team": text[:60]}, field="team", code="no_team")
    return team.pk


def interaction_page(
    actor: Actor,
    *,
    case_id: int | None = None,
    direction: str | None = None,
    channel: str | None = None,
    cursor: str | None,
    limit: int | None,
) -> dict[str, Any]:
    """A page of interactions with their files; two queries."""
    rows, more = interactions_page(
        actor, case_id=case_id, direction=direction, channel=channel, cursor=cursor, limit=limit
    )
    return {"items": interactions_json(rows), "next_cursor": more}


def interaction_out(interaction_id: int) -> dict[str, Any]:
    """One interaction, just written."""
    rows = Interaction.objects.select_related("case", "person").filter(pk=interaction_id)
    return interactions_json(list(rows))[0]


def interactions_json(rows: Sequence[Interaction]) -> list[dict[str, Any]]:
    """The interactions with their files, in one more query. Addresses are masked, as everywhere."""
    files: dict[int, list[dict[str, Any]]] = {}
    ids = [r.pk for r in rows]
    attached = File.objects.filter(subject_kind="case", ref__in=ids).select_related("blob").order_by("pk")
    for file in attached if ids else ():
        files.setdefault(file.ref or 0, []).append(
            {"id": file.pk, "name": file.name, "size": file.blob.size, "content_type": file.blob.content_type}
        )
    return [
        {
            **interaction_json(row),
            "sender": mask_mail(row.sender) if row.sender else None,
            "threaded_by": row.threaded_by or None,
            "files": files.get(row.pk, []),
        }
        for row in rows
    ]


def seen_subjects(actor: Actor, asked: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
    """Those of the things (kind, id) that the actor may see; a question per kind of thing, whatever their number."""
    ids: dict[str, set[int]] = {}
    for kind, id in asked:
        ids.setdefault(kind, set()).add(id)
    return {
        (kind, id)
        for kind, of_kind in ids.items()
        if (subject := subjects.get(kind)) is not None
        for id in subject.visible_ids(actor, of_kind)
    }
