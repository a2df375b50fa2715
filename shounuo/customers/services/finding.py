"""Finding the customer behind an address or a number, or making him: the way every message takes.

One statement finds or makes; the unique contact point decides between two that make the same customer at
once.
"""

from __future__ import annotations

import json
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext_lazy as _

from shounuo.customers import events
from shounuo.customers.models import ContactPoint, Customer
from shounuo.customers.services.companies import company_of
from shounuo.events.services import NewEvent, publish
from shounuo.kernel import prepared
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid
from shounuo.kernel.text import (
    clean_line,
    initials,
    mask_mail,
    mask_phone,
    normalise_mail,
    normalise_phone,
    sort_key,
)
from shounuo.kernel.writing import write

# Finds, or makes: one statement. The customer found is locked as a foreign key to him would lock him: a merge waits for
# this case, or this case for the merge. The last column, how many points were made, is empty for one found.
_TAKE = """
WITH given AS (
  SELECT * FROM jsonb_to_recordset(%(points)s::jsonb) AS g(kind text, value text, shown text)
), found AS (
  SELECT c.*, p.kind AS point_kind, p.value AS point_value
  FROM customers_contactpoint p JOIN customers_customer c ON c.id = p.customer_id
  WHERE (p.kind, p.value) IN (SELECT kind, value FROM given)
  ORDER BY p.kind, p.id
  FOR KEY SHARE OF c
), made AS (
  INSERT INTO customers_customer
    (name, named, sort_key, initials, company_id, title, region, note, segment, language, attributes, created_at)
  SELECT %(name)s, %(named)s, %(sort_key)s, %(initials)s,
    coalesce(%(company)s::bigint, (SELECT id FROM customers_company WHERE mail_domain = %(domain)s AND mail_domain <> '')),
    '', '', '', '', '', '{}'::jsonb, %(at)s
  WHERE %(make)s AND NOT EXISTS (SELECT 1 FROM found)
  RETURNING *
), points AS (
  INSERT INTO customers_contactpoint (customer_id, kind, value, shown, "primary", created_at)
  SELECT made.id, g.kind, g.value, g.shown, true, %(at)s FROM made, given g
  ORDER BY g.kind, g.value
  ON CONFLICT (kind, value) DO NOTHING
  RETURNING id
)
SELECT {columns}, point_kind, point_value, NULL::bigint FROM found
UNION ALL SELECT {columns}, NULL, NULL, (SELECT count(*) FROM points) FROM made
""".replace("{columns}", prepared.columns(Customer))
_ADD = """
INSERT INTO customers_contactpoint (customer_id, kind, value, shown, "primary", created_at)
SELECT %s, %s, %s, %s, NOT EXISTS (SELECT 1 FROM customers_contactpoint WHERE customer_id = %s AND kind = %s), %s
ON CONFLICT (kind, value) DO NOTHING RETURNING id
"""
_TRIES = 5

Points = list[tuple[str, str, str]]


def customer_find_or_create(
    *,
    name: str = "",
    mail: str = "",
    phone: str = "",
    company: str = "",
    actor: Actor,
    at: datetime,
) -> tuple[Customer, bool]:
    """The customer with this mail or phone, or a new one, and whether he is new.

    One query, and his event when he is made. What is new about a known one (a
    number, a first name) is added; when mail and phone belong to two customers, the mail decides and nothing
    moves. Without mail and phone a customer is made each time. Safe when several do it at once. Raises
    Invalid (field mail or phone) for what is no address or number; publishes customer.created or
    customer.contact_added, customer.changed.
    """
    points = _points(mail, phone)
    name = clean_line(name, 120)
    if not name and not points:
        raise Invalid(_("请至少填写姓名、邮箱、电话中的一项"), field="name")
    with write():
        for _try in range(_TRIES):
            taken = _take(name, points, company_id=None, make=not company.strip(), at=at)
            if taken is None and company.strip():
                company_id = company_of(company, actor=actor, at=at)
                taken = _take(name, points, company_id=company_id, make=True, at=at)
            if taken is None:
                continue  # another made one with one of our points at the same moment: now there is one to find
            customer, missing, new = taken
            if new:
                payload = {"by": [kind for kind, _v, _s in points], "company": customer.company_id}
                publish([NewEvent(events.CREATED, ("customer", customer.id), at, actor, payload)])
                return customer, True
            if customer.merged_into_id is None:
                _complete(customer, name, missing, actor, at)
                return customer, False
            # else merged while we waited for the lock: its contact points have moved
    raise RuntimeError("a customer's contact points kept changing hands")


def _points(mail: str, phone: str) -> Points:
    points: Points = []
    if mail.strip():
        if not (value := normalise_mail(mail)):
            raise Invalid(_("这不是邮箱地址：%(text)s") % {"text": clean_line(mail, 80)}, field="mail")
        points.append(("mail", value, value))
    if phone.strip():
        if not (value := normalise_phone(phone)):
            raise Invalid(_("这不是电话号码：%(text)s") % {"text": clean_line(phone, 80)}, field="phone")
        points.append(("phone", value, clean_line(phone, 40)))
    return points


def _take(
    name: str, points: Points, *, company_id: int | None, make: bool, at: datetime
) -> tuple[Customer, Points, bool] | None:
    """Who has one of the points (mail before phone) and the points that nobody has; or, where `make`, a new customer with
    these points. Says which. None when there was nobody, or another made one of the points first: then nothing of ours
    is left behind.
    """
    shown = name or _stand_in(points)
    values = {
        "name": shown,
        "named": bool(name),
        "sort_key": sort_key(shown)[:250],
        "initials": initials(name),
        "company": company_id,
        "domain": next((v.rpartition("@")[2] for kind, v, _s in points if kind == "mail"), ""),
        "points": json.dumps([{"kind": k, "value": v, "shown": s} for k, v, s in points]),
        "make": make,
        "at": at,
    }
    rows = prepared.execute(_TAKE, values)
    if not rows:
        return None
    [customer] = prepared.instances(Customer, rows[:1])
    points_made = rows[0][-1]
    if points_made is None:
        held = {row[-3:-1] for row in rows}
        return customer, [p for p in points if (p[0], p[1]) not in held], False
    if points_made < len(points):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM customers_contactpoint WHERE customer_id = %s", [customer.id])
            cursor.execute("DELETE FROM customers_customer WHERE id = %s", [customer.id])
        return None
    return customer, [], True


def _stand_in(points: Points) -> str:
    """What stands for a name that nobody has given yet: the masked address or number."""
    kind, value, _shown = points[0]
    return mask_mail(value)[:120] if kind == "mail" else mask_phone(value)


def _complete(customer: Customer, name: str, missing: Points, actor: Actor, at: datetime) -> None:
    told: list[NewEvent] = []
    subject = ("customer", customer.id)
    if name and not customer.named:
        customer.name, customer.named = name, True
        customer.sort_key, customer.initials = sort_key(name)[:250], initials(name)
        customer.save(update_fields=["name", "named", "sort_key", "initials"])
        told.append(NewEvent(events.CHANGED, subject, at, actor, {"fields": ["name"]}))
    for kind, value, shown in missing:
        if (contact_id := add_point(customer.id, kind, value, shown, at)) is not None:
            payload = {"contact": contact_id, "kind": kind}
            told.append(NewEvent(events.CONTACT_ADDED, subject, at, actor, payload))
    publish(told)


def add_point(customer_id: int, kind: str, value: str, shown: str, at: datetime) -> int | None:
    """The id of the new contact point, the first of its kind being the primary one; None when somebody has
    it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [customer_id, kind, value, shown, customer_id, kind, at])
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def point_of(kind: str, text: str) -> tuple[str, str]:
    """(value as compared, value as shown) of a typed address or number; Invalid names the field."""
    kinds = dict(ContactPoint.Kind.choices)
    if kind not in kinds:
        raise Invalid(_("没有这种联系方式"), field="kind")
    points = _points(text if kind == "mail" else "", text if kind == "phone" else "")
    if not points:
        raise Invalid(_("请填写联系方式"), field="value")
    return points[0][1], points[0][2]
