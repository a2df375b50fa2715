"""Ordered steps: a numbered list under 流程如下, 首先…其次…最后, 流程：登记、搜寻、领取, 受理→核实→答复."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from shounuo.policy.proposing import commitments, words
from shounuo.policy.proposing.found import Found, Passage
from shounuo.policy.proposing.numbers import NUMBER, number

_LEAD = re.compile(r"流程|步骤|程序|顺序|分[一二两三四五六七八九十0-9]+步")
_ITEM = re.compile(
    r"^(?:第[一二三四五六七八九十0-9]+步[,:、]?|[-*•·]|\(?[0-9一二三四五六七八九十]{1,3}[)、.,])(?P<step>.+)$"
)
_ORDINALS = re.compile(
    r"(?:首先|第一步|先|其次|第二步|然后|接着|再次|随后|之后再|第三步|第四步|第五步|最后|最终)"
)
_LIST = re.compile(
    r"(?:流程|步骤|程序|顺序)(?:依序|依次)?(?:为|是|:|如下)+(?P<steps>[^。;:\n]{4,80})"
    r"|按照?(?P<ordered>[^。;:,\n]{4,60}?)(?:的)?(?:[一二两三四五六七八九十0-9]+[个大项])?(?:流程|步骤|程序|顺序)(?:进行|办理|处理)?"
)
_ARROWS = re.compile(
    r"(?:按照?|依次|为)?(?P<steps>[^,。;:\n→“”\"'《》]{1,16}(?:(?:→|->|—>|⇒|——>)[^,。;:\n→“”\"'《》]{1,16}){2,})"
)
_STAGES = r"个?(?:步骤?|阶段|环节|道工序|道程序)"
_COUNTED = re.compile(
    rf"(?P<steps>[^,。;:\n、()]{{1,24}}(?:、[^,。;:\n、()]{{1,16}}){{1,14}})(?:\([^()\n]{{1,20}}\))?(?P<n>{NUMBER}){_STAGES}"
)
"""接收、核实、办理、回访四步流转: as many as are counted, so that nothing else is taken in."""
_OPENED = re.compile(
    rf"(?:分为?|分成|含|包含|包括|覆盖|经过?|有|为|走)(?P<n>{NUMBER}){_STAGES}(?:进行|推进|实施|办理|开展)?:(?P<steps>[^。\n]{{3,400}})"
)
"""分四步：…；…；…；…: a count, then as many steps."""
_BEGIN = re.compile(r"^.*(?:按照?|依照?|依次|经过?|分为?|通过|以)(?=..)")
_CLOSING = re.compile(rf"的(?:顺序|流程|步骤|程序).*$|(?<=.){NUMBER}{_STAGES}[^、,]{{0,6}}$")
_INLINE = re.compile(r"\([一二三四五六七八九十0-9]{1,3}\)(?P<step>[^;。\n(]{2,60})")
_SEPARATOR = re.compile(r"、|→|->|—>|⇒|,")


def find(passage: Passage) -> Iterator[Found]:
    """The ordered steps of the clause, at least two of them."""
    counted = list(_counted(passage))
    for steps in counted or [
        _listed(passage) or _numbered(passage) or _said_in_order(passage) or _enumerated(passage)
    ]:
        if len(steps) >= 2:
            yield _playbook(passage, steps)


def _playbook(passage: Passage, steps: list[tuple[int, int]]) -> Found:
    found: list[dict[str, Any]] = []
    for i, (start, end) in enumerate(steps, 1):
        text = passage.text[start:end]
        step: dict[str, Any] = {"name": _name(text, i, {s["name"] for s in found}), "title": text[:60]}
        if roles := [code for _s, _e, code in words.roles(passage.text, start, min(end, start + 14))][:1]:
            step["role"] = roles[0]
        limit = next(commitments.limits(passage, start, end), None)
        if limit is not None:
            step["within"] = limit[0].iso
        found.append(step)
    gaps = [f"steps.{s['name']}.within" for s in found if s.get("within") == "unset"]
    return Found(
        "playbook",
        {"steps": found},
        [("steps", s, e) for s, e in steps],
        gaps,
        [],
        _title(passage, steps[0][0]),
    )


def _name(text: str, position: int, taken: set[str]) -> str:
    name = words.code_of(re.split(r"[,:(]", text)[0][:12])
    return name if name not in taken else f"{name}_{position}"[:64]


def _title(passage: Passage, first: int) -> str:
    lead = re.split(r"[。;\n]", passage.text[:first])[-1]
    match = re.search(r"[\u4e00-\u9fff]{0,10}(?:流程|步骤|程序)", lead)
    return match.group() if match else ""


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while end > start and text[end - 1] in "。;,、.:":
        end -= 1
    while start < end and text[start] in ",:、.":
        start += 1
    return start, end


def _counted(passage: Passage) -> Iterator[list[tuple[int, int]]]:
    """Steps that are counted, where as many are named."""
    text = passage.text
    for match in _COUNTED.finditer(text):
        steps = _split(text, *match.span("steps"), "、")
        begin = _BEGIN.match(text[slice(*steps[0])])
        if begin is not None:
            steps[0] = steps[0][0] + begin.end(), steps[0][1]
        if len(steps) == number(match["n"]):
            yield steps
    for match in _OPENED.finditer(text):
        start, end = match.span("steps")
        for mark in (";", "、"):
            stop = end if mark == ";" else _cut(text, start, end)
            steps = _split(text, start, stop, mark)
            if len(steps) == number(match["n"]):
                yield steps
                break


def _cut(text: str, start: int, end: int) -> int:
    """Where a list ends that semicolons or commas do not belong to."""
    found = re.compile("[,;]").search(text, start, end)
    return found.start() if found else end


def _split(text: str, start: int, end: int, mark: str) -> list[tuple[int, int]]:
    steps, at = [], start
    while at <= end:
        stop = text.find(mark, at, end)
        stop = end if stop < 0 else stop
        first, last = _trim(text, at, stop)
        if last > first:
            steps.append((first, last))
        at = stop + 1
    return steps


def _listed(passage: Passage) -> list[tuple[int, int]]:
    """Numbered lines under a line that speaks of steps."""
    text = passage.text
    lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]+", text)]
    if not lines or not _LEAD.search(text[lines[0][0] : lines[0][1]]):
        return []
    steps = []
    for start, end in lines[1:]:
        item = _ITEM.match(text[start:end])
        if item:
            steps.append(_trim(text, start + item.start("step"), end))
    return steps


def _numbered(passage: Passage) -> list[tuple[int, int]]:
    """(一)...;(二)... in one sentence that begins with what speaks of steps."""
    text = passage.text
    for start, end in passage.sentences():
        items = list(_INLINE.finditer(text, start, end))
        if len(items) >= 2 and _LEAD.search(text[start : items[0].start()]):
            return [_trim(text, *item.span("step")) for item in items]
    return []


def _said_in_order(passage: Passage) -> list[tuple[int, int]]:
    text = passage.text
    for start, end in passage.sentences():
        marks = list(_ORDINALS.finditer(text, start, end))
        if len(marks) >= 3 or (len(marks) == 2 and _LEAD.search(text[start:end])):
            stops = [m.start() for m in marks[1:]] + [end]
            return [_trim(text, m.end(), stop) for m, stop in zip(marks, stops, strict=True)]
    return []


def _enumerated(passage: Passage) -> list[tuple[int, int]]:
    text = passage.text
    match = _ARROWS.search(text)
    span = match.span("steps") if match else None
    if span is None and (listed := _LIST.search(text)):
        group = "steps" if listed["steps"] else "ordered"
        said = listed[group]
        if said.count("、") >= 2 and said.count("(") == said.count(")"):
            span = listed.span(group)
    if span is None:
        return []
    steps, at = [], span[0]
    for separator in [*_SEPARATOR.finditer(text, *span), None]:
        stop = separator.start() if separator else span[1]
        closing = _CLOSING.search(text, at, stop)
        start, end = _trim(text, at, closing.start() if closing else stop)
        if end > start:
            steps.append((start, end))
        at = separator.end() if separator else stop
    if steps and (begin := _BEGIN.match(text[slice(*steps[0])])):
        steps[0] = steps[0][0] + begin.end(), steps[0][1]
    return steps
