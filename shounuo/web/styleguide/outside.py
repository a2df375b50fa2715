"""Sample content of the style guide: pages that meet people outside: the call form, the customer's pages, sign-in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.utils.html import format_html

from shounuo.web.styleguide.records import DIAGNOSIS, HE, RECEIPT, RECORD, REPLY


class PhoneForm(forms.Form):
    phone = forms.CharField(label="电话")
    name = forms.CharField(label="姓名")
    region = forms.CharField(label="地区")
    kind = forms.CharField()
    title = forms.CharField(label="一句话")
    text = forms.CharField(label="客户原话与经过", widget=forms.Textarea)
    product = forms.CharField(label="产品与序列号", required=False)
    topic = forms.CharField(label="主题", required=False)
    complexity = forms.CharField(label="难度", required=False)
    assign = forms.CharField(label="派给", required=False)
    confirmed = forms.BooleanField(label="已复述确认", required=False)
    more = forms.CharField(widget=forms.HiddenInput, required=False)
    nonce = forms.CharField(widget=forms.HiddenInput, required=False)


def phone(at: datetime, options: set[str]) -> dict[str, Any]:
    given = {"phone": "138 0394 67", "name": "宋建国", "region": "河南 周口 西华", "kind": "after", "title": "3 号育肥舍环控器离线，风机全停", "text": "早上 9 点多屏幕黑了，断电重启过一次没用。舍里 32 度，猪开始喘。备用风机能手动开，但要人守着。", "product": "环控器 EC-300 · SN 240617-0852"}  # fmt: skip
    digits = format_html("<mark>138 0394 67</mark>{}", "21")
    return {
        "form": PhoneForm(given), "started_at": at - timedelta(seconds=134), "draft_at": at, "cancel_url": "../desk/", "draft_url": "",
        "who_clause": {"number": "3.1.2", "name": "须登记", "url": "#"}, "confirm_clause": {"number": "3.1.2", "name": "复述确认", "url": "#"},
        "matches": [{"id": 1, "name": "宋建国", "farm": "兴旺家庭农场", "phone": digits, "note": "西华 · 未结 1"}, {"id": 2, "name": "宋丽", "farm": "兴旺家庭农场 · 会计", "phone": format_html("<mark>138 0394 67</mark>{}", "55"), "note": "上次 8月19日"}],
        "match": {"name": "宋建国", "is_vip": True, "facts": [{"label": "农场", "value": "兴旺家庭农场 · 场长"}, {"label": "设备", "value": "EC-300 环控器 4 台，料线 2 条"}, {"label": "近 12 月", "value": "采购 38.6 万元 · 来访 9 次 · 满意度 86 分"}]},
        "kinds": [{"value": v, "label": label, "key": str(n), "checked": v == "after"} for n, (v, label) in enumerate((("ask", "咨询"), ("request", "请求"), ("after", "售后"), ("complaint", "投诉"), ("praise", "表扬建议")), 1)],
        "levels": [{"value": v, "label": v, "checked": v == "L3"} for v in ("L1", "L2", "L3")],
        "assign": {"text": "养殖设备组 · 何志远", "person": HE, "url": "#"},
        "read_back": "“宋老板，您 3 号舍的环控器黑屏、风机停了，重启没用，现在手动开着备用风机。我按最急的派给设备组何工，15 分钟内给您回电，对吗？”",
        "will": [{"clause": RECEIPT, "span": "15 分钟", "due": "11:03"}, {"clause": DIAGNOSIS, "span": "4 小时", "due": "14:48"}, {"clause": RECORD, "span": "24 小时", "due": "明天"}],
        "will_note": {"clause": REPLY, "text": "接通即守，用时 9 秒。"},
        "recent": [{"number": "48217", "url": "#", "title": "育肥料 552 结块", "status": "working"}, {"number": "46802", "url": "#", "title": "EC-300 装机", "status": "closed"}],
        "callouts": [{"text": "他还有一单在等您回复，还剩 6 分钟。可在电话里一并答复。", "url": "#", "action": "打开"}],
        "articles": [{"url": "#", "title": "EC-300 黑屏：先看 F2 保险"}, {"url": "#", "title": "高温应急：手动通风步骤"}],
        "ask": ["面板上方绿灯亮不亮？", "其他舍正常吗？", "现场最多能守多久？"],
    }  # fmt: skip


def _portal() -> dict[str, Any]:
    return {
        "hotline": {"url": "tel:4000000000", "label": "400 热线"},
        "foot_note": "这个链接只给您本人，30 天有效。",
        "portal_links": [{"url": "#", "label": "我的全部单据"}, {"url": "#", "label": "English"}],
    }


def progress(at: datetime, options: set[str]) -> dict[str, Any]:
    return {
        **_portal(), "case": {"number": "48217", "title": "育肥料 552 到货结块", "at_text": "9月30日提交"},
        "promise": {"text": "周一 09:20 前定下处理方案", "share": 0.73, "note": "只算上班时间，还剩 6 小时 32 分。国庆七天不计。"},
        "handler": {"name": "林晓雨", "presence": "online", "note": "饲料与营养组 · 今天 18:00 前在线"}, "message_url": "#talk",
        "offer": {"note": "化验水分 14.8%，霉菌未检出。选之前请先不要喂。", "url": "#", "chosen_id": 1, "label": "就选“{what}”", "button": "就选“换 3 吨新料”", "foot": "选了以后 2 小时内还能改。都不合适？", "other_url": "#talk",
                  "options": [{"id": 1, "title": "换 3 吨新料", "cost": "您不用出钱", "when": "周一 10:30 前到", "points": ["旧料同车拉走"], "caution": "须留人装卸 1 小时"}, {"id": 2, "title": "折价留用", "cost": "退您 2,844 元", "when": "1 个工作日到账", "points": ["不用搬"], "caution": "过筛后 15 天内喂完"}, {"id": 3, "title": "退货退款", "cost": "退您 9,480 元", "when": "5 个工作日到账", "points": ["全额退"], "caution": "中间 3 天可能断料"}]},
        "steps": [{"title": "收到了", "at_text": "9月30日 15:14", "state": "done", "text": "6 分钟后林晓雨回电，答应节后先化验。"}, {"title": "化验完成", "at_text": "今天 08:20", "state": "done", "text": "陈海涛：运输途中受潮，非配方问题。"}, {"title": "等您选办法", "at_text": "今天 08:41", "state": "cur"}, {"title": "送料换料", "at_text": "预计周一上午"}, {"title": "您验收确认"}],
        "talk": [{"mine": True, "who": "您", "at": at - timedelta(hours=2), "text": "换的话星期一上午能到吗？"}, {"who": "林晓雨", "at": at - timedelta(hours=1), "text": "能。旧料同车拉走，您不用另外找人。"}] if "talk" in options else None,
        "reply": {"url": "#", "draft_key": "48217"},
    }  # fmt: skip


def confirm(at: datetime, options: set[str]) -> dict[str, Any]:
    return {
        **_portal(), "case": {"number": "48217", "title": "育肥料 552 到货结块"},
        "confirm": {"is_page": True, "title": "新料送到了，问题解决了吗？", "facts": [{"label": "办法", "value": "换 3 吨新料，旧料拉走"}, {"label": "送到", "value": "10月12日 周一 10:12", "good": "比答应的早 18 分钟"}, {"label": "新批次", "value": "F1008-1，水分 12.6%"}, {"label": "经办", "value": "林晓雨、司机刘师傅"}],
                    "files": [{"name": "卸货照片", "url": "#", "icon": "photo"}, {"name": "签收单", "url": "#", "icon": "file-check"}, {"name": "化验单", "url": "#", "icon": "flask"}], "yes_url": "#", "yes_label": "解决了，可以关单", "yes_note": "72 小时没有回音，单子会自动关闭；之后随时可以重开。",
                    "no_url": "#", "no_title": "还没解决", "no_note": "请告诉我们哪里不对。林晓雨和主管周敏会同时看到。", "reasons": [{"value": v, "label": v, "checked": v == "还有结块"} for v in ("没送够", "还有结块", "猪不吃", "旧料没拉走", "费用不对", "其他")],
                    "text": "新料里有 4 袋底部发潮，照片在这。", "no_label": "提出异议，重新处理", "no_foot": "我们会在 30 分钟内联系您。"},
    }  # fmt: skip


class NewForm(forms.Form):
    title = forms.CharField(label="一句话说清是什么事")
    text = forms.CharField(
        label="详细情况", widget=forms.Textarea, help_text="哪一栋、什么时候开始、已经试过什么"
    )
    product = forms.CharField(label="产品或设备", required=False)
    name = forms.CharField(label="怎么称呼您")
    phone = forms.CharField(label="手机号")
    mail = forms.EmailField(label="邮箱", required=False)
    kind = forms.CharField(required=False)
    nonce = forms.CharField(widget=forms.HiddenInput, required=False)
    website = forms.CharField(widget=forms.HiddenInput, required=False)
    own_fields: ClassVar[list[forms.BoundField]] = []


def new(at: datetime, options: set[str]) -> dict[str, Any]:
    kinds = [
        {"value": v, "label": v, "checked": v == "产品有问题"}
        for v in ("想问问", "要办一件事", "产品有问题", "要投诉", "表扬或建议")
    ]
    if "sent" in options:
        return {
            **_portal(),
            "sent": {"number": "48240", "url": "#", "promise": "今天 11:18 前给您第一次回复"},
        }
    form = (
        NewForm({"title": "", "text": "早上九点多屏幕黑了", "name": "宋建国", "phone": "138"})
        if "error" in options
        else NewForm()
    )
    return {
        **_portal(),
        "form": form,
        "kinds": kinds,
        "promise_text": "收到后 30 分钟内给您第一次回复。",
        "clause": "2.2.1",
        "upload_url": "#",
    }


class SignInForm(forms.Form):
    username = forms.CharField(label="用户名、邮箱或手机号")
    password = forms.CharField(label="密码", widget=forms.PasswordInput(render_value=True))


def signin(at: datetime, options: set[str]) -> dict[str, Any]:
    form = SignInForm({"username": "linxiaoyu", "password": "123456789"})
    form.add_error("password", "密码不对，还可以试 4 次。")
    return {
        "form": form,
        "sso": [{"url": "#", "label": n} for n in ("企业微信", "钉钉", "飞书")],
        "portal_url": "#",
        "language_links": [{"url": "#", "label": "English"}],
        "forgot_url": "#",
    }
