"""Entries of a timeline, and ways to solve a case."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from shounuo.web.templatetags.sn.library import register
from shounuo.web.words import of


@register.inclusion_tag("components/entry.html")
def entry(thing: Any) -> dict[str, Any]:
    """`{% entry e %}`: one entry of the timeline by `e.kind`.

    in|out|note: id, who (person), via, at, text or html (cleaned) or frame_url, files [{name, url, size}],
    options {title, note, clause, items}, delivery {state ok|wait|bad, text}, is_new.
    event: icon, text or html, clause, at. day: day (date), note ("调休上班"). fold: count, summary, entries.
    """
    return {"e": thing}


@register.inclusion_tag("components/option_cards.html")
def option_cards(options: Any) -> dict[str, Any]:
    """`{% option_cards o %}` for staff. o: title, note, clause, items [{title, time, cost, pros, cons, approval,
    recommended, chosen}]; keys 甲 乙 丙 are given by order."""
    items = list(of(options, "items") or ()) if not isinstance(options, list) else options
    chosen = any(of(i, "chosen") for i in items)
    keys = gettext("甲乙丙丁戊己庚辛")
    rows = [
        {"o": i, "key": keys[n % len(keys)], "passed": chosen and not of(i, "chosen")}
        for n, i in enumerate(items)
    ]
    return {"head": options if not isinstance(options, list) else None, "rows": rows}


@register.inclusion_tag("components/option_choice.html")
def option_choice(option: Any, name: str = "option", chosen: bool = False) -> dict[str, Any]:
    """`{% option_choice o %}` for the customer: a radio of the form field `name`. o: id, title, cost ("退您 2,844 元"),
    when, points [..], caution."""
    return {"o": option, "name": name, "chosen": chosen}
