"""Reading the practices of a clause, and what shows that something is done."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shounuo.policy.reading.fields import Map, Reader, words
from shounuo.policy.reading.source import Report, Src
from shounuo.policy.schema import EVIDENCE, Evidence, Practice
from shounuo.policy.vocabulary import Vocabulary

LONGEST = 500


def read_practices(
    at: Map, covers: tuple[str, ...], report: Report, vocabulary: Vocabulary
) -> tuple[Practice, ...]:
    """The practices of a clause; `covers` are the rows of the clause, of which each practice may name its own."""
    return tuple(_practice(item, covers, report, vocabulary) for item in _items(at, "practices"))


def read_evidence(
    at: Map, covers: tuple[str, ...], report: Report, vocabulary: Vocabulary
) -> tuple[Evidence, ...]:
    """What shows that a clause or practice is kept; `covers` are the rows it stands under."""
    found = [_evidence(item, covers, report, vocabulary) for item in _items(at, "evidence")]
    return tuple(e for e in found if e is not None)


def _items(at: Map, key: str) -> list[Src]:
    src = at.take(key)
    if src is None:
        return []
    if not src.is_list:
        at.error(src, key, _("应为一列（每项以 - 开头）"))
        return []
    return at.each(src, key)


def _practice(src: Src, covers: tuple[str, ...], report: Report, vocabulary: Vocabulary) -> Practice:
    inside = Map(src, report)
    own = _rows(inside, covers)
    practice = Practice(
        text=inside.text("practice", required=True, longest=LONGEST),
        text_en=inside.text("practice_en", longest=LONGEST),
        risk=inside.text("risk", longest=LONGEST),
        risk_en=inside.text("risk_en", longest=LONGEST),
        outcome=inside.text("outcome", longest=LONGEST),
        outcome_en=inside.text("outcome_en", longest=LONGEST),
        covers=own,
        evidence=read_evidence(inside, own, report, vocabulary),
    )
    inside.close()
    return practice


def _evidence(src: Src, covers: tuple[str, ...], report: Report, vocabulary: Vocabulary) -> Evidence | None:
    inside = Reader(src, report, vocabulary)
    if not src.is_map:
        return None
    kind = next(iter(src.value), "")
    if kind not in EVIDENCE:
        report.add(
            src,
            "evidence",
            _("一项证据须以它的类型开头：%(all)s"),
            all=words(f"{k}: <text>" for k in EVIDENCE),
        )
        return None
    specs = inside.kinds("event")
    evidence = Evidence(
        kind=kind,
        text=inside.text(kind, required=True, longest=LONGEST),
        text_en=inside.text("en", longest=LONGEST),
        events=specs,
        metric=inside.code("code"),
        covers=_rows(inside, covers),
    )
    inside.close()
    return evidence


def _rows(inside: Map, covers: tuple[str, ...]) -> tuple[str, ...]:
    src = inside.values.get("covers")
    rows = inside.rows("covers")
    for row in rows:
        if row not in covers:
            inside.error(src or inside.src, "covers", _("%(row)s 不在本条款的 covers 内"), row=row)
    return rows
