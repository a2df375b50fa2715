"""What the pages of an agreement show: its promises beside what all are promised, what others reach and how it is kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from shounuo.agreements import rules
from shounuo.agreements.models import Agreement
from shounuo.commitments import queries as commitments
from shounuo.kernel.durations import Percent, Span, parse
from shounuo.policy import labels
from shounuo.web import words

SINCE = timedelta(days=90)


def party(agreement: Agreement) -> dict[str, str]:
    """Whom it binds for, with the way there."""
    if agreement.customer is not None:
        return {"name": agreement.customer.name, "url": f"/customers/{agreement.customer_id}/"}
    if agreement.company is not None:
        return {"name": agreement.company.name, "url": f"/customers/companies/{agreement.company_id}/"}
    return {"name": str(labels.value("segment", agreement.segment)), "url": ""}


def rows(agreements: Iterable[Agreement], at: datetime) -> list[dict[str, Any]]:
    """Agreements as rows of a table; one query for how all are kept."""
    found = list(agreements)
    codes = {a.pk: [a.clause_code(n + 1) for n in range(len(a.promises))] for a in found}
    kept = commitments.kept([c for some in codes.values() for c in some], at - SINCE, at)
    shown = []
    for agreement in found:
        mine = [kept[c] for c in codes[agreement.pk] if c in kept]
        due, met = sum(k.due for k in mine), sum(k.met for k in mine)
        shown.append(
            {
                "id": agreement.pk,
                "url": reverse("agreement", args=[agreement.pk]),
                "cells": [
                    agreement.title,
                    party(agreement)["name"],
                    agreement.get_state_display(),
                    validity(agreement),
                    words.percent(met / due) if due else _("未计"),
                    due,
                ],
            }
        )
    return shown


def validity(agreement: Agreement) -> str:
    first = words.full_day(agreement.valid_from, weekday=False)
    if agreement.valid_until is None:
        return _("%(day)s起") % {"day": first}
    return f"{first} – {words.full_day(agreement.valid_until, weekday=False)}"


def promises(agreement: Agreement, at: datetime) -> list[dict[str, Any]]:
    """Each promise in words, with what all are promised, how it was kept over ninety days, how long it took, and the
    benchmark. One query for all of them."""
    codes = [agreement.clause_code(n + 1) for n in range(len(agreement.promises))]
    told = commitments.kept_and_used(codes, at - SINCE, at)
    found = []
    for code, promise in zip(codes, agreement.promises, strict=True):
        base, rule = rules.base_of(promise), rules.bettered(promise, agreement.code)
        mine, used = told.get(code, (None, None))
        line: dict[str, Any] = {
            "title": labels.spoken(rule.title, rule.title_en) or rule.name,
            "within": parse(promise["within"]).words(),
            "all": base.within.words() if isinstance(base.within, Span) else "",
            "clause": promise["clause"].partition("-")[2],
            "clause_url": reverse("clause", args=[promise["clause"]]),
            "own_url": reverse("clause", args=[code]) if agreement.state == Agreement.State.ACTIVE else "",
            "target": rule.target.basis_points / 10_000 if isinstance(rule.target, Percent) else None,
            "share": mine.share if mine is not None else None,
            "due": mine.due if mine is not None else 0,
        }
        if promise["benchmark"]:
            line |= _benchmark(used, promise)
        found.append(line)
    return found


def _benchmark(used: commitments.Used | None, promise: dict[str, Any]) -> dict[str, Any]:
    span = parse(promise["benchmark"])
    median = used.median if used is not None else None
    behind = rules.lacking(median, span)
    return {
        "benchmark": span.words(),
        "source": promise["source"],
        "median": words.span(median) if median is not None else "",
        "behind": words.span(behind) if behind else "",
    }


def texts(agreement: Agreement) -> list[tuple[str, str]]:
    """What is agreed in words."""
    named = (
        (_("服务内容"), agreement.services),
        (_("优先次序"), agreement.priorities),
        (_("我们的职责"), agreement.ours),
        (_("客户的职责"), agreement.theirs),
    )
    return [(label, text) for label, text in named if text]
