"""Fetching mail from IMAP mailboxes: what came since the last time, once, marked as seen, never deleted.

The position is (UIDVALIDITY, highest UID stored); it moves only behind what is committed. A mailbox that is
read for the first time begins with what nobody has read in the last days: its history is a matter for
`shounuo import mail`. When the server renumbers its mails (UIDVALIDITY), the last days are read again and
what is known is recognised by its content.
"""

from __future__ import annotations

import imaplib
import logging
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from shounuo.channels import events
from shounuo.channels.models import Mailbox, RawMessage
from shounuo.channels.services.accepting import Arrival, mails_accept
from shounuo.channels.services.intake import quarantine
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound, Problem
from shounuo.kernel.secrets import decrypt
from shounuo.kernel.text import clean_line

log = logging.getLogger("shounuo.channels.imap")

TIMEOUT: Final = 30.0
FIRST_DAYS: Final = 7
AGAIN_DAYS: Final = 3
MAX_A_FETCH: Final = 2000  # mails; the rest comes with the next round
BATCH_BYTES: Final = 8 << 20
BATCH: Final = 50
TELL_AFTER: Final = 3  # failures in a row before people are told: a server may be away for a minute
# NetEase and Tencent let no one read who does not say who he is.
IDENTITY: Final = {"name": "Shounuo", "version": "1", "vendor": "Shounuo"}


@dataclass(frozen=True, slots=True)
class Fetched:
    """How many mails were new to the position, how many of them were stored now, how many could not be
    read.
    """

    found: int
    stored: int
    unreadable: int


def fetch(*, mailbox_id: int, at: datetime) -> Fetched:
    """Reads one mailbox. A failure is written on the mailbox (`imap_error`) and raised no further; after
    three in a row people are told. Events: mailbox.failing, mailbox.recovered. Only one may run for a
    mailbox (the job sees to it).
    """
    mailbox = Mailbox.objects.filter(pk=mailbox_id, active=True).exclude(imap_host="").first()
    if mailbox is None:
        return Fetched(0, 0, 0)
    try:
        with _session(mailbox) as client:
            fetched = _read(client, mailbox, at)
    except LoginError as error:
        return _failed(mailbox, _("登录被拒绝：%(why)s") % {"why": _words(error)}, at)
    except (IMAPClientError, imaplib.IMAP4.error, OSError, ssl.SSLError, Problem) as error:
        return _failed(mailbox, _words(error), at)
    _worked(mailbox, at)
    return fetched


def check(mailbox: Mailbox) -> str:
    """Signs in and opens the folder without reading; empty when all is well, else what went wrong."""
    try:
        with _session(mailbox) as client:
            client.select_folder(mailbox.imap_folder, readonly=True)
    except (IMAPClientError, imaplib.IMAP4.error, OSError, ssl.SSLError, Problem) as error:
        return _words(error)
    return ""


@contextmanager
def _session(mailbox: Mailbox) -> Iterator[IMAPClient]:
    """A signed-in connection that has said who it is. The certificate is checked; a password never goes in
    clear but to this machine.
    """
    if mailbox.imap_security == "none" and mailbox.imap_host not in ("localhost", "127.0.0.1", "::1"):
        raise Problem(_("不加密的连接不能带密码登录，请改用 TLS 或 STARTTLS"), code="clear_password")
    context = ssl.create_default_context()
    tls = mailbox.imap_security == "tls"
    client = IMAPClient(
        mailbox.imap_host,
        mailbox.imap_port,
        use_uid=True,
        ssl=tls,
        ssl_context=context if tls else None,
        timeout=TIMEOUT,
    )
    try:
        if mailbox.imap_security == "starttls":
            client.starttls(context)
        client.login(mailbox.imap_login, decrypt(mailbox.imap_password))
        if client.has_capability("ID"):
            client.id_(IDENTITY)
        yield client
    finally:
        try:
            client.logout()
        except (IMAPClientError, imaplib.IMAP4.error, OSError):
            client.shutdown()


def _read(client: IMAPClient, mailbox: Mailbox, at: datetime) -> Fetched:
    state = client.select_folder(mailbox.imap_folder)
    validity = int(state[b"UIDVALIDITY"])
    if mailbox.imap_uidvalidity == validity:
        # `n:*` always names the last mail, also when it is older than n.
        wanted = [u for u in client.search(["UID", f"{mailbox.imap_uid + 1}:*"]) if u > mailbox.imap_uid]
        end = max(wanted, default=mailbox.imap_uid)
    else:
        wanted = _first_time(client, mailbox, at)
        end = max(int(state.get(b"UIDNEXT", 1)) - 1, *wanted, 0)
        if mailbox.imap_uidvalidity is None and not wanted:
            _moved(mailbox, validity, end)
    wanted = sorted(wanted)[:MAX_A_FETCH]
    stored = unreadable = 0
    for batch in _batches(client, wanted):
        done, lost = _store(client, mailbox, validity, batch, at)
        stored, unreadable = stored + done, unreadable + lost
        _moved(mailbox, validity, batch[-1][0])
    if len(wanted) < MAX_A_FETCH:
        _moved(mailbox, validity, end)
    return Fetched(len(wanted), stored, unreadable)


def _first_time(client: IMAPClient, mailbox: Mailbox, at: datetime) -> list[int]:
    if mailbox.imap_uidvalidity is None:
        since = at - timedelta(days=FIRST_DAYS)
        found = client.search(["UNSEEN", "SINCE", since.date()])
    else:
        since = (mailbox.imap_checked_at or at) - timedelta(days=AGAIN_DAYS)
        found = client.search(["SINCE", since.date()])
    return [int(u) for u in found]


def _batches(client: IMAPClient, uids: Sequence[int]) -> Iterator[list[tuple[int, int]]]:
    """The mails with their sizes, so many at a time as fit into memory."""
    for start in range(0, len(uids), 500):
        part = list(uids[start : start + 500])
        sizes = client.fetch(part, ["RFC822.SIZE"])
        batch: list[tuple[int, int]] = []
        total = 0
        for uid in part:
            if uid not in sizes:  # gone since the search
                continue
            size = int(sizes[uid].get(b"RFC822.SIZE", 0))
            if batch and (len(batch) >= BATCH or total + size > BATCH_BYTES):
                yield batch
                batch, total = [], 0
            batch.append((uid, size))
            total += size
        if batch:
            yield batch


def _store(
    client: IMAPClient, mailbox: Mailbox, validity: int, batch: Sequence[tuple[int, int]], at: datetime
) -> tuple[int, int]:
    """Keeps the batch in one transaction, then marks it as seen; what cannot be had is kept as a row in
    quarantine.
    """
    arrivals: list[Arrival] = []
    lost: list[tuple[int, str]] = []
    fitting = [uid for uid, size in batch if size <= settings.MAX_MESSAGE_BYTES]
    lost += [
        (uid, _("邮件太大（%(mb)s MB）") % {"mb": size >> 20}) for uid, size in batch if uid not in fitting
    ]
    for uid, raw in _bodies(client, fitting):
        if raw is None:
            lost.append((uid, _("邮件服务器没有给出这封邮件的内容")))
        else:
            key = _source_key(mailbox, validity, uid)
            arrivals.append(Arrival(raw, "imap", key, at, mailbox.pk, envelope_to=(mailbox.address,)))
    if arrivals:
        mails_accept(arrivals)
    for uid, why in lost:
        _unreadable(mailbox, _source_key(mailbox, validity, uid), why, at)
    if fitting:
        client.add_flags(fitting, [b"\\Seen"], silent=True)
    return len(arrivals), len(lost)


def _bodies(client: IMAPClient, uids: Sequence[int]) -> Iterator[tuple[int, bytes | None]]:
    """Each mail's bytes; None where the server answers without them or with an error for this one mail
    alone.
    """
    try:
        answers = client.fetch(list(uids), ["BODY.PEEK[]"]) if uids else {}
    except (IMAPClientError, imaplib.IMAP4.error) as error:
        if isinstance(error, imaplib.IMAP4.abort) or len(uids) == 1:
            if isinstance(error, imaplib.IMAP4.abort):
                raise
            yield uids[0], None
            return
        for uid in uids:
            yield from _bodies(client, [uid])
        return
    for uid in uids:
        answer: dict[bytes, Any] = answers.get(uid, {})
        body = answer.get(b"BODY[]")
        yield uid, bytes(body) if isinstance(body, bytes | bytearray) else None


def _unreadable(mailbox: Mailbox, key: str, why: str, at: datetime) -> None:
    """A row without content, so that the count of mails found is the count of mails kept."""
    row, new = RawMessage.objects.get_or_create(
        source_key=key,
        defaults={
            "mailbox": mailbox,
            "via": "imap",
            "sha256": "",
            "size": 0,
            "envelope_to": [mailbox.address],
            "received_at": at,
        },
    )
    if new:
        quarantine(row.pk, "not_fetched", why, at)


def _source_key(mailbox: Mailbox, validity: int, uid: int) -> str:
    account = f"{mailbox.imap_login}@{mailbox.imap_host}/{mailbox.imap_folder}"
    return f"imap:{mailbox.pk}:{account[:120]}:{validity}:{uid}"


def _moved(mailbox: Mailbox, validity: int, uid: int) -> None:
    if mailbox.imap_uidvalidity == validity and uid <= mailbox.imap_uid:
        return
    mailbox.imap_uidvalidity, mailbox.imap_uid = validity, uid
    Mailbox.objects.filter(pk=mailbox.pk).update(imap_uidvalidity=validity, imap_uid=uid)


def _failed(mailbox: Mailbox, why: str, at: datetime) -> Fetched:
    log.warning("imap fetch failed", extra={"mailbox": mailbox.pk})
    with transaction.atomic():
        row = Mailbox.objects.select_for_update().filter(pk=mailbox.pk).first()
        if row is None:
            raise NotFound(_("没有这个邮箱"))
        row.imap_error, row.imap_checked_at = clean_line(why, 500), at
        row.imap_failures += 1
        row.save(update_fields=["imap_error", "imap_checked_at", "imap_failures"])
        if row.imap_failures == TELL_AFTER:
            payload = {"failures": row.imap_failures}
            publish([NewEvent(events.MAILBOX_FAILING, ("mailbox", row.pk), at, Actor.system(), payload)])
    return Fetched(0, 0, 0)


def _worked(mailbox: Mailbox, at: datetime) -> None:
    with transaction.atomic():
        told = Mailbox.objects.filter(pk=mailbox.pk, imap_failures__gte=TELL_AFTER).exists()
        Mailbox.objects.filter(pk=mailbox.pk).update(imap_error="", imap_failures=0, imap_checked_at=at)
        if told:
            publish([NewEvent(events.MAILBOX_RECOVERED, ("mailbox", mailbox.pk), at, Actor.system(), {})])


def _words(error: Exception) -> str:
    """What a server or the network said, without what we sent."""
    said = error.args[0] if error.args else type(error).__name__
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)
    return clean_line(text, 300) or type(error).__name__
