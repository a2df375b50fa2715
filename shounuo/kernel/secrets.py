"""Secrets at rest, tokens and signatures. Keys come from settings; old keys keep being accepted (rotation)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from shounuo.kernel.errors import Problem


def _fernet() -> MultiFernet:
    keys = [base64.urlsafe_b64encode(hashlib.sha256(k.encode()).digest()) for k in settings.SHOUNUO_DATA_KEYS]
    return MultiFernet([Fernet(k) for k in keys])


def encrypt(text: str) -> str:
    """The text under the newest data key; empty stays empty."""
    return _fernet().encrypt(text.encode()).decode() if text else ""


def decrypt(token: str) -> str:
    """The text again; Problem `secret_unreadable` when no key fits (a key was lost or the row came from elsewhere)."""
    if not token:
        return ""
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise Problem(_("保存的密码无法解开，请重新填写"), code="secret_unreadable") from error


def new_token(prefix: str = "") -> str:
    """A random bearer token with 256 bits, URL-safe."""
    return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token: it has full entropy, so one SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def sign_keys() -> list[bytes]:
    """Keys for signatures of links and Message-IDs, newest first."""
    return [k.encode() for k in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]]


def signature(purpose: str, text: str, *, key: bytes | None = None, size: int = 16) -> str:
    """A signature over purpose and text, `size` bytes of HMAC-SHA256 in URL-safe base64."""
    digest = hmac.new(key or sign_keys()[0], f"{purpose}\0{text}".encode(), hashlib.sha256).digest()[:size]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def signature_holds(purpose: str, text: str, given: str, *, size: int = 16) -> bool:
    """True when the signature was made with any of our keys."""
    return any(
        hmac.compare_digest(signature(purpose, text, key=k, size=size).encode(), given.encode())
        for k in sign_keys()
    )
