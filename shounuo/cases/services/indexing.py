"""The search document of a case, made anew when what it holds has changed."""

from __future__ import annotations

from django.db import connection

from shounuo.cases.models import SearchText
from shounuo.kernel.text import search_terms

# Of a case with hundreds of long messages the newest are searched.
_MESSAGES = 60
_PER_MESSAGE = 4_000
_TOTAL = 60_000

_READ = """
SELECT c.number, c.subject, c.difficulty, u.erased_at, CASE WHEN u.named THEN u.name ELSE '' END, coalesce(f.name, ''),
       ARRAY(SELECT value FROM customers_contactpoint WHERE customer_id = u.id),
       ARRAY(SELECT ARRAY[i.direction, i.subject || ' ' || left(i.text, %(per_message)s)] FROM cases_interaction i
             WHERE i.case_id = c.id ORDER BY i.at DESC, i.id DESC LIMIT %(messages)s)
FROM cases_case c JOIN customers_customer u ON u.id = c.customer_id LEFT JOIN customers_company f ON f.id = u.company_id
WHERE c.id = %(case)s
"""
_UPSERT = """
INSERT INTO cases_searchtext (case_id, document)
VALUES (%s, setweight(to_tsvector('simple', %s), 'A') || setweight(to_tsvector('simple', %s), 'B')
          || setweight(to_tsvector('simple', %s), 'C') || setweight(to_tsvector('simple', %s), 'D'))
ON CONFLICT (case_id) DO UPDATE SET document = EXCLUDED.document
"""


def search_index(case_id: int) -> None:
    """Writes the document of one case: its subject (A), number and customer (B), messages (C), notes (D).

    Safe to repeat. A case that is gone or erased leaves none. Two statements in plain SQL: it runs after every message.
    """
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"case": case_id, "messages": _MESSAGES, "per_message": _PER_MESSAGE})
        row = cursor.fetchone()
        if row is None or row[3] is not None:
            SearchText.objects.filter(case_id=case_id).delete()
            return
        number, subject, difficulty, _erased, name, company, contacts, messages = row
        said = [text for direction, text in messages if direction != "note"]
        noted = [text for direction, text in messages if direction == "note"]
        cursor.execute(
            _UPSERT,
            [
                case_id,
                search_terms(subject),
                search_terms(" ".join((str(number), name, company, *contacts))),
                search_terms("\n".join((difficulty, *said))[:_TOTAL]),
                search_terms("\n".join(noted)[:_TOTAL]),
            ],
        )
