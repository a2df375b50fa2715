"""Sample content of the style guide: a feed and livestock company's service desk on an ordinary morning."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils.safestring import SafeString

from shounuo.web.styleguide import outside, records
from shounuo.web.styleguide.records import (
    CHEN,
    DIAGNOSIS,
    HE,
    LIN,
    PLAN,
    RECEIPT,
    RECORD,
    REPLY,
    ZHOU,
    person,
)

Make = Callable[[datetime, set[str]], dict[str, Any]]


def clock(at: datetime, minutes: float, total: float = 30, **more: Any) -> dict[str, Any]:
    """A clock that is due in so many minutes of `total`; under a fifth left it warns, under nought it is breached."""
    due = at + timedelta(minutes=minutes, seconds=20)
    state = "breach" if minutes < 0 else "warn" if minutes < total * 0.4 else "run"
    return {
        "state": state,
        "due_at": due,
        "warn_at": due - timedelta(minutes=total * 0.4),
        "started_at": due - timedelta(minutes=total),
        **more,
    }


def paused(reason: str) -> dict[str, Any]:
    return {"state": "pause", "pause_reason": reason}


def met(seconds: int | None = None) -> dict[str, Any]:
    return {"state": "met", "used_seconds": seconds}


def shell(page: str) -> dict[str, Any]:
    rail = [
        ("desk", "inbox", "工单", 0),
        ("board", "radar-2", "督办", 3),
        ("policy", "license", "制度", 0),
        ("customers", "users", "客户", 0),
        ("console", "settings", "设置", 0),
    ]
    active = {"clause": "policy", "phone": "desk", "calendar": "console"}.get(page, page)
    return {
        "org_name": "丰澜牧业",
        "rail": [
            {"url": f"../{key}/", "icon": i, "label": label, "count": n, "active": key == active}
            for key, i, label, n in rail
        ],
        "me": {"name": "林晓雨", "presence": "online", "presence_label": "在线"},
        "me_links": [
            {"url": "#", "icon": "user-circle", "label": "我的账号"},
            {"url": "#", "icon": "language", "label": "English"},
        ],
        "notices": {"url": "#", "count": 3},
        "signout_url": "#",
        "search_url": "../palette/",
        "commands": [
            {"label": "登记来电", "url": "../phone/", "keys": "djld", "key": "N"},
            {"label": "新建工单", "url": "#", "keys": "xjgd"},
            {"label": "看未分派", "url": "../desk/", "keys": "kwfp wfp", "note": "7 件"},
            {"label": "打开督办看板", "url": "../board/", "keys": "dkdbkb"},
        ],
    }


def desk(at: datetime, options: set[str]) -> dict[str, Any]:
    rows = [
        (
            "48231",
            "马兰花",
            "青岗奶牛合作社",
            "phone",
            "挤奶机 3 号杯组真空度掉到 38 kPa",
            "working",
            "售后 · L3",
            clock(at, -3.2),
        ),
        (
            "48228",
            "胡建军",
            "临河种猪场",
            "wechat",
            "检疫证编号与耳标批次不一致，车已到卡口",
            "new",
            "请求 · L2",
            clock(at, -1.2),
        ),
        (
            "48217",
            "宋建国",
            "兴旺家庭农场",
            "web",
            "育肥料 552 到货结块，约 3 吨不敢喂",
            "working",
            "投诉 · L2",
            clock(at, 6),
        ),
        (
            "48225",
            "李素芬",
            "沙河蛋鸡专业合作社",
            "email",
            "9 月对账单少了一笔返利 1,260 元",
            "working",
            "咨询 · L1",
            clock(at, 11),
        ),
        (
            "48209",
            "周永",
            "周永养殖场",
            "chat",
            "料线电机异响，每 20 分钟停一次",
            "waiting_internal",
            "售后 · L2",
            clock(at, 82, 150),
        ),
        (
            "48222",
            "田玉梅",
            "田家湾牧场",
            "phone",
            "母牛 A4 犊牛奶粉怎么过渡",
            "working",
            "咨询 · L1",
            clock(at, 125, 200),
        ),
        (
            "48198",
            "郭大勇",
            "大勇肉牛场",
            "wechat",
            "架子牛 36 头到场，过磅少 410 公斤",
            "waiting_customer",
            "投诉 · L2",
            paused("等磅单"),
        ),
        (
            "48190",
            "陈立新",
            "西坡生态农业有限公司",
            "email",
            "请给出明年春季仔猪供货计划",
            "working",
            "请求 · L2",
            clock(at, 400, 480),
        ),
        (
            "48177",
            "韩冬",
            "韩冬家庭农场",
            "web",
            "环控器离线，短信没有报警",
            "waiting_customer",
            "售后 · L2",
            paused("等客户"),
        ),
        (
            "48166",
            "范志强",
            "范家堡种鸡场",
            "phone",
            "耳标读数与系统存栏对不上",
            "working",
            "请求 · L1",
            clock(at, 1621, 1800),
        ),
        ("48160", "欧阳桂英", "曹家牧业", "visit", "感谢何工冒雨来修水线", "resolved", "表扬", met()),
    ]
    listed = [
        {
            "id": n, "url": "../desk/?open=case", "number": n, "customer": c, "farm": f, "channel": ch, "title": t, "status": s, "note": note,
            "clock": k, "is_new": n in ("48228", "48217"), "is_on": n == "48217" and "list" not in options,
        }
        for n, c, f, ch, t, s, note, k in rows
    ]  # fmt: skip
    context: dict[str, Any] = {
        "views": [
            {"url": "#", "label": "我负责的", "count": 14, "overdue": 2, "active": True},
            {"url": "#", "label": "未分派", "count": 7, "overdue": 1},
            {"url": "#", "label": "全部未结", "count": 186},
            {"url": "#", "label": "快到期", "count": 9},
            {"url": "#", "label": "等待回复", "count": 31},
            {"url": "#", "label": "提到我的", "count": 3},
            {"url": "#", "label": "最近关闭", "count": None},
        ],
        "saved": [{"url": "#", "label": "饲料投诉 · 豫东", "count": 11}, {"url": "#", "label": "本周上门", "count": 5}, {"url": "#", "label": "重点客户未结", "count": 8}],
        "opened": [{"url": "#", "label": "育肥料 552 结块", "active": True, "state": "warn"}, {"url": "#", "label": "料线电机异响"}, {"url": "#", "label": "耳标读数对不上", "note": "草稿"}],
        "new_url": "#", "phone_url": "../phone/", "list_url": "../desk/?open=list",
        "list": {
            "title": "我负责的", "total": 14, "order_label": "先到期", "filter_url": "#", "url": "#", "topic": "list:mine",
            "orders": [{"url": "#", "label": "先到期", "active": True}, {"url": "#", "label": "先来"}, {"url": "#", "label": "后来"}],
            "rows": listed, "bulk": [{"url": "#", "label": "转派"}, {"url": "#", "label": "合并"}, {"url": "#", "label": "标签"}],
        },
    }  # fmt: skip
    if "list" in options:
        context["no_case"] = {"title": "从左边挑一件", "text": "按 J 和 K 上下走，回车打开。最急的在最上面。"}
        return context
    context["deep"] = True
    context["case"] = records.case(at, CHEN, LIN, ZHOU)
    context["case"]["clocks"] = [
        {**clock(at, 6), "name": "回复客户", "clause": REPLY, "ledger_url": "?open=ledger"},
        {
            "state": "run", "due_at": records.next_monday(at), "segments": [(at, at + timedelta(seconds=20520)), (records.next_monday(at) - timedelta(minutes=50), records.next_monday(at))], "left_seconds": 23520, "total_seconds": 86400, "day_seconds": 28800,
            "name": "给出方案", "clause": PLAN, "ledger_url": "?open=ledger", "is_open": "ledger" in options,
        },
        {**met(7800), "name": "初步诊断", "clause": DIAGNOSIS, "limit_text": "限 4 小时"},
        {**met(540), "name": "查收", "clause": RECEIPT, "limit_text": "限 15 分钟"},
        {**met(360), "name": "首次响应", "clause": REPLY, "limit_text": "限 30 分钟"},
        {**met(3000), "name": "记录", "clause": RECORD, "limit_text": "限 24 小时"},
    ]  # fmt: skip
    context["side"] = records.side(LIN, CHEN)
    context["composer"] = records.composer(at, options, ZHOU)
    if "ledger" in options:
        context["ledger"] = records.ledger(at)
    return context


def board(at: datetime, options: set[str]) -> dict[str, Any]:
    def dots(*given: tuple[float, bool]) -> list[dict[str, Any]]:
        return [
            {
                "due_at": at + timedelta(minutes=m),
                "state": "breach" if m < 0 else "warn" if m < 12 else "run",
                "is_free": free,
                "title": "工单 · 还剩",
                "url": "#",
            }
            for m, free in given
        ]

    teams = [
        {"name": "饲料与营养", "dots": dots((3, False), (6, True), (12, False), (16, False), (27, False), (30, False), (45, False), (58, False), (74, False), (98, False), (105, False))},
        {"name": "养殖设备", "dots": dots((-3, False), (-1, False), (9, False), (20, False), (33, False), (36, False), (51, False), (57, True), (87, False), (113, False))},
        {"name": "订单与结算", "dots": dots((-2, False), (8, False), (23, False), (42, False), (44, False), (78, False), (94, False), (118, False))},
    ]  # fmt: skip
    act = [{"url": "#", "label": "催办"}, {"url": "#", "label": "改派", "dialog": True}]
    rows = [
        (clock(at, -3.2), "48231", "挤奶机 3 号杯组真空度掉到 38 kPa", "马兰花 · 青岗奶牛合作社", RECEIPT, HE, act),
        (clock(at, -2.2), "48226", "9 月返利没到账，第二次来电", "彭超 · 彭家养殖场", REPLY, person("吴桐", "busy"), act),
        (clock(at, -1.2), "48228", "检疫证编号与耳标批次不一致，车已到卡口", "胡建军 · 临河种猪场", REPLY, LIN, act),
        (clock(at, 4), "48233", "犊牛奶粉送错型号，明早要用", "白雪 · 白家奶牛场", RECEIPT, None, [{"url": "#", "label": "我来接", "primary": True}, {"url": "#", "label": "分派", "dialog": True}]),
        (clock(at, 6), "48217", "育肥料 552 到货结块，约 3 吨不敢喂", "宋建国 · 兴旺家庭农场", REPLY, LIN, act),
        (clock(at, 9), "48193", "料塔称重传感器漂移，差 120 公斤", "祁连 · 西坡生态农业", DIAGNOSIS, CHEN, act),
        (clock(at, 11), "48225", "9 月对账单少了一笔返利 1,260 元", "李素芬 · 沙河蛋鸡合作社", REPLY, LIN, act),
    ]  # fmt: skip
    staff = [("何志远", "busy", 7, "通话", "14:20"), ("林晓雨", "online", 6, "回复 48217", "2:05"), ("陈海涛", "online", 5, "诊断 48193", "9:41"), ("苏婉", "online", 4, "回访", "3:18"), ("吴桐", "busy", 4, "通话", "6:52"), ("金凯", "online", 3, "空闲", "1:10"), ("郑雅琴", "online", 2, "空闲", "0:35"), ("马腾", "away", 0, "离开", "22:04")]  # fmt: skip
    return {
        "note": "周六 10:48 · 调休上班",
        "teams": [{"label": "全部门", "url": "#", "active": True}, {"label": "饲料与营养", "url": "#"}, {"label": "养殖设备", "url": "#"}, {"label": "订单与结算", "url": "#"}],
        "wall_url": "?open=wall",
        "is_wall": "wall" in options,
        "figures": [
            {"name": "排队", "value": 7, "unit": "件", "population": "最久 3 分 12 秒", "tone": "warn"},
            {"name": "处理中", "value": 63, "unit": "件", "population": "人均 4.5 件"},
            {"name": "在线", "value": 14, "unit": "人", "population": "排班 18 人"},
            {"name": "1 小时内到期", "value": 9, "unit": "项", "population": "2 项无人负责", "tone": "warn"},
            {"name": "已超时", "value": 3, "unit": "项", "population": "最久 3 分钟", "tone": "breach"},
            {"name": "今日守诺", "value": "97.2", "unit": "%", "population": "248 项应守 241"},
        ],
        "lanes": {"teams": teams, "start": at - timedelta(minutes=30), "end": at + timedelta(minutes=120), "now": at},
        "acts": {"total": 7, "all_url": "#", "rows": [dict(zip(("clock", "number", "title", "who", "clause", "owner", "acts"), r, strict=True)) | {"url": "../desk/"} for r in rows]},
        "alarms": {
            "open": 3, "url": "#",
            "items": [
                {"level": "red", "text": "饲料批 F0926-3 集中投诉", "note": "由黄升红 · 10:31 起 · 处置会 11:01 前", "url": "#"},
                {"level": "yellow", "text": "一次解决率 78.4%", "note": "低于 80% 第 2 天 · 设备组"},
                {"level": "blue", "text": "首响时长连升 3 天", "note": "3.1 → 3.9 分钟 · 在线客服"},
            ],
        },
        "staff": {"note": "14 在线 · 2 忙 · 2 离开", "rows": [{"person": person(n, p), "load": load, "capacity": 6, "doing": d, "since": s} for n, p, load, d, s in staff]},
    }  # fmt: skip


def policy(at: datetime, options: set[str]) -> dict[str, Any]:
    def shares(*values: float | None, none: str = "") -> list[dict[str, Any]]:
        return [
            {"share": v, "none": none, "label": label}
            for v, label in zip(values, ("本周", "本月", "本季"), strict=True)
        ]

    def how(*texts: tuple[str, str]) -> list[dict[str, Any]]:
        return [{"icon": i, "text": t} for i, t in texts]

    clauses = [
        {"number": "2.2.1", "name": "响应及时", "url": "../clause/", "is_on": True, "wording": "主渠道咨询三十分钟内须有首次响应，表明已收到，并告知大致的处理时间；次要渠道两个工作小时内有人关注。", "how": how(("clock-hour-4", "首次响应 30 分钟"), ("clock-hour-4", "次要渠道 2 工作小时"), ("forms", "须填：预计时间")), "shares": shares(0.981, 0.974, 0.969)},
        {"number": "2.2.2", "name": "问题解决", "url": "#", "wording": "简单问题十五分钟内办结；一般技术问题四小时内给出方案或初步诊断；复杂或跨部门问题二十四小时内给出进展。预计超时须先告知客户。", "how": how(("clock-hour-4", "简单 15 分钟"), ("clock-hour-4", "诊断 4 小时"), ("clock-hour-4", "复杂 24 小时"), ("route", "超时前告知")), "shares": shares(0.932, 0.946, 0.953)},
        {"number": "2.2.3", "name": "服务记录", "url": "#", "wording": "正式互动记入服务台账，含客户、时间、问题、经过、方案、反馈、处理人七项，服务结束二十四小时内完成，按月归档。", "how": [*how(("forms", "七项必填"), ("clock-hour-4", "录入 24 小时")), {"icon": "hourglass", "text": "归档每月 1 次 · 等归档功能", "waiting": True}], "shares": shares(0.885, 0.902, 0.91)},
        {"number": "2.2.4", "name": "服务态度", "url": "#", "wording": "使用规范用语，耐心倾听，不推诿、不与客户争执。", "how": how(("user-search", "质检抽查 每人每月 4 件")), "shares": [{"share": None, "none": "抽检", "label": "本周"}, *shares(0.96, 0.96, 0.951)[1:]]},
        {"number": "2.2.5", "name": "信息保密", "url": "#", "is_gap": True, "wording": "未经客户同意，不得向第三方提供客户的存栏、用药与交易信息。", "how": [], "shares": shares(None, None, None), "act": "补一个机制", "act_url": "#", "act2": "改为人工检查", "act2_url": "#"},
    ]  # fmt: skip
    return {
        "pack": {"title": "客户服务规定", "index_url": "#", "version_label": "第 3.2 版 · 施行中", "in_force": True, "target": 0.95, "note": "丰澜牧业 · 丰澜客服〔2026〕7 号 · 2026年7月1日起施行 · 赵立群签发"},
        "tabs": [{"label": "条款", "url": "#", "active": True}, {"label": "违诺", "url": "#", "count": 71}, {"label": "无人执行", "url": "#", "count": 6}, {"label": "版本", "url": "#"}, {"label": "签阅", "url": "#", "count": "24/25"}],
        "print_url": "#",
        "draft_url": "#",
        "contents": [
            {"numeral": "一", "title": "总则", "url": "#"},
            {"numeral": "二", "title": "服务原则与标准", "url": "#", "share": 0.964, "is_in": True, "sections": [{"number": "2.1", "title": "服务原则", "url": "#"}, {"number": "2.2", "title": "服务标准", "url": "#", "is_on": True}]},
            {"numeral": "三", "title": "服务流程", "url": "#", "share": 0.948},
            {"numeral": "四", "title": "团队与能力", "url": "#", "share": 1},
            {"numeral": "五", "title": "监督与投诉", "url": "#", "share": 0.917},
        ],
        "cover": {"total": 68, "by_system": 43, "written": 19, "by_nobody": 6, "nobody_url": "#"},
        "chapter_title": "第二章　服务原则与标准",
        "periods": ["本周", "本月", "本季"],
        "sections": [{"number": "2.2", "title": "服务标准", "clauses": clauses}],
        "foot": "守诺率 = 到期前办到 ÷ 应办到。横条自 80% 起，竖线为目标 95%。本周 10月5日起，国庆假期按值班日历。",
        "breaches": {
            "clause_number": "2.2.1", "count_text": "本月 12 次", "more_url": "#",
            "items": [{"number": n, "url": "#", "title": t, "text": x, "who_when": w} for n, t, x, w in (
                ("48228", "检疫证与耳标批次不一致", "超时 1 分钟，未响应", "林晓雨 · 今天 10:45"), ("48226", "9 月返利没到账", "超时 2 分钟，未响应", "吴桐 · 今天 10:43"),
                ("48171", "夜班急问犊牛腹泻", "超时 9 分钟", "马腾 · 10月9日 18:12"), ("48143", "料塔传感器没有读数", "超时 4 分钟", "何志远 · 10月9日 12:06"),
                ("48090", "节后首日排队", "超时 17 分钟", "苏婉 · 10月8日 08:34"), ("48088", "节后首日排队", "超时 22 分钟", "吴桐 · 10月8日 08:31"))],
            "reasons": [{"label": "节后首日排队", "count": 5}, {"label": "午间无人值守", "count": 3}, {"label": "分派错组", "count": 2}, {"label": "未归因", "count": 2}],
            "hint": "12 次里 8 次在 08:30–09:00 与 12:00–13:30。",
        },
    }  # fmt: skip


def clause_page(at: datetime, options: set[str]) -> dict[str, Any]:
    weeks = [f"第 {16 + i} 周" for i in range(26)]
    shares = [
        93.4,
        93.3,
        94.6,
        94.2,
        94.2,
        94.5,
        95.2,
        94.3,
        94.3,
        95.0,
        94.0,
        94.3,
        95.0,
        94.2,
        95.0,
        95.7,
        95.2,
        96.3,
        96.7,
        96.1,
        97.1,
        97.0,
        96.3,
        97.2,
        94.6,
        98.1,
    ]
    counts = [
        96,
        92,
        110,
        104,
        101,
        112,
        108,
        103,
        109,
        98,
        103,
        112,
        97,
        106,
        117,
        108,
        119,
        124,
        117,
        127,
        125,
        116,
        126,
        118,
        105,
        62,
    ]
    return {
        "clause": {"number": "2.2.1", "name": "响应及时", "wording": "主渠道咨询三十分钟内须有首次响应，表明已收到，并告知大致的处理时间；次要渠道两个工作小时内有人关注。", "note": "第 3.2 版 · 2026年7月1日起施行 · 三条规则在执行"},
        "pack": {"title": "客户服务规定", "url": "../policy/", "index_url": "#", "target": 0.95},
        "previous_url": "#", "next_url": "#", "revise_url": "#",
        "periods": [{"label": "周", "url": "#"}, {"label": "月", "url": "#", "active": True}, {"label": "季", "url": "#"}],
        "rules": [
            {"kind": "时限", "sentence": SafeString("自 <b>收到客户消息</b> 起，<em>30 分钟</em> 内须 <b>发出回复</b>"), "note": "主渠道：电话、在线客服、工作邮箱 · 全天计时 · 等待客户时不暂停",
             "steps": [{"seconds": 0, "text": "收到", "kind": "run"}, {"seconds": 1440, "text": "预警负责人", "kind": "warn"}, {"seconds": 1800, "text": "到期，提醒主管", "kind": "breach", "is_due": True}, {"seconds": 2700, "text": "升级经理", "kind": "breach"}]},
            {"kind": "时限", "sentence": SafeString("自 <b>收到客户消息</b> 起，<em>2 工作小时</em> 内须 <b>有人受理</b>"), "note": "次要渠道：微信、短信 · 工作日历“总部 8 小时”", "waiting": "等短信渠道接通后生效，目前不计"},
        ],
        "figures": [
            {"name": "本月守诺率", "value": "97.4", "unit": "%", "population": "应办 462 · 办到 450 · 违诺 12", "delta": {"text": "▲ 0.5 点", "good": True}},
            {"name": "用时中位", "value": "5.6", "unit": "分钟", "population": "九成在 17.9 分钟内"},
            {"name": "此刻在计", "value": 23, "unit": "项", "population": "快到期 4 · 已超时 2"},
        ],
        "trend": {"labels": weeks, "shares": shares, "counts": counts, "target": 95, "target_label": "目标 95%", "count_name": "应办", "share_name": "守诺率", "min": 88, "bands": [{"from": weeks[0], "to": weeks[10], "label": "3.1 版"}]},
        "trend_label": "守诺率近 26 周自 93.4% 升到 98.1%",
        "spread": {"labels": [f"{i * 2.5:g} 分" for i in range(16)], "counts": [111, 104, 71, 46, 35, 27, 20, 14, 9, 6, 5, 2, 5, 3, 2, 2], "limit": 12, "warn": 10, "limit_label": "限 30 分"},
        "spread_note": "本月 462 次，30 分钟处为限", "spread_label": "用时分布，多数在 10 分钟内",
        "groups": [{"name": n, "count": c, "share": s, "sepr": n == "饲料与营养组"} for n, c, s in (("电话", 181, 0.994), ("在线客服", 164, 0.976), ("工作邮箱", 117, 0.94), ("饲料与营养组", 158, 0.981), ("养殖设备组", 149, 0.96), ("订单与结算组", 155, 0.981))],
        "groups_note": "本月，按渠道与小组",
        "breaches": {"note": "本月 12 次 · 2 次未归因", "more": "其余 5 次", "more_url": "#", "rows": [{"number": n, "url": "#", "over": o, "who": w, "reason": r, "reason_url": "#"} for n, o, w, r in (("48228", "1 分钟", "林晓雨", ""), ("48226", "2 分钟", "吴桐", ""), ("48171", "9 分钟", "马腾", "夜班一人值守"), ("48143", "4 分钟", "何志远", "午间无人"), ("48090", "17 分钟", "苏婉", "节后排队"), ("48088", "22 分钟", "吴桐", "节后排队"), ("48085", "6 分钟", "金凯", "节后排队"))]},
        "version": {"note": "3.1 → 3.2", "diff": SafeString("主渠道咨询<del>一小时</del><ins>三十分钟</ins>内须有首次响应，表明已收到，并告知大致的处理时间<ins>；次要渠道两个工作小时内有人关注</ins>。"),
                    "rows": [{"label": "时限", "html": SafeString("<del>60 分钟</del> <ins>30 分钟</ins>")}, {"label": "预警", "html": SafeString("<del>无</del> <ins>80%</ins>")}, {"label": "升级", "html": SafeString("100% 主管 <ins>150% 经理</ins>")}],
                    "foot": "赵立群 2026年6月24日批准 · 生效时在计的 17 项仍按 3.1 版走完"},
        "signed": {"people": ["周敏", "林晓雨", "苏婉", "陈海涛", "何志远", "吴桐"], "text": "24 / 25，差马腾", "remind_url": "#"},
    }  # fmt: skip


def calendar(at: datetime, options: set[str]) -> dict[str, Any]:
    return records.calendar()


def console(at: datetime, options: set[str]) -> dict[str, Any]:
    return records.console(at)


def refusal(status: int, said: str) -> Make:
    def page(at: datetime, options: set[str]) -> dict[str, Any]:
        return {
            "frame": "base_app.html",
            "status": status,
            "problem": said,
            "number": "7f3k22qd01ce",
            "back_url": "#",
        }

    return page


def kit(at: datetime) -> dict[str, Any]:
    """Everything that the components' page shows."""
    return {
        **records.kit(at, LIN, HE, CHEN, ZHOU),
        "clocks_all": [
            clock(at, 82, 150),
            clock(at, 6),
            clock(at, -3.2),
            paused("等客户"),
            met(360),
            {"state": "cancelled"},
            {"state": "breach", "due_at": at - timedelta(hours=2), "met_at": at - timedelta(hours=1)},
        ],
        "desk": desk(at, {"ledger"}),
        "boarded": board(at, set()),
        "claused": clause_page(at, set()),
        "portaled": outside.progress(at, set()),
        "field_form": _bad_form(),
        "today": date(2026, 10, 10),
    }


def _bad_form() -> forms.Form:
    form = outside.NewForm({"title": "3 号舍环控器离线", "text": "", "name": "宋建国", "phone": "138"})
    form.is_valid()
    return form


PAGES: dict[str, tuple[str, Make]] = {
    "desk": ("desk/desk.html", desk),
    "board": ("board/board.html", board),
    "policy": ("policy/policy.html", policy),
    "clause": ("policy/clause.html", clause_page),
    "calendar": ("calendars/year.html", calendar),
    "phone": ("phone/phone.html", outside.phone),
    "progress": ("portal/progress.html", outside.progress),
    "confirm": ("portal/confirm.html", outside.confirm),
    "new": ("portal/new.html", outside.new),
    "signin": ("signin/signin.html", outside.signin),
    "console": ("console/table.html", console),
    "error403": ("errors/problem.html", refusal(403, "您没有看这一页的权限")),
    "error404": ("errors/problem.html", refusal(404, "没有这个页面，或它不对您开放")),
}
