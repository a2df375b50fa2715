"""Things to be done again and again: 每月至少1次, 每季度不少于两次, 定期."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from shounuo.policy.proposing import spans, words
from shounuo.policy.proposing.found import Found, Passage, many
from shounuo.policy.proposing.numbers import NUMBER, number

_PERIODS = {
    "日": "P1D", "天": "P1D", "个工作日": "P1BD", "周": "P1W", "星期": "P1W", "月": "P1M", "个月": "P1M",
    "季": "P3M", "季度": "P3M", "半年": "P6M", "半月": spans.UNSET, "半个月": spans.UNSET, "年": "P1Y", "年度": "P1Y", "小时": "PT1H", "学期": spans.UNSET,
}  # fmt: skip
EVERY = re.compile(
    rf"每(?:隔)?(?:个)?(?:(?P<n>{NUMBER})个?(?P<unit>工作日|小时|分钟|日|天|周|星期|月|季度|季|年)"
    r"|(?P<period>个工作日|半年|半个?月|年度|季度|学期|星期|小时|个月|日|天|周|月|季|年))(?P<day>[一二三四五六日末底初中]|天)?"
)
_REGULARLY = re.compile(r"定期")
_TIMES = re.compile(
    rf"(?:(?:至少|最少|不少于|不得少于|不低于|应达到?)[^,。;]{{0,8}}?)?(?P<n>{NUMBER})(?:次|遍|场|通|条|件|篇|份|个(?!月|工作日|季)|期|家|人次|户)"
)
_LEAST = re.compile(rf",(?:至少|最少|不少于|不得少于)(?P<n>{NUMBER})次")
_NOT_AN_ACT = re.compile(
    r"^(?:的)?(?:[\u4e00-\u9fff]{0,4}(?:超过|低于|不超过|达到|量(?![表化])|数(?!据)|额|率(?![先领])))"
)
_EACH = (
    ("每(?:名|位|个)?(?:客服|坐席|员工|专员|人员?|技术支持|工程师|客服专员|座席)", "person"),
    ("每(?:名|位|个)(?:客户|用户|业主|会员)", "customer"),
)
_BY = re.compile(r"由")
_REPORTED = re.compile(r"进展|进度")


def find(passage: Passage) -> Iterator[Found]:
    """Every activity of the clause that comes again, with its period and number."""
    text = passage.text
    for start, end in passage.sentences():
        matches = [*EVERY.finditer(text, start, end)]
        matches += [m for m in _REGULARLY.finditer(text, start, end) if not matches]
        for i, match in enumerate(matches):
            stop = matches[i + 1].start() if i + 1 < len(matches) else end
            if re.fullmatch("或者?", text[match.end() : stop]):
                continue  # 每月或每季度: the next one is read, with its period left open
            found = _cadence(passage, match, start, stop)
            if found is None:
                continue
            if i and re.fullmatch("或者?", text[matches[i - 1].end() : match.start()]):
                found.body["every"] = spans.UNSET
                found.gaps = list(dict.fromkeys([*found.gaps, "every"]))
                found.marks[0] = ("every", matches[i - 1].start(), match.end())
            yield found


def periods(text: str) -> Iterator[str]:
    """Every period that a text says (每月, 每两周), as a pack writes it."""
    yield from (iso for match in EVERY.finditer(text) if (iso := _every(match)) and iso != spans.UNSET)


def _cadence(passage: Passage, match: re.Match[str], start: int, end: int) -> Found | None:
    text = passage.text
    tail_start = match.end()
    piece_end = passage.piece(max(tail_start - 1, start), start, end)[1]
    if piece_end == tail_start and piece_end < end:  # 每月,...
        piece_end = passage.piece(tail_start + 1, start, end)[1]
    tail = text[tail_start:piece_end]
    if _NOT_AN_ACT.match(tail) or not re.search(r"[\u4e00-\u9fff]", tail):
        return None
    marks = [("every", match.start(), match.end())]
    every = _every(match)
    if every is None:
        return None
    body: dict[str, object] = {"every": every}
    gaps = ["every"] if every == spans.UNSET else []
    times = _TIMES.search(text, tail_start, piece_end) or _LEAST.match(text, piece_end, end)
    count = number(times["n"]) if times else None
    if times and count is not None and count >= 1 and count == int(count):
        if count > 1:
            body["times"] = int(count)
        marks.append(("times", times.start(), times.end()))
    body["activity"] = words.activity(_phrase(tail))
    marks.append(("activity", tail_start, piece_end))
    owners = _owners(passage, match.start(), start, end, tail_start)
    if owners:
        body["owner"] = many([code for _s, _e, code in owners])
        marks += [("owner", s, e) for s, e, _code in owners]
    per = _per(text[start : match.start()], str(every), tail)
    if per:
        body["per"] = per
    return Found("cadence", body, marks, gaps, [], _phrase(tail), "")


def _every(match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    if "period" not in groups:
        return spans.UNSET
    if groups["period"]:
        return _PERIODS.get(groups["period"])
    value = number(groups["n"])
    unit = {"月": "个月", "季": "季度"}.get(groups["unit"], groups["unit"])
    return spans.iso_of(Decimal(value), unit) if value else None


def _phrase(tail: str) -> str:
    """What is done: the piece without its count and without words of duty."""
    tail = _TIMES.sub("", tail)
    return re.sub(
        r"^(?:应当?|须|必须|需|要|至少|组织|召开|开展|举办|进行|提交|将|,|底|初|末)+|不少于|至少|最少$",
        "",
        tail,
    )[:20]


def _owners(passage: Passage, at: int, start: int, end: int, tail: int) -> list[tuple[int, int, str]]:
    """The roles before the period, or after 由; an owner named once holds for the rest of the sentence."""
    text = passage.text
    for by in _BY.finditer(text, tail, end):
        named = list(words.roles(text, by.end(), min(end, by.end() + 16)))
        if named and named[0][0] == by.end():
            return _joined(text, named)
    cut = max(text.rfind(";", start, at), start - 1) + 1
    if text[cut:at] == "":  # ...;每学期...: whoever did the first does this too
        cut = start
    named = list(words.roles(text, cut, at))
    return _joined(text, named[-3:]) if named else []


def _joined(text: str, named: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The first role and those joined to it by 、 or 和."""
    found = named[:1]
    for role in named[1:]:
        if re.fullmatch(r"[、和及与]|以及|会同", text[found[-1][1] : role[0]]):
            found.append(role)
    return found


def _per(head: str, every: str, tail: str) -> str:
    for pattern, per in _EACH:
        if re.search(pattern, head[-12:]):
            return per
    if every.startswith("PT") and (_REPORTED.search(tail) or "客户" in tail):
        return "case"
    return ""
