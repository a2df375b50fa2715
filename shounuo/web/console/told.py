"""What the pages of administration say of codes: permissions by area, kinds of events by family, details of the log."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from shounuo.events import registry
from shounuo.staff import permissions

# A permission's first part -> where it stands among the choices. What is in none stands last.
AREAS: tuple[tuple[Any, frozenset[str]], ...] = (
    (gettext_lazy("工单"), frozenset({"cases", "commitments", "board"})),
    (pgettext_lazy("place", "客户"), frozenset({"customers"})),
    (gettext_lazy("制度"), frozenset({"policy", "process", "supervision", "maturity"})),
    (gettext_lazy("数据"), frozenset({"metrics", "analytics"})),
    (gettext_lazy("设置"), frozenset({"staff", "calendars", "channels", "webhooks", "tokens"})),
    (gettext_lazy("运行"), frozenset({"ops", "audit"})),
)
FAMILIES = {
    "case": gettext_lazy("工单"),
    "interaction": gettext_lazy("往来"),
    "clock": gettext_lazy("时限"),
    "plan": gettext_lazy("方案"),
    "progress": gettext_lazy("进展"),
    "response": gettext_lazy("响应安排"),
    "call": gettext_lazy("通话"),
    "feedback": gettext_lazy("客户反馈"),
    "info": gettext_lazy("信息收集"),
    "record": gettext_lazy("记录"),
    "run": gettext_lazy("流程"),
    "grant": gettext_lazy("补偿与特批"),
    "delegation": gettext_lazy("不在时的代办"),
    "customer": gettext_lazy("客户"),
    "company": gettext_lazy("单位"),
    "portal": gettext_lazy("客户门户"),
    "policy": gettext_lazy("制度"),
    "supervision": gettext_lazy("监督检查"),
    "finding": gettext_lazy("检查发现的问题"),
    "maturity": gettext_lazy("成熟度自评"),
    "calendar": gettext_lazy("工作日历"),
    "mail": gettext_lazy("邮件"),
    "mailbox": gettext_lazy("收信邮箱"),
    "relay": gettext_lazy("发信服务器"),
    "way": gettext_lazy("消息通道"),
    "quiet": gettext_lazy("免打扰时段"),
    "person": gettext_lazy("人员"),
    "team": gettext_lazy("小组"),
    "role": gettext_lazy("角色"),
    "shift": gettext_lazy("班次"),
    "presence": gettext_lazy("在线状态"),
    "organisation": gettext_lazy("组织"),
    "password": gettext_lazy("密码"),
    "link": gettext_lazy("登录链接"),
    "totp": gettext_lazy("两步验证"),
    "recovery_code": gettext_lazy("用掉备用码"),
    "recovery_codes": gettext_lazy("换备用码"),
    "token": gettext_lazy("接口令牌"),
    "webhook": gettext_lazy("事件推送"),
}
# Names in the detail of an entry of the log. What is not here is shown by its code.
DETAILS = {
    "added": gettext_lazy("加上"),
    "change": gettext_lazy("改动"),
    "code": gettext_lazy("代码"),
    "days": gettext_lazy("天数"),
    "effective": gettext_lazy("施行"),
    "ended": gettext_lazy("结束"),
    "ends": gettext_lazy("到"),
    "failures": gettext_lazy("连续失败"),
    "fields": gettext_lazy("改了"),
    "kinds": gettext_lazy("事件"),
    "leads": gettext_lazy("主管"),
    "left": gettext_lazy("剩"),
    "mails": gettext_lazy("邮件"),
    "number": gettext_lazy("版次"),
    "permissions": gettext_lazy("权限"),
    "person": gettext_lazy("人员"),
    "purpose": gettext_lazy("用途"),
    "reason": gettext_lazy("原因"),
    "removed": gettext_lazy("去掉"),
    "roles": gettext_lazy("角色"),
    "rules": gettext_lazy("规则"),
    "scopes": gettext_lazy("范围"),
    "starts": gettext_lazy("从"),
    "teams": gettext_lazy("小组"),
    "version": gettext_lazy("版本"),
}
VALUES = {
    ("purpose", "setup"): gettext_lazy("第一次设置"),
    ("purpose", "invite"): gettext_lazy("加入"),
    ("purpose", "reset"): gettext_lazy("重设密码"),
    ("change", "created"): gettext_lazy("新建"),
    ("reason", "password"): gettext_lazy("密码不对"),
    ("reason", "code"): gettext_lazy("验证码不对"),
}
OF_PERMISSIONS = frozenset({"permissions", "added", "removed", "scopes"})
LONGEST = 120
# What mail servers and networks say, by a word in it.
FAULTS = (
    (("gaierror", "getaddrinfo", "Name or service not known"), gettext_lazy("找不到这台服务器，请核对名字")),
    (("refused",), gettext_lazy("服务器不接，请核对端口")),
    (("timed out", "Timeout"), gettext_lazy("连不上，等得太久")),
    (("unreachable", "No route"), gettext_lazy("网络不通")),
    (("CERTIFICATE", "certificate"), gettext_lazy("对方的证书不对")),
    (("SSL", "WRONG_VERSION", "STARTTLS"), gettext_lazy("加密方式不对，请换一种再试")),
    (("535", "534", "AUTHENTICATIONFAILED", "LOGIN failed"), gettext_lazy("账号或密码不对")),
)


def permission_choices(codes: Iterable[str] | None = None) -> list[tuple[str, list[tuple[str, Any]]]]:
    """The permissions (of `codes`, else all) as choices of a form, under the areas' names."""
    labels = permissions.all_permissions()
    wanted = [c for c in labels if codes is None or c in set(codes)]
    placed = [(name, [c for c in wanted if c.partition(".")[0] in firsts]) for name, firsts in AREAS]
    known = {c for _name, found in placed for c in found}
    placed.append((_("其他"), [c for c in wanted if c not in known]))
    return [(str(name), [(c, labels[c]) for c in found]) for name, found in placed if found]


def family_words(pattern: str) -> str:
    """`case.*` in words, with its code; `*` is all; a single kind by its own label."""
    if pattern == "*":
        return _("全部")
    first = pattern.removesuffix(".*")
    label = FAMILIES.get(first) if pattern.endswith(".*") else kind_label(pattern)
    return _("%(label)s %(code)s") % {"label": label, "code": pattern} if label else pattern


def family_choices() -> list[tuple[str, str]]:
    """All families of declared kinds, what concerns a case first."""
    order = {name: place for place, name in enumerate(FAMILIES)}
    found = {name.partition(".")[0] for name in registry.kinds()}
    listed = sorted(found, key=lambda name: (order.get(name, len(order)), name))
    return [(f"{name}.*", family_words(f"{name}.*")) for name in listed]


def kind_label(kind: str) -> str:
    """A kind's label, empty where there is none."""
    declared = registry.kinds().get(kind)
    return str(declared.label) if declared is not None and declared.label else ""


def detail_words(detail: dict[str, Any]) -> str:
    """Codes and numbers of an entry of the log on one line, cut where it grows long."""
    said = []
    for name, value in detail.items():
        if name == "event" or value in (None, [], ""):
            continue
        label = DETAILS.get(name, name)
        said.append(_("%(label)s：%(value)s") % {"label": label, "value": _value(name, value)})
    told = _("；").join(said)
    return told if len(told) <= LONGEST else told[: LONGEST - 1] + "…"


def fault_words(said: str, longest: int = 300) -> str:
    """What a server or network said, after what it means where that is known."""
    raw = said[:longest]
    meant = next((words for signs, words in FAULTS if any(s in said for s in signs)), None)
    return _("%(meant)s（%(said)s）") % {"meant": meant, "said": raw} if meant else raw


def _value(name: str, value: Any) -> str:
    if isinstance(value, list):
        labels = permissions.all_permissions() if name in OF_PERMISSIONS else {}
        return _("、").join(str(labels.get(v, v)) for v in value)
    if isinstance(value, str):
        return str(VALUES.get((name, value), value))
    return json.dumps(value, ensure_ascii=False)
