"""Customers for tests, built through the services."""

from __future__ import annotations

from datetime import datetime
from itertools import count

from shounuo.customers import services
from shounuo.customers.models import Customer
from shounuo.kernel.actors import Actor
from shounuo.staff.testing import AT

_numbers = count(1)


def make_customer(
    name: str = "", *, mail: str = "", phone: str = "", company: str = "", at: datetime = AT
) -> Customer:
    """A customer; without anything named he gets a name and a mail address of his own."""
    if not (name or mail or phone):
        number = next(_numbers)
        name, mail = f"客户{number}", f"customer{number}@example.cn"
    customer, _created = services.customer_find_or_create(
        name=name, mail=mail, phone=phone, company=company, actor=Actor.system(), at=at
    )
    return customer
