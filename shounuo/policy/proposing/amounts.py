"""Who may grant how much: 300元以内由客服主管审批，超过300元须经客服经理审批."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any

from shounuo.policy.proposing import words
from shounuo.policy.proposing.found import Found, Passage
from shounuo.policy.proposing.numbers import NUMBER, number

_CURRENCIES = (
    ("港币|港元|HK\\$", "HKD"),
    ("新台币|台币|NT\\$", "TWD"),
    ("美元|美金|US\\$", "USD"),
    ("澳门元|澳门币", "MOP"),
)
_AMOUNT = rf"(?:人民币|港币|新?台币|[¥￥$])?(?P<{{}}>{NUMBER})(?P<{{}}u>万)?(?:港元|美元|元|块)(?:人民币)?(?:\((?:不?含)[^)]*\))?(?:整)?"
_LOW, _HIGH, _ONE = (_AMOUNT.replace("{}", name) for name in ("low", "high", "one"))
_PER = r"(?:单笔|单次|单件|每单|每次|每笔|累计|金额|的)*"
_RANGES = (
    re.compile(rf"{_PER}(?:超过)?(?P<low>{NUMBER})(?P<lowu>万)?(?:至|到|~|-){_HIGH}(?:以下|以内)?"),
    re.compile(
        rf"{_PER}(?:超过|大于|高于)?{_LOW}(?:以上|\(不含\))?(?:的)?[,、至到~-]+(?:但)?(?:不超过|不足|低于)?{_HIGH}(?:以下|以内|之内|的)?"
    ),
    re.compile(rf"{_PER}{_LOW}(?:以上)(?:且|、|,)?(?:不超过)?{_HIGH}(?:以下|以内|之内)?"),
    re.compile(rf"\((?:例?如|比如)(?P<upto>)(?P<example>){_ONE}[^()]{{0,16}}\)"),
    re.compile(rf"(?:不超过|不高于|低于|至多|最高|≤|<=?){_PER}(?P<upto>)?{_ONE}"),
    re.compile(rf"(?:超过|超出|逾|高于|大于|>)(?P<over>)?{_PER}{_ONE}"),
    re.compile(rf"{_PER}{_ONE}(?P<over>)(?:及?以上|\(不含\)以上)"),
    re.compile(rf"{_PER}{_ONE}(?P<upto>)(?:\(含\))?(?:及?以内|及?以下|之内|为限|为上限|内)"),
)
_DECIDES = re.compile(
    r"审批|批准|批核|核批|核准|核定|审定|决定|办理|同意|审核|授权|自行|直接|先行|赔付|补偿|减免|赔偿|权限|处理|可|有权"
)
_ADJACENT = re.compile(
    r"(?:可以?|有权|权限|在|的|直接|当场|审批|决定|批准|办理|赔付|补偿|减免|单笔|单次|为|:|金额|自行|先行|[权]?限额?)*$"
)


_BEYOND = re.compile(
    r"(?:超出|超过|高于)(?:该|此|上述)?(?:限额|额度|权限|部分|的)[^,。;0-9]{0,4}?,?(?:应|须|一律)?(?:报请?|由|经(?!理)|提交|请示)"
)
SPENDING = "spending"
"""What is granted where the wording says nothing known."""


@dataclass(slots=True)
class _Tier:
    start: int
    end: int
    over: Decimal | None
    up_to: Decimal | None
    role: tuple[int, int, str] | None = None
    example: bool = False
    grants: list[str] = field(default_factory=list)
    own: bool = True


def find(passage: Passage) -> Iterator[Found]:
    """The tiers of each sentence that gives somebody a limit: who, above what, up to what, and who approves above."""
    text = passage.text
    for start, end in passage.sentences():
        if "元" not in text[start:end] or not _DECIDES.search(text[start:end]):
            continue
        tiers = _tiers(passage, start, end)
        yield from _rules(passage, tiers, start, end)


def _value(match: re.Match[str], name: str) -> Decimal | None:
    value = number(match[name])
    return value * 10_000 if value is not None and match[f"{name}u"] else value


def _tiers(passage: Passage, start: int, end: int) -> list[_Tier]:
    text = passage.text
    tiers: list[_Tier] = []
    for pattern in _RANGES:
        for match in pattern.finditer(text, start, end):
            if any(match.start() < t.end and match.end() > t.start for t in tiers):
                continue
            groups = match.groupdict()
            if groups.get("low"):
                low, high = _value(match, "low"), _value(match, "high")
                if low is None or high is None or low >= high:
                    continue
                tiers.append(_Tier(match.start(), match.end(), low, high))
            else:
                one = _value(match, "one")
                if one is None or one <= 0:
                    continue
                over = groups.get("over") is not None
                tier = _Tier(match.start(), match.end(), one if over else None, None if over else one)
                tier.example = groups.get("example") is not None
                tiers.append(tier)
    tiers.sort(key=lambda t: t.start)
    named = list(words.roles(text, start, end))
    used: set[int] = set()
    for i, tier in enumerate(tiers):
        floor = tiers[i - 1].end if i else start
        beside = [
            r
            for r in named
            if floor <= r[0] and r[1] <= tier.start and _ADJACENT.fullmatch(text, r[1], tier.start)
        ]
        if beside:
            tier.role = beside[-1]
            used.add(beside[-1][0])
    for i, tier in enumerate(tiers):
        if tier.role is not None:
            continue
        ceiling = tiers[i + 1].start if i + 1 < len(tiers) else end
        floor = tiers[i - 1].end if i else start
        after = [r for r in named if tier.end <= r[0] < ceiling and r[0] not in used]
        before = [r for r in named if floor <= r[0] and r[1] <= tier.start and r[0] not in used]
        if tier.example and before:
            after = []  # …可自行发放（如50元）: whose right it is stands before it
        tier.role = after[0] if after else before[-1] if before else None
        if tier.role is not None:
            used.add(tier.role[0])
    return tiers


def _goes_on(before: _Tier, tier: _Tier) -> bool:
    """True where two tiers may be about the same: not where each names what it grants, and they differ."""
    return not (before.own and tier.own and set(before.grants).isdisjoint(tier.grants))


def _rules(passage: Passage, tiers: list[_Tier], start: int, end: int) -> Iterator[Found]:
    text = passage.text
    whole = words.grants(text[start:end]) or [SPENDING]
    for tier in tiers:
        part = next(((s, e) for s, e in passage.parts(start, end) if s <= tier.start < e), (start, end))
        named: list[str] = []
        for place in (passage.piece(tier.start, start, end), part):
            if not named and not any(o is not tier and place[0] <= o.start < place[1] for o in tiers):
                named = words.grants(text[slice(*place)])
        tier.grants, tier.own = named or whole[:1], bool(named)
    for before, tier in pairwise(tiers):
        if (
            not before.example
            and _goes_on(before, tier)
            and tier.over is None
            and tier.up_to is not None
            and before.up_to is not None
            and before.up_to < tier.up_to
        ):
            tier.over = before.up_to
    currency = next((code for said, code in _CURRENCIES if re.search(said, text[start:end])), "CNY")
    for i, tier in enumerate(tiers):
        above = tiers[i + 1] if i + 1 < len(tiers) and _goes_on(tier, tiers[i + 1]) else None
        told = (
            i > 0
            and tier.up_to is None
            and tiers[i - 1].up_to == tier.over
            and tiers[i - 1].role is not None
            and _goes_on(tiers[i - 1], tier)
        )
        if told and tier.role is not None:
            continue  # the tier below names this role as its approver
        if tier.example and tier.role is None:
            continue
        body: dict[str, Any] = {}
        marks = [("up_to" if tier.up_to is not None else "over", tier.start, tier.end)]
        gaps = []
        if tier.role is not None:
            body["who"] = tier.role[2]
            marks.append(("who", tier.role[0], tier.role[1]))
        else:
            gaps.append("who")
        if tier.up_to is not None:
            body["up_to"] = _money(tier.up_to, currency)
        if tier.over is not None:
            body["over"] = _money(tier.over, currency)
        if above is not None and above.over == tier.up_to and above.role is not None:
            body["approver"] = above.role[2]
            marks.append(
                ("approver", above.start, above.role[1] if above.role[1] > above.start else above.end)
            )
        elif tier.up_to is not None and (beyond := _beyond(text, tier.end, end)) is not None:
            body["approver"] = beyond[2]
            marks.append(("approver", beyond[0], beyond[1]))
        assumed = ["up_to"] if tier.example else []
        for grant in tier.grants:
            yield Found(
                "authority",
                {"grant": grant} | body,
                list(marks),
                list(gaps),
                [*(["grant"] if grant == SPENDING else []), *assumed],
                "",
                grant.replace("_", "-"),
            )


def _beyond(text: str, start: int, end: int) -> tuple[int, int, str] | None:
    """Who approves what goes beyond, where that is said without a figure: 超出部分报经理审批."""
    said = _BEYOND.search(text, start, end)
    if said is None:
        return None
    return next(words.roles(text, said.end(), min(end, said.end() + 12)), None)


def _money(value: Decimal, currency: str) -> str:
    return f"{int(value)} {currency}" if value == int(value) else f"{value:.2f} {currency}"
