"""Signed links to a case's progress page.

A link names one case and one customer and ends by itself; a new secret key ends them all at once. Whoever has
it acts as that customer on that case alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from shounuo.cases.models import Case
from shounuo.cases.queries import current
from shounuo.customers.models import Customer
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.kernel.secrets import signature, signature_holds
from shounuo.kernel.text import whole

LINK_LIVES: Final = timedelta(days=180)
_LINK: Final = "portal.link"


class LinkOver(NotFound):
    """The link is not ours, is over, or the case has gone to another customer."""

    code = "link_over"


def link_path(case: Case, at: datetime, *, lives: timedelta = LINK_LIVES) -> str:
    """The path of the case's progress page for its customer."""
    text = f"{case.pk}.{case.customer_id}.{int((at + lives).timestamp())}"
    return f"/t/{text}.{signature(_LINK, text)}/"


def link_open(token: str, at: datetime) -> tuple[Case, Actor]:
    """The case behind a link (the one it was merged into) and the customer who holds it. Raises LinkOver.

    The actor is the customer; a page that came by a link shows this case only, though he may have others.
    """
    text, _dot, given = token.rpartition(".")
    numbers = [n for part in text.split(".") if (n := whole(part)) is not None]
    over = LinkOver(_("这个链接已失效，请用邮箱登录查看"))
    if len(numbers) != 3 or not signature_holds(_LINK, text, given):
        raise over
    case_id, customer_id, until = numbers
    if until <= at.timestamp():
        raise over
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        raise over
    case = current(case)
    if case.customer_id not in _same_person(customer_id):
        raise over
    return case, Actor.customer(case.customer_id)


def _same_person(customer_id: int) -> set[int]:
    """The customer and those into whom he was merged."""
    found: set[int] = set()
    onward: int | None = customer_id
    while onward is not None and onward not in found:
        found.add(onward)
        onward = Customer.objects.filter(pk=onward).values_list("merged_into_id", flat=True).first()
    return found
