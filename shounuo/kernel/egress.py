"""The one client for addresses that an administrator typed: webhooks and whatever is fetched by URL.

It resolves a name once, refuses every address that is not on the public internet, and connects to the very
address it has checked, so that a name cannot point elsewhere a moment later. Each redirect passes the same
gate. Forms such as `http://2130706433/` or `http://0177.0.0.1/` are judged by what they resolve to. An
operator may open ranges of his own house with SHOUNUO_EGRESS_ALLOW; nobody can from a page.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpcore
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from shounuo.kernel.errors import Invalid, Unavailable

MAX_ANSWER: Final = 64 * 1024
MAX_REDIRECTS: Final = 3
TIMEOUT: Final = 10.0
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_NAT64_LOCAL: Final = ipaddress.IPv6Network("64:ff9b:1::/48")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status and at most 64 KiB of the body."""

    status: int
    body: bytes
    headers: dict[str, str]


class Refused(Invalid):
    """The address may not be reached from here."""

    code = "egress_refused"


def is_public(address: Address) -> bool:
    """True for an address of the public internet; whatever carries another address is judged by that one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner: Iterable[ipaddress.IPv4Address | None] = (
            address.ipv4_mapped,
            address.sixtofour,
            *(address.teredo or ()),
            ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
            if address in _NAT64 or int(address) >> 32 == 0
            else None,
        )
        carried = [a for a in inner if a is not None]
        if carried:
            return all(is_public(a) for a in carried)
        if address.is_site_local or address in _NAT64_LOCAL:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


@cache
def _networks(allowed: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(a.strip()) for a in allowed)


def may_reach(address: Address) -> bool:
    """Public, or opened by the operator."""
    return is_public(address) or any(
        address in net
        for net in _networks(tuple(settings.SHOUNUO_EGRESS_ALLOW))
        if net.version == address.version
    )


def resolve(host: str, port: int) -> str:
    """The address to connect to, as text. Raises Refused unless every address of the name may be reached,
    because a name with one foot inside is a trap; Unavailable when it does not resolve.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(_("找不到主机 %(host)s") % {"host": host}, code="host_unknown") from error
    addresses = [str(row[4][0]).partition("%")[0] for row in found]
    if not addresses or not all(may_reach(ipaddress.ip_address(a)) for a in addresses):
        raise Refused(_("不允许访问内部地址 %(host)s") % {"host": host}, field="url")
    return next((a for a in addresses if ":" not in a), addresses[0])


def check_url(url: str) -> None:
    """Raises Refused or Invalid for a URL that could never be fetched; names are not resolved here."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise Invalid(_("网址须以 http:// 或 https:// 开头"), field="url", code="bad_url")
    if parts.username or parts.password:
        raise Invalid(_("网址中不能带用户名或密码"), field="url", code="bad_url")
    try:
        literal = ipaddress.ip_address(parts.hostname.partition("%")[0])
    except ValueError:
        return
    if not may_reach(literal):
        raise Refused(_("不允许访问内部地址 %(host)s") % {"host": parts.hostname}, field="url")


class _Timed(httpcore.NetworkStream):
    """A stream whose every step ends at the deadline, so that an answer that drips cannot hold a worker."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _Timed(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("deadline")
    return left


class _Gate(httpcore.NetworkBackend):
    """Connects to the address that passed the check, never to a name."""

    def __init__(self, deadline: float) -> None:
        self._plain = httpcore.SyncBackend()
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        address = resolve(host, port)
        return _Timed(
            self._plain.connect_tcp(address, port, _left(self._deadline), local_address, socket_options),
            self._deadline,
        )


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def request(
    method: str,
    url: str,
    *,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    timeout: float = TIMEOUT,
) -> Answer:
    """One exchange within `timeout` seconds in all, redirects (at most three, 307 and 308 keep the method)
    included.

    Raises Refused, Invalid, or Unavailable with what went wrong on the way. Environment proxies are not used.
    """
    deadline = time.monotonic() + timeout
    with httpcore.ConnectionPool(
        ssl_context=_tls(), network_backend=_Gate(deadline), max_connections=1
    ) as pool:
        for _step in range(MAX_REDIRECTS + 1):
            check_url(url)
            answer = _exchange(pool, method, url, body, headers or {})
            location = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not location:
                return answer
            onward = urljoin(url, location)
            if urlsplit(onward).netloc != urlsplit(url).netloc:
                # Another host must not learn what was signed or authorised for this one.
                headers = {
                    k: v for k, v in (headers or {}).items() if k.lower() in ("content-type", "user-agent")
                }
            if answer.status not in (307, 308) and method != "GET":
                method, body = "GET", b""
            url = onward
    raise Unavailable(_("转向次数过多"), code="too_many_redirects")


def _exchange(
    pool: httpcore.ConnectionPool,
    method: str,
    url: str,
    body: bytes,
    headers: dict[str, str],
) -> Answer:
    try:
        with pool.stream(
            method,
            url,
            headers=[("User-Agent", "Shounuo"), *headers.items(), ("Content-Length", str(len(body)))],
            content=body,
        ) as response:
            chunks: list[bytes] = []
            size = 0
            for chunk in response.iter_stream():
                size += len(chunk)
                chunks.append(chunk)
                if size >= MAX_ANSWER:
                    break
            return Answer(
                response.status,
                b"".join(chunks)[:MAX_ANSWER],
                {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in response.headers},
            )
    except httpcore.TimeoutException as error:
        raise Unavailable(_("对方在限定时间内没有回应"), code="timeout") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        raise Unavailable(_("连接失败：%(error)s") % {"error": _plain(error)}, code="unreachable") from error


def _plain(error: Exception) -> str:
    """What went wrong, without what only speaks of our own program: `[SSL: X] ... (_ssl.c:1006)`."""
    return re.sub(r"^\[[^\]]*\] | \(_ssl\.c:\d+\)$", "", str(error)) or type(error).__name__
