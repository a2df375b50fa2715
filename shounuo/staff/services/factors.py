"""The second factor: codes by time (TOTP) and recovery codes that each work once."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime

import pyotp
from django.db import transaction
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid
from shounuo.kernel.secrets import decrypt, encrypt, token_hash
from shounuo.kernel.text import fold_width, whole
from shounuo.staff import events, queries
from shounuo.staff.models import Person
from shounuo.staff.services import guards

STEP = 30
RECOVERY_CODES = 10


def totp_begin(*, person_id: int, actor: Actor, at: datetime) -> str:
    """Makes a new secret and returns its otpauth:// address for the QR code; it counts once it is confirmed.

    Conflict when a second factor is in use: that one is switched off first.
    """
    with transaction.atomic():
        person = guards.locked_own(person_id, actor)
        if person.totp_confirmed_at is not None:
            raise Conflict(_("两步验证已经启用"), code="totp_on")
        secret = pyotp.random_base32()
        person.totp_secret = encrypt(secret)
        person.totp_last_step = 0
        person.save(update_fields=["totp_secret", "totp_last_step"])
    return otp_address(person)


def otp_address(person: Person) -> str:
    """The otpauth:// address of a secret that is not yet confirmed; empty when there is none to show."""
    if not person.totp_secret or person.totp_confirmed_at is not None:
        return ""
    issuer = queries.organisation().name
    return pyotp.TOTP(decrypt(person.totp_secret)).provisioning_uri(name=person.login, issuer_name=issuer)


def totp_confirm(*, person_id: int, code: str, actor: Actor, at: datetime) -> list[str]:
    """Switches the second factor on when the code fits the new secret; returns fresh recovery codes.

    Invalid (field code) for a wrong one; publishes totp.confirmed.
    """
    with transaction.atomic():
        person = guards.locked_own(person_id, actor)
        if person.totp_confirmed_at is not None or not person.totp_secret:
            raise Conflict(_("请先开始设置两步验证"), code="totp_not_begun")
        step = matching_step(person, code, at)
        if step is None:
            raise Invalid(_("验证码不对，请确认手机时间准确后再试"), field="code", code="wrong_code")
        person.totp_confirmed_at = at
        person.totp_last_step = step
        codes = _fresh_codes(person)
        person.save(update_fields=["totp_confirmed_at", "totp_last_step", "recovery_codes"])
        publish([NewEvent(events.TOTP_CONFIRMED, ("person", person.id), at, actor)])
    return codes


def totp_disable(*, person_id: int, password: str | None = None, actor: Actor, at: datetime) -> None:
    """Switches the second factor off: oneself with the password, or one who manages people when the phone is
    lost.

    Raises Invalid (field password), NotAllowed, Conflict (`factor_needed`: a role of one's own asks for it); publishes totp.disabled.
    """
    with transaction.atomic():
        person = guards.locked(person_id)
        if actor.person_id == person_id:
            if password is None or not person.check_password(password):
                raise Invalid(_("密码不对"), field="password", code="wrong_password")
            if queries.needs_factor(person_id):
                raise Conflict(_("您的角色要求两步验证，不能停用"), code="factor_needed")
        else:
            guards.may_manage(actor, person)
        person.totp_secret, person.totp_confirmed_at, person.recovery_codes = "", None, []
        person.save(update_fields=["totp_secret", "totp_confirmed_at", "recovery_codes"])
        publish([NewEvent(events.TOTP_DISABLED, ("person", person.id), at, actor)])


def recovery_codes_make(*, person_id: int, actor: Actor, at: datetime) -> list[str]:
    """Ten fresh recovery codes in place of the old ones; shown once. Conflict without a second factor."""
    with transaction.atomic():
        person = guards.locked_own(person_id, actor)
        if person.totp_confirmed_at is None:
            raise Conflict(_("请先启用两步验证"), code="totp_off")
        codes = _fresh_codes(person)
        person.save(update_fields=["recovery_codes"])
        publish([NewEvent(events.RECOVERY_CODES_MADE, ("person", person.id), at, actor)])
    return codes


def factor_use(*, person_id: int, code: str, at: datetime) -> bool:
    """True when the code is the second factor now: a TOTP step not used before, or a recovery code, then used
    up.

    The person's row is locked, so that one code sent twice at once passes once.
    """
    with transaction.atomic():
        person = guards.locked(person_id)
        if person.totp_confirmed_at is None:
            return False
        step = matching_step(person, code, at)
        if step is not None:
            person.totp_last_step = step
            person.save(update_fields=["totp_last_step"])
            return True
        given = token_hash(_plain(code))
        kept = [h for h in person.recovery_codes if not constant_time_compare(h, given)]
        if len(kept) == len(person.recovery_codes):
            return False
        person.recovery_codes = kept
        person.save(update_fields=["recovery_codes"])
        event = NewEvent(
            events.RECOVERY_CODE_USED, ("person", person.id), at, Actor.person(person.id), {"left": len(kept)}
        )
        publish([event])
        return True


def matching_step(person: Person, code: str, at: datetime) -> int | None:
    """The time step that the code belongs to, one step early or late allowed, never one at or before the last
    used.
    """
    code = fold_width("".join(code.split()))
    if len(code) != 6 or whole(code) is None:
        return None
    totp = pyotp.TOTP(decrypt(person.totp_secret))
    now = int(at.timestamp()) // STEP
    for step in (now, now - 1, now + 1):
        if step > person.totp_last_step and constant_time_compare(totp.generate_otp(step), code):
            return step
    return None


def _fresh_codes(person: Person) -> list[str]:
    """80 random bits each: enough that a plain hash keeps them."""
    plain = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _n in range(RECOVERY_CODES)]
    person.recovery_codes = [token_hash(code) for code in plain]
    return ["-".join(code[i : i + 4] for i in range(0, 16, 4)) for code in plain]


def _plain(code: str) -> str:
    return "".join(c for c in code.lower() if c.isalnum())
