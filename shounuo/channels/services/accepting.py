"""Keeping a mail before anything is made of it: bytes on disk, then one row and one job in one
transaction.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection, transaction
from procrastinate.contrib.django import app

from shounuo.channels.models import RawMessage
from shounuo.files.services import raw_put
from shounuo.kernel.text import clean_line

HANDLE_TASK: Final = "channels.mail_handle"
QUEUE: Final = "mail"
PRIORITY: Final = 10  # a mail becomes a case, and its clocks start, before the rest of the work goes on

_INSERT = """
INSERT INTO channels_rawmessage (mailbox_id, via, source_key, sha256, size, envelope_from, envelope_to, peer,
  received_at, state, reason, message_id, fingerprint, sender, subject, attempts, may_answer)
SELECT mailbox_id, via, source_key, sha256, size, envelope_from, envelope_to, peer,
  received_at, 'stored', '', '', '', '', '', 0, false
FROM jsonb_to_recordset(%s::jsonb) AS r(mailbox_id bigint, via text, source_key text, sha256 text, size int,
  envelope_from text, envelope_to text[], peer text, received_at timestamptz)
ON CONFLICT (source_key) DO NOTHING
RETURNING id, source_key
"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail at the door. `source_key` is the same when the same delivery comes again."""

    raw: bytes
    via: str
    source_key: str
    at: datetime
    mailbox_id: int | None = None
    envelope_from: str = ""
    envelope_to: tuple[str, ...] = ()
    peer: str = ""


def smtp_source_key(raw: bytes, envelope_from: str, envelope_to: Sequence[str], at: datetime) -> str:
    """One key for a delivery that a sender repeats within a day because our answer did not reach him."""
    envelope = json.dumps([envelope_from, sorted(envelope_to)]).encode()
    digest = hashlib.sha256(len(envelope).to_bytes(4, "big") + envelope + raw).hexdigest()
    return f"smtp:{at:%Y%m%d}:{digest}"


def mail_accept(
    *,
    raw: bytes,
    via: str,
    source_key: str,
    mailbox_id: int | None = None,
    envelope_from: str = "",
    envelope_to: Sequence[str] = (),
    peer: str = "",
    at: datetime,
) -> RawMessage:
    """Keeps one mail: its bytes are on disk before its row, the row comes with its job. The same source again
    gives the row that is there. After the transaction commits the mail is safe.
    """
    arrival = Arrival(raw, via, source_key, at, mailbox_id, envelope_from, tuple(envelope_to), peer)
    return RawMessage.objects.get(id=mails_accept([arrival])[0])


def mails_accept(arrivals: Sequence[Arrival], *, pool: ThreadPoolExecutor | None = None) -> list[int]:
    """Keeps a batch in one transaction and gives the row's id of each: what the listener uses under load,
    when the flush of one commit is shared by all who wait for it. `pool` writes the files side by side.
    """
    write = pool.map if pool is not None else map
    shas = list(write(raw_put, [a.raw for a in arrivals]))
    rows = [
        {
            "mailbox_id": a.mailbox_id,
            "via": a.via,
            "source_key": a.source_key[:200],
            "sha256": sha,
            "size": len(a.raw),
            "envelope_from": _address(a.envelope_from),
            "envelope_to": [_address(t) for t in a.envelope_to],
            "peer": clean_line(a.peer)[:64],
            "received_at": a.at.isoformat(),
        }
        for a, sha in zip(arrivals, shas, strict=True)
    ]
    keys = [a.source_key[:200] for a in arrivals]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [json.dumps(rows)])
            fresh = {key: id for id, key in cursor.fetchall()}
        if fresh:
            handle = app.configure_task(HANDLE_TASK, queue=QUEUE, priority=PRIORITY)
            handle.batch_defer(*[{"raw_id": id} for id in sorted(fresh.values())])
    known = [k for k in keys if k not in fresh]
    if known:
        fresh |= dict(RawMessage.objects.filter(source_key__in=known).values_list("source_key", "id"))
    return [fresh[k] for k in keys]


def _address(text: str) -> str:
    """An envelope address as the database can hold it; SMTP may bring bytes that are no text."""
    plain = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return clean_line("" if plain == "<>" else plain)[:320]
