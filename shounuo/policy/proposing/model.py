"""What a language model is asked about a clause, and what of its answer is let in.

Nothing of an answer is believed: every rule must pass the pack's own reader, must quote words that stand in the clause,
and may hold no figure that those words do not say. What stays is merged with what the grammars found: it fills gaps and
adds rules, it never changes what the wording says itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from shounuo.kernel import durations
from shounuo.policy.proposing import cadences, thresholds
from shounuo.policy.proposing.headings import Cut
from shounuo.policy.proposing.merge import MODEL, Mark, Proposal
from shounuo.policy.proposing.normalise import Normal, normalise, plain
from shounuo.policy.proposing.numbers import NUMBER, SHARE, number, share
from shounuo.policy.proposing.spans import UNSET, lengths
from shounuo.policy.reading import PackInvalid, read_rule_plain
from shounuo.policy.schema import RULES
from shounuo.policy.vocabulary import FACTS, Vocabulary
from shounuo.policy.writing import rule_plain

CONFIDENCE = 0.5
FILLED = 0.6
MOST_RULES = 20
_FIGURES = (
    "within",
    "every",
    "value",
    "up_to",
    "over",
    "parts",
    "steps",
    "fields",
    "trend",
    "trigger",
    "items",
)
_OURS = ("covers", "escalate", "warn", "target", "note")
_FENCE = re.compile(r"^\s*```(?:json)?\s*|\s*```\s*$")
_WORDS_OF_TIME = re.compile(r"^P(?!$)[0-9YMWDTHSB]+$")
_NUMBERS = re.compile(rf"{SHARE}|{NUMBER}")
_SYSTEM = """You read one clause of a Chinese service regulation and list the rules that its wording states. \
Answer with a JSON array only. Each item: {"rule": {...}, "quotes": ["exact words of the clause", ...]}. \
A rule is an object whose first key is its kind with a short name in lower-case latin letters, digits and -:
commitment: subject, from, until, within (ISO 8601; P3BD = working days, PT2BH = working hours; "unset" if not told), when
cadence: activity, every (duration or "unset"), times, owner, per
record: subject, fields (codes), before | after + within, owner
target: metric (code), op (one of < <= = >= >), value (number, "85%", duration or "unset"), window
alarm: metric, op, value | trend (rising, falling) | trigger (event), window, consecutive, level (blue, yellow, red), notify (roles)
authority: grant (code), who (role), over ("50 CNY"), up_to, approver (role)
weight: of (code), parts ({code: "40%"}, 100% together)
playbook: steps ([{name, title, role, within}])
Never state a figure that the clause does not say. Leave out a field that it does not tell. If it states no rule, answer []."""


def messages(clause: str, vocabulary: Vocabulary) -> list[dict[str, str]]:
    """The conversation that asks about one clause."""
    facts = ", ".join(
        f"{name}({'|'.join(map(str, fact.values))})" for name, fact in FACTS["case"].items() if fact.values
    )
    words = (
        f"Events: {', '.join(vocabulary.event_kinds())}\nSubjects: {', '.join(vocabulary.subjects())}\n"
        f"Facts of a case for `when`: {facts}\nRoles: {', '.join(sorted(vocabulary.roles))}"
    )
    return [
        {"role": "system", "content": f"{_SYSTEM}\n{words}"},
        {"role": "user", "content": clause},
    ]


def body(clause: str, model: str, vocabulary: Vocabulary) -> bytes:
    """The request of an OpenAI-compatible endpoint (POST .../chat/completions)."""
    return json.dumps(
        {"model": model, "temperature": 0, "messages": messages(clause, vocabulary)}, ensure_ascii=False
    ).encode()


def answered(answer: bytes) -> list[Any] | None:
    """The list in an endpoint's answer, None where it holds none."""
    try:
        content = json.loads(answer)["choices"][0]["message"]["content"]
        found = json.loads(_FENCE.sub("", content))
    except (ValueError, KeyError, IndexError, TypeError):
        return None
    if isinstance(found, dict):
        found = next((v for v in found.values() if isinstance(v, list)), None)
    return found if isinstance(found, list) else None


def let_in(
    items: Iterable[Any], text: str, clause: Cut, vocabulary: Vocabulary, *, wrapped: bool = False
) -> tuple[list[Proposal], int]:
    """The proposals of an answer that stand up to the text, and how many items do not."""
    normal = normalise(text, start=clause.start, end=clause.end, wrapped=wrapped)
    found, away = [], 0
    for item in list(items)[:MOST_RULES]:
        proposal = _proposal(item, normal, clause, vocabulary)
        if proposal is None:
            away += 1
        else:
            found.append(proposal)
    return found, away


def _proposal(item: Any, normal: Normal, clause: Cut, vocabulary: Vocabulary) -> Proposal | None:
    if not isinstance(item, Mapping) or not isinstance(item.get("rule"), Mapping):
        return None
    rule, quotes = dict(item["rule"]), item.get("quotes")
    if not isinstance(quotes, list) or not quotes or next(iter(rule), "") not in RULES:
        return None
    marks: list[Mark] = []
    said: list[str] = []
    for quote in quotes:
        words = plain(quote) if isinstance(quote, str) else ""
        at = normal.text.find(words) if words else -1
        if at < 0:
            return None
        said.append(words)
        marks.append(Mark("quote", *normal.origin(at, at + len(words))))
    kind = next(iter(rule))
    rule = {key: value for key, value in rule.items() if key == kind or key not in _OURS}
    if not _told(rule, said):
        return None
    try:
        read = read_rule_plain(rule, clause.number, vocabulary)
    except PackInvalid:
        return None
    return Proposal(clause.number, rule_plain(read), tuple(marks), CONFIDENCE, tuple(read.gaps), (), MODEL)


def _told(rule: Mapping[str, Any], said: list[str]) -> bool:
    """True where every figure of the rule is one that the quoted words say."""
    spans = {str(durations.parse(iso)) for words in said for iso in _times(words)}
    numbers = {value for words in said for value in _values(words)}
    return all(
        figure in spans if isinstance(figure, str) else figure in numbers
        for figure in _figures(rule, numbers)
    )


def _times(words: str) -> Iterator[str]:
    """Every length of time and period that words say."""
    yield from (found.iso for found in lengths(words) if found.iso != UNSET)
    yield from cadences.periods(words)
    yield from thresholds.windows(words)


def _values(words: str) -> Iterator[Decimal]:
    for match in _NUMBERS.finditer(words):
        for value in (share(match.group()), number(match.group())):
            if value is not None:
                yield value.normalize()


def _figures(value: Any, numbers: set[Decimal], key: str = "") -> Iterator[str | Decimal]:
    """Every length of time (canonical), share, amount and number in a rule. `times: 1` needs no words."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _figures(inner, numbers, str(name))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _figures(inner, numbers, key)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int | float):
        if not (key == "times" and value == 1):
            yield Decimal(str(value)).normalize()
    elif isinstance(value, str):
        if _WORDS_OF_TIME.match(value):
            try:
                yield str(durations.parse(value))
            except durations.BadDuration:
                yield value
        elif match := re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(?:%| [A-Z]{3})", value):
            yield Decimal(match[1]).normalize()


def merged(own: list[Proposal], more: list[Proposal]) -> tuple[dict[int, Proposal], list[Proposal]]:
    """What a model's proposals for a clause add to those of the grammars.

    Returns which of `own` (by index) have gaps that are now filled, and the rules that are new. A rule that both found
    stays as the wording says it; what the model fills in counts as assumed.
    """
    filled: dict[int, Proposal] = {}
    new: list[Proposal] = []
    for proposal in more:
        at = next((i for i, mine in enumerate(own) if _alike(mine, proposal)), None)
        if at is None:
            if not any(_alike(n, proposal) for n in new):
                new.append(proposal)
            continue
        mine = filled.get(at, own[at])
        extra = {g: proposal.rule[g] for g in mine.gaps if g in proposal.rule and mine.rule.get(g) is None}
        if extra:
            filled[at] = replace(
                mine,
                rule={**mine.rule, **extra},
                gaps=tuple(g for g in mine.gaps if g not in extra),
                assumed=(*mine.assumed, *extra),
                confidence=FILLED,
            )
    return filled, new


def _alike(one: Proposal, other: Proposal) -> bool:
    """Two proposals that read the same thing: one kind, and the same figure."""
    if one.kind != other.kind:
        return False
    shared = [k for k in _FIGURES if k in one.rule and k in other.rule]
    if not shared:
        return False
    return all(_plainly(one.rule[k]) == _plainly(other.rule[k]) for k in shared)


def _plainly(value: Any) -> Any:
    if isinstance(value, str) and _WORDS_OF_TIME.match(value):
        return str(durations.parse(value))
    if isinstance(value, list):
        return len(value)
    if isinstance(value, Mapping):
        return sorted(map(str, value.values()))
    return str(value)
