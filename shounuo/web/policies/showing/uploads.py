"""Uploaded regulations for their pages: rows of the list, and the review with the wording on one side and the proposed
rules on the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.policy import labels
from shounuo.policy.editing.changes import find_clause
from shounuo.policy.editing.flat import Sheet
from shounuo.policy.editing.sheets import SHEETS
from shounuo.policy.models import PolicyDocument, RuleProposal
from shounuo.policy.proposing import packing
from shounuo.policy.proposing.normalise import rejoined
from shounuo.policy.reading import PackInvalid, read_rule_plain
from shounuo.policy.schema import AnyRule, Clause, Pack
from shounuo.policy.sentences import explain, sentence
from shounuo.policy.services.proposals import SURE, final_plain, mark_of_proposal
from shounuo.policy.services.uploads import proposal_of_row
from shounuo.policy.vocabulary import Vocabulary
from shounuo.web.policies.showing import editor
from shounuo.web.policies.showing.clauses import KINDS
from shounuo.web.policies.showing.documents import ICONS

State = RuleProposal.State
MOMENTS = frozenset({"from", "until", "before", "after", "trigger"})
PEOPLE = frozenset({"who", "notify", "owner", "approver"})
DOUBTFUL = 70
STATES_OF = {"accept": State.ACCEPTED, "fill": State.EDITED, "reject": State.REJECTED}
STILL = {
    "accept": gettext_lazy("仍按原提议采纳"),
    "fill": gettext_lazy("仍按您补的采纳"),
    "reject": gettext_lazy("仍然不采纳"),
}
LOOKS = {State.PROPOSED: "", State.ACCEPTED: "on", State.EDITED: "on", State.REJECTED: "pause"}


def listed(rows: Iterable[PolicyDocument]) -> list[dict[str, Any]]:
    """Rows of `queries.documents` for the list."""
    return [
        {
            "title": row.title,
            "url": f"/policy/documents/{row.pk}/",
            "code": row.code,
            "who": row.created_by.name if row.created_by else "",
            "at": row.created_at,
            "rules": row.rules,  # type: ignore[attr-defined]
            "decided": row.rules - row.open,  # type: ignore[attr-defined]
            "taken": row.taken,  # type: ignore[attr-defined]
            "draft_url": f"/policy/{row.version.policy.code}/versions/" if row.version else "",
        }
        for row in rows
    ]


def progress(document: PolicyDocument, rows: Iterable[RuleProposal], *, may_edit: bool) -> dict[str, Any]:
    """How far an upload is decided, and what can be done with the whole of it now."""
    every = list(rows)
    open_ones = [r for r in every if r.state == State.PROPOSED]
    taken = sum(r.state in (State.ACCEPTED, State.EDITED) for r in every)
    sure = sum(r.confidence >= SURE and not _needs(r) for r in open_ones)
    return {
        "url": f"/policy/documents/{document.pk}/",
        "rules": len(every),
        "decided": len(every) - len(open_ones),
        "open": len(open_ones),
        "taken": taken,
        "rejected": len(every) - len(open_ones) - taken,
        "sure": sure if may_edit else 0,
        "may_draft": may_edit and taken > 0,
        "may_edit": may_edit,
        "draft_url": f"/policy/{document.version.policy.code}/versions/" if document.version else "",
    }


def clauses(
    document: PolicyDocument,
    rows: list[RuleProposal],
    shown: Iterable[Mapping[str, Any]],
    cards: Mapping[int, Any],
) -> list[dict[str, Any]]:
    """The clauses `shown` with their wording in pieces (each with the proposals it speaks for) and their cards."""
    by_clause: dict[str, list[RuleProposal]] = {}
    for row in rows:
        by_clause.setdefault(row.clause, []).append(row)
    chapters = dict(document.chapters)
    found: list[dict[str, Any]] = []
    said: set[str] = set()
    for clause in shown:
        own = by_clause.get(clause["number"], [])
        parts = clause["chapter"].split(".") if clause["chapter"] else []
        above = [number for i in range(len(parts)) if (number := ".".join(parts[: i + 1])) not in said]
        said.update(above)
        found.append(
            {
                "number": clause["number"],
                "title": _own_title(document, clause),
                "chapters": [f"{number} {chapters[number]}" for number in above if number in chapters],
                "pieces": _pieces(document, clause, own),
                "cards": [cards[row.pk] for row in own],
            }
        )
    return found


def _own_title(document: PolicyDocument, clause: Mapping[str, Any]) -> str:
    """The clause's title where it has one; not its first words, which stand below."""
    begun = rejoined(document.text, clause["start"], min(clause["end"], clause["start"] + 60))
    return "" if begun.startswith(clause["title"].rstrip("…")) else clause["title"]


def _pieces(
    document: PolicyDocument, clause: Mapping[str, Any], rows: list[RuleProposal]
) -> list[dict[str, Any]]:
    """The wording cut wherever a mark begins or ends: text, and the ids of the proposals that it is evidence of."""
    spans = [
        (max(start, clause["start"]), min(end, clause["end"]), row.pk)
        for row in rows
        if row.state != State.REJECTED
        for _field, start, end in row.marks
    ]
    edges = sorted({clause["start"], clause["end"], *(s for s, _e, _p in spans), *(e for _s, e, _p in spans)})
    pieces: list[dict[str, Any]] = []
    for start, end in pairwise(edges):
        ids = sorted({p for s, e, p in spans if s <= start and end <= e})
        text = rejoined(document.text, start, end) if document.wrapped else document.text[start:end]
        if pieces and pieces[-1]["ids"] == ids:
            pieces[-1]["text"] += text
        elif text:
            pieces.append({"text": text, "ids": ids})
    return pieces


def card(
    row: RuleProposal, document: PolicyDocument, vocabulary: Vocabulary, *, may_edit: bool
) -> dict[str, Any]:
    """A proposal for its card: the rule in words, what is missing, how sure the reading is, and what can be done."""
    plain = final_plain(row)
    rule = _rule(plain, row.clause, vocabulary)
    said = _spoken(sentence(rule), rule) if rule is not None else ""
    return {
        "id": row.pk,
        "seen": mark_of_proposal(row),
        "url": f"/policy/proposals/{row.pk}/",
        "back": f"/policy/documents/{row.document_id}/#p{row.pk}",
        "clause": row.clause,
        "kind": row.get_kind_display(),
        "title": str(plain.get("title", "")),
        "sentence": said,
        "quote": "" if said else _quote(row, document),
        "when": explain(rule.when) if rule is not None and rule.when else "",
        "state": row.state,
        "state_label": row.get_state_display(),
        "state_look": LOOKS[State(row.state)],
        "confidence": row.confidence,
        "doubtful": row.confidence < DOUBTFUL,
        "by_model": row.origin == RuleProposal.Origin.MODEL,
        "open": row.state == State.PROPOSED,
        "gaps": [labels.field(g) for g in row.gaps] if row.state != State.EDITED else [],
        "assumed": [labels.field(a) for a in row.assumed] if row.state != State.EDITED else [],
        "needs": _questions(row, vocabulary) if row.state == State.PROPOSED and may_edit else [],
        "acceptable": rule is not None,
        "may_edit": may_edit,
        "decided_by": row.decided_by.name if row.decided_by else "",
        "decided_at": row.decided_at,
    }


def meanwhile(
    row: RuleProposal, vocabulary: Vocabulary, what: str, values: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What became of a proposal that was decided on, or changed, after it was shown to somebody who decides on it now. Where
    that would replace another's decision by a different one: `verb`, to do it all the same, with the `values` chosen."""
    rule = _rule(final_plain(row), row.clause, vocabulary)
    verb = ""
    if row.state != State.PROPOSED and STATES_OF.get(what) not in (row.state, None):
        verb = str(STILL[what])
    return {
        "who": row.decided_by.name if row.decided_by else "",
        "at": row.decided_at,
        "state": row.get_state_display(),
        "sentence": _spoken(sentence(rule), rule) if rule is not None and row.state != State.REJECTED else "",
        "what": what,
        "verb": verb,
        "chosen": [
            question | {"value": value, "says": dict(question["choices"]).get(value, value)}
            for question in _questions(row, vocabulary)
            if (value := (values or {}).get(question["name"], ""))
        ],
    }


def drafted(
    document: PolicyDocument, row: RuleProposal, rows: Iterable[RuleProposal], vocabulary: Vocabulary
) -> tuple[Pack, Clause]:
    """The pack that the upload makes with what is accepted so far, and the clause of a proposal in it: what a form of its
    rule draws its choices from."""
    rules: dict[str, list[AnyRule]] = {}
    for other in rows:
        if other.pk != row.pk and other.state in (State.ACCEPTED, State.EDITED):
            rule = _rule(final_plain(other), other.clause, vocabulary)
            if rule is not None:
                rules.setdefault(other.clause, []).append(rule)
    pack = packing.packed(
        code=document.code,
        title=document.title,
        prefix=document.prefix,
        version="1",
        text=document.text,
        wrapped=document.wrapped,
        chapters=document.chapters,
        clauses=document.clauses,
        rules=rules,
        base=None,
    )
    return pack, find_clause(pack, packing.clause_code(document.prefix, row.clause))


def editing(
    document: PolicyDocument, row: RuleProposal, clause: Clause, kind: str, sheet: Sheet, act: str
) -> dict[str, Any]:
    """A proposal in the form of a kind of rule, the wording with its evidence beside it."""
    url = f"/policy/proposals/{row.pk}/edit/"
    back = f"/policy/documents/{row.document_id}/#p{row.pk}"
    words = next(c for c in document.clauses if c["number"] == row.clause)
    shown = editor.form_of(clause, kind, sheet, act, url=url, back=back, verb=_("保存并采纳"))
    shown["clause"] |= {"number": row.clause, "title": _own_title(document, words)}
    return shown | {
        "document": {"title": document.title, "url": f"/policy/documents/{document.pk}/"},
        "pieces": _pieces(document, words, [row]),
        "gaps": [labels.field(g) for g in row.gaps] if row.state != State.EDITED else [],
        "assumed": [labels.field(a) for a in row.assumed] if row.state != State.EDITED else [],
        "others_kinds": [
            {"label": KINDS[code], "icon": ICONS[code], "url": f"{url}?kind={code}"}
            for code in SHEETS
            if code != kind
        ],
    }


def _rule(plain: Mapping[str, Any], clause: str, vocabulary: Vocabulary) -> AnyRule | None:
    try:
        return read_rule_plain(plain, clause, vocabulary)
    except PackInvalid:
        return None


def _needs(row: RuleProposal) -> bool:
    return any(g not in row.body and "." not in g for g in row.gaps)


def _quote(row: RuleProposal, document: PolicyDocument) -> str:
    """The words that speak for a rule that cannot be said yet."""
    spans = proposal_of_row(row).evidence
    return " … ".join(rejoined(document.text, start, end) for start, end in spans)


def _spoken(text: str, rule: AnyRule) -> str:
    """A sentence with the wording of the text in place of codes that only the text knows."""
    pairs = [pair.split(" ", 1) for pair in rule.note.split("、") if " " in pair]
    metric = getattr(rule, "metric", "")
    if metric and rule.title:
        pairs.append([metric, rule.title])
    if (activity := getattr(rule, "activity", "")) and rule.title:
        pairs.append([activity, rule.title])
    for code, words in sorted(pairs, key=lambda p: -len(p[0])):
        if labels.word(code) == code:
            text = text.replace(code, words)
            text = text.replace(code[:1].upper() + code[1:], words)
    return text


def _questions(row: RuleProposal, vocabulary: Vocabulary) -> list[dict[str, Any]]:
    """What a person must choose before the rule can be taken: a list of events or roles for each gap of that sort."""
    subject = str(row.body.get("subject", "case"))
    found = []
    for gap in row.gaps:
        if gap in row.body or "." in gap:
            continue
        if gap in MOMENTS:
            choices = _events(vocabulary, subject)
        elif gap in PEOPLE:
            choices = sorted(((code, labels.role(code)) for code in vocabulary.roles), key=lambda c: c[1])
        else:
            continue
        found.append({"name": gap, "label": labels.field(gap), "choices": choices})
    return found


def _events(vocabulary: Vocabulary, subject: str) -> list[tuple[str, str]]:
    """The events that may happen to a subject, those with a name for sentences first."""
    kinds = [k for k in vocabulary.event_kinds() if vocabulary.happens_to.get(k, subject) in (subject, "*")]
    known = [k for k in labels.EVENTS if k in set(kinds)]
    return [(k, labels.event(k)) for k in known]


def faults(invalid: PackInvalid) -> list[str]:
    """What is wrong with an edited rule, one line each, with the line of the text where there is one."""
    return [
        (_("第 %(line)s 行 %(what)s") if e.line else "%(what)s")
        % {"line": e.line, "what": f"{e.field} {e.message}".strip()}
        for e in invalid.errors
    ]
