"""The clauses that everybody may read, because the house has put them before its customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shounuo.policy.labels import spoken
from shounuo.policy.models import Clause, PolicyVersion, PublicPromise
from shounuo.policy.queries.versions import in_force


@dataclass(frozen=True, slots=True)
class Promise:
    """A chosen clause as customers read it, in the active language."""

    clause: str
    number: str
    title: str
    wording: str


def promises(at: datetime) -> list[Promise]:
    """The chosen clauses that are in force, in the order of their documents, whoever asks; one query."""
    rows = (
        Clause.objects.filter(
            version__in=PolicyVersion.objects.filter(in_force(at)).values("pk"),
            code__in=PublicPromise.objects.values("clause"),
        )
        .order_by("version__policy__code", "position")
        .values_list("code", "number", "title", "title_en", "wording", "wording_en")
    )
    return [
        Promise(code, number, spoken(title, title_en), spoken(wording, wording_en))
        for code, number, title, title_en, wording, wording_en in rows
    ]


def is_shown(clause: str) -> bool:
    """True for a clause that is on the customers' page."""
    return PublicPromise.objects.filter(clause=clause).exists()
