"""Longer records of the style guide: one case with its side and ledger, a calendar's year, lists of administration."""

from __future__ import annotations

import calendar as months
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

REPLY = {"number": "2.2.1", "name": "响应", "url": "../clause/"}
PLAN = {"number": "5.2.1", "name": "投诉时限", "url": "../clause/"}
DIAGNOSIS = {"number": "2.2.2", "name": "初步诊断", "url": "../clause/"}
RECEIPT = {"number": "3.2.1", "name": "查收", "url": "../clause/"}
RECORD = {"number": "2.2.3", "name": "记录", "url": "../clause/"}


def person(name: str, presence: str = "", me: bool = False) -> dict[str, Any]:
    return {"name": name, "presence": presence, "is_me": me}


LIN, ZHOU, CHEN, HE = (
    person("林晓雨", "online", True),
    person("周敏", "online"),
    person("陈海涛", "online"),
    person("何志远", "busy"),
)


def next_monday(at: datetime) -> datetime:
    """Twenty past nine on the coming Monday."""
    here = timezone.localtime(at)
    ahead = (7 - here.weekday()) % 7 or 7
    return (here + timedelta(days=ahead)).replace(hour=9, minute=20, second=0, microsecond=0)


def options() -> dict[str, Any]:
    return {
        "title": "三个方案，等客户选择", "note": "2 小时 7 分前发出", "clause": {"number": "3.2.2", "url": "../clause/"},
        "items": [
            {"title": "换 3 吨新料", "time": "2 个工作日", "cost": "0 元", "pros": ["旧料我们同车拉走"], "cons": ["须留人装卸 1 小时"], "recommended": True},
            {"title": "折价留用", "time": "1 个工作日", "cost": "退 2,844 元", "approval": "经理批", "pros": ["不用搬，当天到账"], "cons": ["过筛后 15 天内喂完"]},
            {"title": "退货退款", "time": "5 个工作日", "cost": "退 9,480 元", "approval": "经理批", "pros": ["全额退，责任清楚"], "cons": ["中间 3 天可能断料"]},
        ],
    }  # fmt: skip


def case(at: datetime, chen: Any, lin: Any, zhou: Any) -> dict[str, Any]:
    def hours(h: float) -> datetime:
        return at - timedelta(hours=h)

    folded = [
        {"kind": "event", "icon": "flask", "text": f"取样送检 · 第 {n} 袋", "at": hours(40 - n)}
        for n in range(1, 8)
    ]
    return {
        "id": 48217, "number": "48217", "title": "育肥料 552 到货结块，约 3 吨不敢喂", "kind": "投诉 · 一般", "kind_code": "complaint", "level": "L2",
        "status": "working", "seen": [zhou], "transfer_url": "#", "resolve_url": "#",
        "more": [{"url": "#", "label": "合并", "icon": "git-merge", "dialog": True}, {"url": "#", "label": "搁置到…", "icon": "alarm", "dialog": True}, {"url": "#", "label": "打印", "icon": "printer"}, {"url": "#", "label": "关闭", "icon": "archive", "danger": True, "post": True}],
        "entries": [
            {"kind": "day", "day": (at - timedelta(days=10))},
            {"kind": "event", "icon": "route", "html": format_html("投诉转入 <b>{}</b>，3 个工作日开始计时", "饲料与营养组"), "clause": PLAN, "at": hours(240)},
            {"kind": "fold", "count": 7, "summary": "诊断、取样、等待客户 5 小时", "entries": folded},
            {"kind": "day", "day": at, "date": "10月10日 周六", "note": "调休上班"},
            {"kind": "out", "id": 3, "who": lin, "via": "公开回复 · 短信与网页", "at": hours(2.1), "text": "宋老板您好，化验结果出来了：水分 14.8%，霉菌未检出，属运输途中受潮。我们给您三个办法，您在网页上点一下就行；没选之前请先不要喂。", "options": options()},
            {"kind": "note", "id": 4, "who": chen, "at": hours(1.5), "html": SafeString('<p><span class="sn-mention">@林晓雨</span> 同车还有另外两户，先别承诺折价，我问下物流是不是篷布漏水。</p>')},
            {"kind": "in", "id": 5, "who": {"name": "宋建国"}, "via": "网页", "at": hours(0.4), "text": "换的话星期一上午能到吗？我这边 420 头，料只够吃到下午。旧料你们一起拉走不？", "files": [{"name": "料袋底部.jpg", "url": "#", "size": 812000}]},
        ],
    }  # fmt: skip


def side(lin: Any, chen: Any) -> dict[str, Any]:
    return {
        "customer": {"name": "宋建国", "role": "兴旺家庭农场 · 场长", "is_vip": True, "url": "#",
                     "facts": [{"label": "电话", "value": "138 **** 6721", "reveal_url": "#"}, {"label": "地区", "value": "河南 周口 西华"}, {"label": "存栏", "value": "育肥猪 420 头"}, {"label": "近 12 月", "value": "采购 38.6 万元 · 来访 9 次"}, {"label": "满意度", "value": "86 分 · 5 份"}]},
        "facts": [{"label": "负责", "person": lin}, {"label": "协作", "person": chen}, {"label": "主题", "value": "饲料 › 外观 › 结块"}, {"label": "产品", "value": "育肥料 552 · 批 F0926-3"}, {"label": "订单", "value": "XS-0929-118 · 12 吨", "url": "#"}, {"label": "转派", "value": "1 次"}],
        "edit_url": "#",
        "records": {"done": 5, "total": 7, "items": [{"label": "客户信息、时间、问题、方案、处理人", "ok": True}, {"label": "处理经过", "clause": {"number": "2.2.3", "url": "#"}, "url": "#"}, {"label": "客户反馈", "url": "#"}]},
        "related": {"title": "同批次", "count": 3, "items": [{"number": "48203", "url": "#", "title": "552 料袋底发潮", "status": "working"}, {"number": "48199", "url": "#", "title": "552 有块，牛不吃", "status": "resolved"}]},
        "callouts": [{"text": "批 F0926-3 三天内 3 单，已触发黄色预警，质检在查。"}],
    }  # fmt: skip


def composer(at: datetime, options: set[str], zhou: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "url": "#", "draft_url": "", "mentions_url": "#", "texts_url": "#", "knowledge_url": "#", "upload_url": "", "offer_url": "#",
        "mode": "note" if "note" in options else "reply", "draft_at": at - timedelta(minutes=1), "keeps": [{"number": "2.2.1", "url": "../clause/"}],
        "draft_text": "" if "blank" in options else "能。旧料同车拉走，您不用另外找人。周一 10:30 前到您场里，司机刘师傅提前一小时打您电话",
    }  # fmt: skip
    if "conflict" in options:
        made["conflict"] = {
            "who": zhou,
            "what": "回复了客户",
            "at": at - timedelta(minutes=2),
            "see_url": "#",
            "force_label": "还是发送",
        }
    return made


def ledger(at: datetime) -> dict[str, Any]:
    def d(day: int, h: int, m: int) -> datetime:
        return datetime(2026, 10, day, h, m, tzinfo=timezone.get_default_timezone())

    late = datetime(2026, 9, 30, 15, 20, tzinfo=timezone.get_default_timezone())
    return {
        "due_at": next_monday(at), "clause": PLAN, "wording": "一般投诉三个工作日内给出处理方案或进展。", "version": "第 3.2 版", "calendar_name": "总部 8 小时",
        "total_seconds": 86400, "used_seconds": 62880, "left_seconds": 23520, "warn_at": at + timedelta(hours=3, minutes=14), "warn_share": 0.8, "warn_to": "周敏", "rebase_url": "#",
        "lines": [
            {"day": date(2026, 9, 30), "kind": "work", "start": late, "end": late.replace(hour=18, minute=0), "seconds": 9600, "from_share": 0.67, "to_share": 1},
            {"day": date(2026, 10, 1), "day_to": date(2026, 10, 7), "kind": "holiday", "label": "国庆节"},
            {"day": date(2026, 10, 8), "kind": "work", "start": d(8, 8, 30), "end": d(8, 18, 0), "seconds": 28800, "from_share": 0, "to_share": 1},
            {"day": date(2026, 10, 9), "kind": "work", "start": d(9, 8, 30), "end": d(9, 10, 10), "seconds": 6000, "from_share": 0, "to_share": 0.21},
            {"day": None, "kind": "pause", "label": "等待客户", "start": d(9, 10, 10), "end": d(9, 15, 10), "from_share": 0.21, "to_share": 0.65},
            {"day": None, "kind": "work", "label": "", "start": d(9, 15, 10), "end": d(9, 18, 0), "seconds": 10200, "from_share": 0.65, "to_share": 1},
            {"day": date(2026, 10, 10), "kind": "makeup", "label": "调休", "start": d(10, 8, 30), "end": d(10, 18, 0), "seconds": 28800, "from_share": 0, "to_share": 1, "now_share": 0.29},
            {"day": date(2026, 10, 11), "kind": "off"},
            {"day": date(2026, 10, 12), "kind": "work", "start": d(12, 8, 30), "end": d(12, 9, 20), "seconds": 3000, "from_share": 0, "to_share": 0.1},
        ],
    }  # fmt: skip


def calendar() -> dict[str, Any]:
    off = (
        {(1, d): "元旦" for d in (1, 2, 3)}
        | {(2, d): "春节" for d in range(15, 24)}
        | {(4, d): "清明节" for d in (4, 5, 6)}
        | {(5, d): "劳动节" for d in range(1, 6)}
        | {(6, d): "端午节" for d in (19, 20, 21)}
        | {(9, d): "中秋节" for d in (25, 26, 27)}
        | {(10, d): "国庆节" for d in range(1, 8)}
    )
    makeup = {(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)}
    own = {(3, 16): "盘点，休半天", (8, 8): "司庆，休", (12, 31): "结账，到 20:00"}
    notes = {
        1: "元旦 1–3 休，4 班",
        2: "春节 15–23 休，14、28 班",
        4: "清明 4–6 休",
        5: "劳动 1–5 休，9 班",
        6: "端午 19–21 休",
        9: "中秋 25–27 休，20 班",
        10: "国庆 1–7 休，10 班",
    }
    year = []
    for month in range(1, 13):
        first, count = months.monthrange(2026, month)
        cells: list[dict[str, Any]] = [{"pad": True}] * first
        work = 0
        for day in range(1, count + 1):
            key, weekend = (month, day), (first + day - 1) % 7 > 4
            kind = (
                "holiday"
                if key in off
                else "makeup"
                if key in makeup
                else "exception"
                if key in own
                else "weekend"
                if weekend
                else "work"
            )
            work += kind in ("work", "makeup") or (key in own and not weekend)
            cells.append(
                {
                    "day": day,
                    "kind": kind,
                    "url": "#",
                    "title": off.get(key) or own.get(key) or ("调休上班" if key in makeup else ""),
                    "is_on": key == (10, 10),
                }
            )
        year.append(
            {
                "number": month,
                "label": f"{month}月",
                "note": notes.get(month, ""),
                "work_days": work,
                "cells": cells,
            }
        )
    return {
        "calendar": {"name": "总部 8 小时", "is_default": True, "index_url": "#", "settings_url": "#"},
        "years": [{"label": y, "url": "#", "active": y == 2026} for y in (2025, 2026, 2027)], "import_url": "#", "add_url": "#",
        "summary": "248 个工作日", "summary_note": "国务院办公厅安排，33 天假日、6 天调休", "months": year,
        "selected": {"title": "10月10日 周六", "tag": "调休上班", "text": "补国庆节 10月7日", "hours": [("08:30", "12:00"), ("13:30", "18:00")], "note": "8 小时。这天有 41 项时限计时，改动后在计的 12 项可选择重排。", "act": "改这一天", "act_url": "#"},
        "week": [{"label": "周一至五", "text": "08:30–12:00 13:30–18:00"}, {"label": "周末", "text": "休"}, {"label": "时区", "text": "Asia/Shanghai"}],
        "exceptions": [{"day": f"{m}月{d}日", "text": t, "url": "#"} for (m, d), t in own.items()],
        "trial": {"url": "#", "start": "2026-09-30T15:20", "within": "3 个工作日", "result": "到期 10月10日 周六 15:20", "note": "国庆 7 天不计，10月10日调休照计。"},
    }  # fmt: skip


def console(at: datetime) -> dict[str, Any]:
    people = [("林晓雨", "linxiaoyu", "客服专员", "饲料与营养组", 0), ("何志远", "hezhiyuan", "客服专员", "养殖设备组", 0), ("周敏", "zhoumin", "客服主管", "饲料与营养组", 0), ("赵立群", "zhaoliqun", "客服经理", "全部门", 0), ("马腾", "mateng", "客服专员", "订单与结算组", 1)]  # fmt: skip
    return {
        "title": "人员", "label": "人员", "lead": "能登录的人、他们的角色和小组。停用的人不再出现在选单里，记录照旧。",
        "sections": [
            {"title": "组织", "items": [{"url": "#", "label": "人员", "icon": "users", "active": True}, {"url": "#", "label": "角色", "icon": "shield-lock"}, {"url": "#", "label": "小组", "icon": "users-group"}, {"url": "#", "label": "工作日历", "icon": "calendar"}]},
            {"title": "服务", "items": [{"url": "#", "label": "分类", "icon": "sitemap"}, {"url": "#", "label": "必填记录", "icon": "forms"}, {"url": "#", "label": "常用语", "icon": "text-plus"}, {"url": "#", "label": "通知规则", "icon": "bell"}]},
            {"title": "连接", "items": [{"url": "#", "label": "邮箱", "icon": "mail"}, {"url": "#", "label": "接口令牌", "icon": "key"}, {"url": "#", "label": "回调", "icon": "webhook"}]},
            {"title": "运行", "items": [{"url": "#", "label": "运行状况", "icon": "server"}, {"url": "#", "label": "操作记录", "icon": "history"}]},
        ],
        "search": {"url": "#", "value": "", "placeholder": "姓名、账号、拼音首字母"}, "add": {"url": "#", "label": "加一个人", "dialog": True},
        "filters": [{"label": "角色", "value": "全部", "url": "#"}, {"label": "小组", "value": "饲料与营养组", "url": "#", "set": True}],
        "columns": [{"label": "姓名"}, {"label": "账号"}, {"label": "角色"}, {"label": "小组"}, {"label": "手上", "num": True}, {"label": "状态"}],
        "rows": [{"id": n, "url": "#", "cells": [name, user, role, team, 6 - n, format_html('<span class="sn-tag{}">{}</span>', "" if not gone else " is-pause", "停用" if gone else "在用")], "acts": [{"url": "#", "label": "改", "dialog": True}, {"url": "#", "label": "停用" if not gone else "启用", "post": True, "danger": not gone}]} for n, (name, user, role, team, gone) in enumerate(people)],
        "pager": {"first": 1, "last": 5, "total": 25, "next_url": "#"},
    }  # fmt: skip


def kit(at: datetime, *people: Any) -> dict[str, Any]:
    return {
        "people": people,
        "merge": {"from": {"number": "48219", "title": "料结块了能不能退", "customer": "宋建国", "note": "电话 · 1 条消息"}, "into": {"number": "48217", "title": "育肥料 552 到货结块，约 3 吨不敢喂", "customer": "宋建国", "note": "网页 · 6 条消息"}, "url": "#", "reason_clause": {"number": "3.1.3", "name": "须填"},
                  "consequences": ["48219 的消息按时间并入 48217，单号仍能打开", "48219 的 2 项时限取消并记下原因，48217 的照旧", "宋建国不会收到通知"]},
        "notice_items": [{"icon": "at", "text": "陈海涛在 48217 提到您", "note": "先别承诺折价，我问下物流", "at": at - timedelta(hours=1), "url": "#", "is_unread": True}, {"icon": "alarm", "text": "48225 还剩 11 分钟", "at": at - timedelta(minutes=2), "url": "#", "is_unread": True}, {"icon": "user-share", "text": "周敏把 48209 转给您", "at": at - timedelta(hours=20), "url": "#"}],
        "chip_items": [{"label": "渠道", "value": "全部", "url": "#"}, {"label": "客户", "value": "重点", "url": "#", "set": True}],
        "seg_items": [{"label": "周", "url": "#"}, {"label": "月", "url": "#", "active": True}, {"label": "季", "url": "#"}],
        "tab_items": [{"label": "条款", "url": "#", "active": True}, {"label": "违诺", "url": "#", "count": 71}, {"label": "版本", "url": "#"}],
        "kpis": [{"name": "守诺率", "value": "95.8", "unit": "%", "population": "1,904 项应守 · 目标 95%", "points": [92, 93.4, 92.8, 94, 93.7, 95.1, 94.6, 95.8, 95.2, 96.1], "target": 95, "delta": {"text": "▲ 1.2 点", "good": True}}, {"name": "一次解决率", "value": "78.4", "unit": "%", "population": "911 单中 714 · 目标 85%", "points": [82, 81.6, 82.4, 81, 80.8, 80.2, 79.6, 79.9, 78.9, 78.4], "target": 85, "spark_bad": True, "delta": {"text": "▼ 2.1 点", "good": False}}],
        "error": {"title": "回复没有发出，您写的都还在", "at": at, "number": "7F3K-22QD", "not_done": ["短信网关拒收：号码 138 **** 6721 已停机。"], "done": ["网页通知已送达，宋建国登录即可看到。"], "kept": "能。旧料同车拉走，您不用另外找人。周一 10:30 前到您场里。", "actions": [{"url": "#", "label": "改用电话告知", "primary": True}, {"url": "#", "label": "换个号码再发"}]},
        "groups": [{"title": "工单", "items": [{"url": "#", "channel": "phone", "label": "48180 金科畜牧 · 预混料改送地址", "clock": {"state": "run", "text": "还剩 4 小时", "share_left": 0.6}}, {"url": "#", "channel": "email", "label": "47992 靳宽 · 料位仪读数偏大", "status": "closed"}]}, {"title": "客户", "items": [{"url": "#", "person": "金科", "label": "金科畜牧有限公司", "note": "安徽 亳州 · 未结 2 单"}]}],
        "picks": [{"value": "@林晓雨", "label": "林晓雨", "note": "饲料与营养组", "person": people[0]}, {"value": "@何志远", "label": "何志远", "note": "养殖设备组 · 忙", "person": people[1]}],
        "page_sample": {"first": 1, "last": 50, "total": 1288, "next_url": "#", "previous_url": "#"},
        "conflict": {"who": people[3], "what": "回复了客户", "at": at - timedelta(minutes=2), "see_url": "#", "force_label": "还是发送"},
    }  # fmt: skip
