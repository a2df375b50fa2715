"""How well the proposals are: precision and recall against texts whose rules are known.

A proposal is right when its clause, its kind and every field that says what the rule means are those of the
expected rule (`MEANING`): figures, events, conditions, roles, shares, steps. Names, titles and codes made of pinyin
do not count. What the text leaves open must be open in the proposal too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from shounuo.kernel import durations
from shounuo.policy import packs
from shounuo.policy.proposing import propose, words
from shounuo.policy.proposing.merge import KINDS, Proposal
from shounuo.policy.proposing.normalise import plain
from shounuo.policy.reading import read_pack
from shounuo.policy.vocabulary import current

MEANING: dict[str, tuple[str, ...]] = {
    "commitment": ("from", "until", "within", "after", "when", "escalate"),
    "cadence": ("every", "times", "owner", "per"),
    "record": ("fields", "before", "after", "within"),
    "target": ("metric", "op", "value", "window", "change", "baseline", "horizon", "horizon_min"),
    "alarm": ("metric", "trigger", "trend", "op", "value", "window", "consecutive", "level", "notify"),
    "authority": ("who", "over", "up_to", "approver"),
    "weight": ("parts",),
    "playbook": ("steps",),
}


@dataclass(slots=True)
class Score:
    """Counts of one kind: proposals that are right, proposals that are not, rules that were not proposed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Right ones among the proposals; 1 where nothing was proposed."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Right ones among the expected; 1 where nothing was expected."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    def add(self, other: Score) -> None:
        self.right += other.right
        self.wrong += other.wrong
        self.missed += other.missed


GOLD = Path(__file__).with_name("gold")


@dataclass(frozen=True, slots=True)
class Gold:
    """A text with what should be found in it. `held_out`: it was not looked at while the grammars were written."""

    name: str
    text: str
    title: str
    trade: str
    held_out: bool
    clauses: tuple[str, ...]
    rules: tuple[tuple[str, str, Mapping[str, Any]], ...]


@dataclass(slots=True)
class Result:
    """The score of a text by kind, and what went wrong: (clause, kind, expected or None, proposed or None)."""

    scores: dict[str, Score] = field(default_factory=lambda: {kind: Score() for kind in KINDS})
    faults: list[tuple[str, str, dict[str, Any] | None, dict[str, Any] | None]] = field(default_factory=list)

    @property
    def total(self) -> Score:
        whole = Score()
        for score in self.scores.values():
            whole.add(score)
        return whole


def all_gold() -> list[Gold]:
    """The texts that the project wrote for measuring, by name."""
    return [read_gold(path) for path in sorted(GOLD.glob("*.yaml"))]


def measure_all(texts: Iterable[Gold], *, held_out: bool) -> Result:
    """The figures of all texts that were held out, or of all that were not."""
    whole = Result()
    for gold in texts:
        if gold.held_out is held_out:
            one = measure(gold, propose(gold.text).proposals)
            whole.faults += one.faults
            for kind, score in one.scores.items():
                whole.scores[kind].add(score)
    return whole


@dataclass(slots=True)
class Beside:
    """Counts of one kind over the shipped packs: rules written by hand, rules proposed for the same wordings, and
    those of both that stand in the same clause."""

    by_hand: int = 0
    proposed: int = 0
    both: int = 0

    def add(self, other: Beside) -> None:
        self.by_hand += other.by_hand
        self.proposed += other.proposed
        self.both += other.both


def beside_packs() -> dict[str, dict[str, Beside]]:
    """By shipped pack and kind, what is proposed for the pack's wordings beside its rules. Only clause and kind are
    compared: rules written by hand say more than a wording does, and many stand where it says nothing that runs."""
    found: dict[str, dict[str, Beside]] = {}
    vocabulary = current()
    for path in packs.files():
        pack = read_pack(path.read_text(encoding="utf-8"), path.name, vocabulary)
        counts = found[path.stem] = {kind: Beside() for kind in KINDS}
        for clause in pack.clauses:
            by_hand = Counter(str(rule.kind) for rule in clause.rules)
            proposed = Counter(p.kind for p in propose(f"1.1 {clause.title}\n{clause.wording}\n").proposals)
            for kind, one in counts.items():
                one.add(Beside(by_hand[kind], proposed[kind], min(by_hand[kind], proposed[kind])))
    return found


def read_gold(path: Path) -> Gold:
    """A gold text with its expectations from `<name>.yaml` beside `<name>.txt`."""
    plan = yaml.safe_load(path.read_text(encoding="utf-8"))
    rules = []
    for item in plan["rules"]:
        kind = next(k for k in item if k != "clause")
        rules.append((str(item["clause"]), kind, item[kind]))
    return Gold(
        name=path.stem,
        text=path.with_suffix(".txt").read_text(encoding="utf-8"),
        title=plan["title"],
        trade=plan["trade"],
        held_out=bool(plan.get("held_out")),
        clauses=tuple(map(str, plan["clauses"])),
        rules=tuple(rules),
    )


def measure(gold: Gold, proposals: Iterable[Proposal]) -> Result:
    """Compares the proposals for a gold text with what it expects; every expected rule is matched once."""
    result = Result()
    wanted = [(clause, kind, _expected(kind, body)) for clause, kind, body in gold.rules]
    open_ones = Counter(map(_key, wanted))
    unmatched = []
    for proposal in proposals:
        found = (proposal.clause, proposal.kind, meaning(proposal))
        if open_ones[_key(found)] > 0:
            open_ones[_key(found)] -= 1
            result.scores[proposal.kind].right += 1
        else:
            result.scores[proposal.kind].wrong += 1
            unmatched.append(found)
    for rule in wanted:
        if open_ones[_key(rule)] > 0:
            open_ones[_key(rule)] -= 1
            result.scores[rule[1]].missed += 1
            near = next((u for u in unmatched if u[:2] == rule[:2]), None)
            if near is not None:
                unmatched.remove(near)
            result.faults.append((rule[0], rule[1], rule[2], near[2] if near else None))
    result.faults += [(clause, kind, None, body) for clause, kind, body in unmatched]
    return result


def meaning(proposal: Proposal) -> dict[str, Any]:
    """The fields of a proposal that count, in a form that compares."""
    body = {k: v for k, v in proposal.rule.items() if k in MEANING[proposal.kind]}
    return _comparable(proposal.kind, body)


def _expected(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    plain_body = {k: v for k, v in body.items() if k != "gaps"}
    if "metric" in plain_body:
        plain_body["metric"] = words.metric(plain(str(plain_body["metric"])))
    if kind == "record":
        plain_body["fields"] = [words.field(plain(f)) for f in plain_body["fields"]]
    if kind == "weight":
        plain_body["parts"] = {words.code_of(plain(n)): s for n, s in plain_body["parts"].items()}
    if kind == "playbook":
        plain_body["steps"] = [{"title": plain(s)} for s in plain_body["steps"]]
    return _comparable(kind, plain_body)


def _comparable(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in body.items():
        if key == "steps":
            found[key] = [s["title"] for s in value]
        elif key in ("within", "every", "consecutive", "window", "horizon", "horizon_min") or (key, kind) == (
            "after",
            "commitment",
        ):
            found[key] = _span(value)
        elif key in ("value", "baseline"):
            found[key] = _span(value) if str(value).startswith("P") else str(value)
        elif key == "when":
            found[key] = {k: _set(value[k]) for k in sorted(value)}
        elif key == "times":
            found[key] = int(value)
        elif key == "parts":
            found[key] = {k: str(value[k]) for k in sorted(value)}
        else:
            found[key] = _set(value)
    if kind == "cadence":
        found.setdefault("times", 1)
    return found


def _span(value: Any) -> str:
    return str(value) if str(value) == "unset" else str(durations.parse(str(value)))


def _set(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return sorted(str(sorted(v.items())) if isinstance(v, dict) else str(v) for v in listed)


def _key(rule: tuple[str, str, dict[str, Any]]) -> str:
    return repr((rule[0], rule[1], sorted((k, repr(v)) for k, v in rule[2].items())))
