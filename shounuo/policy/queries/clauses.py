"""Clauses with their rules as pages and API show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.policy.labels import spoken
from shounuo.policy.models import Clause, PolicyVersion, Rule
from shounuo.policy.queries.proofs import EvidenceView, PracticeView, evidence_of, practices_of
from shounuo.policy.queries.versions import OPEN, generation, in_force, runs, visible_to
from shounuo.policy.reading import rule_of
from shounuo.policy.schema import AnyRule
from shounuo.policy.sentences import details, sentence


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule with its typed form, its sentence and the phrases around it, in the active language."""

    row: Rule
    rule: AnyRule
    title: str
    sentence: str
    details: list[str]


@dataclass(frozen=True, slots=True)
class ClauseView:
    """A clause with its rules, its practices and its evidence, in the active language; `standing`: live, waiting, shown or none, the best of its
    rules."""

    row: Clause
    title: str
    wording: str
    chapters: list[tuple[str, str]]
    rules: list[RuleView]
    practices: list[PracticeView]
    evidence: list[EvidenceView]

    @property
    def standing(self) -> str:
        return best(r.row.status for r in self.rules)


def best(statuses: Iterable[str]) -> str:
    """The strongest of some standings; "none" of none."""
    found = set(statuses)
    return next((s for s in ("live", "waiting", "shown") if s in found), "none")


def clauses_in_force(actor: Actor, at: datetime) -> QuerySet[Clause]:
    """The clauses in force at a moment that the actor may read, in the order of the documents, with rules and version:
    three queries whatever their number."""
    versions = visible_to(actor).filter(in_force(at)).order_by()
    return _with_rules(Clause.objects.filter(version__in=versions.values("pk")))


def clauses_of(*versions: PolicyVersion) -> QuerySet[Clause]:
    """The clauses of these versions, for a page that has them already."""
    return _with_rules(Clause.objects.filter(version__in=versions))


def beside(clause: Clause) -> tuple[str, str]:
    """The codes of the clauses before and after this one in its document; "" at its ends. Two queries."""
    rows = Clause.objects.filter(version_id=clause.version_id)
    before = (
        rows.filter(position__lt=clause.position).order_by("-position").values_list("code", flat=True).first()
    )
    after = (
        rows.filter(position__gt=clause.position).order_by("position").values_list("code", flat=True).first()
    )
    return before or "", after or ""


def _with_rules(rows: QuerySet[Clause]) -> QuerySet[Clause]:
    return (
        rows.select_related("version__policy")
        .defer("version__source")
        .prefetch_related(Prefetch("rules", Rule.objects.order_by("position")))
        .order_by("version__policy__code", "position")
    )


def clause_view(actor: Actor, code: str, at: datetime) -> ClauseView:
    """The clause of this code that is in force; NotFound where there is none or the actor may not know of it."""
    row = clauses_in_force(actor, at).filter(code=code).first()
    if row is None:
        raise NotFound(_("施行中的制度里没有条款 %(code)s") % {"code": code}, field="code")
    titles = _titles(Rule.objects.filter(clause__version_id=row.version_id, kind=Rule.Kind.COMMITMENT))
    return _view(row, titles)


def clause_views(rows: Iterable[Clause]) -> list[ClauseView]:
    """Views of clauses as `clauses_in_force` or `clauses_of` gives them; no query of its own.

    A rule that points at another is told with the other's title when that stands among the clauses given.
    """
    found = list(rows)
    titles: dict[int, dict[str, str]] = {}
    for row in found:
        titles.setdefault(row.version_id, {}).update(_titles(row.rules.all()))
    return [_view(row, titles[row.version_id]) for row in found]


def rule_titles(rule_ids: Iterable[int]) -> dict[int, str]:
    """What rules are called in the active language, by id; one query."""
    rows = Rule.objects.filter(pk__in=set(rule_ids)).values_list("pk", "title", "title_en", "name")
    return {pk: spoken(title, title_en) or name for pk, title, title_en, name in rows}


def title_and_wording(rule_id: int) -> tuple[str, str]:
    """What a rule is called and what its clause says, in the active language; one query."""
    rule = Rule.objects.select_related("clause").get(pk=rule_id)
    clause = rule.clause
    return spoken(rule.title, rule.title_en) or rule.name, spoken(clause.wording, clause.wording_en)


def rules_in_force(kind: str, at: datetime) -> list[tuple[Rule, AnyRule]]:
    """The rules of one kind in force at a moment, whoever asks, whatever their standing. One cheap query: all that ever were
    in force are kept in this process until a policy changes (a generation is never given twice). Rows are shared: read
    them only."""
    now = generation()
    known = _known.get(kind)
    if known is None or known[0] != now:
        rows = (
            Rule.objects.filter(kind=kind, clause__version__state__in=OPEN)
            .select_related("clause__version__policy")
            .defer("clause__version__source")
            .order_by("clause__version__policy__code", "clause__position", "position")
        )
        known = _known[kind] = now, [(row, rule_of(row.kind, row.name, row.body)) for row in rows]
    return [found for found in known[1] if runs(found[0].clause.version, at)]


_known: dict[str, tuple[int, list[tuple[Rule, AnyRule]]]] = {}


def _titles(rows: Iterable[Rule]) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in rows:
        if row.kind == Rule.Kind.COMMITMENT:
            found.setdefault(row.name, spoken(row.title, row.title_en) or row.name)
    return found


def _view(row: Clause, titles: dict[str, str]) -> ClauseView:
    calendar = row.version.default_calendar
    rules = []
    for rule_row in row.rules.all():
        rule = rule_of(rule_row.kind, rule_row.name, rule_row.body)
        rules.append(
            RuleView(
                row=rule_row,
                rule=rule,
                title=spoken(rule_row.title, rule_row.title_en) or rule_row.name,
                sentence=sentence(rule, titles=titles),
                details=details(rule, default_calendar=calendar),
            )
        )
    return ClauseView(
        row=row,
        title=spoken(row.title, row.title_en),
        wording=spoken(row.wording, row.wording_en),
        chapters=[(number, spoken(title, title_en)) for number, title, title_en in row.chapter],
        rules=rules,
        practices=practices_of(row.practices),
        evidence=evidence_of(row.evidence),
    )
