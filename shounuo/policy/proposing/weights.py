"""How a score is composed: 服务质量占50%、工作量占30%、用户评价占20%."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from shounuo.policy.proposing import words
from shounuo.policy.proposing.found import Found, Passage
from shounuo.policy.proposing.numbers import NUMBER, SHARE, number, share, written

_PAIR = re.compile(
    rf"(?P<name>[A-Za-z\u4e00-\u9fff]{{1,14}}?)\(?(?:的)?(?:权重|占比|比重)?(?:各?占|为|:|×|\*|x)?(?:总分的?|权重的?|比重的?)?"
    rf"(?P<share>{SHARE}|(?:占|计){NUMBER}分)\)?"
)
_RESPECTIVELY = re.compile(
    rf"(?:分别|依次|各|权重|比重|占比)+(?:占|为|是)*(?P<shares>(?:{SHARE})(?:[、,和及]+(?:{SHARE}))+)"
)
_NAMES = re.compile(
    r"(?:由|包括|包含|按|分为|:)(?P<names>[^,。;:]{2,60}?)(?:[一二两三四五六七八九十0-9]+(?:个)?(?:部分|项|方面)|组成|构成|,|$)"
)
_LEAD = re.compile(
    r"^(?:.*(?:由|按照|按(?!时(?![效长间])|期)|依照?|据|为|:|=|中|包括|以)|[、,和与+]|及(?!时))+"
)
_THRESHOLD = re.compile(
    r"(?:低|高|少|多|大|小|超过|达到?|达|不|≥|≤|>|<|升|降|增长|上升|下降|提高|降低|保持在|控制在)(?:于|出)?$"
)
_ABOUT = re.compile(r"(?P<of>[\u4e00-\u9fff]{2,14}?)(?:由|按|依|之?权重|的?权重|中,|:|=|采用|以)")
_PART = re.compile(
    rf"(?P<name>[A-Za-z\u4e00-\u9fff]{{2,12}}?)占(?P<of>[\u4e00-\u9fff]{{0,6}}(?:绩效|考核|考评)[\u4e00-\u9fff]{{0,4}}?)(?:的)?(?P<share>{SHARE})"
)
_COUNT = re.compile(rf"百分之{NUMBER}$")
_PARTS = re.compile(r"个?(?:维度?|项|部分|方面|块|类|个)")
WHOLE = Decimal(100)


def find(passage: Passage) -> Iterator[Found]:
    """Every composition of the clause: at least two named shares that make a whole."""
    for start, end in passage.sentences():
        found = _respectively(passage, start, end) or _pairs(passage, start, end)
        if found is not None:
            yield found
        else:
            yield from _partial(passage, start, end)


def _respectively(passage: Passage, start: int, end: int) -> Found | None:
    text = passage.text
    match = _RESPECTIVELY.search(text, start, end)
    if match is None:
        return None
    shares = [share(m.group()) for m in re.finditer(SHARE, match["shares"])]
    names = _NAMES.search(text, start, match.start())
    if names is None:
        return None
    listed = [n for n in re.split(r"、|和|及|以及|与", names["names"]) if n]
    if len(listed) != len(shares) or None in shares:
        return None
    marks = [("parts", names.start("names"), names.end("names")), ("parts", match.start(), match.end())]
    return _weight(text, [(n, s) for n, s in zip(listed, shares, strict=True) if s is not None], marks, start)


def _pairs(passage: Passage, start: int, end: int) -> Found | None:
    text = passage.text
    parts: list[tuple[str, Decimal]] = []
    marks: list[tuple[str, int, int]] = []
    last = 0
    for match in _PAIR.finditer(text, start, end):
        name = _LEAD.sub("", match["name"])
        said = match["share"]
        value = share(said) if not said.endswith("分") else number(said.strip("占计分"))
        if not name or value is None or _THRESHOLD.search(match["name"]):
            continue
        name = re.sub(
            r"(?:占[\u4e00-\u9fff]{0,4}(?:考核|绩效|考评|总分)[\u4e00-\u9fff]{0,4}|权重|占|各占|为)$",
            "",
            name,
        )
        last = match.end("share")
        parts.append((re.sub(r"^(?:和|及(?!时)|与|以及)", "", name), value))
        marks.append(
            ("parts", match.start("name") + match["name"].rfind(name[:1] if name else ""), match.end())
        )
    if len(parts) < 2:
        return None
    if sum(v for _n, v in parts) != WHOLE and (own := _counted(text, last, len(parts))) is not None:
        parts[-1] = parts[-1][0], own
        marks[-1] = ("parts", marks[-1][1], last - 1)
    if sum(v for _n, v in parts) != WHOLE:
        return None
    return _weight(text, parts, marks, start)


def _counted(text: str, end: int, count: int) -> Decimal | None:
    """The last share where its last figure counts the parts instead: 百分之二十三项 of three parts is twenty percent."""
    said = _COUNT.search(text[:end], max(0, end - 16))
    if said is None or not _PARTS.match(text, end) or number(text[end - 1]) != count:
        return None
    return share(said.group()[:-1])


def _partial(passage: Passage, start: int, end: int) -> Iterator[Found]:
    """质检结果占绩效考核20%: the one share of a score that the wording tells."""
    for match in _PART.finditer(passage.text, start, end):
        value = share(match["share"])
        name = _LEAD.sub("", match["name"])
        if value is None or not 0 < value < WHOLE or not name:
            continue
        code = words.code_of(name)
        yield Found(
            "weight",
            {
                "of": "appraisal",
                "parts": {code: f"{written(value)}%"},
                "partial": True,
                "note": f"{code} {name}",
            },
            [("parts", match.start("name"), match.end())],
            [],
            [],
            match["of"],
            "",
        )


def _weight(
    text: str, parts: list[tuple[str, Decimal]], marks: list[tuple[str, int, int]], start: int
) -> Found | None:
    if sum(v for _n, v in parts) != WHOLE or any(not n for n, _v in parts):
        return None
    about = _ABOUT.search(text, start, marks[0][1] + 1)
    codes = {words.code_of(name): f"{written(value)}%" for name, value in parts}
    if len(codes) != len(parts):
        return None
    of = about["of"] if about else ""
    body = {
        "of": "appraisal" if re.search("考核|绩效|考评", of) or not of else words.code_of(of),
        "parts": codes,
    }
    assumed = [] if of else ["of"]
    note = "、".join(f"{words.code_of(n)} {n}" for n, _v in parts)
    body["note"] = note
    return Found("weight", body, marks, [], assumed, of, "")
