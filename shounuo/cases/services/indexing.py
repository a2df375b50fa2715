"""The search document of a case, made anew when what it holds has changed."""

from __future__ import annotations

from django.db import connection

from shounuo.cases.models import Case, SearchText
from shounuo.customers.models import ContactPoint
from shounuo.kernel.text import search_terms

# Of a case with hundreds of long messages the newest are searched.
_MESSAGES = 60
_PER_MESSAGE = 4_000
_TOTAL = 60_000

_UPSERT = """
INSERT INTO cases_searchtext (case_id, document)
VALUES (%s, setweight(to_tsvector('simple', %s), 'A') || setweight(to_tsvector('simple', %s), 'B')
          || setweight(to_tsvector('simple', %s), 'C') || setweight(to_tsvector('simple', %s), 'D'))
ON CONFLICT (case_id) DO UPDATE SET document = EXCLUDED.document
"""


def search_index(case_id: int) -> None:
    """Writes the document of one case: its subject (A), number and customer (B), messages (C), notes (D).

    Safe to repeat. A case that is gone or erased leaves none. Four queries.
    """
    case = Case.objects.select_related("customer__company").filter(pk=case_id).first()
    if case is None or case.customer.erased_at is not None:
        SearchText.objects.filter(case_id=case_id).delete()
        return
    contacts = ContactPoint.objects.filter(customer_id=case.customer_id).values_list("value", flat=True)
    company = case.customer.company
    who = [
        str(case.number),
        case.customer.name if case.customer.named else "",
        company.name if company is not None else "",
        *contacts,
    ]
    said: list[str] = []
    noted: list[str] = []
    rows = case.interactions.order_by("-at", "-id").values_list("direction", "text", "subject")
    for direction, text, subject in rows[:_MESSAGES]:
        (noted if direction == "note" else said).append(f"{subject} {text[:_PER_MESSAGE]}")
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT,
            [
                case.pk,
                search_terms(case.subject),
                search_terms(" ".join(who)),
                search_terms("\n".join((case.difficulty, *said))[:_TOTAL]),
                search_terms("\n".join(noted)[:_TOTAL]),
            ],
        )
