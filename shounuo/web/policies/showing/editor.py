"""The editor of a draft: the list of its clauses, a clause with its rules, the form of a rule with its sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from shounuo.calendars import queries as calendar_queries
from shounuo.cases import queries as case_queries
from shounuo.kernel.actors import Actor
from shounuo.policy import labels
from shounuo.policy.editing.changes import HeadSet, mark_of_clause, mark_of_rule
from shounuo.policy.editing.choices import calendars as calendar_choices
from shounuo.policy.editing.compounds import Group, Rows
from shounuo.policy.editing.controls import Choice, Control, Text
from shounuo.policy.editing.flat import Choices, Context, Flat, Sheet, rows
from shounuo.policy.editing.sheets import SHEETS, drawn
from shounuo.policy.models import PolicyVersion
from shounuo.policy.reading import PackInvalid
from shounuo.policy.schema import AnyRule, Chapter, Clause, Commitment, Pack
from shounuo.policy.sentences import details, sentence
from shounuo.policy.services.common import words as vocabulary_now
from shounuo.policy.standing import standing_of
from shounuo.web.policies.showing.clauses import KINDS
from shounuo.web.policies.showing.documents import ICONS, title_of

SUBJECT = {"commitment": "case", "record": "case"}
"""What a new rule of a kind is about until its author says otherwise."""
HEAD: tuple[Control, ...] = (
    Text(name="title", label=gettext_lazy("制度名称"), required=True, wide=False),
    Text(name="title_en", label=gettext_lazy("英文名称"), wide=False),
    Text(name="version", label=gettext_lazy("版本号"), required=True, wide=False),
    Choice(
        name="default_calendar",
        label=gettext_lazy("按哪个日历计时"),
        options=calendar_choices,
        required=True,
    ),
    Text(name="note", label=gettext_lazy("说明"), long=True),
    Rows(
        name="chapters",
        label=pgettext_lazy("several", "章节"),
        help=gettext_lazy("2.1 排在 2 之后，归在它下面"),
        moves=True,
        add=gettext_lazy("加一章"),
        row=Group(
            name="",
            fields=(
                Text(name="number", label=gettext_lazy("章节号"), required=True, wide=False),
                Text(name="title", label=gettext_lazy("名称"), required=True, wide=False),
                Text(name="title_en", label=gettext_lazy("英文名称"), wide=False),
            ),
        ),
    ),
)
HEAD_FIELDS = frozenset(c.name for c in HEAD)
WHAT: dict[str, Callable[[dict[str, str]], str]] = {
    "head": lambda p: _("改名称或章节"),
    "clause_added": lambda p: _("新增 %(clause)s") % p,
    "clause_changed": lambda p: _("改写 %(clause)s") % p,
    "clause_moved": lambda p: _("移动 %(clause)s") % p,
    "clause_removed": lambda p: _("删去 %(clause)s") % p,
    "rule_added": lambda p: _("给 %(clause)s 加规则") % p,
    "rule_changed": lambda p: _("改 %(clause)s 的规则") % p,
    "rule_moved": lambda p: _("移动 %(clause)s 的规则") % p,
    "rule_removed": lambda p: _("删去 %(clause)s 的规则") % p,
}


def base_of(version: PolicyVersion) -> str:
    """Where a draft is edited."""
    return f"/policy/{version.policy.code}/versions/{version.pk}/edit/"


def clause_url(version: PolicyVersion, code: str) -> str:
    return f"{base_of(version)}clauses/{quote(code)}/"


def what_words(what: str, clause: str) -> str:
    """A change in words."""
    return WHAT[what]({"clause": clause}) if what in WHAT else what


def calendars() -> Choices:
    return [(c.code, c.name) for c in calendar_queries.visible_to(Actor.system())]


def page(version: PolicyVersion, pack: Pack, current: str, actor: Actor) -> dict[str, Any]:
    """What stands around every page of the editor: the document, its clauses, the last change. Three queries."""
    base = base_of(version)
    last = version.edits.select_related("by").defer("before").order_by("-id").first()
    return {
        "title": title_of(version),
        "document": {
            "title": title_of(version),
            "label": version.label,
            "code": version.policy.code,
            "url": f"/policy/{version.policy.code}/versions/",
            "read_url": f"/policy/{version.policy.code}/?version={version.number}",
            "base": base,
            "head_url": f"{base}head/",
            "new_url": f"{base}clauses/new/" + (f"?after={quote(current)}" if current else ""),
            "submit_url": f"/policy/{version.policy.code}/versions/{version.pk}/submit/",
        },
        "undo": None
        if last is None
        else {
            "url": f"{base}undo/",
            "edit": last.pk,
            "what": what_words(last.what, last.clause),
            "who": last.by.name if last.by and last.by_id != actor.person_id else "",
            "at": last.at,
        },
        "contents": _contents(version, pack, current),
    }


def _contents(version: PolicyVersion, pack: Pack, current: str) -> list[dict[str, Any]]:
    chapters = {c.number: c for c in pack.chapters}
    found = []
    before: str | None = None
    open_ = version.comments.filter(settled_at=None).values_list("clause").annotate(Count("id")).order_by()
    said = dict(open_)
    for clause in pack.clauses:
        chapter = chapters.get(clause.chapter)
        fresh = clause.chapter != before
        before = clause.chapter
        found.append(
            {
                "chapter": f"{chapter.number} {labels.spoken(chapter.title, chapter.title_en)}"
                if fresh and chapter
                else "",
                "number": clause.number,
                "title": labels.spoken(clause.title, clause.title_en),
                "url": clause_url(version, clause.id),
                "is_on": clause.id == current,
                "rules": len(clause.rules),
                "gaps": any(r.gaps for r in clause.rules),
                "comments": said.get(clause.id, 0),
            }
        )
    return found


def clause_initial(clause: Clause) -> dict[str, Any]:
    return {
        "id": clause.id,
        "chapter": clause.chapter,
        "title": clause.title,
        "title_en": clause.title_en,
        "wording": clause.wording,
        "wording_en": clause.wording_en,
        "source": clause.source,
        "covers": ", ".join(clause.covers),
    }


def rules(version: PolicyVersion, pack: Pack, clause: Clause) -> dict[str, Any]:
    """The rules of a clause as they read, with what may be done with each; and the clause's own acts."""
    base = clause_url(version, clause.id)
    vocabulary = vocabulary_now()
    titles = titles_of(pack)
    found = []
    for rule in clause.rules:
        standing = standing_of(rule, vocabulary)
        found.append(
            {
                "kind": KINDS[rule.kind],
                "icon": ICONS[rule.kind],
                "title": labels.spoken(rule.title, rule.title_en) or rule.name,
                "sentence": sentence(rule, titles=titles),
                "details": details(rule, default_calendar=pack.default_calendar),
                "waits": _("、").join(labels.part(p) for p in standing.waiting_for)
                if standing.status == "waiting"
                else "",
                "gaps": [labels.field(g) for g in rule.gaps],
                "url": f"{base}rules/{mark_of_rule(rule)}/",
                "can_preview": isinstance(rule, Commitment) and not rule.gaps,
            }
        )
    return {
        "items": found,
        "base": base,
        "seen": mark_of_clause(clause),
        "practices": len(clause.practices),
        "evidence": len(clause.evidence),
        "places": [
            ("", _("最前面")),
            *(
                (c.id, f"{c.number} {labels.spoken(c.title, c.title_en)}")
                for c in pack.clauses
                if c is not clause
            ),
        ],
        "only": len(pack.clauses) == 1,
    }


def kinds(version: PolicyVersion, clause: str) -> list[dict[str, Any]]:
    """The kinds of rule that may be added."""
    return [
        {"label": KINDS[k], "icon": ICONS[k], "url": f"{clause_url(version, clause)}rules/new/{k}/"}
        for k in SHEETS
    ]


def titles_of(pack: Pack) -> dict[str, str]:
    """What the rules of a pack are called, for a rule that points at another."""
    return {r.name: labels.spoken(r.title, r.title_en) or r.name for _clause, r in pack.rules()}


def form_context(pack: Pack, clause: Clause | None, rule: str, subject: str) -> Context:
    """What a form's choices are drawn from. Two queries."""
    custom = [(f"field.{f.code}", f.label) for f in case_queries.fields_of()] if subject == "case" else []
    return Context(
        vocabulary=vocabulary_now(),
        pack=pack,
        subject=subject,
        calendars=calendars(),
        facts=custom,
        covers=clause.covers if clause is not None else (),
        rule=rule,
    )


def blank(kind: str, subject: str) -> Flat:
    """A new rule's form before anything is typed."""
    return {"subject": [subject]} if kind in SUBJECT else {}


def said(rule: AnyRule | None, sheet: Sheet, pack: Pack, kind: str) -> dict[str, Any]:
    """The rule in words, or how many things are still missing."""
    if rule is None:
        return {"sentence": "", "details": [], "count": sum(len(f) for f in sheet.faults.values())}
    standing = standing_of(rule, sheet.context.vocabulary)
    return {
        "sentence": sentence(rule, titles=titles_of(pack)),
        "details": details(rule, default_calendar=pack.default_calendar),
        "waits": _("、").join(labels.part(p) for p in standing.waiting_for)
        if standing.status == "waiting"
        else "",
        "count": 0,
    }


def rule_form(
    version: PolicyVersion,
    clause: Clause,
    kind: str,
    seen: str,
    sheet: Sheet,
    others: dict[str, Any] | None,
    act: str,
) -> dict[str, Any]:
    """The form of a rule. `act`: the button that redrew it; a row that it added has the focus."""
    base = clause_url(version, clause.id)
    url = f"{base}rules/{seen}/" if seen else f"{base}rules/new/{kind}/"
    return form_of(
        clause, kind, sheet, act, url=others["url"] if others else url, back=base, verb=_("存规则")
    ) | {
        "others": others,
        "remove_url": f"{url}remove/" if seen else "",
        "is_new": not seen,
        "can_preview": kind == "commitment",
    }


def form_of(
    clause: Clause, kind: str, sheet: Sheet, act: str, *, url: str, back: str, verb: str
) -> dict[str, Any]:
    """The form of a rule wherever it stands: where it is sent, what its button says, and the page of its clause."""
    shown = drawn(kind, sheet)
    added = act.removeprefix("add:") if act.startswith("add:") else ""
    return {
        "kind": KINDS[kind],
        "kind_code": kind,
        "icon": ICONS[kind],
        "url": url,
        "verb": verb,
        "was": sheet.text("name"),
        "clause": {
            "number": clause.number,
            "title": labels.spoken(clause.title, clause.title_en),
            "wording": labels.spoken(clause.wording, clause.wording_en),
            "url": back,
        },
        "controls": shown["usual"],
        "more": shown["more"],
        "more_open": any(_filled(c) for c in shown["more"]),
        "faults": sheet.faults.get("", []),
        "focus": f"{added}.{max(rows(sheet.flat, added), default=0)}" if added else "",
    }


def _filled(control: dict[str, Any]) -> bool:
    return bool(
        control["faults"]
        or control.get("value")
        or control.get("values")
        or control.get("rows")
        or control.get("n")
        or control.get("on")
    )


def changed_meanwhile(
    version: PolicyVersion, pack: Pack, clause: Clause, kind: str, name: str
) -> dict[str, Any]:
    """What became of a rule that somebody else changed while its form was open, and where saving it now would put it."""
    base = clause_url(version, clause.id)
    now = next((r for r in clause.rules if (r.kind, r.name) == (kind, name)), None)
    return {
        "sentence": sentence(now, titles=titles_of(pack)) if now is not None else "",
        "url": f"{base}rules/{mark_of_rule(now)}/" if now is not None else f"{base}rules/new/{kind}/",
    }


def place(sheet: Sheet, invalid: PackInvalid, kind: str) -> None:
    """Takes what the whole pack has against a rule to the controls of its form."""
    names = {"title", "name", *(c.name for c in SHEETS[kind])}
    for error in invalid.errors:
        name = error.field.partition(".")[0]
        if name in names:
            sheet.wrong(name, error.message)
        else:
            sheet.wrong("", f"{error.place} {error.message}" if error.place else error.message)


def head_flat(pack: Pack) -> Flat:
    """The head of a pack as its form shows it."""
    chapters = [{"number": c.number, "title": c.title, "title_en": c.title_en} for c in pack.chapters]
    plain = {
        "title": pack.title,
        "title_en": pack.title_en,
        "version": pack.version,
        "default_calendar": pack.default_calendar,
        "note": pack.note,
        "chapters": chapters,
    }
    context = Context(vocabulary_now(), pack)
    found: Flat = {}
    for control in HEAD:
        found |= control.fill(plain[control.name], control.name, context)
    return found


def head_change(sheet: Sheet, seen: str) -> HeadSet:
    """What the head's form says. What is missing stands in the sheet's faults."""
    for name in ("title", "version", "default_calendar"):
        if not sheet.text(name):
            sheet.wrong(name, _("缺少，必须写明"))
    chapters = []
    for n in rows(sheet.flat, "chapters"):
        at = f"chapters.{n}"
        number, title, english = (sheet.text(f"{at}.{name}") for name in ("number", "title", "title_en"))
        if not (number or title or english):
            continue
        if not number:
            sheet.wrong(f"{at}.number", _("缺少，必须写明"))
        if not title:
            sheet.wrong(f"{at}.title", _("缺少，必须写明"))
        chapters.append(Chapter(number=number, title=title, title_en=english))
    return HeadSet(
        seen=seen,
        title=sheet.text("title"),
        title_en=sheet.text("title_en"),
        version=sheet.text("version"),
        default_calendar=sheet.text("default_calendar"),
        note=sheet.text("note"),
        chapters=tuple(chapters),
    )
