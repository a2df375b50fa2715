"""A noted call becomes a case: customer, case and the repeat-back in one transaction, once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shounuo.cases import queries as cases
from shounuo.cases import services
from shounuo.channels import idempotency
from shounuo.channels.idempotency import Stored
from shounuo.customers import queries as customer_queries
from shounuo.customers import services as customers
from shounuo.customers.models import Customer
from shounuo.customers.permissions import EDIT
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.kernel.text import digits_in, normalise_phone
from shounuo.staff.queries import names
from shounuo.web.phone.forms import assigned

Values = Mapping[str, Any]


def open_case(values: Values, own: Mapping[str, Any], *, channel: str, actor: Actor, at: datetime) -> int:
    """Opens the case and gives its number; the same form sent twice gives the same one.

    Raises what the services refuse, each with its field; then nothing was written and nothing is lost.
    """

    def act() -> Stored:
        customer = _customer(values, actor, at)
        kind, id = assigned(values["assign"])
        owner_id = actor.person_id if kind == "me" else id if kind == "person" else None
        case, _first = services.case_open(
            channel=channel,
            subject=values["title"],
            text=_text(values),
            customer_id=customer.pk,
            kind=values["kind"],
            level=values["level"],
            complexity=values["complexity"],
            topic_id=int(values["topic"]) if values["topic"] else None,
            team_id=id if kind == "team" else None,
            owner_id=owner_id,
            custom=own,
            answered=True,
            actor=actor,
            at=at,
        )
        _note(case.pk, values, actor, at)
        services.draft_drop(case_id=None, mode=channel, actor=actor, at=at)
        case.refresh_from_db(fields=["number"])
        return Stored(201, str(case.number))

    with transaction.atomic():
        answer, _again = idempotency.once(
            act,
            token_id=idempotency.FORM_TOKEN,
            key=f"intake:{actor.person_id}:{values['nonce']}",
            fingerprint=idempotency.fingerprint(values["nonce"].encode()),
            at=at,
        )
    return int(answer.body)


def _text(values: Values) -> str:
    """The customer's words; what he added when they were read back to him stands below them."""
    if values["confirmed"] != "more":
        return str(values["text"])
    return _("%(text)s\n\n补充：%(more)s") % {"text": values["text"], "more": values["more"].strip()}


def _note(case_id: int, values: Values, actor: Actor, at: datetime) -> None:
    """The repeat-back stays with the case as a note; when it went to a team whose cases the writer does not see, the
    note names him."""
    said = values["said"].strip()
    if not said:
        return
    answer = _("客户说对。") if values["confirmed"] == "yes" else _("客户有补充，已记下。")
    text = _("挂机前复述：%(said)s\n%(answer)s") % {"said": said, "answer": answer}
    if cases.visible_ids(actor, [case_id]):
        services.note_add(case_id=case_id, text=text, actor=actor, at=at)
        return
    name = names([actor.person_id]).get(actor.person_id or 0, "")
    text = _("%(name)s登记。%(text)s") % {"name": name, "text": text}
    services.note_add(case_id=case_id, text=text, actor=Actor.system(), at=at)


def _customer(values: Values, actor: Actor, at: datetime) -> Customer:
    """Who called: the one who was picked, else whoever has the number, else a new one. What is new about him is kept."""
    name, phone, region = values["name"].strip(), values["phone"].strip(), values["region"].strip()
    if not values["customer"]:
        customer, _new = customers.customer_find_or_create(name=name, phone=phone, actor=actor, at=at)
    else:
        customer = customer_queries.get(actor, values["customer"])
        if customer.erased_at is not None:
            raise NotFound(_("没有这个客户，或它不对您开放"), field="phone")
        if actor.may(EDIT):
            _keep_number(customer, phone, actor, at)
            if name and not customer.named:
                customers.customer_change(customer_id=customer.pk, name=name, actor=actor, at=at)
    if region and region != customer.region:
        # where he is must be on record; who may not edit customers still fills what is empty
        writer = actor if actor.may(EDIT) else Actor.system() if not customer.region else None
        if writer is not None:
            customers.customer_change(customer_id=customer.pk, region=region, actor=writer, at=at)
    return customer


def _keep_number(customer: Customer, phone: str, actor: Actor, at: datetime) -> None:
    """A whole number that nobody has becomes his; a part of one of his own is only how he was found."""
    number = normalise_phone(phone)
    digits = digits_in(phone)
    known = customer.contact_points.filter(kind="phone", value__contains=number or digits).exists()
    if number and not known and customer_queries.by_contact(Actor.system(), phone=number) is None:
        customers.contact_add(customer_id=customer.pk, kind="phone", value=phone, actor=actor, at=at)
