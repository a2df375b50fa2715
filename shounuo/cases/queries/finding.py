"""Finding cases: by number, phone, customer, words, or one or two characters."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Upper

from shounuo.cases.models import Case, SearchText
from shounuo.cases.queries.visibility import few_ids, visible_to
from shounuo.customers.models import ContactPoint, Customer
from shounuo.kernel.actors import Actor
from shounuo.kernel.text import clean_line, fold_width, normalise_phone, search_query, whole

LIMIT = 20
# Of a word that very many cases hold, the newest are ranked: ranking all of them would take seconds.
_RANKED = 200
_PEOPLE = 50
# One who may see no more than this many cases has them searched one by one.
_FEW = 3_000
_WEIGHTS = [0.05, 0.1, 0.4, 1.0]  # D notes, C messages, B customer, A subject
_SHOWN = ("customer__company", "owner", "team", "topic")


@dataclass(frozen=True, slots=True)
class Found:
    """A case and why it was found: number, phone, customer or text."""

    case: Case
    by: str


def search(actor: Actor, text: str, limit: int = LIMIT) -> list[Found]:
    """Up to `limit` cases that the actor may see: the one of this number first, then those of the customer with this
    phone, mail or name, the newest first, then those whose words match, the best first.

    Visibility is part of each query, so that nothing is found, counted or ranked that he may not see.
    """
    text = clean_line(fold_width(text), 100)
    if not text:
        return []
    seen = visible_to(actor)
    found: dict[int, Found] = {}
    number = whole(text.removeprefix("#"))
    if number is not None:
        _add(found, seen.filter(number=number), "number", limit)
    people = _customers(text)
    if people:
        by = "phone" if re.search(r"\d{3}", text) else "customer"
        _add(found, seen.filter(customer_id__in=people).order_by("-opened_at", "-pk"), by, limit)
    if len(found) < limit:
        _by_words(found, actor, text, limit)
    return list(found.values())[:limit]


def _add(found: dict[int, Found], rows: QuerySet[Case], by: str, limit: int) -> None:
    for case in rows.select_related(*_SHOWN)[:limit]:
        found.setdefault(case.pk, Found(case, by))


def _customers(text: str) -> list[int]:
    """Customers whose number begins with or ends in the digits, whose mail begins with the text, or whose name
    holds it (two characters at least)."""
    digits = re.sub(r"[\s()+-]", "", text)
    if digits.isascii() and digits.isdigit():
        if len(digits) < 4:
            return []
        full = normalise_phone(text) or digits
        points = ContactPoint.objects.filter(
            Q(value__startswith=full) | Q(value__endswith=digits), kind="phone"
        )
        return list(points.values_list("customer_id", flat=True)[:_PEOPLE])
    if "@" in text:
        points = ContactPoint.objects.filter(kind="mail", value__startswith=text.lower())
        return list(points.values_list("customer_id", flat=True)[:_PEOPLE])
    if len(text) < 2:
        return []
    names = Customer.objects.annotate(upper=Upper("name")).filter(upper__contains=text.upper(), named=True)
    return list(names.values_list("pk", flat=True)[:_PEOPLE])


def _by_words(found: dict[int, Found], actor: Actor, text: str, limit: int) -> None:
    seen = visible_to(actor)
    asked = search_query(text)
    if not asked:
        return
    query = SearchQuery(asked, config="simple", search_type="raw")
    few = few_ids(actor, _FEW)
    within = Q(case__in=seen) if few is None else Q(case_id__in=few)
    newest = SearchText.objects.filter(within, document=query).order_by("-case_id")
    ids = list(newest.values_list("case_id", flat=True)[:_RANKED])
    if not ids:
        return
    rank = SearchRank(F("search__document"), query, weights=_WEIGHTS)
    rows = seen.filter(pk__in=ids).annotate(rank=rank).order_by("-rank", "-pk")
    _add(found, rows, "text", limit)
