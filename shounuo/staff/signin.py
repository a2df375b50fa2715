"""Signing in: password, then the second factor where there is one.

Every refusal reads the same and takes the same work, whether the person exists, is deactivated or typed a
wrong password. Failures are counted per account, per address and per pair of both.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth import login as django_login
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotAllowed
from shounuo.kernel.secrets import encrypt
from shounuo.staff import events, queries, throttle
from shounuo.staff.models import Person
from shounuo.staff.services.factors import factor_use

PER = timedelta(minutes=15)
PER_PAIR, PER_ACCOUNT, PER_ADDRESS = 10, 50, 100
CODES_PER_PERSON = 10
RESETS_PER_ACCOUNT, RESETS_PER_ADDRESS, RESET_PER = 3, 20, timedelta(hours=1)
_PENDING = "second_factor"
_PENDING_LIVES = timedelta(minutes=10)


class WrongCredentials(NotAllowed):
    """Login or password do not fit; which of them is not said. `person_id` is for the log alone."""

    code = "wrong_credentials"
    person_id: int | None = None


class WrongCode(NotAllowed):
    """The code is wrong, used before, or too old."""

    code = "wrong_code"


class CodeNeeded(NotAllowed):
    """The password was right; the second factor is asked for next."""

    code = "code_needed"


class Backend(BaseBackend):
    """Finds the person of a session: active ones only, so that a deactivated person's session ends at
    once.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: object) -> None:
        """Nobody signs in past `sign_in`, which counts failures and asks for the second factor."""

    def get_user(self, user_id: int) -> Person | None:
        return queries.with_rights_by_id(user_id)


def password_person(*, identifier: str, password: str, address: str, at: datetime) -> Person:
    """The active person with this login, mail or phone and this password.

    Raises WrongCredentials with a constant answer and TooMany with the seconds to wait; publishes
    person.sign_in_failed when the person exists. Must be called outside a transaction: failures are counted.
    """
    who = identifier.strip().casefold()[:320]
    limits = [
        (throttle.key_of("signin-address", address), PER_ADDRESS),
        (throttle.key_of("signin-account", who), PER_ACCOUNT),
        (throttle.key_of("signin-pair", who, address), PER_PAIR),
    ]
    for key, limit in limits:
        throttle.hit(key, limit, PER, at)
    person = queries.person_by_login(identifier)
    if person is None:
        make_password(password)  # the work of a check, so that the time tells nothing
    elif person.check_password(password):
        for key, _limit in limits:
            throttle.give_back(key, PER, at)
        return person
    else:
        failed(person, "password", at)
    refusal = WrongCredentials(_("登录名或密码不对"))
    refusal.person_id = person.pk if person is not None else None
    raise refusal


def failed(person: Person, reason: str, at: datetime) -> None:
    with transaction.atomic():
        payload = {"reason": reason}
        publish([NewEvent(events.PERSON_SIGN_IN_FAILED, ("person", person.pk), at, Actor.system(), payload)])


def factor_check(*, person: Person, code: str, at: datetime) -> None:
    """Raises WrongCode or TooMany unless the code is the person's second factor now; it is used up with
    it.
    """
    key = throttle.key_of("factor", person.pk)
    throttle.hit(key, CODES_PER_PERSON, PER, at)
    if not factor_use(person_id=person.pk, code=code, at=at):
        failed(person, "code", at)
        raise WrongCode(_("验证码不对或已用过"))
    throttle.give_back(key, PER, at)


def open_session(request: HttpRequest, person: Person, *, by: str, at: datetime) -> None:
    """Starts a new session for the person (the old session's key is thrown away). Publishes
    person.signed_in.
    """
    request.session.pop(_PENDING, None)
    with transaction.atomic():
        django_login(request, person, backend="shounuo.staff.signin.Backend")
        Person.objects.filter(pk=person.pk).update(last_login=at)
        actor = Actor.person(person.pk)
        publish([NewEvent(events.PERSON_SIGNED_IN, ("person", person.pk), at, actor, {"by": by})])


def sign_in(
    request: HttpRequest, identifier: str, password: str, code: str = "", *, at: datetime | None = None
) -> Person:
    """Signs in with a password and, where the person has one, the second factor.

    Raises WrongCredentials, WrongCode, TooMany; CodeNeeded when the password was right and the code is still
    missing: the session then remembers for ten minutes who is to answer (`second_factor`).
    """
    at = at or now()
    address = getattr(request, "address", "") or request.META.get("REMOTE_ADDR", "")
    person = password_person(identifier=identifier, password=password, address=address, at=at)
    return _second(request, person, code, at)


def continue_as(request: HttpRequest, person: Person, *, by: str, at: datetime) -> Person:
    """Goes on after a one-time link: signs in, or asks for the second factor (CodeNeeded)."""
    return _second(request, person, "", at, by=by)


def _second(request: HttpRequest, person: Person, code: str, at: datetime, *, by: str = "password") -> Person:
    if person.totp_confirmed_at is not None:
        if not code:
            request.session.cycle_key()
            request.session[_PENDING] = {
                "person": person.pk,
                "hash": person.get_session_auth_hash(),
                "until": (at + _PENDING_LIVES).isoformat(),
            }
            raise CodeNeeded(_("请输入验证码"))
        factor_check(person=person, code=code, at=at)
        by = "totp"
    open_session(request, person, by=by, at=at)
    return person


def pending_person(request: HttpRequest, at: datetime) -> Person | None:
    """Who has given his password in this session and still owes the second factor; None when that is over."""
    pending = request.session.get(_PENDING)
    if not pending or datetime.fromisoformat(pending["until"]) <= at:
        return None
    person = queries.with_rights_by_id(pending["person"])
    return person if person is not None and person.get_session_auth_hash() == pending["hash"] else None


def second_factor(request: HttpRequest, code: str, *, at: datetime) -> Person:
    """Answers the second factor of the pending sign-in. Raises WrongCredentials when none is pending,
    WrongCode.
    """
    person = pending_person(request, at)
    if person is None:
        raise WrongCredentials(_("登录已超时，请重新输入密码"), code="sign_in_over")
    factor_check(person=person, code=code, at=at)
    open_session(request, person, by="totp", at=at)
    return person


def reset_ask(*, identifier: str, address: str, at: datetime) -> None:
    """Queues the look-up of who asks for a new password: the same answer and the same work for everyone.

    TooMany counts per account typed and per address, whether the account exists or not.
    """
    from shounuo.staff.tasks import reset

    throttle.hit(throttle.key_of("reset-address", address), RESETS_PER_ADDRESS, RESET_PER, at)
    who = identifier.strip().casefold()[:320]
    throttle.hit(throttle.key_of("reset-account", who), RESETS_PER_ACCOUNT, RESET_PER, at)
    reset.defer(sealed=encrypt(who))
