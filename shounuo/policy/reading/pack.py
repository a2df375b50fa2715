"""Reading a whole pack: its head, chapters and clauses, and what must fit together across them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.policy.reading.fields import ROW, Map
from shounuo.policy.reading.proofs import read_evidence, read_practices
from shounuo.policy.reading.rules import read_rule
from shounuo.policy.reading.source import PackError, Report, Src, of_plain, tree
from shounuo.policy.schema import AnyRule, Chapter, Clause, Commitment, Pack
from shounuo.policy.vocabulary import TRUSTED, Vocabulary, current

PACK = re.compile(r"^[a-z][a-z0-9-]{0,39}\Z")
# Words that stand where a pack's code does in the addresses of pages.
TAKEN = frozenset(
    "causes clauses comments documents findings import inspections maturity new proposals reviews".split()
)
CLAUSE = re.compile(r"^[A-Z]+-[0-9A-Za-z.-]{1,32}\Z")
NUMBER = re.compile(r"^[0-9]+(\.[0-9]+){0,4}\Z")


def read_pack(text: str, file: str, vocabulary: Vocabulary | None = None) -> Pack:
    """The pack that the text says. `file` names it in messages.

    Raises PackInvalid with every error found, each with file, line, clause and rule, what is wrong and what is allowed.
    """
    report = Report(file)
    root = tree(text, report)
    pack = None
    if root is not None and not report.errors:
        pack = _Reading(root, report, vocabulary or current()).pack()
    report.done()
    assert pack is not None
    return pack


@lru_cache(maxsize=8)
def stored_pack(source: str, file: str) -> Pack:
    """A text that was checked when it was stored, in its typed form; the last few are kept, because an editor asks for
    the same one again and again."""
    return read_pack(source, file, TRUSTED)


def read_pack_plain(plain: Mapping[str, Any], file: str, vocabulary: Vocabulary) -> Pack:
    """The pack behind plain data as `writing.pack_plain` makes it, checked whole. Raises PackInvalid with every error,
    by clause and rule, without lines."""
    report = Report(file)
    pack = _Reading(of_plain(plain), report, vocabulary).pack()
    report.done()
    assert pack is not None
    return pack


def rule_of(kind: str, name: str, body: Mapping[str, Any]) -> AnyRule:
    """The rule behind a stored body, whose words were checked when it was imported.

    Raises PackInvalid for a body that was not written by `writing.rule_body`.
    """
    report = Report(f"{kind} {name}")
    rule = read_rule(of_plain({kind: name, **body}), report, TRUSTED)
    report.done()
    assert rule is not None
    return rule


def read_rule_plain(plain: Mapping[str, Any], clause: str, vocabulary: Vocabulary) -> AnyRule:
    """The rule behind plain data as it stands in a pack. Raises PackInvalid with every error."""
    report = Report(str(_("规则")), clause)
    rule = read_rule(of_plain(dict(plain)), report, vocabulary)
    report.done()
    assert rule is not None
    return rule


def read_rule_tree(src: Src, clause: str, vocabulary: Vocabulary) -> tuple[AnyRule | None, list[PackError]]:
    """The rule that a tree says (a form's, whose lines are its own), or what is wrong with it, in no order."""
    report = Report(str(_("规则")), clause)
    rule = read_rule(src, report, vocabulary)
    return (None if report.errors else rule), report.errors


class _Reading:
    def __init__(self, root: Src, report: Report, vocabulary: Vocabulary) -> None:
        self.root = root
        self.report = report
        self.vocabulary = vocabulary

    def pack(self) -> Pack | None:
        head = Map(self.root, self.report)
        if not self.root.is_map:
            return None
        named = head.values.get("pack", self.root)
        code = self._patterned(
            head, "pack", PACK, _("“%(value)s”不是制度包代码：小写字母开头，只用小写字母、数字和 -")
        )
        chapters = self._chapters(head)
        clauses = self._clauses(head, {c.number for c in chapters})
        if code in TAKEN:
            head.error(named, "pack", _("“%(value)s”是页面的地址，不能作制度包代码"), value=code)
        pack = Pack(
            code=code,
            title=head.text("title", required=True),
            title_en=head.text("title_en", longest=200),
            version=head.text("version", required=True, longest=40),
            note=head.text("note", longest=4000),
            default_calendar=head.code("default_calendar", required=True),
            chapters=chapters,
            clauses=clauses,
            not_built=self._not_built(head, clauses),
            line=self.root.line,
        )
        head.close()
        self._due_of(clauses)
        return pack

    def _patterned(self, at: Map, key: str, pattern: re.Pattern[str], wrong: Any) -> str:
        src = at.take(key, required=True)
        if src is None:
            return ""
        if not src.is_scalar or not pattern.match(src.raw):
            at.error(src, key, wrong, value=src.raw)
            return ""
        return src.raw

    def _items(self, head: Map, key: str, *, required: bool = False) -> list[Src]:
        src = head.take(key, required=required)
        if src is None:
            return []
        if not src.is_list:
            head.error(src, key, _("应为一列（每项以 - 开头）"))
            return []
        return head.each(src, key)

    def _chapters(self, head: Map) -> tuple[Chapter, ...]:
        found: list[Chapter] = []
        for src in self._items(head, "chapters"):
            at = Map(src, self.report)
            number = self._patterned(at, "number", NUMBER, _("“%(value)s”不是章节号，例如 2 或 2.1"))
            chapter = Chapter(
                number=number,
                title=at.text("title", required=True),
                title_en=at.text("title_en", longest=200),
            )
            at.close()
            known = {c.number for c in found}
            if number in known:
                at.error(src, "number", _("“%(value)s”写了两次"), value=number)
            above = number.rpartition(".")[0]
            if above and above not in known:
                at.error(src, "number", _("%(value)s 之前须有 %(above)s"), value=number, above=above)
            found.append(chapter)
        return tuple(found)

    def _clauses(self, head: Map, chapters: set[str]) -> tuple[Clause, ...]:
        found: list[Clause] = []
        lines: dict[str, int] = {}
        for src in self._items(head, "clauses", required=True):
            clause = self._clause(src, chapters)
            if clause.id in lines and clause.id:
                self.report.clause = clause.id
                self.report.add(src, "id", _("写了两次（第一次在第 %(first)d 行）"), first=lines[clause.id])
            lines.setdefault(clause.id, src.line)
            found.append(clause)
        self.report.clause = ""
        return tuple(found)

    def _clause(self, src: Src, chapters: set[str]) -> Clause:
        self.report.clause = src.value["id"].raw if src.is_map and "id" in src.value else ""
        at = Map(src, self.report)
        id = self._patterned(at, "id", CLAUSE, _("“%(value)s”不是条款编号，例如 REG-2.2.1"))
        chapter = at.take("chapter")
        if chapter is not None and chapter.raw not in chapters:
            at.error(
                chapter,
                "chapter",
                _("没有章节“%(value)s”；可用：%(all)s"),
                value=chapter.raw,
                all=", ".join(sorted(chapters)),
            )
        covers = at.rows("covers")
        rules = self._rules(at, covers)
        clause = Clause(
            id=id,
            title=at.text("title", required=True),
            title_en=at.text("title_en", longest=200),
            wording=at.text("wording", required=True, longest=10_000),
            wording_en=at.text("wording_en", longest=20_000),
            source=at.text("source", longest=200),
            chapter=chapter.raw if chapter is not None else "",
            covers=covers,
            practices=read_practices(at, covers, self.report, self.vocabulary),
            evidence=read_evidence(at, covers, self.report, self.vocabulary),
            rules=rules,
            line=src.line,
        )
        at.close()
        return clause

    def _rules(self, at: Map, covers: tuple[str, ...]) -> tuple[AnyRule, ...]:
        src = at.take("rules")
        if src is None:
            return ()
        if not src.is_list:
            at.error(src, "rules", _("应为一列（每项以 - 开头）"))
            return ()
        found: list[AnyRule] = []
        for item in at.each(src, "rules"):
            rule = read_rule(item, self.report, self.vocabulary)
            self.report.rule = ""
            if rule is None:
                continue
            self.report.rule = rule.name
            same = [r for r in found if (r.kind, r.name) == (rule.kind, rule.name)]
            if any(getattr(r, "when", None) == getattr(rule, "when", None) for r in same):
                self.report.add(item, "", _("同一条款内同名规则的 when 须不同"))
            for row in rule.covers:
                if row not in covers:
                    self.report.add(item, "covers", _("%(row)s 不在本条款的 covers 内"), row=row)
            self.report.rule = ""
            found.append(rule)
        return tuple(found)

    def _not_built(self, head: Map, clauses: tuple[Clause, ...]) -> tuple[tuple[str, str], ...]:
        src = head.take("not_built")
        if src is None:
            return ()
        at = Map(src, self.report)
        covered = {row for clause in clauses for row in clause.covers}
        found = []
        for row in list(at.values):
            place = at.values[row]
            reason = at.text(row, longest=400)
            if not ROW.match(row):
                at.error(
                    place, f"not_built.{row}", _("“%(value)s”不是要求编号，例如 REG-2.2.1-01"), value=row
                )
            elif row in covered:
                at.error(place, f"not_built.{row}", _("已在某一条款的 covers 内"))
            found.append((row, reason))
        return tuple(sorted(found))

    def _due_of(self, clauses: tuple[Clause, ...]) -> None:
        """`by: {due_of}` must name a commitment of the pack, on the same subject, with a time of its own."""
        commitments = [(c, r) for c in clauses for r in c.rules if isinstance(r, Commitment)]
        by_name: dict[str, list[Commitment]] = {}
        for _clause, rule in commitments:
            by_name.setdefault(rule.name, []).append(rule)
        for clause, rule in commitments:
            if not rule.due_of:
                continue
            self.report.clause, self.report.rule = clause.id, rule.name
            others = by_name.get(rule.due_of, [])
            if not others:
                timed = sorted(n for n, rs in by_name.items() if any(not r.due_of for r in rs))
                self.report.add(
                    rule.line,
                    "by",
                    _("没有时限规则“%(value)s”；可用：%(all)s"),
                    value=rule.due_of,
                    all=", ".join(timed),
                )
            elif any(o.due_of for o in others):
                self.report.add(
                    rule.line,
                    "by",
                    _("“%(value)s”自己也没有 within，不能借用它的到期时间"),
                    value=rule.due_of,
                )
            elif any(o.subject != rule.subject for o in others):
                self.report.add(rule.line, "by", _("“%(value)s”计在另一种对象上"), value=rule.due_of)
        self.report.clause = self.report.rule = ""
