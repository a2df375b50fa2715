"""Finding the case that a message belongs to, and who it goes to."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from shounuo.cases.models import Case, Interaction
from shounuo.customers.models import ContactPoint


def reply_addresses(case: Case) -> list[str]:
    """Where an answer goes: to who wrote last, else to the customer's first mail address; empty when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(_REPLY, [case.pk, case.customer_id])
        last, own = cursor.fetchone()
    address = last if last and "@" in last else own
    return [address] if address else []


_REPLY = """
SELECT (SELECT sender FROM cases_interaction
        WHERE case_id = %s AND direction = 'in' AND NOT automatic AND sender <> '' ORDER BY at DESC, id DESC LIMIT 1),
       (SELECT value FROM customers_contactpoint
        WHERE customer_id = %s AND kind = 'mail' ORDER BY "primary" DESC, id LIMIT 1)
"""


def by_message_ids(message_ids: Iterable[str]) -> Interaction | None:
    """The newest message of ours or of a customer with one of these Message-IDs, with its case; None when none is known."""
    wanted = [m for m in message_ids if m][:50]
    return (
        Interaction.objects.filter(message_id__in=wanted)
        .select_related("case")
        .order_by("-at", "-id")
        .first()
        if wanted
        else None
    )


def by_number(number: int) -> Case | None:
    """The case of this number, whoever asks: for threading, which judges the sender itself."""
    return Case.objects.filter(number=number).first() if 0 < number < 2**63 else None


def current(case: Case) -> Case:
    """The case that this one was merged into, at the end of the chain; itself when it was not."""
    while case.merged_into_id is not None:
        case = Case.objects.get(pk=case.merged_into_id)
    return case


def participants(case_id: int) -> set[str]:
    """The mail addresses that have part in a case: the customer's, and those who wrote or were written to."""
    found = set(
        ContactPoint.objects.filter(kind="mail", customer__cases=case_id).values_list("value", flat=True)
    )
    rows = Interaction.objects.filter(case_id=case_id).exclude(direction="note")
    for sender, recipients, copies in rows.values_list("sender", "recipients", "copies"):
        found.update(a for a in (sender, *recipients, *copies) if "@" in a)
    return {a.lower() for a in found}
