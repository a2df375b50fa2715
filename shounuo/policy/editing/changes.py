"""What an editor may change of a pack. A change names what it changes by what its author saw (`seen`, a mark): where
somebody else was faster it is refused, and nothing of either is lost."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from shounuo.kernel.errors import Conflict, Invalid, NotFound
from shounuo.kernel.text import whole
from shounuo.policy.schema import AnyRule, Chapter, Clause, Pack
from shounuo.policy.writing import pack_plain, rule_plain


def mark(plain: Any) -> str:
    """A short mark of plain data: the same for the same meaning."""
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def mark_of_rule(rule: AnyRule) -> str:
    return mark(rule_plain(rule))


def mark_of_clause(clause: Clause) -> str:
    """Of a clause's own words and place, without its rules."""
    return mark([clause.id, clause.title, clause.title_en, clause.wording, clause.wording_en, clause.source,
                 clause.chapter, clause.covers])  # fmt: skip


def mark_of_head(pack: Pack) -> str:
    """Of a document's head: its names, version, calendar, note and chapters."""
    return mark({k: v for k, v in pack_plain(pack).items() if k != "clauses"})


class Moved(Conflict):
    """What was to be changed is not as its author saw it."""

    code = "changed_meanwhile"


def find_clause(pack: Pack, code: str) -> Clause:
    """The clause of a code; NotFound where there is none."""
    clause = next((c for c in pack.clauses if c.id == code), None)
    if clause is None:
        raise NotFound(_("草案里没有条款 %(code)s，可能已被删去或改了编号") % {"code": code})
    return clause


def find_rule(clause: Clause, seen: str) -> int:
    """Where the rule stands that was seen; Moved where no rule of the clause is as it was then."""
    for place, rule in enumerate(clause.rules):
        if mark_of_rule(rule) == seen:
            return place
    raise Moved(_("这条规则刚被别人改过或删去"))


def next_id(pack: Pack, chapter: str) -> str:
    """A free code for a new clause of a chapter, after those there are: REG-2.2.7 after REG-2.2.6."""
    own = [c for c in pack.clauses if c.chapter == chapter] or ([] if chapter else list(pack.clauses))
    if own:
        last = own[-1].id
        dot = "." if "." in last else "-"
        head, _dot, number = last.rpartition(dot)
        first = len(own) + 1 if (n := whole(number)) is None else n + 1
    else:
        prefix = pack.clauses[0].id.partition("-")[0] if pack.clauses else "R"
        head, dot, first = f"{prefix}-{chapter}", ".", 1
    taken = {c.id for c in pack.clauses}
    return next(code for i in count(first) if (code := f"{head}{dot}{i}") not in taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(ABC):
    """One act of an editor. `what` is its code in the history, `clause` the code of the clause it is about ("" = none),
    as it is called afterwards."""

    what: ClassVar[str]

    @property
    def clause(self) -> str:
        return ""

    @abstractmethod
    def of(self, pack: Pack) -> Pack:
        """The pack after the change. Raises Moved, NotFound or Invalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfClause(Change):
    """A change within the clause of a code, which it keeps."""

    code: str

    @property
    def clause(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadSet(Change):
    what = "head"
    seen: str
    title: str
    title_en: str
    version: str
    default_calendar: str
    note: str
    chapters: tuple[Chapter, ...]

    def of(self, pack: Pack) -> Pack:
        if mark_of_head(pack) != self.seen:
            raise Moved(_("制度的名称或章节刚被别人改过"))
        return replace(
            pack,
            title=self.title,
            title_en=self.title_en,
            version=self.version,
            default_calendar=self.default_calendar,
            note=self.note,
            chapters=self.chapters,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseAdd(Change):
    """A new clause after another ("" = at the beginning)."""

    what = "clause_added"
    new: Clause
    after: str

    @property
    def clause(self) -> str:
        return self.new.id

    def of(self, pack: Pack) -> Pack:
        _free(pack, self.new.id)
        return replace(pack, clauses=_placed(list(pack.clauses), self.new, self.after))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseSet(Change):
    """Other words, number, chapter for a clause; its rules, practices and evidence stay."""

    what = "clause_changed"
    code: str
    seen: str
    new: Clause

    @property
    def clause(self) -> str:
        return self.new.id

    def of(self, pack: Pack) -> Pack:
        old = find_clause(pack, self.code)
        if mark_of_clause(old) != self.seen:
            raise Moved(_("这一条刚被别人改过"))
        if self.new.id != old.id:
            _free(pack, self.new.id)
        kept = replace(self.new, practices=old.practices, evidence=old.evidence, rules=old.rules)
        return _with(pack, old, kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseMove(OfClause):
    """One place up (-1) or down (1), or to right after another clause ("" = to the beginning)."""

    what = "clause_moved"
    step: int = 0
    after: str | None = None

    def of(self, pack: Pack) -> Pack:
        clause = find_clause(pack, self.code)
        rest = [c for c in pack.clauses if c is not clause]
        if self.after is not None:
            return replace(pack, clauses=_placed(rest, clause, self.after))
        place = min(max(pack.clauses.index(clause) + self.step, 0), len(rest))
        return replace(pack, clauses=(*rest[:place], clause, *rest[place:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseRemove(OfClause):
    what = "clause_removed"
    seen: str

    def of(self, pack: Pack) -> Pack:
        clause = find_clause(pack, self.code)
        if mark_of_clause(clause) != self.seen:
            raise Moved(_("这一条刚被别人改过"))
        if len(pack.clauses) == 1:
            raise Invalid(_("制度至少要有一条条款"), code="last_clause")
        return replace(pack, clauses=tuple(c for c in pack.clauses if c is not clause))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleAdd(OfClause):
    what = "rule_added"
    rule: AnyRule

    def of(self, pack: Pack) -> Pack:
        return _rules(pack, self.code, lambda rules: (*rules, self.rule))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet(OfClause):
    what = "rule_changed"
    seen: str
    rule: AnyRule

    def of(self, pack: Pack) -> Pack:
        place = find_rule(find_clause(pack, self.code), self.seen)
        return _rules(pack, self.code, lambda rules: (*rules[:place], self.rule, *rules[place + 1 :]))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleMove(OfClause):
    """One place up (-1) or down (1) within its clause."""

    what = "rule_moved"
    seen: str
    step: int

    def of(self, pack: Pack) -> Pack:
        place = find_rule(find_clause(pack, self.code), self.seen)

        def moved(rules: tuple[AnyRule, ...]) -> tuple[AnyRule, ...]:
            rest = [*rules[:place], *rules[place + 1 :]]
            to = min(max(place + self.step, 0), len(rest))
            return (*rest[:to], rules[place], *rest[to:])

        return _rules(pack, self.code, moved)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRemove(OfClause):
    what = "rule_removed"
    seen: str

    def of(self, pack: Pack) -> Pack:
        place = find_rule(find_clause(pack, self.code), self.seen)
        return _rules(pack, self.code, lambda rules: (*rules[:place], *rules[place + 1 :]))


def _free(pack: Pack, code: str) -> None:
    if any(c.id == code for c in pack.clauses):
        raise Invalid(_("条款编号 %(code)s 已经有了") % {"code": code}, field="id", code="taken")


def _placed(clauses: list[Clause], clause: Clause, after: str) -> tuple[Clause, ...]:
    if not after:
        return (clause, *clauses)
    place = next((n for n, c in enumerate(clauses, 1) if c.id == after), None)
    if place is None:
        raise NotFound(_("草案里没有条款 %(code)s，可能已被删去或改了编号") % {"code": after})
    return (*clauses[:place], clause, *clauses[place:])


def _with(pack: Pack, old: Clause, new: Clause) -> Pack:
    return replace(pack, clauses=tuple(new if c is old else c for c in pack.clauses))


def _rules(pack: Pack, code: str, change: Callable[[tuple[AnyRule, ...]], tuple[AnyRule, ...]]) -> Pack:
    clause = find_clause(pack, code)
    return _with(pack, clause, replace(clause, rules=change(clause.rules)))
