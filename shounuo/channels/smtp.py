"""The SMTP listener: takes mail for our addresses, and says 250 only when the mail is on disk and in the
database.

Mails that arrive while a commit is under way share the next one, so that a burst costs few flushes. When the
database is away the answer is 451 and the sender keeps the mail. Nothing is relayed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import ssl
import threading
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from shounuo.channels import queries
from shounuo.channels.rules import MailboxBook
from shounuo.channels.services.accepting import Arrival, mails_accept, smtp_source_key
from shounuo.kernel.clock import now

log = logging.getLogger("shounuo.channels.smtp")
T = TypeVar("T")

MAX_CONNECTIONS: Final = 200
MAX_PER_PEER: Final = 50
MAX_AT_ONCE: Final = 40  # mails in hand at the same time: bounds the memory that senders can claim
MAX_AT_ONCE_PER_PEER: Final = 16  # so that one slow sender leaves room for the others
SLOT_SECONDS: Final = 30.0
MAX_RECIPIENTS: Final = 100
MAX_LINE: Final = 1 << 20  # mail programs write whole pages on one line; refusing them would lose mail
TIMEOUT: Final = 300.0  # for one command, and for one mail from DATA to its end
BATCH: Final = 200
BATCH_BYTES: Final = 64 << 20
BOOK_SECONDS: Final = 2.0
DATABASE_AWAY: Final = "451 4.3.0 try again later, the mail could not be stored"


class Committer:
    """One thread that keeps what is waiting in one transaction, and then tells each who waits."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[tuple[Arrival, asyncio.Future[int], asyncio.AbstractEventLoop] | None]
        self._waiting = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="mail-committer", daemon=True)
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="mail-file")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends after what is waiting now."""
        self._waiting.put(None)
        self._thread.join()
        self._pool.shutdown()

    async def keep(self, arrival: Arrival) -> int:
        """The id of the stored mail; raises what went wrong."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()
        self._waiting.put((arrival, future, loop))
        return await future

    def _run(self) -> None:
        try:
            while (first := self._waiting.get()) is not None:
                batch = [first]
                size = len(first[0].raw)
                last = False
                while len(batch) < BATCH and size < BATCH_BYTES:
                    try:
                        more = self._waiting.get_nowait()
                    except queue.Empty:
                        break
                    if more is None:
                        last = True
                        break
                    batch.append(more)
                    size += len(more[0].raw)
                self._keep(batch)
                if last:
                    return
        finally:
            connection.close()

    def _keep(self, batch: list[tuple[Arrival, asyncio.Future[int], asyncio.AbstractEventLoop]]) -> None:
        try:
            ids = mails_accept([arrival for arrival, _f, _l in batch], pool=self._pool)
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, InterfaceError):
                for one in batch:  # one mail that cannot be stored must not turn the others away
                    self._keep([one])
                return
            log.error("mail not stored", exc_info=error)
            connection.close()
            for _arrival, future, loop in batch:
                loop.call_soon_threadsafe(_fail, future, error)
            return
        for (_arrival, future, loop), id in zip(batch, ids, strict=True):
            loop.call_soon_threadsafe(_answer, future, id)


def _answer(future: asyncio.Future[int], id: int) -> None:
    if not future.done():  # the sender may have hung up; his mail is kept all the same
        future.set_result(id)


def _fail(future: asyncio.Future[int], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


class Door:
    """What the protocol asks: who may be written to, and keeping what came. aiosmtpd calls the `handle_`
    methods.
    """

    def __init__(self, committer: Committer) -> None:
        self.committer = committer
        self.connections: Counter[str] = Counter()
        self.in_hand = 0
        self._slots = asyncio.Semaphore(MAX_AT_ONCE)
        self._peer_slots: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(MAX_AT_ONCE_PER_PEER)
        )
        self._book: MailboxBook | None = None
        self._book_until = 0.0
        self._book_lock = asyncio.Lock()

    async def book(self) -> MailboxBook:
        """Our addresses, at most two seconds old."""
        loop = asyncio.get_running_loop()
        async with self._book_lock:
            if self._book is None or loop.time() >= self._book_until:
                self._book = await _ask(queries.mailbox_book)
                self._book_until = loop.time() + BOOK_SECONDS
        return self._book

    @asynccontextmanager
    async def slot(self, peer: str) -> AsyncIterator[None]:
        """Room for one mail; raises TimeoutError when there is none for half a minute."""
        async with asyncio.timeout(SLOT_SECONDS) as patience, self._peer_slots[peer], self._slots:
            patience.reschedule(None)
            self.in_hand += 1
            try:
                yield
            finally:
                self.in_hand -= 1

    def gone(self, peer: str) -> None:
        """A connection ended."""
        self.connections[peer] -= 1
        if not self.connections[peer]:
            del self.connections[peer]
            self._peer_slots.pop(peer, None)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        kept = [line for line in responses if not line.startswith("250-AUTH")]
        return [*kept[:-1], "250-ENHANCEDSTATUSCODES", "250 PIPELINING"]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        try:
            book = await self.book()
        except DatabaseError:
            return DATABASE_AWAY
        if book.find(address) is None:
            return "550 5.1.1 no such address here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        raw = envelope.original_content or b""
        sender = "" if envelope.mail_from in (None, "<>") else str(envelope.mail_from)
        recipients = tuple(dict.fromkeys(str(r) for r in envelope.rcpt_tos))
        at = now()
        try:
            id = await self.committer.keep(
                Arrival(
                    raw=raw,
                    via="smtp",
                    source_key=smtp_source_key(raw, sender, recipients, at),
                    at=at,
                    envelope_from=sender,
                    envelope_to=recipients,
                    peer=_peer(session),
                )
            )
        except Exception:  # noqa: BLE001  logged by the committer; the sender tries again
            return DATABASE_AWAY
        return f"250 2.0.0 stored as {id}"

    async def handle_exception(self, error: Exception) -> str:
        log.error("smtp session", exc_info=error)
        return "451 4.3.0 something went wrong here, try again later"


async def _ask(question: Callable[[], T]) -> T:
    """Asks the database from a thread of its own, and gives the connection back."""

    def asked() -> T:
        try:
            return question()
        finally:
            connection.close()

    return await asyncio.to_thread(asked)


def _peer(session: Session) -> str:
    return str(session.peer[0]) if isinstance(session.peer, tuple) else ""


class _Conversation(SMTP):
    """aiosmtpd's protocol with limits on connections and on mails in hand.

    It ends DATA at CRLF.CRLF only, so that a bare line feed cannot smuggle a second mail in, and forgets what
    was sent before STARTTLS.
    """

    line_length_limit = MAX_LINE

    async def _handle_client(self) -> None:
        assert self.session is not None
        door: Door = self.event_handler
        peer = _peer(self.session)
        if door.connections.total() >= MAX_CONNECTIONS or door.connections[peer] >= MAX_PER_PEER:
            await self.push("421 4.3.2 too many connections, try again later")
            assert self.transport is not None
            self.transport.close()
            return
        door.connections[peer] += 1
        try:
            await super()._handle_client()
        finally:
            door.gone(peer)

    async def smtp_DATA(self, arg: str) -> None:
        door: Door = self.event_handler
        assert self.session is not None
        try:
            async with door.slot(_peer(self.session)):
                self._reset_timeout()
                await super().smtp_DATA(arg)
        except TimeoutError:
            await self.push("451 4.3.2 too many mails at once, try again later")


class Listener:
    """A listener on its own event loop in its own thread; `port` is known once `start` returns."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host, self.port = host, port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="smtp", daemon=True)
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._ended: asyncio.Event | None = None
        self.committer = Committer()

    def start(self) -> None:
        """Listens; raises OSError when the port is taken."""
        self.committer.start()
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            self.committer.stop()
            raise self._failure

    def stop(self) -> None:
        """Takes no more, lets mails in hand be stored (up to ten seconds), ends."""
        if self._ended is not None:
            self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        self.committer.stop()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:  # noqa: BLE001  handed to the thread that started it
            self._failure = error
        finally:
            self._started.set()
            self._loop.close()

    async def _serve(self) -> None:
        self._ended = asyncio.Event()
        door = Door(self.committer)
        tls = await _ask(tls_context)
        hostname = await _ask(queries.mail_hostname)

        def conversation() -> SMTP:
            return _Conversation(
                door,
                data_size_limit=settings.MAX_MESSAGE_BYTES,
                enable_SMTPUTF8=True,
                hostname=hostname,
                ident="ESMTP Shounuo",
                tls_context=tls,
                timeout=TIMEOUT,
                loop=self._loop,
            )

        server = await self._loop.create_server(conversation, self.host, self.port, backlog=512)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._ended.wait()
        server.close()
        deadline = self._loop.time() + 10
        while self._loop.time() < deadline and door.in_hand:
            await asyncio.sleep(0.05)
        for task in asyncio.all_tasks(self._loop) - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)


def serve(host: str, port: int, stop: threading.Event) -> None:
    """Listens until `stop` is set. For `shounuo serve` and a process of its own."""
    listener = Listener(host, port)
    listener.start()
    log.info("smtp listens", extra={"path": f"{host}:{listener.port}"})
    stop.wait()
    listener.stop()


def tls_context() -> ssl.SSLContext:
    """The configured certificate, or a self-made one: mail servers encrypt to it without judging it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.SHOUNUO_SMTP_CERT:
        context.load_cert_chain(settings.SHOUNUO_SMTP_CERT, settings.SHOUNUO_SMTP_KEY or None)
    else:
        context.load_cert_chain(_self_made(settings.DATA / "keys" / "smtp.pem"))
    return context


def _self_made(path: Path) -> Path:
    """A key and a certificate for ten years in one file, made once; of two that make it at once one wins."""
    if path.exists():
        return path
    from cryptography import x509  # only at the first start
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, queries.mail_hostname())])
    made = now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(made - timedelta(days=1))
        .not_valid_after(made + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.touch(0o600)
    fresh.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    fresh.replace(path)
    return path
