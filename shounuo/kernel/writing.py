"""The transaction of a write."""

from __future__ import annotations

from django.db import connection, transaction


def write() -> transaction.Atomic:
    """The caller's transaction, or one of its own when there is none: all of it or nothing.

    Inside another write it makes no savepoint (two statements fewer): an error that passes through it ends the whole
    write, as it should where a service calls a service. A caller that wants to go on after an error opens a savepoint
    around the call with `transaction.atomic()`.
    """
    real = any(not block._from_testcase for block in connection.atomic_blocks)  # type: ignore[attr-defined]
    return transaction.atomic(savepoint=not real)
