"""Metrics with a value: targets (满意度不低于95%) and alarms (低于85分的，通知客服经理)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shounuo.kernel.text import whole
from shounuo.policy.proposing import spans, words
from shounuo.policy.proposing.found import Found, Passage, many
from shounuo.policy.proposing.numbers import NUMBER, SHARE, number, share, written

_GOOD_LOW = r"不得?低于|不得?少于|不应低于|不得?小于|应?达到?|须达到?|达|保持在|维持在|≥|>=|不下于"
_GOOD_HIGH = r"不得?高于|不得?超过|不应超过|不大于|控制在|≤|<=|不得?多于|限制在"
_EXACT = r"="
_LOW = r"低于|小于|不足|未达到?|未能达到|跌破|少于|<|低過"
_HIGH = r"高于|超过|大于|超出|超|逾|多于|突破|>|达到?|增长|上升|上涨|增加"
_PLAINLY = r"(?<=[率度分])(?:为|在|:|目标(?:值)?(?:为|是|:)?)?(?=[0-9百九八七六])"
_OPERATORS = (
    (re.compile(_GOOD_LOW), ">="),
    (re.compile(_GOOD_HIGH), "<="),
    (re.compile(_LOW), "<"),
    (re.compile(_HIGH), ">"),
    (re.compile(_EXACT), "="),
    (re.compile("在|为|:||目标(?:值)?(?:为|是|:)?"), ">="),
)
_VALUE = (
    rf"(?P<share>{SHARE})|(?P<span>{NUMBER}个?(?:半)?(?:工作日|个?工作小时|小时|分钟|秒|天|日(?!内)))"
    rf"|(?P<count>{NUMBER})(?P<measure>分(?!之|钟)|起|件|宗|条|例|次|人|单|个百分点)?|(?P<blank>(?:[xX×_]{{1,4}}|[○〇]{{1,3}}|若干)(?:%|分钟|小时|天|分(?!之))?)"
)
CONDITION = re.compile(
    rf"(?P<op>{_GOOD_LOW}|{_GOOD_HIGH}|{_LOW}|{_HIGH}|{_EXACT}|(?<=[率度长间期])在|{_PLAINLY})(?:到|了|过)?(?:在)?(?P<value>{_VALUE})(?P<side>\(含\)|及?以上|及?以下|以内|之内)?"
)
_NOUN = re.compile(
    r"(?P<noun>[0-9A-Za-z\u4e00-\u9fff()]{0,18}?"
    r"(?:率|满意度|得分|评分|时长|时间|周期|NPS|CSAT|分值|总分|成绩|占比|比例|投诉|申诉|意见|诉求|咨询|故障|差评|报修|问题|工单|延迟|舆情|报警|净推荐值|量|数|件数)(?:\([^)]*\))?)"
    r"(?P<between>(?:应当?|须|必须|需|要|均|[日周月]度|月度平均|月平均|平均|连续|持续|环比|同比|每[日周月]|(?:在)?(?:[0-9一二两三四五六七八九十]+(?:个)?(?:日|天|周|月|小时|年)内)|一周内|(?:连续|持续)[0-9一二两三四五六七八九十]+(?:个)?(?:日|天|周|月|季度)(?:内)?|不能|应该|为|,|的|较[\u4e00-\u9fff]{1,4}|之)*)$"
)
_TREND = re.compile(
    rf"(?:连续|持续)(?P<n>{NUMBER})(?P<unit>个?(?:日|天|周|月|季度|星期))(?:内)?(?:呈)?(?P<way>下降|下滑|走低|降低|上升|增长|攀升|走高)"
)
_CONSECUTIVE = re.compile(
    rf"(?:连续|持续)(?P<n>{NUMBER})(?P<ge>个)?(?P<unit>日|天|周|月|季度|星期|小时|分钟)"
)
_WINDOWS = (
    (re.compile(r"单日|当日|每日|日度|(?<![0-9])日(?=投诉|申诉|咨询|新增)"), "P1D"),
    (re.compile(r"一周内?|单周|当周|每周|周度"), "P1W"),
    (re.compile(r"单月|当月|每月|月度|月均"), "P1M"),
    (re.compile(r"单季|当季|每季度?|季度"), "P3M"),
    (re.compile(r"全年|年度|每年"), "P1Y"),
)
_WITHIN = re.compile(
    rf"(?P<n>{NUMBER})(?P<ge>个)?(?:(?P<unit>日|天|周|月|小时)内|(?P<hours>小时)(?=新增|累计))"
)
_CONSEQUENCE = re.compile(
    r"预警|告警|报警|警示|约谈|整改|启动|列为|说明原因|警告|督办|取消|挂牌|扣[分减发]|发出"
)
_IF = re.compile(r"(?:的|时|者|,则|则|→|->)[,、:]?|,")
_TELL = re.compile(
    r"(?:通知|报告|通报|提醒|告知|上报|约谈|报送|知会|报请|报|抄送|升级|送达|推送)(?:给|至|到)?$"
)
_TO = re.compile(r"(?:向)$")
_BY = re.compile(r"(?:由)$")
_NEARLY = re.compile(r"(?:通知|提醒|告知|报告|由)[\u4e00-\u9fff]{2}$")
"""通知维保经理: two more characters that say which."""
_CHANGE = re.compile(
    rf"(?:(?:较|比|同比|环比)[^,。;]{{0,8}}?|在[^,。;]{{1,14}}基础上|(?P<bare>(?<=[率数量长期本])))(?P<way>提高|提升|增长|上升|降低|下降|减少|缩短)(?P<value>{SHARE})"
)
_HORIZON = re.compile(
    rf"[^,。;:0-9\n]{{0,8}}?(?:(?P<low>{NUMBER})(?:个?月|年)?(?:至|到|-|~))?(?P<high>{NUMBER})(?P<unit>个?月|年)(?:之|以)?内:"
)
_AIM = re.compile(r"目标|力争|争取|实现|确保|[月年]内|年底|应当?|须|要求")
_NONE = re.compile(r"(?:为|保持|实现)零(?![0-9点])")
_LATE = re.compile(r"(?:逾期|超时|超期|到期|未按时|未按期|超过(?:规定|承诺)?时限)[^,。;]{0,8}(?:未|的|工单)?")
_COUNTS = frozenset("起件宗条例次单")


_RAISED = re.compile(r"(?:触发|启动|发出|发布|拉响|列为)(?P<level>[红黄蓝]色)")
_SAME_NOUN = re.compile(
    r"[,;](?:且|并且?|或者?|若|如)?(?:连续|持续)[^,;]{1,8}$|[,;](?:且|并且?|或者?|若|如)?$"
)


@dataclass(slots=True)
class _Condition:
    noun: str
    noun_span: tuple[int, int]
    op: str
    value: str
    start: int
    end: int
    word: str
    counted: bool


def find(passage: Passage) -> Iterator[Found]:
    """Every target and alarm of the clause."""
    text = passage.text
    sentences = list(passage.sentences())
    lead = _lead(passage, sentences)
    for i, (start, end) in enumerate(sentences):
        told = text[start:end]
        if lead is not None and i > 0:
            told = text[lead[0] : lead[1]] + "," + told
        conditions = list(_conditions(text, start, end))
        head = _HEAD.search(text, start, end)
        for condition in conditions:
            above = lead if i > 0 else None
            if head is not None and head.end() <= condition.noun_span[0]:
                above = head.span()
            yield from _judged(passage, condition, start, end, above)
        yield from _nothing(passage, start, end)
        yield from _changes(passage, start, end, conditions)
        yield from _trends(passage, start, end, conditions)
        if not conditions:
            yield from _overdue(passage, start, end)
        elif late := next(_overdue(passage, start, end), None):
            yield late


_HEAD = re.compile(r"(?:下列|以下|如下|之一)[^。;:\n]{0,24}(?:预警|告警|报警|警示|督办)[^。;:\n]{0,24}:")
"""What opens a list of cases in the same sentence: 下列情形触发预警：."""


def windows(text: str) -> Iterator[str]:
    """Every period of measuring that a text says (单日, 月度), as a pack writes it."""
    yield from (iso for pattern, iso in _WINDOWS if pattern.search(text))


def _lead(passage: Passage, sentences: list[tuple[int, int]]) -> tuple[int, int] | None:
    """A first line that says what happens in the cases listed below it."""
    if len(sentences) < 2:
        return None
    first = passage.text[slice(*sentences[0])]
    return sentences[0] if re.search(r"(?:下列|以下|之一)", first) and _CONSEQUENCE.search(first) else None


def _conditions(text: str, start: int, end: int) -> Iterator[_Condition]:
    last = None
    for match in CONDITION.finditer(text, start, end):
        noun = noun_before(text, start, match.start())
        if noun is None and last is not None and _SAME_NOUN.search(text[last[1][1] : match.start()]):
            noun = last  # ...;连续三日跌破85%的: of what stood before
        if noun is None:
            continue
        last = noun
        value, counted = _value(match)
        if value is None:
            continue
        if (
            ratio := re.search("[环同]比$", text[max(start, match.start() - 2) : match.start()])
        ) and re.search("增|升|上涨", match["op"]):
            noun = noun[0] + ratio.group() + "增长", (noun[1][0], match.start())
        op = next(o for pattern, o in _OPERATORS if pattern.fullmatch(match["op"]))
        if op == ">" and match["side"] and "以上" in match["side"]:
            op = ">="
        plainly = re.fullmatch("|为|:|在|目标.*", match["op"])
        if plainly and (not match["share"] or noun[0].endswith("概率")):
            continue
        if re.fullmatch("控制在|保持在|维持在|在|为|:||目标.*", match["op"]) and match["side"]:
            op = "<=" if "以上" not in match["side"] else ">="
        if re.fullmatch("达到?", match["op"]) and counted and not _obliged(text, noun[1][1], match.start()):
            op = ">="
        yield _Condition(noun[0], noun[1], op, value, match.start(), match.end(), match["op"], counted)


def _obliged(text: str, start: int, end: int) -> bool:
    return bool(re.search("应|须|要|必", text[start:end]))


_FARTHEST = 100
"""How far before its figure a metric is looked for."""


def noun_before(text: str, start: int, at: int) -> tuple[str, tuple[int, int]] | None:
    """The metric before a comparison: the last noun of measure in its piece, else in the piece before."""
    floor = max(text.rfind(mark, start, at) for mark in ",;:、。") + 1
    floor = max(floor, start)
    while True:
        floor = max(floor, at - _FARTHEST)
        head = text[floor:at]
        match = _NOUN.search(head)
        if match:
            noun = _trim_noun(match["noun"])
            if noun:
                begin = floor + match.start("noun") + match["noun"].rfind(noun)
                return noun, (begin, begin + len(noun))
        if floor <= start or not re.fullmatch(
            r"(?:且|并且?|并|或者?|,|均|(?:连续|持续)[^,]{0,8}|同比|环比|较.{0,6}|但)*", head
        ):
            return None
        at_comma = floor - 1
        floor = max([text.rfind(mark, start, at_comma) for mark in ",;:、。"] + [start - 1]) + 1


_NOUN_HEAD = re.compile(
    r"^(?:.*(?:的|且|及(?!时)|和|或者?|如(?!期)|当(?![日月季年周天])|若(?!干)|凡|使(?!用)|,|并)(?=[0-9A-Za-z\u4e00-\u9fff]{2})|"
    r"(?:.*后)?(?=等[候待]|排队)(?<=后)|(?:连续|持续)(?:[0-9]+|[一二两三四五六七八九十]+)个?(?:日|天|周|月|季度|星期)|"
    r"\([0-9一二三四五六七八九十]{1,3}\)|一周内|(?:[0-9]+|[一二两三四五六七八九十]+)个?(?:日|天|周|月|小时)内|若干个?(?:日|天|周|月|小时)内|(?:[0-9]+|[一二两三四五六七八九十]+)个?小时(?=新增|累计)|(?:月度|日度|周度|季度|年度|全年|当月|当日|单日|单月|每月|每日|日(?=投诉|申诉|咨询)|累计|平均(?=投诉)))"
)


def _trim_noun(noun: str) -> str:
    bare = re.sub(r"\((?!.*\().*?\)$", "", noun)
    previous = None
    while bare != previous:
        previous = bare
        bare = _NOUN_HEAD.sub("", bare)
    return bare if len(bare) >= 2 else ""


def _value(match: re.Match[str]) -> tuple[str | None, bool]:
    if match["blank"]:
        return spans.UNSET, False
    if match["share"]:
        value = share(match["share"])
        if value is None:
            return None, False
        return (f"{written(value)}%" if value * 100 == int(value * 100) else spans.UNSET), False
    if match["span"]:
        return spans.read(match["span"]), False
    value = number(match["count"])
    if value is None:
        return None, False
    measure = match["measure"] or ""
    if not measure and value < 10 and match["count"] in "零〇一二两三四五六七八九十":
        return None, False
    return written(value), measure in _COUNTS and bool(measure)


def _judged(
    passage: Passage, condition: _Condition, start: int, end: int, lead: tuple[int, int] | None
) -> Iterator[Found]:
    text = passage.text
    part_start, part_end = next(
        ((s, e) for s, e in passage.parts(start, end) if s <= condition.start < e), (start, end)
    )
    tail = text[condition.end : part_end]
    strict = condition.op in ("<", ">")
    consequence = (
        bool(_CONSEQUENCE.search(tail)) or lead is not None or bool(told_roles(text, condition.end, part_end))
    )
    conditional = bool(re.match(r"(?:的(?=[,、]|$)|时(?=[,、]|[\u4e00-\u9fff])|者|,则)", tail))
    alarm = (strict and (consequence or conditional)) or (consequence and (conditional or condition.counted))
    alarm = alarm or (lead is not None and bool(_HEAD.fullmatch(text, *lead)))
    alarm = alarm or bool(re.match("即(?![为是可])", tail))  # 达100%即给予奖励
    if not alarm and strict and (condition.counted or re.match("的", tail)):
        return  # 超过4小时的工单 only says which cases are meant
    code = words.metric(_counted(condition))
    marks = [("metric", *condition.noun_span), ("value", condition.start, condition.end)]
    body: dict[str, Any] = {"metric": code, "op": condition.op, "value": _plain(condition.value)}
    gaps = ["value"] if condition.value == spans.UNSET else []
    own = not re.search("[,;]", text[condition.noun_span[1] : condition.start])
    window = _window(text, part_start, condition) if own else None
    if window is not None:
        body["window"] = window[0]
        marks.append(("window", window[1], window[2]))
    if not alarm:
        yield _target(body, marks, gaps, text, condition, part_end)
        return
    _alarm_details(
        passage,
        body,
        marks,
        gaps,
        condition.noun_span[0],
        lead or (part_start, part_end),
        part_end,
        condition,
    )
    yield Found(
        "alarm",
        body,
        marks,
        gaps,
        [],
        condition.noun,
        f"{code.replace('_', '-')}-{'low' if '<' in condition.op else 'high'}"[:60],
    )


def _counted(condition: _Condition) -> str:
    noun = condition.noun
    if condition.counted and noun.endswith(("意见", "诉求", "差评", "报修", "故障", "咨询")):
        return noun
    return noun


def _plain(value: str) -> Any:
    return value if (number := whole(value)) is None else number


def _target(
    body: dict[str, Any],
    marks: list[tuple[str, int, int]],
    gaps: list[str],
    text: str,
    condition: _Condition,
    end: int,
) -> Found:
    body |= horizon(text, condition.noun_span[0], marks)
    return Found("target", body, marks, gaps, [], condition.noun, body["metric"].replace("_", "-")[:60])


def horizon(text: str, at: int, marks: list[tuple[str, int, int]]) -> dict[str, str]:
    """By when the targets of a sentence are to be reached, where it opens with that: 三至六个月内：…."""
    begin = max(text.rfind("。", 0, at), text.rfind("\n", 0, at)) + 1
    said = _HORIZON.match(text, begin, at)
    if said is None:
        return {}
    unit = "个月" if said["unit"].endswith("月") else said["unit"]
    found = {}
    for name, group in (("horizon", "high"), ("horizon_min", "low")):
        value = number(said[group]) if said[group] else None
        if iso := spans.iso_of(value, unit) if value else None:
            found[name] = iso
            marks.append((name, said.start("low") if said["low"] else said.start("high"), said.end() - 1))
    return found


def _window(text: str, start: int, condition: _Condition) -> tuple[str, int, int] | None:
    """The period over which it is measured, where the words before the comparison say one."""
    piece = max([text.rfind(m, start, condition.noun_span[0]) for m in ",;:、"] + [start - 1]) + 1
    inside = next(reversed([*_WITHIN.finditer(text, piece, condition.start)]), None)
    if inside is not None:
        said = inside["unit"] or inside["hours"]
        unit = f"个{said}" if said == "月" else said
        value = number(inside["n"])
        iso = spans.iso_of(value, unit) if value else None
        return (iso, inside.start(), inside.end()) if iso else None
    for pattern, iso in _WINDOWS:
        if (found := pattern.search(text, piece, condition.start)) and not text.startswith(
            "日均", found.start()
        ):
            return iso, found.start(), found.end()
    return None


def _alarm_details(
    passage: Passage,
    body: dict[str, Any],
    marks: list[tuple[str, int, int]],
    gaps: list[str],
    begin: int,
    told: tuple[int, int],
    part_end: int,
    condition: _Condition | None,
) -> None:
    """Adds how long it must last, the level, and whom it is told."""
    text = passage.text
    scope = (min(begin, told[0]) if condition and told[1] >= part_end else begin, part_end)
    if condition is not None:
        head = max(text.rfind(m, 0, condition.start) for m in ",;。\n") + 1
        for lasting in _CONSECUTIVE.finditer(text, min(begin, head), part_end):
            between = text[min(condition.end, lasting.start()) : max(condition.start, lasting.start())]
            if ";" not in between and len(between) < 16 and not _TREND.match(text, lasting.start()):
                iso = _lasting(lasting)
                if iso:
                    body["consecutive"] = iso
                    marks.append(("consecutive", lasting.start(), lasting.end()))
                    break
    raised = _RAISED.search(text, condition.end, part_end) if condition is not None else None
    if raised is not None:  # 连续两天蓝色预警，或…低于80%，触发黄色预警: the colour that is set off
        body["level"] = dict(words.EVENT_WORDS_OF_LEVELS)[raised["level"]]
        marks.append(("level", *raised.span("level")))
    for where in (scope, told):
        for word, level in words.EVENT_WORDS_OF_LEVELS:
            place = text.find(word, where[0], where[1])
            if place >= 0 and "level" not in body:
                body["level"] = level
                marks.append(("level", place, place + len(word)))
    roles = told_roles(text, begin, part_end) or told_roles(text, *told)
    if roles:
        body["notify"] = many([code for _s, _e, code in roles])
        marks += [("notify", s, e) for s, e, _code in roles]
    else:
        gaps.append("notify")


def _lasting(match: re.Match[str]) -> str | None:
    value = number(match["n"])
    unit = {"月": "个月"}.get(match["unit"], match["unit"])
    return spans.iso_of(value, unit) if value else None


def told_roles(text: str, start: int, end: int) -> list[tuple[int, int, str]]:
    """The roles that are told; else those that must act."""
    named = list(words.roles(text, start, end))
    for pattern in (_TELL, _TO, _BY, _NEARLY):
        for i, role in enumerate(named):
            lead = re.sub(
                r"(?:承办|责任|相关|各|本|中心|公司|集团|所在|分管|值班)+$", "", text[start : role[0]]
            )
            if pattern.search(lead):
                found = [role]
                for following in named[i + 1 :]:
                    if re.fullmatch(r"[、和及与]|以及|并抄送", text[found[-1][1] : following[0]]):
                        found.append(following)
                return found
    return []


def _trends(passage: Passage, start: int, end: int, conditions: list[_Condition]) -> Iterator[Found]:
    """连续两周下降的: a direction instead of a value."""
    text = passage.text
    for match in _TREND.finditer(text, start, end):
        noun = noun_before(text, start, match.start())
        before = [c for c in conditions if c.end <= match.start()]
        if noun is None and before:
            noun = before[-1].noun, before[-1].noun_span
        if noun is None or not _CONSEQUENCE.search(text[match.end() : end]):
            continue
        value = number(match["n"])
        unit = match["unit"].removeprefix("个")
        iso = spans.iso_of(value, {"月": "个月"}.get(unit, unit)) if value else None
        falling = match["way"] in ("下降", "下滑", "走低", "降低")
        body: dict[str, Any] = {"metric": words.metric(noun[0]), "trend": "falling" if falling else "rising"}
        marks = [("metric", *noun[1]), ("trend", match.start(), match.end())]
        if iso:
            body["consecutive"] = iso
        gaps: list[str] = []
        _alarm_details(passage, body, marks, gaps, match.start(), (start, end), end, None)
        yield Found(
            "alarm",
            body,
            marks,
            gaps,
            [],
            noun[0],
            f"{body['metric'].replace('_', '-')}-{body['trend']}"[:60],
        )


def _nothing(passage: Passage, start: int, end: int) -> Iterator[Found]:
    """重大投诉为零: none at all."""
    text = passage.text
    for match in _NONE.finditer(text, start, end):
        noun = noun_before(text, start, match.start())
        if noun is None or text.startswith(")", match.end()):
            continue  # (订单数为零) explains what stands before it
        condition = _Condition(noun[0], noun[1], "<=", "0", match.start(), match.end(), match.group(), True)
        code = words.metric(noun[0])
        body: dict[str, Any] = {"metric": code, "op": "<=", "value": 0}
        marks = [("metric", *noun[1]), ("value", match.start(), match.end())]
        if (window := _window(text, start, condition)) is not None:
            body["window"] = window[0]
            marks.append(("window", window[1], window[2]))
        yield Found("target", body, marks, [], [], noun[0], code.replace("_", "-")[:60])


def _changes(passage: Passage, start: int, end: int, conditions: list[_Condition]) -> Iterator[Found]:
    """复购率较上年提高5%: a change against what was, the value itself left open."""
    text = passage.text
    for match in _CHANGE.finditer(text, start, end):
        noun = noun_before(text, start, match.start())
        value = share(match["value"])
        if (
            noun is None
            or value is None
            or any(c.start < match.end() and match.start() < c.end for c in conditions)
        ):
            continue
        if re.match("(?:以上)?(?:的|时|者|,.{0,6}(?:预警|告警|报警))", text[match.end() : end]):
            continue  # 量下降10%的，… says when something happens
        if match["bare"] is not None and not _AIM.search(text, start, match.start()):
            continue  # 通话量下降10% may only tell what was
        sign = "-" if match["way"] in ("降低", "下降", "减少", "缩短") else "+"
        code = words.metric(noun[0])
        body = {
            "metric": code,
            "op": "<=" if sign == "-" else ">=",
            "value": spans.UNSET,
            "change": f"{sign}{written(value)}%",
        }
        marks = [("metric", *noun[1]), ("change", match.start(), match.end())]
        body |= horizon(text, noun[1][0], marks)
        yield Found("target", body, marks, [], [], noun[0], code.replace("_", "-")[:60])


def _overdue(passage: Passage, start: int, end: int) -> Iterator[Found]:
    """逾期未办结的，提醒客服主管: told when a time limit has passed."""
    text = passage.text
    for part_start, part_end in passage.parts(start, end):
        late = _LATE.search(text, part_start, part_end)
        if late is None or not re.search(r"提醒|通知|预警|告警|上报|报告|督办", text[late.end() : part_end]):
            continue
        body: dict[str, Any] = {"trigger": "clock.breached"}
        marks = [("trigger", late.start(), late.end())]
        gaps: list[str] = []
        _alarm_details(passage, body, marks, gaps, late.start(), (part_start, part_end), part_end, None)
        yield Found("alarm", body, marks, gaps, [], text[late.start() : late.end()], "overdue")
