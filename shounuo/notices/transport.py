"""One conversation with a relay: what it took, what it refused, and whether trying again makes sense."""

from __future__ import annotations

import ipaddress
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from shounuo.kernel.errors import Problem
from shounuo.kernel.secrets import decrypt
from shounuo.notices.models import Relay
from shounuo.notices.rules import is_permanent

TIMEOUT = 30.0
_LINE_END = re.compile(rb"\r?\n|\r(?!\n)")


@dataclass(slots=True)
class Outcome:
    """What became of a try: `refused` for good and `put_off` are recipients, each with the relay's (code,
    words).

    `fault` is a failure of the whole conversation: (code or 0, words). Empty everywhere: all have got it.
    """

    refused: dict[str, tuple[int, str]] = field(default_factory=dict)
    put_off: dict[str, tuple[int, str]] = field(default_factory=dict)
    fault: tuple[int, str] | None = None
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail that a test would have sent."""

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    raw: bytes


outbox: list[Sent] = []


@contextmanager
def conversation(relay: Relay, *, timeout: float = TIMEOUT) -> Iterator[smtplib.SMTP]:
    """A signed-in connection to the relay, its certificate checked. Raises smtplib's errors, OSError,
    Problem.

    A password never travels in clear: a login needs TLS or STARTTLS, unless the relay is this machine.
    """
    context = ssl.create_default_context()
    name = socket.getfqdn() if "." in socket.getfqdn() else "localhost.localdomain"
    server: smtplib.SMTP
    if relay.security == Relay.Security.TLS:
        server = smtplib.SMTP_SSL(relay.host, relay.port, name, timeout=timeout, context=context)
    else:
        server = smtplib.SMTP(relay.host, relay.port, name, timeout=timeout)
    try:
        if relay.security == Relay.Security.STARTTLS:
            server.starttls(context=context)
        if relay.login:
            if relay.security == Relay.Security.NONE and not _is_here(relay.host):
                raise Problem(_("不加密的连接不能带密码登录，请改用 STARTTLS 或 TLS"), code="clear_password")
            server.login(relay.login, decrypt(relay.password))
        yield server
    finally:
        try:
            server.quit()
        except (smtplib.SMTPException, OSError):
            server.close()


def hand_over(relay: Relay, raw: bytes, sender: str, recipients: Sequence[str]) -> Outcome:
    """Gives the mail to the relay; never raises for what a relay or a network may do."""
    outcome = Outcome()
    lines = _LINE_END.sub(b"\r\n", raw)
    try:
        with conversation(relay) as server:
            server.ehlo_or_helo_if_needed()
            refused = server.sendmail(
                sender, list(recipients), lines, _options(server, lines, sender, recipients)
            )
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    except smtplib.SMTPAuthenticationError as error:
        outcome.fault = (error.smtp_code, _words(error.smtp_error))
        return outcome
    except smtplib.SMTPConnectError as error:
        outcome.fault = (error.smtp_code, _words(error.smtp_error))
        return outcome
    except smtplib.SMTPResponseException as error:
        outcome.fault = (error.smtp_code, _words(error.smtp_error))
        outcome.permanent = is_permanent(error.smtp_code)
        return outcome
    except (smtplib.SMTPException, OSError, Problem, ValueError) as error:
        outcome.fault = (0, f"{type(error).__name__}: {error}"[:500])
        return outcome
    for address, (code, words) in refused.items():
        place = outcome.refused if is_permanent(code) else outcome.put_off
        place[address] = (code, _words(words))
    return outcome


def check(relay: Relay, *, timeout: float = 10.0) -> str:
    """Connects and signs in without sending; empty when all is well, else what the relay or the network
    said.
    """
    try:
        with conversation(relay, timeout=timeout) as server:
            server.noop()
    except smtplib.SMTPResponseException as error:
        return f"{error.smtp_code} {_words(error.smtp_error)}"
    except (smtplib.SMTPException, OSError, Problem) as error:
        return f"{type(error).__name__}: {error}"[:500]
    return ""


def _options(server: smtplib.SMTP, raw: bytes, sender: str, recipients: Sequence[str]) -> list[str]:
    options = []
    if not raw.isascii() and server.has_extn("8bitmime"):
        options.append("BODY=8BITMIME")
    if not all(address.isascii() for address in (sender, *recipients)):
        options.append("SMTPUTF8")
    return options


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _words(answer: bytes | str) -> str:
    return (answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer))[:500]
