"""Files of a case: hung on its messages, moved with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shounuo.cases.models import Case, Interaction
from shounuo.cases.services.changing import Change
from shounuo.files import services as files
from shounuo.files.queries import of_subject

KIND = "case"


def attach(
    change: Change, interaction: Interaction, file_ids: Sequence[int], *, internal: bool = False
) -> None:
    """Hangs files that the actor has uploaded on the message; NotFound when one is not his."""
    files.drafts_claim(
        file_ids=file_ids,
        subject=(KIND, change.case.pk),
        ref=interaction.pk,
        internal=internal,
        actor=change.actor,
    )


def move(source: Case, target: Case, interaction_ids: Iterable[int] | None) -> list[int]:
    """Moves the files of these messages (None: all files) to another case; gives their ids."""
    ids: list[int] | None = None
    if interaction_ids is not None:
        rows = of_subject(KIND, source.pk, internal=True).filter(ref__in=list(interaction_ids))
        ids = list(rows.values_list("pk", flat=True))
    return files.files_move(source=(KIND, source.pk), target=(KIND, target.pk), ids=ids)
