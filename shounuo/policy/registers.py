"""Requirement rows and what becomes of each: enforced, evidenced, waiting, only written down, left out, not taken up.
Pure but for reading the files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from shounuo.policy.schema import AnyRule, Pack, Record
from shounuo.policy.standing import LIVE, WAITING, evidence_exists, standing_of
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
    """What a pack makes of a row, strongest first.

    live: a rule runs · evidenced: what shows that it is kept exists, though no rule judges it · waiting: for a part that
    is not built · unset: for a figure that the organisation must fill in · written: the document says it, nothing more ·
    not_built: left out with a reason · absent: no clause speaks of it.
    """

    LIVE = "live"
    EVIDENCED = "evidenced"
    WAITING = "waiting"
    UNSET = "unset"
    WRITTEN = "written"
    NOT_BUILT = "not_built"
    ABSENT = "absent"


_STRENGTH = list(Fate)


def read(paths: Iterable[Path]) -> dict[str, dict[str, Row]]:
    """The rows of each register by id; a register is called as its file (REG, CAP). In the register of processes (PCF) a
    demand is called a practice, and its section a process."""
    found: dict[str, dict[str, Row]] = {}
    for path in paths:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            found[path.stem] = {
                r["id"]: Row(
                    r["id"],
                    r.get("section_zh") or f"{r['process']} {r['process_zh']}",
                    r.get("requirement_zh") or r["practice_zh"],
                    r.get("requirement_en") or r["practice_en"],
                    r["kind"],
                    r.get("figures") or "",
                    r.get("role") or "",
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
                for row in rule.covers or clause.covers:
                    _raise(fates, row, _fate(rule, vocabulary))
            for evidence, covered in clause.proofs():
                if evidence_exists(evidence, vocabulary):
                    for row in covered:
                        _raise(fates, row, Fate.EVIDENCED)
        for row, reason in pack.not_built:
            _raise(fates, row, Fate.NOT_BUILT)
            found.reasons[row] = reason
            if row not in known:
                found.unknown.append((pack.code, "not_built", pack.line, row))
    for name, rows in registers.items():
        found.fates[name] = {row: fates.get(row, Fate.ABSENT) for row in rows}
    return found


def _fate(rule: AnyRule, vocabulary: Vocabulary) -> Fate:
    """What a rule makes of the rows that it covers. A rule that nothing enforces yet is evidenced when every event that
    it names exists: what it asks for can be looked up. Not so a record: its event exists, its fields may not."""
    status = standing_of(rule, vocabulary).status
    if status == LIVE:
        return Fate.LIVE
    if rule.gaps:
        return Fate.UNSET
    if status != WAITING and not isinstance(rule, Record) and any(rule.events()):
        return Fate.EVIDENCED
    return Fate.WAITING


def _raise(fates: dict[str, Fate], row: str, fate: Fate) -> None:
    before = fates.get(row, Fate.ABSENT)
    fates[row] = min(before, fate, key=_STRENGTH.index)
