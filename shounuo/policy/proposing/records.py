"""Fields that must be filled: 应登记用户姓名、联系电话、用水地址."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from shounuo.policy.proposing import commitments, events, words
from shounuo.policy.proposing.found import Found, Passage, many
from shounuo.policy.proposing.numbers import NUMBER, number
from shounuo.policy.proposing.spans import UNSET

_COUNT = rf"{NUMBER}个?(?:项|要素|方面|栏)(?:内容|信息|事项)?(?=:)"
_MUST = r"(?:应当?|须|必须|需(?!求)|要(?![求素点]))"
_VERB = (
    rf"(?:登记|记下|记录|填写|录入|登录|填报|填|写明|写清|记载|载明|载有|列出|注明|列明|提供|收集|采集)(?!簿|本|系统|表|(?:{_MUST}|的)?(?:可|完整|准确|真实|规范))"
    rf"(?:的)?(?:内容|信息|事项|要素)?{_MUST}?(?:包括|包含|含有?|有|为|至少包括|如下)?"
    rf"(?:{_COUNT})?"
    rf"|{_MUST}(?:至少)?(?:含有?|包括|包含){_COUNT}"
    rf"|(?:归档|记录|登记|档案|台账|工单)(?:的)?(?:内容|信息|要素|事项){_MUST}?(?:至少)?(?:含有?)"
    rf"|{_MUST}(?:逐一|当面)?(?:追问|问明|询问|问清|问)(?!题)"
    rf"|{_MUST}(?:至少)?(?:包括|包含)|(?:内容|信息|要素|事项|登记|记录){_MUST}?(?:至少)?(?:包括|包含|有)"
    rf"|(?:记录|登记表|工单|服务单){_MUST}?(?:至少)?含有?"
)
_ITEM = r"[^、,。;:\n()]{1,14}(?:\([^)]{1,30}\))?"
_JOINED = r"(?:、|以及|及|和|与)"
FIELDS = re.compile(
    rf"(?:{_VERB})(?P<colon>:)?(?P<list>{_ITEM}(?:、{_ITEM})+|[^、,。;:\n和及与]{{2,8}}(?:和|及|以及|与)[^、,。;:\n和及与的]{{2,8}}(?=$|[,。;\n]))"
)
_TAIL = re.compile(r"(?:等)?(?:等?(?:基本)?(?:信息|内容|要素|情况|事项)?)?$")
_OUTSIDE = re.compile(r"、(?![^()]{0,40}\))")
"""Between the fields: not within 处理经过(时间、原因)."""
_LOOSE = re.compile("提供|收集")
_NO_FIELD = re.compile(
    r"(?:服务|指导|支持|培训|协助|通道|引导|排查|渠道|流程|方案|反馈|评价|意见|建议)(?:\([^()]*\))?$"
)
"""What is provided or gathered and is no field of a form: 提供技术指导、故障排查; 收集反馈与建议."""
_TAIL_SEEN = 24
_AND = re.compile("以及|及(?!时)|和|(?<!参)与")
_ETC = re.compile(r"等(?:基本)?(?:信息|内容|要素|情况|事项|项目|资料)?$")
_SUM = re.compile(rf"(?P<n>{NUMBER})个?(?:项|要素|方面|栏|类)(?:内容|信息|事项|[\u4e00-\u9fff]{2})?$")
"""需求、原因、时间、期望四项: the count of what stands before it."""
_OPTIONAL = re.compile(r"^(?:其|该|以下|下列)")
_MOMENTS = (
    (r"(?:关闭|结案|办结|归档)(?:之?前|时)", "before", "case.closed"),
    (r"(?:转派|转办|转交|升级)(?:时|之?前)", "before", "case.transferred"),
    (r"(?:派单|派发|分派)(?:时|之?前)", "before", "case.assigned"),
    (r"(?:回访)(?:时|中|(?=应|须|必须|需|要|$))", "before", "followup.done"),
    (r"(?:提出|给出)方案(?:时|之?前)", "before", "plan.proposed"),
    (r"受理(?!.{0,6}(?:之?后|当日|之日|登记))", "before", "case.accepted"),
)


def find(passage: Passage) -> Iterator[Found]:
    """Every list of fields that must be filled, with when."""
    text = passage.text
    for start, end in passage.sentences():
        for part_start, part_end in passage.parts(start, end):
            timed: _Timed | None = None
            for i, match in enumerate(FIELDS.finditer(text, part_start, part_end)):
                if i == 0:
                    timed = _timed(passage, start, part_start, part_end)
                terms = _terms(match["list"])
                if _LOOSE.match(match.group()) and any(_NO_FIELD.search(t) for t in terms):
                    continue
                if len(terms) >= 2:
                    yield _record(passage, match, terms, timed, start)


def _terms(listed: str) -> list[str]:
    """The fields of a list, without what only closes it."""
    found: list[str] = []
    verbs = list(re.finditer(_VERB, _OUTSIDE.split(listed)[0]))
    listing = listed[verbs[-1].end() if verbs else 0 :].removeprefix(":")
    pieces = _OUTSIDE.split(listing)
    if (summed := _SUM.search(pieces[-1])) and summed.start() > 0:
        last_ones = pieces[-1][: summed.start()]
        if len(pieces) - 1 + len(_AND.split(last_ones)) == number(summed["n"]):
            pieces[-1] = last_ones
    for i, piece in enumerate(pieces):
        piece = _ETC.sub("", piece)
        last = i == len(pieces) - 1
        found += _AND.split(piece, maxsplit=1) if last else [piece]
    return [t.strip() for t in found if t.strip() and not _OPTIONAL.match(t)]


def attached(passage: Passage, start: int, end: int) -> bool:
    """True where the sentence lists fields, so that a time for writing them down belongs to that record."""
    return any(len(_terms(m["list"])) >= 2 for m in FIELDS.finditer(passage.text, start, end))


def _record(
    passage: Passage, match: re.Match[str], terms: list[str], timed: _Timed | None, start: int
) -> Found:
    text = passage.text
    codes = [words.field(t) for t in terms]
    body: dict[str, Any] = {"subject": "case", "fields": list(dict.fromkeys(codes))}
    marks = [("fields", match.start("list"), match.end("list"))]
    gaps: list[str] = []
    head = text[start : match.start()]
    if timed is not None:
        length, stop, moment = timed
        body["within"] = length
        marks.append(("within", *stop))
        if moment is not None:
            marks.append(("after", moment.start, moment.end))
        if moment is not None and moment.events:
            body["after"] = many(moment.events)
            body["subject"] = moment.subject
        else:
            gaps.append("after")
        if length == UNSET:
            gaps.append("within")
    else:
        for pattern, key, event in _MOMENTS:
            if found := re.search(pattern, head):
                body[key] = event
                marks.append((key, start + found.start(), start + found.end()))
                break
        else:
            gaps.append("before")
    body["note"] = "、".join(f"{c} {t}" for c, t in zip(codes, terms, strict=True))
    return Found("record", body, marks, gaps, [], _title(head), "")


def _title(head: str) -> str:
    return re.sub(r"^.*[,。;:]", "", head)[-12:].strip("应当须必需要")


_Timed = tuple[str, tuple[int, int], events.Moment | None]


def _timed(passage: Passage, sentence: int, start: int, end: int) -> _Timed | None:
    """The time within which a record must be written, where the part of the sentence that lists its fields says one."""
    text = passage.text
    for length, stop in commitments.limits(passage, start, end):
        tail = re.split(r"[。;]", text[stop : min(end, stop + _TAIL_SEEN)])[0]
        ended = events.ends(tail, 0, len(tail))
        if ended and all(m.events == ("record.completed",) or not m.events for m in ended[:1]):
            moment = events.starts(text, sentence, length.start)
            if moment is None and (named := re.search(r"受理(?=$)", text[sentence : length.start])):
                moment = events.Moment(("case.accepted",), sentence + named.start(), sentence + named.end())
            return length.iso, (length.start, stop), moment
    return None
