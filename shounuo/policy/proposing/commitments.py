"""Promises: 接到投诉后30分钟内响应. A length of time with a limit, what starts it and what ends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from shounuo.kernel import durations
from shounuo.kernel.durations import Span
from shounuo.policy.proposing import events, levels, thresholds, words
from shounuo.policy.proposing.events import Moment
from shounuo.policy.proposing.found import Found, Passage, many
from shounuo.policy.proposing.numbers import NUMBER, SHARE
from shounuo.policy.proposing.spans import UNSET, Length, lengths

_BEFORE = re.compile(
    r"(?:不超过|不得超过|不能超过|不应超过|不晚于|不迟于|不得迟于|最长|最迟|至迟|最多|至多|限时|控制在|延长至|≤|<=)(?:在|为|是|不超过|不得超过)?$"
)
_INSIDE = re.compile(r"(?:\(.{0,8}?\))?(?:之|以)?(?:内|里)(?!部|容|控)")
_BARE = re.compile(r"(?:办结|完成|答[复覆]|回[复覆]|结案|办理完毕|处理完毕|内)")
_NOT_A_LIMIT = re.compile(
    r"(?:不间断|全天|值守|值班|服务(?!结束|完成)|在线|营业|开通|人工|热线|(?:按时|及时)?[\u4e00-\u9fff]{0,3}率|制(?![定订作]))"
)
_NEVER_BEFORE = re.compile(
    r"(?:[×xX*]|每|每隔|连续|持续|提前|近|过去|最近|前|达|满|超过|超|超出|大于|逾|>|平均.{0,10}|满意度.{0,8}|[降减缩升增短低高少长加](?:到|至|为))$"
)
_MEASURED = re.compile(r"平均|等[候待]|排队|率|量|数|周期|满意度|得分|评分|NPS")
_COUNTED = re.compile(
    r"内[^,。;]{0,10}(?:超过|超|大于|逾|达到?|>|≥|发生|出现)[^,。;]{0,4}?(?:[0-9一二两三四五六七八九十百]|若干)"
)
_RIGHT = re.compile(r"(?:可|可以|有权)(?:在|于|自.{0,12})?$")
_CLAIM = re.compile(r"(?:向.{1,8})?(?:申请|提出|要求|凭|办理退)")
_PHONE = re.compile(r"电话|热线|来电|铃|总机")
_UNDONE = re.compile(
    r"(?:内|之?后)?(?:仍|还|尚)?(?:未|没有)(?P<act>[^,。;]{1,14}?)(?:的|时|者)?,[^,。;]{0,10}?(?:提醒|通知|升级|上报|报告|告知|告警|预警|督办)"
)
"""五分钟未分派的，自动提醒客服主管: a promise told by what happens when it is broken."""
_JUST = re.compile(r"(?:接单|派单|派发|分派|受理|结束|完成|办结|结案|解决|修复|关闭)$")
_LATER = re.compile(r"(?:超过|超|逾|达到?|满)$")
_SHARED = re.compile(r"、[^,。;、]{1,10}?$")
"""What stands between the lengths of L1 五分钟、L2 十五分钟、L3 三十分钟内响应."""
_FULL = re.compile(r"(?:满|届满|满了)$")
_GRADES = ("level", "severity", "complexity", "priority")
_ANOTHER = re.compile(r"(?:投诉|申诉|报修|维修|意见|问题|事项|工单|咨询|诉求|案件|项目)(?!人)[^,。;]{0,6}$")
_CONDITION = re.compile(
    rf"[^,。;]*(?:超过|低于|高于|达到?|大于|小于|逾|跌破|不足)(?:{SHARE}|{NUMBER})[^,。;]{{0,3}}(?:的|时|者),"
)
_HAS_SUBJECT = ("kind", "channel", "level", "severity", "complexity", "priority")
_IMPLIED = {
    "call.answered": "interaction.received",
    "interaction.sent": "interaction.received",
    "followup.done": "case.resolved",
    "incident.announced": "incident.detected",
    "bot.handed_over": "bot.unresolved",
}
_OPENED = (
    "case.resolved case.accepted case.assigned case.transferred plan.proposed case.diagnosed case.triaged case.classified "
    "case.closed case.eta_told progress.noted rca.submitted improvement_plan.submitted service.visited"
).split()
_REPLIES = {
    "collaboration.requested": "collaboration.answered",
    "green_channel.requested": "green_channel.answered",
}
_NAMES = {
    "interaction.sent": "response",
    "call.answered": "answering",
    "case.resolved": "resolution",
    "case.accepted": "acceptance",
    "case.assigned": "assignment",
    "case.transferred": "transfer",
    "plan.proposed": "proposal",
    "followup.done": "followup",
    "case.diagnosed": "diagnosis",
    "case.triaged": "triage",
    "rca.submitted": "root-cause-report",
    "record.completed": "record-entered",
}
_CASE_WORDS = re.compile(
    r"投诉|申诉|报修|维修|工单|申请|诉求|意见|案件|装机|障碍|L[123]|事故|大修|小修|中修|项目"
)
_OR = re.compile(r"或者?|或是")


_NEAR = 24


def limits(passage: Passage, start: int, end: int) -> Iterator[tuple[Length, int]]:
    """The lengths of time that something must be done within, each with the end of its wording."""
    text = passage.text
    said = list(lengths(text, start, end))
    found = {length.start: (length, stop) for length, stop in _said(passage, said, start, end)}
    for length, following in reversed(list(pairwise(said))):
        if (
            length.start not in found
            and following.start in found
            and not _NEVER_BEFORE.search(text[max(start, length.start - _NEAR) : length.start])
            and _SHARED.fullmatch(text, length.end, following.start)
        ):
            found[length.start] = length, length.end
    yield from (found[place] for place in sorted(found))


def _said(passage: Passage, said: list[Length], start: int, end: int) -> Iterator[tuple[Length, int]]:
    """Those of the lengths that a wording of their own makes a limit."""
    text = passage.text
    for length in said:
        before = text[max(start, length.start - _NEAR) : length.start]
        if _undone(text, length, start, end):
            yield length, length.end
            continue
        if _NEVER_BEFORE.search(before) and not _BEFORE.search(before):
            continue
        inside = _INSIDE.match(text, length.end, end)
        stop = inside.end() if inside else length.end
        if _RIGHT.search(before) and _CLAIM.match(text, stop, end):
            continue
        if inside and length.iso[-1] in "MY" and "T" not in length.iso and text.startswith(":", stop):
            continue  # 三至六个月内：… opens a list of targets
        if _NOT_A_LIMIT.match(text, stop, end) or _COUNTED.match(text, length.end, end):
            continue
        piece_start, _stop = passage.piece(length.start, start, end)
        if inside or _BEFORE.search(before) or _BARE.match(text, length.end, end) or length.iso == UNSET:
            if _BEFORE.search(before) and _MEASURED.search(text[piece_start : length.start]):
                continue  # 平均响应时间不超过40秒 is a target
            if text.startswith(("(平均)", "(均值)"), length.end):
                continue
            if length.iso == UNSET and not inside and not _promised(text, length, end):
                continue
            yield length, stop


def _undone(text: str, length: Length, start: int, end: int) -> re.Match[str] | None:
    """What tells that something must have been done by then, where somebody is told that it was not. 三个月未下单的 is
    no promise: nothing begins it and nothing that the house does ends it."""
    before = _LATER.sub("", text[max(start, length.start - _NEAR) : length.start])
    undone = None if _NEVER_BEFORE.search(before) else _UNDONE.match(text, length.end, end)
    if undone is None:
        return None
    known = events.ends(text, *undone.span("act")) or events.starts(text, start, length.start)
    return undone if known else None


def _promised(text: str, length: Length, end: int) -> bool:
    """True where 当日 or a blank is followed by what must be done by then."""
    tail = re.split(r"[,。;]", text[length.end : min(end, length.end + 16)])[0]
    return bool(events.ends(tail, 0, len(tail))) or bool(
        re.match(r"(?:内|完成|办|答|回|向|安排|上报|报告|反馈)", tail)
    )


def find(passage: Passage) -> Iterator[Found]:
    """Every promise of the clause."""
    for start, end in passage.sentences():
        carried = _Carried()
        for part_start, part_end in passage.parts(start, end):
            if _own_subject(passage.text, part_start, part_end):
                carried = _Carried(last=carried.last)
            yield from _part(passage, start, part_start, part_end, carried)


def _own_subject(text: str, start: int, end: int) -> bool:
    """True where a part says for itself what it is about, so that nothing carries over from the part before."""
    first = next(iter(lengths(text, start, end)), None)
    stop = first.start if first else end
    return (
        any(f[0] in _HAS_SUBJECT for f in words.facts(text, start, stop))
        or events.starts(text, start, stop) is not None
        or bool(re.search("工单|事项|留言", text[start:stop]))
    )


@dataclass(slots=True)
class _Carried:
    """What a promise may take over from the one before it: the start, the cases meant, the end, the assumed start."""

    moment: Moment | None = None
    when: dict[str, list[str]] = field(default_factory=dict)
    last: list[Moment] = field(default_factory=list)
    implied: tuple[events.Spec, ...] = ()
    grade: levels.Graded | None = None


def _part(passage: Passage, sentence: int, start: int, end: int, carried: _Carried) -> Iterator[Found]:
    text = passage.text
    found = list(limits(passage, start, end))
    grade = levels.graded(text, sentence, start, end)
    if grade is not None:
        carried.moment, carried.when = _graded(grade), {}
        carried.grade = grade
    elif carried.moment is None:
        carried.grade = None
    reached = start if grade is None else grade.end
    for i, (length, stop) in enumerate(found):
        after = _waiting(text, reached, length.start)
        named = events.starts(text, reached, length.end if length.iso == UNSET else length.start)
        if named is None:
            named = _at_once(text, reached, length.start)
        if after is not None and named is None:
            named = events.starts(text, reached, after.end + 1)
        if condition := _CONDITION.search(text, reached, length.start):
            named = Moment((), condition.start(), condition.end())
        here = _when(text, reached, length.start)
        if carried.grade is not None and (named is None or not named.events):
            named, here = _graded(carried.grade), {}
        if named is not None:
            carried.moment, carried.when = named, here
        elif here or _ANOTHER.search(text, reached, length.start):
            carried.when = {k: v for k, v in carried.when.items() if k not in _GRADES} | here
        tail_end = found[i + 1][0].start if i + 1 < len(found) else end
        about = carried.moment.subject if carried.moment is not None else "case"
        undone = _undone(text, length, start, end)
        if undone is not None:
            ended, place = events.ends(text, *undone.span("act"))[-1:], undone.end("act")
        else:
            ended, place = _end(passage, length, stop, tail_end, max(reached, start), about)
        if not ended and place == stop:
            ended = _elliptic(passage, found, i, end, carried.last)
        carried.last = ended or carried.last
        when = carried.when
        if carried.moment is not None and not carried.moment.events:
            inside = _when(text, carried.moment.start, carried.moment.end)
            when = {fact: values for fact, values in when.items() if fact not in inside}
        for acts in _acts(text, about, ended):
            rule = _rule(passage, length, carried.moment, acts, when, start, stop, after, carried.implied)
            if undone is not None:
                _escalated(text, rule, length.end, tail_end)
            begun = rule.body.get("from", ())
            carried.implied = tuple(begun) if isinstance(begun, list) else (begun,) if begun else ()
            yield rule
        reached = place


def _at_once(text: str, start: int, end: int) -> Moment | None:
    """A start that stands right before the length, without its 后: 接单三十分钟仍未联系, 服务结束二十四小时内."""
    begin = max(start, end - _NEAR)
    if not _JUST.search(text, begin, end):
        return None
    head = text[begin:end]
    named = events.starts(f"{head}后", 0, len(head) + 1)
    if named is None or not named.events or named.end <= len(head):
        return None
    return replace(named, start=begin + named.start, end=end)


def _acts(text: str, about: str, ended: list[Moment]) -> list[list[Moment]]:
    """The ends of one promise each: of a risk or crisis every act is recorded, so that 解决并提交复盘报告 are two."""
    own = [m for m in ended if m.subject == about]
    if about == "case" or len(own) < 2 or _OR.search(text[own[0].end : own[-1].start]):
        return [ended[-1:] if about != "case" and len(own) < 2 else ended]
    return [[m] for m in own]


def _graded(grade: levels.Graded) -> Moment:
    return Moment((grade.event,), grade.start, grade.end, grade.subject)


def _escalated(text: str, rule: Found, start: int, end: int) -> None:
    """Adds whom a breach is told."""
    told = thresholds.told_roles(text, start, end)
    if told:
        rule.body["escalate"] = [
            {"at": "100%", "to": role if role == "dept_head" else f"role:{role}"} for _s, _e, role in told
        ]
        rule.marks += [("escalate", s, e) for s, e, _role in told]


def _elliptic(
    passage: Passage, found: list[tuple[Length, int]], i: int, end: int, last: list[Moment]
) -> list[Moment]:
    """The end of a promise that leaves it to its neighbour: 城区24小时内、农村48小时内修复, 小修当日完成，中修不超过3日."""
    while passage.text.startswith("、", found[i][1]) and i + 1 < len(found):
        stop = found[i][1]
        i += 1
        following, after = found[i]
        tail_end = found[i + 1][0].start if i + 1 < len(found) else end
        if shared := _end(passage, following, after, tail_end, stop)[0]:
            return shared
    return last


def _waiting(text: str, start: int, end: int) -> Length | None:
    """满7天后: the length that must have passed first."""
    for length in lengths(text, start, end):
        if _FULL.search(text[start : length.start]) and re.match(r"(?:之?后|时)", text[length.end : end]):
            return length
    return None


def _when(text: str, start: int, end: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for fact, value, _start, _end in words.facts(text, start, end):
        if value not in found.setdefault(fact, []):
            found[fact].append(value)
    return found


def _end(
    passage: Passage, length: Length, stop: int, tail_end: int, reached: int, about: str = "case"
) -> tuple[list[Moment], int]:
    """The ends of a promise (several where any of them will do), and where the text behind it begins.

    First what follows in its piece, then what stands before (首次响应时间不超过30秒), then, where the piece ends with the
    length, the next piece (24小时内，售后工程师须完成记录).
    """
    text = passage.text
    cut = re.search(r"[,;。\n]", text[stop:tail_end])
    tail_stop = stop + cut.start() if cut else tail_end
    if found := events.ends(text, stop, tail_stop, about):
        if len(found) > 1 and (about != "case" or _OR.search(text[found[0].end : found[-1].start])):
            return found, tail_stop
        return [_last_act(text, found)], tail_stop
    if text[stop:tail_stop].strip(",的、"):
        return [], tail_stop if not re.match("[、,]", text[stop:]) else stop
    piece_start, _stop = passage.piece(length.start, reached, length.start)
    named = events.starts(text, piece_start, length.start)
    if named is not None:
        piece_start = named.end
    if head := events.ends(text, piece_start, length.start, about):
        return head[-1:], tail_stop
    if cut and cut.start() == 0:
        again = re.search(r"[,;。\n]", text[stop + 1 : tail_end])
        next_stop = stop + 1 + again.start() if again else tail_end
        following = events.ends(text, stop + 1, next_stop, about)
        if following and not any(True for _l in lengths(text, stop + 1, next_stop)):
            return [_last_act(text, following)], next_stop
    return [], stop if cut and cut.start() == 0 else tail_stop


_THEN = re.compile(r"[并且及或后和、,]")


def _last_act(text: str, found: list[Moment]) -> Moment:
    """Of several verbs the last one that is joined on; one that only stands in another's object is not an act."""
    act = found[0]
    for moment in found[1:]:
        if _THEN.search(text[act.end : moment.start]):
            act = moment
    return act


def _rule(
    passage: Passage,
    length: Length,
    moment: Moment | None,
    ended: list[Moment],
    when: dict[str, list[str]],
    start: int,
    stop: int,
    after: Length | None,
    implied: tuple[events.Spec, ...],
) -> Found:
    text = passage.text
    until = [e for m in ended for e in m.events]
    marks = [("within", length.start, stop)]
    gaps, assumed = [], []
    body: dict[str, Any] = {"subject": "case"}
    begun: tuple[events.Spec, ...] = ()
    if moment is not None:
        marks.append(("from", moment.start, moment.end))
        begun = moment.events
    else:
        begun = _implied(until, text[start : length.start]) or implied
        if begun:
            assumed.append("from")
    if (
        until == ["call.answered"]
        and text[ended[-1].start : ended[-1].end] == "应答"
        and not _PHONE.search(text, start, stop)
    ):
        until = list(events.ANSWER)
    if (
        len(begun) == 1
        and isinstance(begun[0], str)
        and begun[0] in _REPLIES
        and until == list(events.ANSWER)
    ):
        until = [_REPLIES[begun[0]]]
    if begun == ("case.assigned",) and until == ["case.assigned"]:
        begun = ("case.opened",)
    subject = next(
        (m.subject for m in (*ended, *([moment] if moment else [])) if m.subject != "case"), "case"
    )
    body["subject"] = _subject(subject, begun, until)
    if begun:
        body["from"] = many([_dept(e, text, start, length.start) for e in begun])
    else:
        gaps.append("from")
    if until:
        body["until"] = many(until)
    else:
        gaps.append("until")
    for end in ended:
        marks.append(("until", end.start, end.end))
    body["within"] = length.iso
    if length.iso == UNSET:
        gaps.append("within")
    if after is not None:
        body["after"] = after.iso
        body["within"] = _together(after.iso, length.iso)
        marks.append(("after", after.start, after.end))
    if moment is not None and moment.subject in events.GRADED_ENDS and body["subject"] == moment.subject:
        body["when"] = {"level": moment.events[0]["level"]} if isinstance(moment.events[0], dict) else {}
        marks.append(("when", moment.start, moment.end))
    if body["subject"] == "case" and when:
        body["when"] = {fact: many(values) for fact, values in sorted(when.items())}
        marks += [
            ("when", s, e) for f, v, s, e in words.facts(text, start, length.start) if v in when.get(f, ())
        ]
    kind = until[0] if until else ""
    name = _NAMES.get(kind if isinstance(kind, str) else kind["event"], "")
    title = text[ended[-1].start : ended[-1].end] if ended else ""
    return Found("commitment", body, marks, gaps, assumed, title, name)


def _subject(subject: str, begun: tuple[events.Spec, ...], until: list[events.Spec]) -> str:
    if subject == "case":
        return "case"
    kinds = {e if isinstance(e, str) else e["event"] for e in (*begun, *until)}
    if any(k.startswith(("case.", "interaction.", "call.", "plan.")) for k in kinds):
        return "case"
    return subject


def _together(after: str, within: str) -> str:
    """满7天后3天内 ends ten days after the start: a pack counts both from there."""
    if UNSET in (after, within):
        return UNSET
    first, second = durations.parse(after), durations.parse(within)
    parts = ("months", "days", "seconds", "business_days", "business_seconds")
    return str(Span(**{part: getattr(first, part) + getattr(second, part) for part in parts}))


def _implied(until: list[events.Spec], head: str) -> tuple[events.Spec, ...]:
    """What such a promise starts with where the wording does not say: an answer with the message, a settlement with
    the case, a call back with its end."""
    if not until:
        return ("case.opened",) if _CASE_WORDS.search(head) else ()
    first = until[0] if isinstance(until[0], str) else until[0]["event"]
    if first == "interaction.sent" and _CASE_WORDS.search(head):
        return ("case.opened",)
    if first in _IMPLIED:
        return (_IMPLIED[first],)
    return ("case.opened",) if first in _OPENED else ()


_DEPTS = (("技术|研发", "tech"), ("产品", "product"), ("物流|仓储", "logistics"))


def _dept(event: events.Spec, text: str, start: int, end: int) -> events.Spec:
    if event != "collaboration.requested":
        return event
    for pattern, dept in _DEPTS:
        if re.search(f"(?:{pattern})部?", text[start:end]):
            return {"event": event, "dept": dept}
    return event
