"""From an uploaded regulation and the rules that people accepted to a pack: a new one, or one that exists with these
clauses in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shounuo.kernel.text import clean_line, truncate
from shounuo.policy.proposing.normalise import rejoined
from shounuo.policy.schema import AnyRule, Chapter, Clause, Pack

CALENDAR = "business"
_LONGEST_TITLE = 120
_LONGEST_WORDING = 10_000
_DEEPEST = 5


def clause_code(prefix: str, number: str) -> str:
    """How a clause of an upload is named in a pack: AH-2.1."""
    return f"{prefix}-{number}"


def packed(
    *,
    code: str,
    title: str,
    prefix: str,
    version: str,
    text: str,
    wrapped: bool,
    chapters: Sequence[Sequence[str]],
    clauses: Sequence[Mapping[str, Any]],
    rules: Mapping[str, Sequence[AnyRule]],
    base: Pack | None,
) -> Pack:
    """The pack with every clause of the upload and the rules given by clause number.

    With a base, its other clauses stay as they are; a clause of the same code gets the new wording, keeps its rules and
    gains the new ones (one of the same kind, name and conditions is replaced). Chapters of the base keep their titles.
    """
    headings = list(base.chapters) if base is not None else []
    known = {c.number for c in headings}
    for number, name in chapters:
        above = number.rpartition(".")[0]
        if number not in known and (not above or above in known) and number.count(".") < _DEEPEST:
            headings.append(
                Chapter(number=number, title=truncate(clean_line(name), _LONGEST_TITLE) or number)
            )
            known.add(number)
    found = {c.id: c for c in base.clauses} if base is not None else {}
    for plain in clauses:
        number = str(plain["number"])
        wording = _wording(text, int(plain["start"]), int(plain["end"]), wrapped=wrapped)
        if not wording:
            continue
        id = clause_code(prefix, number)
        old = found.get(id)
        chapter = str(plain["chapter"])
        new = Clause(
            id=id,
            title=truncate(clean_line(str(plain["title"])), _LONGEST_TITLE) or number,
            wording=wording,
            chapter=chapter if chapter in known else "",
            rules=_together(old.rules if old is not None else (), rules.get(number, ())),
        )
        found[id] = new if old is None else replace(old, title=new.title, wording=wording, rules=new.rules)
    if base is not None:
        return replace(base, version=version, chapters=_ordered(headings), clauses=tuple(found.values()))
    return Pack(
        code=code,
        title=title,
        version=version,
        default_calendar=CALENDAR,
        clauses=tuple(found.values()),
        chapters=_ordered(headings),
    )


def _ordered(chapters: Iterable[Chapter]) -> tuple[Chapter, ...]:
    return tuple(sorted(chapters, key=lambda c: [int(n) for n in c.number.split(".")]))


def _wording(text: str, start: int, end: int, *, wrapped: bool) -> str:
    words = rejoined(text, start, end) if wrapped else text[start:end]
    lines = (clean_line(line) for line in words.split("\n"))
    return truncate("\n".join(line for line in lines if line), _LONGEST_WORDING)


def _together(old: Sequence[AnyRule], new: Sequence[AnyRule]) -> tuple[AnyRule, ...]:
    """Old and new rules of a clause; names are made different where two would bind the same things."""
    found = [rule for rule in old if not any(_same(rule, other) for other in new)]
    for rule in new:
        name, count = rule.name, 1
        while any(_same(replace(rule, name=name), other) for other in found):
            count += 1
            name = f"{rule.name[:60]}-{count}"
        found.append(replace(rule, name=name))
    return tuple(found)


def _same(one: AnyRule, other: AnyRule) -> bool:
    return (
        (one.kind, one.name, one.when) == (other.kind, other.name, other.when)
        if _has_when(one, other)
        else (
            one.kind,
            one.name,
        )
        == (other.kind, other.name)
    )


def _has_when(one: AnyRule, other: AnyRule) -> bool:
    return hasattr(one, "when") and hasattr(other, "when")
