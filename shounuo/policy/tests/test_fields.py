"""Every field of every kind of rule is read, kept, written again, and said."""

from __future__ import annotations

import dataclasses
import json

import pytest

from shounuo.kernel.durations import Percent, Span
from shounuo.policy.reading import rule_of
from shounuo.policy.schema import (
    RULES,
    UNSET,
    Alarm,
    Commitment,
    Condition,
    Escalation,
    EventSpec,
    Money,
    Playbook,
    Record,
    Target,
)
from shounuo.policy.sentences import details, sentence
from shounuo.policy.tests.full import EXTRA, FULL
from shounuo.policy.tests.words import pack, read, rule
from shounuo.policy.writing import dump, rule_body, rule_plain

CLAUSE = "    covers: [REG-1-01]\n"


def full(kind):
    return read(pack(FULL[kind], clause=CLAUSE)).clauses[0].rules[0]


def defaults(cls):
    return {
        f.name: f.default if f.default is not dataclasses.MISSING else None
        for f in dataclasses.fields(cls)
        if f.default is not dataclasses.MISSING
    }


EXCLUDED = {
    "commitment": {"due_of"},
    "record": {"before"},
    "alarm": {"trigger", "absent"},
}


@pytest.mark.parametrize("kind", RULES)
def test_every_field_is_read(kind):
    found = full(kind)
    assert type(found) is RULES[kind]
    unread = {
        name
        for name, default in defaults(RULES[kind]).items()
        if name != "line" and getattr(found, name) == default
    }
    assert unread == EXCLUDED.get(kind, set())


@pytest.mark.parametrize("kind", RULES)
def test_every_field_is_written_again(kind):
    found = full(kind)
    assert set(rule_plain(found)) == {
        line.strip().lstrip("- ").partition(":")[0]
        for line in FULL[kind].splitlines()
        if len(line) - len(line.lstrip()) in (6, 8)
    }
    whole = read(pack(FULL[kind], clause=CLAUSE))
    assert read(dump(whole)) == whole


@pytest.mark.parametrize("kind", RULES)
def test_every_field_survives_the_database(kind):
    found = full(kind)
    stored = json.loads(json.dumps(rule_body(found), sort_keys=True))
    assert rule_of(kind, "full", stored) == found


@pytest.mark.parametrize("name", EXTRA)
def test_fields_that_exclude_others_are_read_too(name):
    whole = read(pack(FULL["commitment"] + EXTRA[name], clause=CLAUSE))
    found = whole.clauses[0].rules[1]
    if isinstance(found, Commitment):
        assert (found.due_of, found.within) == ("full", None)
    elif isinstance(found, Record):
        assert found.before == (EventSpec("case.resolved"),)
    elif name == "absent":
        assert (found.absent, found.window) == (True, Span(business_seconds=7200))
    else:
        assert found.trigger == (EventSpec("clock.breached"),)
    assert read(dump(whole)) == whole


def test_the_values_of_a_commitment():
    found = full("commitment")
    assert found.starts == (EventSpec("interaction.received"),)
    assert found.until == (
        EventSpec("interaction.sent", (("automatic", (True, False)),), ("channel",), ("agent",)),
        EventSpec("call.answered"),
    )
    assert found.cancel == (EventSpec("case.transferred"),)
    assert (found.within, found.after) == (Span(business_days=3), Span(business_days=1))
    assert found.pause == ("waiting_customer", "waiting_internal")
    assert found.when.conditions == (
        Condition("complexity", ("complex",), True),
        Condition("kind", ("inquiry", "request")),
        Condition("level", ("L2",)),
    )
    assert found.warn == Span(seconds=1200)
    assert found.escalate == (
        Escalation(Percent(10_000), "owner_supervisor"),
        Escalation(Span(days=1), "role:manager"),
    )
    assert found.target == Percent(9750)
    assert (found.calendar, found.each) == ("always", True)


def test_a_commitment_warns_at_80_percent_and_aims_at_95_where_it_says_nothing():
    found = rule(
        "      - {commitment: x, subject: case, from: case.opened, until: case.closed, within: PT1H}\n"
    )
    assert (found.warn, found.target) == (Percent(8000), Percent(9500))
    assert (found.escalate, found.pause, found.calendar) == ((), (), "")


def test_amounts_are_whole_fen():
    found = full("authority")
    assert (found.up_to, found.over) == (Money(50_000), Money(4990))
    assert (str(found.up_to), str(found.over)) == ("500 CNY", "49.90 CNY")


def test_what_is_not_set_is_a_gap():
    commitment = rule(
        "      - {commitment: x, subject: case, from: case.opened, until: case.closed, within: unset}\n"
    )
    assert (commitment.within, commitment.gaps) == (UNSET, ("within",))
    assert rule("      - {cadence: x, activity: y, every: unset}\n").gaps == ("every",)
    assert rule(
        "      - {record: x, subject: case, fields: [problem], after: case.closed, within: unset}\n"
    ).gaps == ("within",)
    target = rule('      - {target: x, metric: y, op: ">=", value: unset, window: unset}\n')
    assert isinstance(target, Target)
    assert target.gaps == ("value", "window")
    assert not rule('      - {target: x, metric: y, op: "<=", value: unset, change: -30%}\n').gaps
    alarm = rule('      - {alarm: x, metric: y, op: ">", value: unset, window: unset, notify: qa}\n')
    assert isinstance(alarm, Alarm)
    assert alarm.gaps == ("value", "window")
    assert rule("      - {weight: x, of: y, parts: {a: 100%}, every: unset}\n").gaps == ("every",)
    playbook = rule("      - {playbook: x, steps: [{name: a, within: unset}, {name: b}]}\n")
    assert isinstance(playbook, Playbook)
    assert playbook.gaps == ("steps.a.within",)
    assert not rule("      - {authority: x, grant: y, who: agent}\n").gaps


def test_a_promise_made_at_the_end_outlives_the_close():
    after = rule(
        "      - {commitment: x, subject: case, from: case.resolved, until: case.closed, within: PT1H}\n"
    )
    before = rule(
        "      - {commitment: x, subject: case, from: case.opened, until: case.closed, within: PT1H}\n"
    )
    assert after.outlives_close
    assert not before.outlives_close


SAYS = {
    "commitment": (
        [
            "收到客户消息",
            "由客服专员发出回复",
            "含自动回执",
            "已填渠道",
            "接通电话",
            "3 个工作日",
            "1 个工作日后",
        ],
        [
            "咨询、请求",
            "非复杂",
            "L2",
            "全天计时",
            "每次都计",
            "等待客户、等待协作",
            "转派工单",
            "20 分钟",
            "到期时",
            "1 天",
            "97.5%",
        ],
    ),
    "cadence": (["典型案例评选", "7 天", "3 次", "成功 1", "失败 1", "创新 1", "客服主管、培训师"], ["VIP"]),
    "record": (["提出方案后", "24 小时", "1 至 3 个方案", "优点、缺点"], ["电话"]),
    "target": (
        ["人均日服务单量", "不低于 60", "基线 50", "1 个月", "3 个月至 6 个月", "基准 75，行业年报"],
        ["7"],
    ),
    "alarm": (
        [
            "客户满意度",
            "低于 85",
            "环比下降 10%",
            "持续下降",
            "1 天内",
            "持续 3 天",
            "蓝色预警",
            "客服经理、服务总监",
        ],
        ["VIP"],
    ),
    "authority": (
        ["客服主管", "给予补偿", "超过 49.90 元", "每客户", "500 元", "客服经理、服务总监"],
        ["投诉"],
    ),
    "weight": (["绩效考核总分", "过程 40%", "结果 40%"], ["客服专员"]),
    "playbook": (["建立工单后", "方案 → check（", "passed到close", "然后到结束"], ["投诉"]),
}


@pytest.mark.parametrize("kind", RULES)
def test_the_sentence_and_its_details_tell_what_the_rule_says(kind):
    told, around = SAYS[kind]
    found = full(kind)
    text, more = sentence(found, "zh-hans"), " · ".join(details(found, "zh-hans"))
    assert [w for w in told if w not in text] == []
    assert [w for w in around if w not in more] == []
