"""Every refusal of the reader, with its file, line, clause and rule, and the proof that none is left out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.utils import translation

import shounuo.policy.reading as reading
from shounuo.policy.reading.source import MAX_BYTES, MAX_ERRORS, PackInvalid
from shounuo.policy.tests.words import COMMITMENT, errors, pack, read


def commitment(**changes: str | None) -> str:
    """The commitment with lines replaced, added, or (None) left out."""
    lines = {line.strip().partition(":")[0].lstrip("- "): line for line in COMMITMENT.splitlines()}
    for key, value in changes.items():
        key = key.rstrip("_")
        if value is None:
            lines.pop(key)
        else:
            lead = "      - " if key == "commitment" else "        "
            lines[key] = f"{lead}{key}: {value}"
    return "\n".join(lines.values()) + "\n"


def other(kind: str, **fields: str) -> str:
    lines = [f"      - {kind}: some-rule"]
    lines += [f"        {key.rstrip('_')}: {value}" for key, value in fields.items()]
    return "\n".join(lines) + "\n"


ALARM = {"metric": "csat", "op": '"<"', "value": "85", "notify": "manager"}
TARGET = {"metric": "csat", "op": '">="', "value": "85"}
AUTHORITY = {"grant": "compensation", "who": "agent"}
RECORD = {"subject": "case", "fields": "[problem]", "before": "case.resolved"}
DEEP = "[" * 20 + "]" * 20

CASES = {
    # practices and evidence
    "evidence-kind": (
        pack(clause="    evidence:\n      - {proof: 记录}\n"),
        "test.yaml:10: 条款 REG-1: evidence 一项证据须以它的类型开头：record: <text>, metric: <text>",
    ),
    # playbooks
    "step-unknown": (
        pack(rules=other("playbook", steps="[{name: a, next: c}, {name: b}]")),
        "没有步骤“c”；可用：a, b, end",
    ),
    "step-called-end": (
        pack(rules=other("playbook", steps="[{name: a, next: end}, {name: end}]")),
        "“end”在 next 里是到此结束，不能作步骤的名字",
    ),
    "step-one-way": (
        pack(rules=other("playbook", steps="[{name: a, next: {passed: b}}, {name: b}]")),
        "next 去向至少写两个；只有一个就直接写步骤的代码",
    ),
    "step-chosen-and-done": (
        pack(
            rules=other(
                "playbook", steps="[{name: a, done: case.closed, next: {passed: b, failed: a}}, {name: b}]"
            )
        ),
        "next 有多个去向的步骤由人选择，不能同时写 done",
    ),
    # the file
    "too-big": ("x" * (MAX_BYTES + 1), "test.yaml: 文件超过 2 MB"),
    "no-yaml": ("pack: [a\ntitle: b", "test.yaml:2: 不是有效的 YAML：expected ',' or ']'"),
    "bad-character": ("pack: a\ntitle: \x07", "test.yaml:2: 含有不允许的字符 U+0007"),
    "escaped-character": (pack(head='note: "a\\0b"\n'), "test.yaml:5: note 含有不允许的字符 U+0000"),
    "empty": ("# nothing\n", "test.yaml:1: 文件是空的"),
    "two-documents": (pack() + "---\npack: b\n", "test.yaml:15: 一个文件只能写一个制度包（不要用 --- 分隔）"),
    "alias": (pack(head="note: &a b\ntitle_en: *a\n"), "test.yaml:6: 不支持 YAML 引用（*a），请直接写出内容"),
    "tag": (pack(head="note: !!binary aGk=\n"), "test.yaml:5: 不支持 YAML 标签 tag:yaml.org,2002:binary"),
    "deep": (pack(head=f"note: {DEEP}\n"), "test.yaml:5: 嵌套超过 16 层"),
    "key-is-a-list": (pack(head="[a, b]: c\n"), "test.yaml:5: 键须是一个词"),
    "key-twice": (pack(head="title: 又一次\n"), "test.yaml:5: title 写了两次（第一次在第 2 行）"),
    "not-a-map": ("- a\n- b\n", "test.yaml:1: 此处应为一组“键: 值”"),
    # the head
    "unknown-key": (
        pack(head="owner: 我\n"),
        "test.yaml:5: owner 没有这个字段；可用：pack, chapters, clauses, title, title_en, version, note, "
        "default_calendar, not_built",
    ),
    "near-key": (pack(head="chapter: []\n"), "test.yaml:5: chapter 没有这个字段，是否想写 chapters？可用："),
    "missing": (pack().replace("title: 测试\n", ""), "test.yaml:1: title 缺少，必须写明"),
    "no-value": (pack(head="note:\n"), "test.yaml:5: note 没有值；不需要就删去这一行"),
    "text-is-a-list": (pack(head="note: [a]\n"), "test.yaml:5: note 应为一段文字"),
    "text-is-empty": (pack(head='note: ""\n'), "test.yaml:5: note 是空的"),
    "text-too-long": (
        pack(head=f"title_en: {'x' * 201}\n"),
        "test.yaml:5: title_en 有 201 个字，最多 200 个",
    ),
    "pack-an-address": (
        pack().replace("pack: test", "pack: documents"),
        "test.yaml:1: pack “documents”是页面的地址，不能作制度包代码",
    ),
    "pack-of-two-lines": (
        pack().replace("pack: test", 'pack: "test\\n"'),
        "test.yaml:1: pack “test\n”不是制度包代码：小写字母开头，只用小写字母、数字和 -",
    ),
    "pack-code": (
        pack().replace("pack: test", "pack: Test Pack"),
        "test.yaml:1: pack “Test Pack”不是制度包代码：小写字母开头，只用小写字母、数字和 -",
    ),
    "clauses-no-list": (
        'pack: a\ntitle: b\nversion: "1"\ndefault_calendar: c\nclauses: none\n',
        "test.yaml:5: clauses 应为一列（每项以 - 开头）",
    ),
    "clauses-empty": (
        'pack: a\ntitle: b\nversion: "1"\ndefault_calendar: c\nclauses: []\n',
        "test.yaml:5: clauses 列表是空的；不需要就删去这一行",
    ),
    "calendar-is-a-list": (
        pack().replace("default_calendar: business", "default_calendar: [business]"),
        "test.yaml:4: default_calendar 应为一个代码",
    ),
    "calendar-code": (
        pack().replace("default_calendar: business", "default_calendar: 上班"),
        "test.yaml:4: default_calendar “上班”不是代码：小写字母开头，只用小写字母、数字、- _ .，最多 64 个",
    ),
    "chapter-number": (
        pack(head="chapters: [{number: 二, title: b}]\n"),
        "test.yaml:5: number “二”不是章节号，例如 2 或 2.1",
    ),
    "chapter-twice": (
        pack(head='chapters: [{number: "2", title: b}, {number: "2", title: c}]\n'),
        "test.yaml:5: number “2”写了两次",
    ),
    "chapter-without-above": (
        pack(head='chapters: [{number: "2.1", title: b}]\n'),
        "test.yaml:5: number 2.1 之前须有 2",
    ),
    # clauses
    "clause-id": (
        pack().replace("REG-1", "第一条"),
        "test.yaml:6: 条款 第一条: id “第一条”不是条款编号，例如 REG-2.2.1",
    ),
    "clause-twice": (
        pack(tail="  - id: REG-1\n    title: 又\n    wording: 又\n"),
        "test.yaml:15: 条款 REG-1: id 写了两次（第一次在第 6 行）",
    ),
    "clause-chapter": (
        pack(head='chapters: [{number: "2", title: b}]\n', clause='    chapter: "3"\n'),
        "test.yaml:10: 条款 REG-1: chapter 没有章节“3”；可用：2",
    ),
    "clause-row": (
        pack(clause="    covers: [REG-2, 第一行]\n"),
        "test.yaml:9: 条款 REG-1: covers “第一行”不是要求编号，例如 REG-2.2.1-01",
    ),
    "row-twice": (
        pack(clause="    covers: [REG-2, REG-2]\n"),
        "test.yaml:9: 条款 REG-1: covers “REG-2”写了两次",
    ),
    "rules-no-list": (pack(rules="", tail="    rules: all\n"), "条款 REG-1: rules 应为一列（每项以 - 开头）"),
    "rule-row": (
        pack(commitment(covers="[REG-9]"), clause="    covers: [REG-8]\n"),
        "test.yaml:11: 条款 REG-1 规则 first-response: covers REG-9 不在本条款的 covers 内",
    ),
    "same-rule": (
        pack(COMMITMENT * 2),
        "test.yaml:15: 条款 REG-1 规则 first-response: 同一条款内同名规则的 when 须不同",
    ),
    "not-built-row": (
        pack(tail="not_built:\n  第一行: 不做\n"),
        "test.yaml:16: not_built.第一行 “第一行”不是要求编号，例如 REG-2.2.1-01",
    ),
    "not-built-covered": (
        pack(clause="    covers: [REG-2]\n", tail="not_built:\n  REG-2: 不做\n"),
        "test.yaml:17: not_built.REG-2 已在某一条款的 covers 内",
    ),
    # rules of every kind
    "no-kind": (
        pack("      - promise: x\n"),
        "test.yaml:10: 条款 REG-1: 一条规则须以它的类型开头：commitment: <name>, cadence: <name>",
    ),
    "rule-name": (
        pack(commitment(commitment="First Response")),
        "规则名：小写字母、数字和 -，最多 64 个",
    ),
    # commitments
    "duration": (
        pack(commitment(within="PT30X")),
        "test.yaml:14: 条款 REG-1 规则 first-response: within 时长“PT30X”无法识别：没有单位 X",
    ),
    "duration-is-a-list": (pack(commitment(within="[PT1H]")), "within 应为一个值，例如 PT30M"),
    "duration-zero": (pack(commitment(within="PT0S")), "within “PT0S”须大于零"),
    "subject": (
        pack(commitment(subject="order")),
        "test.yaml:11: 条款 REG-1 规则 first-response: subject “order”不可用；可用：case, crisis, lead, person",
    ),
    "within-and-by": (
        pack(commitment(by="{due_of: other}")),
        "test.yaml:15: 条款 REG-1 规则 first-response: by 与 within 只能写一个",
    ),
    "no-within": (
        pack(commitment(within=None)),
        "test.yaml:10: 条款 REG-1 规则 first-response: within 缺少：须写 within，或 by: {due_of: <规则名>}，未定的写 unset",
    ),
    "due-of-itself": (pack(commitment(within=None, by="{due_of: first-response}")), "by 不能指向规则自己"),
    "due-of-nothing": (
        pack(commitment(within=None, by="{due_of: other}") + COMMITMENT.replace("first-response", "reply")),
        "by 没有时限规则“other”；可用：reply",
    ),
    "due-of-a-borrower": (
        pack(
            commitment(within=None, by="{due_of: second}")
            + commitment(within=None, commitment="second", by="{due_of: third}")
            + commitment(commitment="third")
        ),
        "by “second”自己也没有 within，不能借用它的到期时间",
    ),
    "due-of-another-subject": (
        pack(
            commitment(within=None, by="{due_of: second}")
            + "      - {commitment: second, subject: lead, from: lead.undecided, until: survey.sent, within: PT1H}\n"
        ),
        "by “second”计在另一种对象上",
    ),
    "after": (pack(commitment(after="PT30M")), "after “PT30M”须短于 within“PT30M”"),
    "warn": (pack(commitment(warn="120%")), "warn “120%”须大于 0% 且不超过 100%"),
    "percent": (pack(commitment(warn="80.123%")), "warn 百分比“80.123%”无法识别：应为数字加 %"),
    "target": (pack(commitment(target="101%")), "target “101%”须大于 0% 且不超过 100%"),
    "each": (pack(commitment(each="maybe")), "each 应为 true 或 false，不是“maybe”"),
    "pause": (pack(commitment(pause="[asleep]")), "pause “asleep”不可用；可用：new, open, waiting_customer"),
    "pause-twice": (pack(commitment(pause="[open, open]")), "pause “open”写了两次"),
    "event": (pack(commitment(from_="order.paid")), "from 没有事件“order.paid”；全部事件见 docs/events.md"),
    "event-near": (
        pack(commitment(from_="interaction.recieved")),
        "from 没有事件“interaction.recieved”，是否想写 interaction.received",
    ),
    "event-twice": (
        pack(commitment(until="[call.answered, call.answered]")),
        "until “call.answered”写了两次",
    ),
    "event-is-a-list": (pack(commitment(until="[[call.answered]]")), "until 此处应为一个事件或一组“键: 值”"),
    "event-elsewhere": (
        pack(commitment(cancel="person.signed_in")),
        "cancel 事件“person.signed_in”发生在 person 上，不在 case 上",
    ),
    "payload-field": (
        pack(commitment(until="{event: interaction.sent, automatik: true}")),
        "until.automatik 事件 interaction.sent 没有字段“automatik”；可用：event, has, by, automatic, channel, first",
    ),
    "payload-bool": (
        pack(commitment(until="{event: interaction.sent, automatic: 'no'}")),
        "until.automatic 应为 true 或 false，不是“no”",
    ),
    "payload-int": (
        pack(commitment(from_="{event: case.opened, version: one}")),
        "from.version 应为整数，不是“one”",
    ),
    "role": (
        pack(commitment(until="{event: interaction.sent, by: boss}")),
        "until.by 没有角色“boss”；可用：account_manager, admin, agent",
    ),
    "escalate-to": (
        pack(commitment(escalate="[{at: 100%, to: boss}]")),
        "escalate.to “boss”不可用；可用：owner, owner_supervisor, dept_head, role:account_manager",
    ),
    "escalate-twice": (
        pack(commitment(escalate="[{at: 100%, to: owner}, {at: 100%, to: owner}]")),
        "escalate “100% owner”写了两次",
    ),
    # matchers
    "fact": (
        pack(commitment(when="{colour: red}")),
        "when.colour case 没有事实“colour”；可用：channel, channel_class, kind",
    ),
    "fact-value": (pack(commitment(when="{level: L4}")), "when.level “L4”不可用；可用：L1, L2, L3"),
    "fact-value-map": (
        pack(commitment(when="{level: {only: L1}}")),
        "when.level 应为一个值、一列值或 {not: 值}",
    ),
    "fact-value-list": (pack(commitment(when="{level: [[L1]]}")), "when.level 应为一个值或一列值"),
    "fact-value-twice": (pack(commitment(when="{level: [L1, L1]}")), "when.level “L1”写了两次"),
    "when-empty": (pack(commitment(when="{}")), "when 是空的；不需要就删去这一行"),
    # cadences
    "whole": (
        pack(other("cadence", activity="meeting", every="P1M", times="two")),
        "times “two”应为 1 到 10000 的整数",
    ),
    "composition": (
        pack(
            other("cadence", activity="cases", every="P1W", times="2", composition="{success: 2, failure: 1}")
        ),
        "composition 各项之和超过 times（2）",
    ),
    # records
    "record-nothing": (
        pack(other("record", subject="case", before="case.resolved")),
        "fields 缺少：须写 fields 或 items",
    ),
    "record-when": (
        pack(other("record", subject="case", fields="[problem]")),
        "before 须写 before（在某事之前填好）或 after（某事之后填好）之一",
    ),
    "record-within": (pack(other("record", **RECORD, within="PT1H")), "within 只能与 after 一起写"),
    "items": (
        pack(other("record", **RECORD, items="{of: option, min: 3, max: 1}")),
        "items min 3 大于 max 1",
    ),
    # targets
    "number": (
        pack(other("target", **TARGET | {"value": "many"})),
        "value “many”应为数字、百分比（85%）、时长（PT3M）或 unset",
    ),
    "no-number": (
        pack(other("target", metric="csat", op='">="')),
        "value 缺少，必须写明；未定的写 unset",
    ),
    "change": (
        pack(other("target", **TARGET, change="a lot")),
        "change “a lot”应为带正负号的百分比，例如 +20%",
    ),
    "horizon": (pack(other("target", **TARGET, horizon_min="P3M")), "horizon_min 只能与 horizon 一起写"),
    "baseline": (pack(other("target", **TARGET, baseline="unset")), "baseline 未知就删去这一行"),
    # alarms
    "alarm-cause": (
        pack(other("alarm", notify="manager")),
        "metric 须写 metric（指标）或 trigger（事件）之一",
    ),
    "alarm-threshold": (
        pack(other("alarm", metric="csat", notify="manager")),
        "value 缺少：须写 op 与 value，或 trend",
    ),
    "alarm-trigger": (
        pack(other("alarm", trigger="clock.breached", op='">"', value="3", notify="manager")),
        "trigger 由事件触发时不写 op、value、trend",
    ),
    "alarm-absent": (
        pack(other("alarm", metric="csat", absent="true", trend="rising", window="P1D", notify="manager")),
        "absent 不与 op、value、trend、change 同写",
    ),
    "alarm-absent-since": (
        pack(other("alarm", metric="csat", absent="true", notify="manager")),
        "window 缺少：absent 须写明多久没有数据",
    ),
    "alarm-sliced": (
        pack(other("alarm", metric="csat", trend="rising", when="{by: team}", notify="manager")),
        "when by 不与 trend、absent、consecutive 同写",
    ),
    "benchmark": (
        pack(other("target", **TARGET, benchmark="{value: unset, source: 年报}")),
        "benchmark 缺少 value：基准须有数值和来源",
    ),
    # authorities
    "money": (
        pack(other("authority", **AUTHORITY, up_to="五百元")),
        "up_to “五百元”不是金额，例如 500 CNY 或 49.90 CNY",
    ),
    "over": (
        pack(other("authority", **AUTHORITY, up_to="50 CNY", over="500 CNY")),
        "over 须小于 up_to，币种相同",
    ),
    # weights
    "parts": (
        pack(other("weight", of="score", parts="{a: 40%, b: 40%}")),
        "parts 各部分合计 80%，应为 100%；只列出其中几部分时写 partial: true",
    ),
    "part-code": (
        pack(other("weight", of="score", parts="{甲: 100%}")),
        "parts.甲 “甲”不是代码：小写字母开头，只用小写字母、数字、- _ .，最多 64 个",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_said_with_its_place(name):
    text, expected = CASES[name]
    found = errors(text)
    assert any(expected in line for line in found), "\n".join(found) or "no error"
    assert all(line.startswith("test.yaml:") for line in found)


def _messages() -> set[str]:
    """Every message of the reader, from its source."""
    found = set()
    for path in Path(reading.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                found.add(ast.literal_eval(node.args[0]))
    return found - {"条款 %(code)s", "规则 %(name)s", "制度包有错误"}


def test_no_message_is_left_without_a_test():
    said = "\n".join(line for text, _expected in CASES.values() for line in errors(text))
    untested = {
        message
        for message in _messages()
        if not re.search(
            re.sub(r"%\\\(\w+\\\)[sd]|%\(\w+\)[sd]", ".*", re.escape(message)).replace("%%", "%"), said
        )
    }
    assert not untested


def test_all_errors_come_at_once_in_the_order_of_the_file():
    text = pack(commitment(within="PT30X", subject="order", warn="200%") + other("weight", of="x"))
    found = errors(text)
    lines = [int(line.split(":")[1]) for line in found]
    assert len(found) == 4
    assert lines == sorted(lines)


def test_no_more_errors_are_listed_than_can_be_read():
    rules = "".join(commitment(commitment=f"r{n}", within="PT30X") for n in range(MAX_ERRORS + 50))
    assert len(errors(pack(rules))) == MAX_ERRORS


def test_an_error_speaks_the_language_of_the_reader():
    with pytest.raises(PackInvalid) as caught, translation.override("en"):
        read(pack(commitment(subject="order")))
    error = caught.value.errors[0]
    assert (error.file, error.line, error.clause, error.rule, error.field) == (
        "test.yaml",
        11,
        "REG-1",
        "first-response",
        "subject",
    )
    assert "order" in error.message


def test_an_alias_bomb_is_refused_before_it_grows():
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
    )
    assert errors(bomb)[0].startswith("test.yaml:2: 不支持 YAML 引用")
