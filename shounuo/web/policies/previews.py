"""What a drafted time limit would have done in the last 90 days, worked out a part at a time with the progress shown."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shounuo.calendars import queries as calendars
from shounuo.commitments.queries import preview as past
from shounuo.commitments.queries.preview import Preview, Tally
from shounuo.events import subjects
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.policy.editing.changes import mark_of_rule
from shounuo.policy.models import PolicyVersion
from shounuo.policy.schema import AnyRule, Commitment, Pack
from shounuo.web import words
from shounuo.web.context import actor_of

DAYS = 90
BUDGET = 1.5  # seconds of work before the page shows how far it is
SALT = "policy.preview"
FRESH_FOR = 3600  # seconds for which a half-done one may go on


def respond(
    request: HttpRequest, version: PolicyVersion, pack: Pack, clause: str, rule: AnyRule | None
) -> HttpResponse:
    """The next part of a preview: the figures so far, or all of them with the cases behind."""
    refused = _refusal(rule, pack)
    if refused:
        return render(request, "policy/edit/_preview.html", {"refused": refused})
    assert isinstance(rule, Commitment)
    mark, at = mark_of_rule(rule), now()
    state = _state(request.POST.get("_state", ""), clause + mark)
    end = datetime.fromisoformat(state["end"]) if state else at
    start = end - timedelta(days=DAYS)
    drafted = past.rule_as_drafted(
        rule, pack=pack.code, clause=clause, default_calendar=pack.default_calendar, start=start
    )
    live = past.rule_in_force(pack.code, clause, rule.name, rule.subject, at, start)
    found = _preview_of(state) if state else past.begin(drafted, start, end)
    began = time.monotonic()
    while found.cursor is not None:
        past.go_on(found, drafted, live, start, end)
        if time.monotonic() - began >= BUDGET:
            break
    if found.cursor is not None:
        token = signing.dumps(
            asdict(found) | {"end": end.isoformat(), "mark": clause + mark}, salt=SALT, compress=True
        )
        context: dict[str, Any] = {"token": token, "done": found.done, "total": max(found.total, found.done)}
    else:
        context = {"said": _told(actor_of(request), rule.subject, found, at)}
    return render(request, "policy/edit/_preview.html", context | {"url": request.path})


def _refusal(rule: AnyRule | None, pack: Pack) -> str:
    """Why a rule cannot be tried; "" for one that can."""
    if rule is None:
        return _("先把规则写全，再试算")
    if not isinstance(rule, Commitment) or rule.due_of:
        return _("只有自己写明多长时间的时限能试算")
    if rule.gaps:
        return _("时间还没有定，先填上再试算")
    if subjects.get(rule.subject) is None:
        return _("还没有这类单据的记录可以试算")
    if not calendars.exists(rule.calendar or pack.default_calendar):
        return _("没有日历 %(codes)s，请先建立") % {"codes": rule.calendar or pack.default_calendar}
    return ""


def _state(token: str, mark: str) -> dict[str, Any]:
    """A half-done preview of this very rule; nothing for any other, so that it begins anew."""
    if not token:
        return {}
    try:
        state: dict[str, Any] = signing.loads(token, salt=SALT, max_age=FRESH_FOR)
    except signing.BadSignature:
        return {}
    return state if state.pop("mark") == mark else {}


def _preview_of(state: dict[str, Any]) -> Preview:
    values = {k: v for k, v in state.items() if k != "end"}
    live = Tally(**values.pop("live")) if values["live"] else values.pop("live")
    drafted = Tally(**values.pop("drafted"))
    cases = [(int(s), str(d), int(o)) for s, d, o in values.pop("cases")]
    return Preview(**values, drafted=drafted, live=live, cases=cases)


def _told(actor: Actor, kind: str, found: Preview, at: datetime) -> dict[str, Any]:
    """The result in words, with the cases that the reader may see."""
    subject = subjects.get(kind)
    assert subject is not None
    ids = [c[0] for c in found.cases]
    seen = subject.visible_ids(actor, ids)
    names = subject.label([i for i in ids if i in seen])
    live = found.live
    return {
        "days": DAYS,
        "drafted": _figures(found.drafted),
        "live": _figures(live) if live is not None else None,
        "fresh": found.fresh,
        "saved": found.saved,
        "cases": [
            {
                "label": names.get(id, str(id)),
                "url": subject.url(id),
                "due": words.moment_words(datetime.fromisoformat(due), at, "short"),
                "over": words.span(over),
            }
            for id, due, over in found.cases
            if id in seen
        ],
        "hidden": len(ids) - sum(i in seen for i in ids),
    }


def _figures(tally: Tally) -> dict[str, Any]:
    late = ngettext("%(n)s 次会超时", "%(n)s 次会超时", tally.late) % {"n": words.number(tally.late)}
    return {
        "decided": tally.decided,
        "late": tally.late,
        "late_words": late,
        "share": tally.share,
        "running": tally.running,
    }
