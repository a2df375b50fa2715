"""How rows become proofs and proofs a chain. Pure."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

FIRST = "0" * 64
PROOF = struct.Struct(">q8s")

Proofs = list[tuple[int, bytes]]


def proof(id: int, values: Sequence[Any]) -> tuple[int, bytes]:
    """The id and eight bytes of the hash over the row's values in their order."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=_plain)
    return id, hashlib.sha256(text.encode()).digest()[:8]


def pack(proofs: Iterable[tuple[int, bytes]]) -> bytes:
    return b"".join(PROOF.pack(id, half) for id, half in proofs)


def unpack(packed: bytes) -> Proofs:
    return list(PROOF.iter_unpack(packed))


def digest(source: str, first_id: int, last_id: int, previous: str, packed: bytes) -> str:
    """The seal's own hash, which the next seal holds as `previous`."""
    head = f"{source}:{first_id}:{last_id}:{previous}:".encode()
    return hashlib.sha256(head + packed).hexdigest()


def first_difference(sealed: Proofs, found: Proofs) -> tuple[int, str] | None:
    """(id, changed | missing | added) of the first row that is not as it was sealed; None when all are."""
    if sealed == found:
        return None
    was, now = dict(sealed), dict(found)
    for id in sorted(was.keys() | now.keys()):
        if id not in now:
            return id, "missing"
        if id not in was:
            return id, "added"
        if was[id] != now[id]:
            return id, "changed"
    raise AssertionError("different lists of proofs without a different row")


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)
