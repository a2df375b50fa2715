"""Idempotency keys: a call that is repeated under its key has the first call's answer and no second effect.

The key's row is committed before the act, and finished in the act's own transaction. So a crash leaves a key
that says "running" and nothing else; after a minute another call may take it over. A call that was overtaken
cannot commit: finishing the key is conditional on the claim.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from shounuo.channels.models import IdempotencyKey
from shounuo.kernel.errors import Conflict, Invalid, Problem
from shounuo.kernel.secrets import decrypt, encrypt

LIFE: Final = timedelta(hours=24)
STALE: Final = timedelta(seconds=60)
FORM_TOKEN: Final = 0  # the keys of the public form belong to no token

# Takes the key when nobody has it, when it has outlived its day, or when its first call died while running.
_CLAIM = """
INSERT INTO channels_idempotencykey AS k (token_id, key, fingerprint, status, body, created_at)
VALUES (%(token)s, %(key)s, %(fingerprint)s, NULL, '', %(at)s)
ON CONFLICT (token_id, key) DO UPDATE
SET fingerprint = EXCLUDED.fingerprint, status = NULL, body = '', created_at = EXCLUDED.created_at
WHERE k.created_at <= %(expired)s
   OR (k.status IS NULL AND k.created_at <= %(stale)s AND k.fingerprint = EXCLUDED.fingerprint)
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer as it was given: HTTP status and body."""

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to act under a key, given at `at`."""

    id: int
    at: datetime


class StillRunning(Conflict):
    """The first call with this key has not answered yet."""

    code = "still_running"
    retry_after = 2


def fingerprint(*parts: bytes) -> str:
    """What makes two calls the same: method, path and body, each with its length so that none runs into
    another.
    """
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def key_claim(*, token_id: int, key: str, fingerprint: str, at: datetime) -> Claim | Stored:
    """The right to act, or the answer that was given before. Commits at once when called outside a
    transaction.

    Raises Conflict `key_reused` when the key came with another body, StillRunning while the first call runs.
    """
    if not 1 <= len(key) <= 200 or not key.isprintable():
        raise Invalid(_("Idempotency-Key 须为 1 到 200 个可见字符"), field="Idempotency-Key", code="bad_key")
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {
                "token": token_id,
                "key": key,
                "fingerprint": fingerprint,
                "at": at,
                "expired": at - LIFE,
                "stale": at - STALE,
            },
        )
        row = cursor.fetchone()
    if row is not None:
        return Claim(row[0], at)
    found = IdempotencyKey.objects.filter(token_id=token_id, key=key).first()
    if found is None:  # given back between the two statements
        raise StillRunning(_("同一个 Idempotency-Key 的请求正在处理"))
    if found.fingerprint != fingerprint:
        raise Conflict(_("这个 Idempotency-Key 已用于另一个请求"), code="key_reused", field="Idempotency-Key")
    if found.status is None:
        raise StillRunning(_("同一个 Idempotency-Key 的请求正在处理"))
    return Stored(found.status, decrypt(found.body))


def key_finish(claim: Claim, answer: Stored) -> None:
    """Keeps the answer (encrypted: some hold a secret told once), in the transaction of the act. Raises
    StillRunning, and so undoes the act, when another call has taken the key over.
    """
    kept = IdempotencyKey.objects.filter(id=claim.id, status=None, created_at=claim.at).update(
        status=answer.status, body=encrypt(answer.body)
    )
    if not kept:
        raise StillRunning(_("同一个 Idempotency-Key 的请求正在处理"))


def key_release(claim: Claim) -> None:
    """Gives the key back after a call that did nothing and may be repeated (a rate limit, a fault of
    ours).
    """
    IdempotencyKey.objects.filter(id=claim.id, status=None, created_at=claim.at).delete()


def once(
    act: Callable[[], Stored],
    *,
    token_id: int,
    key: str,
    fingerprint: str,
    at: datetime,
    refusal: Callable[[Problem], Stored | None] = lambda problem: None,
) -> tuple[Stored, bool]:
    """Runs the act under its key: (answer, whether it is a stored one). The act and its answer commit
    together.

    `refusal` turns a Problem into the answer to keep, where the same call would be refused again; what it
    leaves (None) and every fault give the key back and are raised.
    """
    claim = key_claim(token_id=token_id, key=key, fingerprint=fingerprint, at=at)
    if isinstance(claim, Stored):
        return claim, True
    try:
        with transaction.atomic():
            answer = act()
            key_finish(claim, answer)
    except Problem as problem:
        refused = refusal(problem)
        if refused is None or isinstance(problem, StillRunning):
            key_release(claim)
            raise
        key_finish(claim, refused)
        return refused, False
    except Exception:
        key_release(claim)
        raise
    return answer, False


def prune(at: datetime) -> int:
    """Deletes keys past their day."""
    return IdempotencyKey.objects.filter(created_at__lte=at - LIFE).delete()[0]
