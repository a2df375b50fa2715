"""The session of a customer who has shown by a mailed code that an address is his.

A cookie and a row of its own, for /help/ alone: nothing in it opens a staff page, and no staff session opens his. It
holds the address; who the customer is follows from whose address that is now, so a merge carries it along and a removed
address ends it.
"""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse

from shounuo.customers import queries as customers
from shounuo.kernel.actors import Actor

COOKIE = "shounuo_help"
PATH = "/help/"
LIVES = 7 * 24 * 3600
_MAIL = "portal_mail"


def begin(request: HttpRequest, response: HttpResponse, mail: str) -> None:
    """A fresh session for the holder of the address; an older one of this browser ends."""
    end(request, response)
    store = SessionStore()
    store[_MAIL] = mail
    store.set_expiry(LIVES)
    store.save()
    response.set_cookie(
        COOKIE,
        str(store.session_key),
        max_age=LIVES,
        path=PATH,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )


def end(request: HttpRequest, response: HttpResponse) -> None:
    """Ends the session here and in the database."""
    if key := request.COOKIES.get(COOKIE):
        store = SessionStore(session_key=key)
        if _MAIL in store:  # a key of another kind of session is none of ours to delete
            store.delete()
    response.delete_cookie(COOKIE, path=PATH, samesite="Lax")


def mail_of(request: HttpRequest) -> str:
    """The address that the reader has shown to be his, or nothing."""
    key = request.COOKIES.get(COOKIE)
    return str(SessionStore(session_key=key).get(_MAIL, "")) if key else ""


def customer_of(request: HttpRequest) -> Actor | None:
    """The customer who is signed in, read once a request; None when nobody is, or nobody has the address any more."""
    known: Any = getattr(request, "_portal_customer", False)
    if known is False:
        mail = mail_of(request)
        customer = customers.by_contact(Actor.system(), mail=mail) if mail else None
        known = Actor.customer(customer.pk) if customer is not None else None
        request._portal_customer = known  # type: ignore[attr-defined]
    return known  # type: ignore[no-any-return]
