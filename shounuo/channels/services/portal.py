"""The customer's side: signing in by a mailed code, the form, and what he may do with his cases.

What a stranger can learn by asking is nothing: every question has one answer.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.cases import queries as case_queries
from shounuo.cases import services as cases
from shounuo.cases.models import Case, Interaction
from shounuo.cases.rules import fields as field_rules
from shounuo.channels import events, idempotency
from shounuo.channels.idempotency import Stored
from shounuo.channels.mail.look import code_page
from shounuo.channels.models import PortalCode
from shounuo.channels.services.links import link_path
from shounuo.channels.services.outgoing import system_mail
from shounuo.customers import queries as customer_queries
from shounuo.customers.services import contact_verify, customer_find_or_create
from shounuo.events.services import NewEvent, publish
from shounuo.files.services import blob_store, file_attach
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound, TooLarge
from shounuo.kernel.secrets import signature
from shounuo.kernel.text import clean, clean_line, digits_in, normalise_mail, normalise_phone
from shounuo.staff import throttle
from shounuo.staff.queries import organisation

CODE_LIVES: Final = timedelta(minutes=10)
CODE_TRIES: Final = 5
MAX_FILES: Final = 10
HOUR: Final = timedelta(hours=1)
_CODE: Final = "portal.code"


def code_request(*, mail: str, address: str, at: datetime) -> None:
    """Mails a sign-in code when a customer has this address; says nothing either way.

    TooMany after five codes an hour for an address of mail, or twenty from one network address. Event:
    portal.code_sent.
    """
    plain = normalise_mail(mail)
    if not plain:
        raise Invalid(gettext_lazy("请填写完整的邮箱地址"), field="mail", code="bad_mail")
    throttle.hit(throttle.key_of("portal-from", address), 20, HOUR, at)
    throttle.hit(throttle.key_of("portal-code", plain), 5, HOUR, at)
    customer = customer_queries.by_contact(Actor.system(), mail=plain)
    if customer is None:
        return
    code = f"{secrets.randbelow(1_000_000):06d}"
    with transaction.atomic():
        row = PortalCode.objects.create(
            customer_id=customer.pk, mail=plain, hash="", created_at=at, expires_at=at + CODE_LIVES
        )
        row.hash = _code_hash(row.pk, code)
        row.save(update_fields=["hash"])
        # Only the newest code of an address opens: the tries of all of them together stay few.
        PortalCode.objects.filter(mail=plain, used_at=None).exclude(pk=row.pk).update(used_at=at)
        lead = _("您的登录验证码是")
        note = _("%(minutes)s 分钟内有效。如果不是您本人操作，请忽略这封邮件。") % {
            "minutes": int(CODE_LIVES.total_seconds() // 60)
        }
        system_mail(
            key=f"portal-code:{row.pk}",
            to=plain,
            subject=_("登录验证码 %(code)s") % {"code": code},
            text=_("%(label)s：%(text)s") % {"label": lead, "text": code} + f"\n\n{note}",
            html=code_page(code, organisation=organisation().name, lead=lead, note=note),
            subject_of=("customer", customer.pk),
            at=at,
        )
        publish(
            [
                NewEvent(
                    events.PORTAL_CODE_SENT, ("customer", customer.pk), at, Actor.customer(customer.pk), {}
                )
            ]
        )


def code_check(*, mail: str, code: str, address: str, at: datetime) -> Actor:
    """The customer whose code it is; the code opens once. The address is verified by it.

    NotAllowed with one message for everything that does not fit. Event: portal.signed_in.
    """
    wrong = NotAllowed(gettext_lazy("验证码不对或已过期"), code="wrong_code", field="code")
    throttle.hit(throttle.key_of("portal-try", address), 60, HOUR, at)
    plain, digits = normalise_mail(mail), digits_in(code)[:12]
    with transaction.atomic():
        row = (
            PortalCode.objects.select_for_update()
            .filter(mail=plain, used_at=None, expires_at__gt=at, tries__lt=CODE_TRIES)
            .order_by("-pk")
            .first()
        )
        opens = row is not None and hmac.compare_digest(row.hash, _code_hash(row.pk, digits))
        if row is not None:
            PortalCode.objects.filter(pk=row.pk).update(tries=F("tries") + 1, used_at=at if opens else None)
    if row is None or not opens:
        raise wrong
    customer = customer_queries.by_contact(Actor.system(), mail=plain)
    if customer is None:
        raise wrong
    actor = Actor.customer(customer.pk)
    with transaction.atomic():
        point = customer.contact_points.filter(kind="mail", value=plain).first()
        if point is not None and point.verified_at is None:
            contact_verify(contact_id=point.pk, actor=Actor.system(), at=at)
        publish([NewEvent(events.PORTAL_SIGNED_IN, ("customer", customer.pk), at, actor, {})])
    return actor


def _code_hash(row_id: int, code: str) -> str:
    """Six digits are few: what is stored is made with our key, so that a copy of the table opens nothing."""
    return signature(_CODE, f"{row_id}:{code}", size=32)


def codes_prune(at: datetime) -> int:
    """Deletes the codes of the day before and older."""
    return PortalCode.objects.filter(created_at__lt=at - timedelta(days=1)).delete()[0]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a form."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Submitted:
    """What the form answers: the case's number, and the path of its progress page."""

    number: int
    path: str


def form_submit(
    *,
    name: str,
    mail: str,
    phone: str,
    subject: str,
    text: str,
    kind: str = "inquiry",
    topic_id: int | None = None,
    custom: Mapping[str, Any] | None = None,
    files: Sequence[Upload] = (),
    nonce: str,
    address: str,
    actor: Actor | None = None,
    at: datetime,
) -> Submitted:
    """Opens a case from the public form; after it returns the message is kept. `nonce` comes with the form:
    sent twice it answers the same. `custom`: own fields by code, of those that are public and belong to the kind. `actor` is a customer who is signed in; then name, mail and phone are his
    own.

    A stranger's mail address is never joined to a customer found by a phone number: knowing a number would
    open that customer's cases to him. Raises Invalid with the field, TooMany (20 forms an hour from one
    address).
    """
    said = clean(text).strip()
    if not said:
        raise Invalid(gettext_lazy("请写下您的问题"), field="text", code="empty_text")
    if kind not in Case.Kind.values:
        raise Invalid(gettext_lazy("没有这个类别"), field="kind", code="bad_choice")
    public = case_queries.fields_of(kind, public=True)
    own = {code: v for code, v in field_rules.values_of(public, custom or {}).items() if v is not None}
    plain, number = _contact(mail, phone, signed_in=actor is not None)
    stored = _uploads(files, at)
    throttle.hit(throttle.key_of("form", address), 20, HOUR, at)

    def act() -> Stored:
        customer_id, extra = _who(clean_line(name, 120), plain, number, actor, at)
        who = Actor.customer(customer_id)
        case, first = cases.case_open(
            channel="form",
            subject=clean_line(subject, 300),
            text=f"{said}\n\n{extra}" if extra else said,
            kind=kind,
            topic_id=topic_id,
            customer_id=customer_id,
            custom=own,
            actor=who,
            at=at,
        )
        for blob, file_name in stored:
            file_attach(blob=blob, name=file_name, subject=("case", case.pk), ref=first.pk, actor=who, at=at)
        case.refresh_from_db(fields=["number"])
        return Stored(201, f"{case.number} {link_path(case, at)}")

    parts = (nonce, plain, number, subject, said, kind, json.dumps(own, sort_keys=True) if own else "")
    answer, _again = idempotency.once(
        act,
        token_id=idempotency.FORM_TOKEN,
        key=f"form:{clean_line(nonce, 100)}",
        fingerprint=idempotency.fingerprint(*(p.encode() for p in parts)),
        at=at,
    )
    number_text, _space, path = answer.body.partition(" ")
    return Submitted(int(number_text), path)


def _contact(mail: str, phone: str, *, signed_in: bool) -> tuple[str, str]:
    plain, number = normalise_mail(mail), normalise_phone(phone)
    if mail.strip() and not plain:
        raise Invalid(gettext_lazy("邮箱地址不完整"), field="mail", code="bad_mail")
    if phone.strip() and not number:
        raise Invalid(gettext_lazy("电话号码无法识别"), field="phone", code="bad_phone")
    if not signed_in and not plain and not number:
        raise Invalid(gettext_lazy("请留下邮箱或电话，方便我们回复"), field="mail", code="no_contact")
    return plain, number


def _who(name: str, mail: str, phone: str, actor: Actor | None, at: datetime) -> tuple[int, str]:
    """The customer's id, and what is told beside his words: a number that belongs to somebody else
    already.
    """
    if actor is not None and actor.id is not None:
        return actor.id, ""
    owner = customer_queries.by_contact(Actor.system(), phone=phone) if phone else None
    known = customer_queries.by_contact(Actor.system(), mail=mail) if mail else None
    joined = phone if not mail or owner is None or (known is not None and known.pk == owner.pk) else ""
    customer, _new = customer_find_or_create(name=name, mail=mail, phone=joined, actor=Actor.system(), at=at)
    extra = _("（留下的电话：%(phone)s）") % {"phone": phone} if phone and phone != joined else ""
    return customer.pk, extra


def _uploads(files: Sequence[Upload], at: datetime) -> list[tuple]:  # type: ignore[type-arg]
    if len(files) > MAX_FILES:
        raise Invalid(gettext_lazy("最多 %(n)s 个附件") % {"n": MAX_FILES}, field="files", code="too_many")
    if sum(len(f.data) for f in files) > settings.MAX_MESSAGE_BYTES:
        raise TooLarge(gettext_lazy("附件总大小超过上限"), field="files")
    return [(blob_store(data=f.data, at=at), f.name) for f in files]


def customer_reply(
    *, case_id: int, text: str, files: Sequence[Upload] = (), actor: Actor, at: datetime
) -> Interaction:
    """The customer writes on his case; NotFound for any other case."""
    _own(case_id, actor)
    said = clean(text).strip()
    if not said and not files:
        raise Invalid(gettext_lazy("内容不能为空"), field="text", code="empty_text")
    throttle.hit(throttle.key_of("portal-reply", actor.id), 60, HOUR, at)
    stored = _uploads(files, at)
    with transaction.atomic():
        added = cases.message_receive(
            case_id=case_id, text=said, channel="form", threaded_by="portal", actor=actor, at=at
        )
        for blob, file_name in stored:
            file_attach(
                blob=blob, name=file_name, subject=("case", added.case_id), ref=added.pk, actor=actor, at=at
            )
    return added


def customer_choose(
    *, case_id: int, option: int, plan_id: int | None = None, actor: Actor, at: datetime
) -> None:
    """The customer chooses one of the options (1 to 3) of the open plan; a Conflict when it is not `plan_id`."""
    _own(case_id, actor)
    cases.plan_choose(case_id=case_id, option=option, plan_id=plan_id, actor=actor, at=at)


def customer_confirm(*, case_id: int, feedback: str = "", actor: Actor, at: datetime) -> None:
    """The customer confirms that it is solved; the case closes."""
    _own(case_id, actor)
    cases.case_confirm(case_id=case_id, feedback=feedback, actor=actor, at=at)


def customer_dispute(*, case_id: int, reason: str, actor: Actor, at: datetime) -> None:
    """The customer is not content; a new round begins."""
    _own(case_id, actor)
    cases.case_dispute(case_id=case_id, reason=reason, actor=actor, at=at)


def _own(case_id: int, actor: Actor) -> None:
    if actor.kind != "customer" or not case_queries.visible_to(actor).filter(pk=case_id).exists():
        raise NotFound(gettext_lazy("没有这张工单，或您无权查看"), code="case_not_found")
