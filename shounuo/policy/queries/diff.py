"""What a version changes, clause by clause."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shounuo.policy.labels import spoken
from shounuo.policy.models import Clause, PolicyVersion, Rule
from shounuo.policy.queries.clauses import clauses_of
from shounuo.policy.reading import rule_of
from shounuo.policy.sentences import details, sentence

ADDED, REMOVED, CHANGED = "added", "removed", "changed"


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule added, removed or changed, its title in the reader's language.

    `fields`: name -> (before, after), None where there was or is none; `said`: the whole rule in words before and after,
    "" where there was or is none.
    """

    kind: str
    name: str
    title: str
    change: str
    fields: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    said: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """A clause added, removed or changed, its title in the reader's language. `fields` as with rules: title, title_en,
    wording, wording_en, source, chapter, covers, practices, evidence."""

    code: str
    title: str
    change: str
    fields: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    rules: list[RuleChange] = field(default_factory=list)


def diff(before: PolicyVersion, after: PolicyVersion) -> list[ClauseChange]:
    """The changes from one version to another in the order of the new one, removed clauses last; empty for equal
    ones. Where a clause merely moved is no change."""
    old = {c.code: c for c in clauses_of(before)}
    calendars = (before.default_calendar, after.default_calendar)
    found = []
    for clause in clauses_of(after):
        previous = old.pop(clause.code, None)
        if previous is None:
            found.append(
                ClauseChange(
                    clause.code,
                    spoken(clause.title, clause.title_en),
                    ADDED,
                    rules=_rules([], list(clause.rules.all()), calendars),
                )
            )
            continue
        fields = _fields(_plain(previous), _plain(clause))
        rules = _rules(list(previous.rules.all()), list(clause.rules.all()), calendars)
        if fields or rules:
            found.append(
                ClauseChange(clause.code, spoken(clause.title, clause.title_en), CHANGED, fields, rules)
            )
    found += [
        ClauseChange(
            c.code, spoken(c.title, c.title_en), REMOVED, rules=_rules(list(c.rules.all()), [], calendars)
        )
        for c in old.values()
    ]
    return found


def _plain(clause: Clause) -> dict[str, Any]:
    return {
        "title": clause.title,
        "title_en": clause.title_en,
        "wording": clause.wording,
        "wording_en": clause.wording_en,
        "source": clause.source,
        "chapter": clause.chapter,
        "covers": sorted(clause.covers),
        "practices": clause.practices,
        "evidence": clause.evidence,
    }


def _fields(old: dict[str, Any], new: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        key: (old.get(key), new.get(key))
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key)
    }


def _rules(old: list[Rule], new: list[Rule], calendars: tuple[str, str]) -> list[RuleChange]:
    """Rules pair by kind and name; of several of one name, first those with the same `when`, then in order."""
    found = []
    was_calendar, calendar = calendars
    left = list(old)
    pairs: list[tuple[Rule, Rule | None]] = []
    for exact in (True, False):
        for row in new:
            if any(row is paired for paired, _old in pairs):
                continue
            match = next((o for o in left if _same(o, row, exact)), None)
            if match is not None:
                left.remove(match)
                pairs.append((row, match))
    for row in new:
        match = next((o for paired, o in pairs if paired is row), None)
        if match is None:
            found.append(RuleChange(row.kind, row.name, _title(row), ADDED, said=("", _said(row, calendar))))
        elif fields := _fields(match.body, row.body):
            found.append(
                RuleChange(
                    row.kind,
                    row.name,
                    _title(row),
                    CHANGED,
                    fields,
                    (_said(match, was_calendar), _said(row, calendar)),
                )
            )
    return found + [
        RuleChange(o.kind, o.name, _title(o), REMOVED, said=(_said(o, was_calendar), "")) for o in left
    ]


def _title(rule: Rule) -> str:
    return spoken(rule.title, rule.title_en) or rule.name


def _said(row: Rule, calendar: str) -> str:
    rule = rule_of(row.kind, row.name, row.body)
    return "\n".join([sentence(rule), *details(rule, default_calendar=calendar)])


def _same(old: Rule, new: Rule, exact: bool) -> bool:
    if (old.kind, old.name) != (new.kind, new.name):
        return False
    return not exact or old.body.get("when") == new.body.get("when")
