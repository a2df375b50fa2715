"""Form fields, tables, filters, empty and loading states, the strings of the scripts."""

from __future__ import annotations

import json
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from shounuo.web.templatetags.sn.library import register
from shounuo.web.words import of


@register.inclusion_tag("components/field.html")
def field(
    bound: Any,
    clause: Any = None,
    hint: str = "",
    label: str = "",
    optional: bool | str = False,
    big: bool = False,
    **attrs: Any,
) -> dict[str, Any]:
    """`{% field form.title clause=c hint="..." %}`: label, clause tag of a required field, control, help, error.

    `optional` marks it as such; "auto" marks what is typed and not required. A field that the form's `halves` names
    takes half the line of a form of two columns. Of a refused form the first wrong field has the focus, unless
    `autofocus=False` keeps it off.
    Further keywords become attributes of the control, underscores as dashes (`data_draft=1`, `autofocus=True`).
    """
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "") or widget.__class__.__name__.lower()
    control = "sn-textarea" if "textarea" in kind else "sn-select" if "select" in kind else "sn-input"
    given = {k.replace("_", "-"): v for k, v in attrs.items() if v is not False and v is not None}
    if optional == "auto":
        optional = not bound.field.required and control != "sn-select"
    simple = kind in ("checkbox",) and not hasattr(widget, "subwidgets_of")
    check = kind == "checkbox" and widget.__class__.__name__ == "CheckboxInput"
    many = widget.__class__.__name__ in ("RadioSelect", "CheckboxSelectMultiple")
    if not (check or many):
        given["class"] = f"{control}{' is-big' if big else ''} {widget.attrs.get('class', '')}".strip()
    described = [f"{bound.auto_id}_help"] if hint or bound.help_text else []
    if first_wrong := next((f.name for f in bound.form if f.errors), ""):
        given.pop("autofocus", None)
        if first_wrong == bound.name and attrs.get("autofocus") is not False:
            given["autofocus"] = True
    if bound.errors:
        given["aria-invalid"] = "true"
        described.append(f"{bound.auto_id}_error")
    if described:
        given["aria-describedby"] = " ".join(described)
    return {
        "f": bound,
        "control": bound.as_widget(attrs=given) if not many else "",
        "label": label or bound.label,
        "hint": hint or bound.help_text,
        "clause": clause,
        "optional": optional,
        "check": check,
        "many": many,
        "groups": _grouped(bound) if many else (),
        "half": bound.name in getattr(bound.form, "halves", ()),
        "simple": simple,
    }


def _grouped(bound: Any) -> list[tuple[str, list[Any]]]:
    """The choices of a field of many under the names of their groups; those of none under an empty name."""
    shown, groups = iter(bound), []
    loose: list[Any] = []
    for value, label in bound.field.choices:
        if isinstance(label, (list, tuple)):
            groups.append((value, [next(shown) for _each in label]))
        else:
            loose.append(next(shown))
    return [("", loose), *groups] if loose else groups


@register.inclusion_tag("components/pager.html")
def pager(page: Any, target: str = "") -> dict[str, Any]:
    """`{% pager page %}`: first, last (numbers of rows), total, previous_url, next_url; `target` for htmx."""
    return {"p": page, "target": target}


@register.inclusion_tag("components/segmented.html")
def segmented(items: Any, label: str) -> dict[str, Any]:
    """`{% segmented items "时段" %}`: 2-4 exclusive values [{label, url, active, count}] as links."""
    return {"items": items, "label": label}


@register.inclusion_tag("components/tabs.html")
def tabs(items: Any, label: str) -> dict[str, Any]:
    """`{% tabs items "视图" %}`: [{label, url, active, count}]."""
    return {"items": items, "label": label}


@register.inclusion_tag("components/chips.html")
def chips(items: Any) -> dict[str, Any]:
    """`{% chips filters %}`: [{label, value, url, set, clear_url, menu}]; set ones are tinted with a cross."""
    return {"items": items}


@register.inclusion_tag("components/empty.html")
def nothing(
    title: str,
    text: str = "",
    url: str = "",
    action: str = "",
    url2: str = "",
    action2: str = "",
    small: bool = False,
    glyph: str = "",
) -> dict[str, Any]:
    """`{% nothing title text url action %}`: what it means, the next thing, one way on.

    Without `glyph` (an icon) a tick is drawn: all is done.
    """
    return {
        "title": title,
        "text": text,
        "url": url,
        "action": action,
        "url2": url2,
        "action2": action2,
        "small": small,
        "glyph": glyph,
    }


@register.inclusion_tag("components/skeleton.html")
def skeleton(rows: int = 4, kind: str = "list") -> dict[str, Any]:
    """`{% skeleton 5 "list" %}`: kinds list, text, cards."""
    return {"rows": range(rows), "kind": kind}


@register.inclusion_tag("components/notices.html")
def notices(items: Any) -> dict[str, Any]:
    """`{% notices items %}`: [{icon, text, note, at, url, is_unread}]."""
    return {"items": items}


@register.inclusion_tag("components/table.html")
def table(columns: Any, rows: Any, label: str = "") -> dict[str, Any]:
    """`{% table columns rows %}` for administration. columns [{label, num, tight (never
    wrapped), sort_url, sorted asc|desc, sub}]; rows [{cells, url, acts [{label, url, post, danger}]}], a cell is text or safe HTML."""
    shaped = [
        {"row": r, "cells": list(zip(columns, of(r, "cells"), strict=False)), "acts": of(r, "acts") or ()}
        for r in rows
    ]
    return {"columns": columns, "rows": shaped, "label": label, "acts": any(r["acts"] for r in shaped)}


@register.simple_tag
def page_words() -> SafeString:
    """The strings that the scripts show, as JSON for base.html's script element of type application/json."""
    plural = [ngettext("%(n)s 天", "%(n)s 天", n) % {"n": "{n}"} for n in (1, 2)]
    workdays = [ngettext("%(n)s 个工作日", "%(n)s 个工作日", n) % {"n": "{n}"} for n in (1, 2)]
    strings = {
        "left": gettext("还剩 %(span)s") % {"span": "{span}"},
        "over": gettext("已超时 %(span)s") % {"span": "{span}"},
        "justOver": gettext("刚超时"),
        "leftUnderMinute": gettext("还剩不到 1 分钟"),
        "underMinute": gettext("不到 1 分钟"),
        "seconds": gettext("%(n)s 秒") % {"n": "{n}"},
        "minutesSeconds": gettext("%(m)s 分 %(s)s 秒") % {"m": "{m}", "s": "{s}"},
        "minutes": gettext("%(n)s 分钟") % {"n": "{n}"},
        "hours": gettext("%(n)s 小时") % {"n": "{n}"},
        "hoursMinutes": gettext("%(h)s 小时 %(m)s 分") % {"h": "{h}", "m": "{m}"},
        "day": plural[0],
        "days": plural[1],
        "workday": workdays[0],
        "workdays": workdays[1],
        "daysHours": gettext("%(days)s %(n)s 小时") % {"days": "{days}", "n": "{n}"},
        "nowWarn": gettext("%(name)s 快到期，%(text)s") % {"name": "{name}", "text": "{text}"},
        "nowBreach": gettext("%(name)s 已超时") % {"name": "{name}"},
        "draftSaved": gettext("草稿已存 %(time)s") % {"time": "{time}"},
        "draftLocal": gettext("没连上，草稿存在本机 %(time)s") % {"time": "{time}"},
        "draftRestored": gettext("取回了上次没发完的草稿"),
        "drop": gettext("丢掉草稿"),
        "undo": gettext("撤回"),
        "close": gettext("关闭"),
        "failed": gettext("没有做成，内容都还在。请再试一次"),
        "offline": gettext("连不上服务器，内容都还在"),
        "newRows": gettext("%(n)s 件新的") % {"n": "{n}"},
        "uploadFailed": gettext("%(name)s 没有传上") % {"name": "{name}"},
        "tooLarge": gettext("%(name)s 太大，最多 %(size)s") % {"name": "{name}", "size": "{size}"},
        "retry": gettext("再传"),
        "remove": gettext("拿掉"),
        "keysTitle": gettext("按键"),
        "keysOn": gettext("用单个按键操作（输入文字时总是停用）"),
        "keysAlways": [
            ["j", gettext("下一行"), "[data-rows]", "list"],
            ["k", gettext("上一行"), "[data-rows]", "list"],
            ["s", gettext("查找"), "", "go"],
            [".", gettext("复制单号；按两下带标题，三下是地址"), "#case", "case"],
            ["i", gettext("回复和备注互换"), "[data-composer]", "write"],
            ["::", gettext("插入常用语"), "[data-composer]", "write"],
            ["@@", gettext("在备注里提到同事"), "[data-composer]", "write"],
            ["Ctrl+Enter", gettext("发出"), "form[data-main]", "write"],
        ],
        "keysGroups": {
            "go": gettext("去哪里"),
            "list": gettext("列表"),
            "case": gettext("这张工单"),
            "write": gettext("写"),
            "page": gettext("别的"),
        },
        "copied": gettext("已复制：%(text)s") % {"text": "{text}"},
        "keysNone": gettext("这一页没有按键"),
        "nothing": gettext("没有找到"),
        "people": gettext("同事"),
        "themeDark": gettext("换成深色"),
        "themeLight": gettext("换成浅色"),
        "looking": gettext("正在看"),
        "writing": gettext("%(name)s 正在写") % {"name": "{name}"},
        "selected": gettext("已选 %(n)s 件") % {"n": "{n}"},
    }
    text = (
        json.dumps(strings, ensure_ascii=False)
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
    )
    return mark_safe(text)  # noqa: S308  our own strings, with <, > and & escaped
