"""Requirement rows and what becomes of each: enforced, waiting, shown, only written down, left out, not taken up. Pure
but for reading the files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from shounuo.policy.schema import Pack
from shounuo.policy.standing import LIVE, WAITING, standing_of
from shounuo.policy.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Row:
    """One demand of a source document."""

    id: str
    section: str
    text: str
    text_en: str
    kind: str
    figures: str
    role: str
    module: str


class Fate(StrEnum):
    """What a pack makes of a row, strongest first."""

    LIVE = "live"
    WAITING = "waiting"
    SHOWN = "shown"
    WRITTEN = "written"
    NOT_BUILT = "not_built"
    ABSENT = "absent"


_STRENGTH = list(Fate)


def read(paths: Iterable[Path]) -> dict[str, dict[str, Row]]:
    """The rows of each register by id; a register is called as its file (REG, CAP)."""
    found: dict[str, dict[str, Row]] = {}
    for path in paths:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            found[path.stem] = {
                r["id"]: Row(
                    r["id"],
                    r["section_zh"],
                    r["requirement_zh"],
                    r["requirement_en"],
                    r["kind"],
                    r["figures"],
                    r["role"],
                    r["module"],
                )
                for r in csv.DictReader(lines)
            }
    return found


@dataclass(frozen=True, slots=True)
class Audit:
    """The fate of every row of the registers that a set of packs speaks of, and ids that no register knows.

    `by`: row -> where it is dealt with (clause codes). `reasons`: row left out -> why.
    """

    fates: dict[str, dict[str, Fate]]
    by: dict[str, list[str]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    unknown: list[tuple[str, str, int, str]] = field(default_factory=list)  # pack, clause, line, row

    def count(self, register: str, fate: Fate) -> int:
        return sum(1 for f in self.fates[register].values() if f is fate)


def audit(registers: Mapping[str, Mapping[str, Row]], packs: Iterable[Pack], vocabulary: Vocabulary) -> Audit:
    """What the packs make of each row. A rule without `covers` stands for all rows of its clause."""
    fates: dict[str, Fate] = {}
    found = Audit({})
    known = {row for rows in registers.values() for row in rows}
    for pack in packs:
        for clause in pack.clauses:
            for row in clause.covers:
                _raise(fates, row, Fate.WRITTEN)
                found.by.setdefault(row, []).append(clause.id)
                if row not in known:
                    found.unknown.append((pack.code, clause.id, clause.line, row))
            for rule in clause.rules:
                status = standing_of(rule, vocabulary).status
                fate = {LIVE: Fate.LIVE, WAITING: Fate.WAITING}.get(status, Fate.SHOWN)
                for row in rule.covers or clause.covers:
                    _raise(fates, row, fate)
        for row, reason in pack.not_built:
            _raise(fates, row, Fate.NOT_BUILT)
            found.reasons[row] = reason
            if row not in known:
                found.unknown.append((pack.code, "not_built", pack.line, row))
    for name, rows in registers.items():
        found.fates[name] = {row: fates.get(row, Fate.ABSENT) for row in rows}
    return found


def _raise(fates: dict[str, Fate], row: str, fate: Fate) -> None:
    before = fates.get(row, Fate.ABSENT)
    fates[row] = min(before, fate, key=_STRENGTH.index)
