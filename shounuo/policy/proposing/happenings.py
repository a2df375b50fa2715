"""Alarms that something happening sets off: 检出辱骂的，提醒客服主管; 一级风险的预警送达总经理; 单日出现重大投诉，触发红色预警."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from shounuo.policy.proposing import levels, thresholds, words
from shounuo.policy.proposing.found import Found, Passage, many
from shounuo.policy.proposing.numbers import NUMBER, number, written

_DETECTED = re.compile(r"检出(?!率)(?P<what>[^,。;:]{2,20}?)(?=的?(?:[,。;]|时|即|$)|的?(?:或|并))")
_INSPECTED = (
    ("辱骂|谩骂|骂人", "abuse"),
    ("未(?:使)?用[^,。;]{0,6}结束语|无结束语|缺少?结束语", "no_closing_phrase"),
    ("敏感词", "sensitive_word"),
    ("话术", "script"),
    ("情绪", "emotion"),
)
"""What an inspection finds, by the rules that the product inspects with."""
_TELLS = re.compile(r"提醒|预警|告警|报警|通知|上报")
_SENT = re.compile(
    r"(?:送达|推送(?:给|至|到)?|发送?(?:给|至|到)|报送|报告|通知|告知)(?P<whom>[^,。;:]{2,60})"
)
_FAILED = re.compile(
    r"(?P<what>系统|网络|平台|服务)(?:发生|出现)?(?:异常|故障|中断|宕机|瘫痪)(?:发生|出现)?(?:时|的|后),?"
)
_OTHERS = re.compile("用户|客户|业主|顾客|会员|旅客|患者|家长|居民")
_FAILURE_TOLD = re.compile("通知|报告|上报|提醒")
_RAISES = r"(?:触发|启动|发出|发布|拉响|列为)"
_OCCURS = re.compile(
    rf"(?:出现|发生)(?P<noun>[A-Za-z\u4e00-\u9fff]{{0,8}}?(?:投诉|事故|事件|故障|舆情))(?:\([^)]{{0,60}}\))?(?:的)?,?(?:即|立即|自动)?{_RAISES}(?=[^,。;]{{0,8}}(?:预警|警报|告警|报警|应急|危机))"
)
_DAYS = re.compile(rf"连续(?P<n>{NUMBER})(?:日|天)(?:出现|触发|发布|为)?(?P<noun>[红黄蓝]色预警)")


def find(passage: Passage) -> Iterator[Found]:
    """Every alarm of the clause that no threshold of a metric sets off."""
    text = passage.text
    for sentence, stop in passage.sentences():
        for start, end in passage.parts(sentence, stop):
            yield from _detected(text, start, end)
            yield from _sent(text, sentence, start, end)
            yield from _occurs(passage, start, end)
        yield from _failed(text, sentence, stop)


def _detected(text: str, start: int, end: int) -> Iterator[Found]:
    found = list(_DETECTED.finditer(text, start, end))
    if not found or not _TELLS.search(text, found[-1].end(), end):
        return
    roles = thresholds.told_roles(text, found[-1].end(), end)
    for match in found:
        what = match["what"]
        rules = [code for pattern, code in _INSPECTED if re.search(pattern, what)]
        body: dict[str, Any] = {}
        marks = [("trigger", *match.span())]
        gaps = []
        if rules:
            body["trigger"] = {"event": "inspection.hit", "rule": many(rules)}
        else:
            gaps.append("trigger")
        _told(body, marks, gaps, roles)
        yield Found("alarm", body, marks, gaps, [], what, "")


def _failed(text: str, start: int, end: int) -> Iterator[Found]:
    match = _FAILED.search(text, start, end)
    told = _FAILURE_TOLD.search(text, match.end(), end) if match is not None else None
    if match is None or told is None or _OTHERS.search(text, match.end(), told.start()):
        return
    roles = thresholds.told_roles(text, match.end(), end)
    if not roles:
        return
    trigger: str | dict[str, Any] = "incident.detected"
    if match["what"] == "系统":
        trigger = {"event": "incident.detected", "kind": "system"}
    body: dict[str, Any] = {"trigger": trigger}
    marks = [("trigger", *match.span())]
    _told(body, marks, [], roles)
    yield Found("alarm", body, marks, [], [], match.group(), "incident")


def _sent(text: str, sentence: int, start: int, end: int) -> Iterator[Found]:
    grade = levels.graded(text, sentence, start, end)
    sent = _SENT.match(text, grade.end, end) if grade is not None else None
    if grade is None or sent is None or grade.subject != "risk":
        return
    roles = list(words.roles(text, *sent.span("whom")))
    if not roles:
        return
    body: dict[str, Any] = {"trigger": grade.event}
    marks = [("trigger", grade.start, grade.end)]
    gaps: list[str] = []
    _told(body, marks, gaps, roles)
    title = text[grade.start : grade.end].removesuffix("的预警")
    yield Found("alarm", body, marks, gaps, [], title, f"risk-{'-'.join(map(str, grade.levels))}")


def _occurs(passage: Passage, start: int, end: int) -> Iterator[Found]:
    text = passage.text
    for pattern in (_OCCURS, _DAYS):
        for match in pattern.finditer(text, start, end):
            days = pattern is _DAYS
            if days and not re.search(_RAISES, text[match.end() : end]):
                continue
            value = number(match["n"]) if days else number("1")
            if value is None:
                continue
            noun = f"{match['noun']}天数" if days else match["noun"]
            code = words.metric(noun)
            body: dict[str, Any] = {"metric": code, "op": ">=", "value": int(written(value))}
            marks = [("metric", *match.span("noun")), ("value", match.start(), match.end("noun"))]
            piece = passage.piece(match.start(), start, end)[0]
            if not days and (window := next(thresholds.windows(text[piece : match.start()]), None)):
                body["window"] = window
                marks.append(("window", piece, match.start()))
            gaps: list[str] = []
            level = re.search(rf"{_RAISES}(?P<level>[红黄蓝]色)", text[match.start() : end])
            if level is not None:
                body["level"] = dict(words.EVENT_WORDS_OF_LEVELS)[level["level"]]
                at = match.start() + level.start("level")
                marks.append(("level", at, at + len(level["level"])))
            _told(body, marks, gaps, thresholds.told_roles(text, match.end("noun"), end))
            yield Found("alarm", body, marks, gaps, [], noun, f"{code.replace('_', '-')}-high"[:60])


def _told(
    body: dict[str, Any],
    marks: list[tuple[str, int, int]],
    gaps: list[str],
    roles: list[tuple[int, int, str]],
) -> None:
    if roles:
        body["notify"] = many([code for _s, _e, code in roles])
        marks += [("notify", s, e) for s, e, _code in roles]
    else:
        gaps.append("notify")
