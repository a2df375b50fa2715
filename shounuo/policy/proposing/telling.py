"""Proposals for a command's reader: as JSON, as lines, and the table of how well they are measured to be."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from shounuo.policy import labels
from shounuo.policy.models import Rule
from shounuo.policy.proposing import KINDS, Proposal, Proposed, propose
from shounuo.policy.proposing.documents import Document
from shounuo.policy.proposing.measure import Beside, Result, Score, all_gold, beside_packs, measure_all
from shounuo.policy.reading import PackInvalid, read_rule_plain
from shounuo.policy.sentences import sentence
from shounuo.policy.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Told:
    """A document with what was proposed for it, and for each proposal what the pack's reader says against it."""

    name: str
    document: Document
    proposed: Proposed
    errors: tuple[tuple[str, ...], ...]
    sentences: tuple[str, ...]


def told(name: str, document: Document, vocabulary: Vocabulary) -> Told:
    """Proposes rules for a document and reads each as a pack would."""
    proposed = propose(document.text, document.outline, wrapped=document.wrapped)
    errors, sentences = [], []
    for proposal in proposed.proposals:
        try:
            rule = read_rule_plain(proposal.rule, proposal.clause, vocabulary)
        except PackInvalid as invalid:
            errors.append(tuple(f"{e.field} {e.message}".strip() for e in invalid.errors))
            sentences.append("")
        else:
            errors.append(())
            sentences.append(sentence(rule))
    return Told(name, document, proposed, tuple(errors), tuple(sentences))


def as_json(found: Told) -> str:
    """`{file, kind, pages, title, clauses: [{number, title, chapter, start, end}], proposals: [{clause, kind, name, rule,
    sentence, evidence: [[start, end]], why: [{field, start, end, words}], confidence, gaps, assumed, origin, errors}],
    measured: {held_out, built_with}}`; places are offsets into `text`."""
    text = found.proposed.text
    return json.dumps(
        {
            "file": found.name,
            "kind": found.document.kind,
            "pages": found.document.pages,
            "title": found.proposed.outline.title,
            "text": text,
            "clauses": [
                {"number": c.number, "title": c.title, "chapter": c.chapter, "start": c.start, "end": c.end}
                for c in found.proposed.outline.clauses
            ],
            "proposals": [
                _proposal(p, text, said, errors)
                for p, said, errors in zip(
                    found.proposed.proposals, found.sentences, found.errors, strict=True
                )
            ],
            "measured": {
                "held_out": _figures(measure_all(all_gold(), held_out=True)),
                "built_with": _figures(measure_all(all_gold(), held_out=False)),
            },
        },
        ensure_ascii=False,
        indent=1,
    )


def _proposal(proposal: Proposal, text: str, said: str, errors: tuple[str, ...]) -> dict[str, Any]:
    return {
        "clause": proposal.clause,
        "kind": proposal.kind,
        "name": proposal.name,
        "rule": proposal.rule,
        "sentence": said,
        "evidence": [list(span) for span in proposal.evidence],
        "why": [
            {"field": m.field, "start": m.start, "end": m.end, "words": text[m.start : m.end]}
            for m in proposal.marks
        ],
        "confidence": proposal.confidence,
        "gaps": list(proposal.gaps),
        "assumed": list(proposal.assumed),
        "origin": proposal.origin,
        "errors": list(errors),
    }


def _figures(result: Result) -> dict[str, Any]:
    def of(score: Score) -> dict[str, Any]:
        return {
            "precision": round(score.precision, 3),
            "recall": round(score.recall, 3),
            "right": score.right,
            "wrong": score.wrong,
            "missed": score.missed,
        }

    return {"all": of(result.total), **{kind: of(score) for kind, score in result.scores.items()}}


def as_lines(found: Told) -> str:
    """For people: each clause with what was proposed for it, and what is missing."""
    lines = [found.proposed.outline.title or found.name]
    for clause in found.proposed.outline.clauses:
        lines.append(f"{clause.number} {clause.title}")
        for proposal, said in zip(found.proposed.proposals, found.sentences, strict=True):
            if proposal.clause != clause.number:
                continue
            kind = Rule.Kind(proposal.kind).label
            words = said or " … ".join(found.proposed.text[a:b] for a, b in proposal.evidence)
            lines.append(f"    {kind} {proposal.confidence:.0%}  {' '.join(words.split())}")
            if proposal.gaps:
                gaps = _("、").join(labels.field(g) for g in proposal.gaps)
                lines.append("      " + _("还缺：%(gaps)s") % {"gaps": gaps})
    count = len(found.proposed.proposals)
    lines.append(
        _("%(clauses)d 条，提出 %(rules)d 条规则")
        % {"clauses": len(found.proposed.outline.clauses), "rules": count}
    )
    return "\n".join(lines)


def table() -> str:
    """The measured figures as Markdown tables: per kind, precision and recall on held-out texts and on the others, and
    what is proposed for the shipped packs' wordings beside their rules written by hand; the same by pack."""
    texts = all_gold()
    held, built = measure_all(texts, held_out=True), measure_all(texts, held_out=False)
    packs = beside_packs()
    lines = [
        "| kind | rules, held out | precision | recall | rules, built with | precision | recall "
        "| packs: by hand | proposed | same clause and kind |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for kind in (*KINDS, "all"):
        one = held.total if kind == "all" else held.scores[kind]
        two = built.total if kind == "all" else built.scores[kind]
        three = _sum(c for pack in packs.values() for k, c in pack.items() if kind in (k, "all"))
        lines.append(
            f"| {kind} | {one.right + one.missed} | {one.precision:.2f} | {one.recall:.2f} "
            f"| {two.right + two.missed} | {two.precision:.2f} | {two.recall:.2f} "
            f"| {three.by_hand} | {three.proposed} | {three.both} |"
        )
    lines += ["", "| shipped pack | by hand | proposed | same clause and kind |", "|---|---|---|---|"]
    for pack, kinds in packs.items():
        whole = _sum(kinds.values())
        lines.append(f"| {pack} | {whole.by_hand} | {whole.proposed} | {whole.both} |")
    return "\n".join(lines)


def _sum(counts: Iterable[Beside]) -> Beside:
    whole = Beside()
    for one in counts:
        whole.add(one)
    return whole
