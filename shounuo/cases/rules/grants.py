"""Who may grant how much: the authority rules of one kind of grant, read as one ladder. Pure.

A role may grant what a rule lets it grant (`who`, up to `up_to`), and whatever is less. Who approves above a limit
(`approver`) may decide up to where the next range begins: another rule's `over`, or another's greater `up_to`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from shounuo.policy.schema import Authority

Totals = Mapping[str, int]
"""What the sum would come to with the grant, in fen, by what a rule sums over (`per`)."""
SCOPES = ("case", "customer")
"""What is summed over where something is granted on a case."""
ORGANISATION = "organisation"
"""What is summed over where something is granted on no case."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Up to how much some roles may grant by themselves: `allowed` nothing at all where False; `fen` None = without end."""

    allowed: bool
    fen: int | None = None


NOTHING = Limit(False)


def has_amount(rules: Iterable[Authority]) -> bool:
    """True when the kind of grant is a matter of money; else it is a special request."""
    return any(_speaks_of_money(r) for r in rules)


def deciders(rules: Sequence[Authority], totals: Totals) -> frozenset[str]:
    """The roles that may decide a grant that brings the sums to these totals."""
    return frozenset(role for role, ranges in _reach(rules).items() if _within(ranges, totals))


def limit_of(rules: Sequence[Authority], roles: Collection[str]) -> Limit:
    """Up to how much people with these roles may grant by themselves, summed as their rule says."""
    ends = [end for role, ranges in _reach(rules).items() if role in roles for _per, end in ranges]
    if not ends:
        return NOTHING
    return Limit(True, None if None in ends else max(e for e in ends if e is not None))


def asked_of(rules: Sequence[Authority], asker: Collection[str], totals: Totals) -> tuple[str, ...]:
    """The roles of which a grant is asked that the asker may not give: those whom his own rules name as approvers, else of
    all who may decide those with the narrowest authority. Empty: nobody may."""
    able = deciders(rules, totals)
    named = {a for r in rules if set(r.who) & set(asker) for a in r.approver} & able
    if named:
        return tuple(sorted(named))
    reach = {role: limit_of(rules, {role}).fen for role in able}
    bounded = [fen for fen in reach.values() if fen is not None]
    least = min(bounded) if bounded else None
    return tuple(sorted(role for role, fen in reach.items() if fen == least))


def _reach(rules: Sequence[Authority]) -> dict[str, list[tuple[str, int | None]]]:
    """For each role the sums up to which it may decide: (what is summed over, end or None = without end)."""
    found: dict[str, list[tuple[str, int | None]]] = {}
    bound = {role for r in rules if _speaks_of_money(r) for role in r.who}
    for rule in rules:
        if _speaks_of_money(rule):
            end = rule.up_to.minor if rule.up_to is not None else None
            for role in rule.who:
                found.setdefault(role, []).append((rule.per, end))
        else:  # lets somebody grant without a word of how much: no way around a limit that another rule sets him
            for role in set(rule.who) - bound:
                found.setdefault(role, []).append((rule.per, _next(rules, None, role)))
        if rule.up_to is not None:
            for role in set(rule.approver) - bound:
                found.setdefault(role, []).append((rule.per, _next(rules, rule.up_to.minor, role)))
    return found


def _speaks_of_money(rule: Authority) -> bool:
    return rule.up_to is not None or rule.over is not None


def _next(rules: Sequence[Authority], above: int | None, role: str) -> int | None:
    """Where the range of a role ends that has no limit of its own: where others' begins (`over`), or, for who approves
    above a limit, where a greater limit of others ends."""
    bounds = []
    for other in rules:
        if role in other.who or role in other.approver:
            continue
        if other.over is not None and other.over.minor >= (above or 0):
            bounds.append(other.over.minor)
        if above is not None and other.up_to is not None and other.up_to.minor > above:
            bounds.append(other.up_to.minor)
    return min(bounds, default=None)


def _within(ranges: Iterable[tuple[str, int | None]], totals: Totals) -> bool:
    """True when one of the ranges holds the total of its scope."""
    return any(end is None or totals.get(per, 0) <= end for per, end in ranges)
