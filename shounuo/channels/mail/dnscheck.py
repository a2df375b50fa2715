"""What the world's name servers say about a sending domain: SPF, DKIM, DMARC and MX, with a verdict and a hint."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.utils.translation import gettext_lazy as _

Verdict = Literal["ok", "missing", "weak", "unreachable"]

_LOOKUPS_LIMIT: Final = 10
_DOMAIN: Final = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")


class NoRecord(Exception):
    """The name servers answered: there is no such record."""


class Unreachable(Exception):
    """No answer, or none that can be used."""


class Resolver(Protocol):
    """Asks name servers; raises NoRecord or Unreachable, nothing else."""

    def txt(self, name: str) -> list[str]: ...

    def mx(self, name: str) -> list[tuple[int, str]]: ...


@dataclass(frozen=True, slots=True)
class RecordCheck:
    """One finding. `name` is where it was looked for, `found` the records, `hint` says what to do (translatable)."""

    kind: Literal["spf", "dkim", "dmarc", "mx"]
    name: str
    found: tuple[str, ...]
    verdict: Verdict
    hint: Any


@dataclass(frozen=True, slots=True)
class DomainCheck:
    domain: str
    spf: RecordCheck
    dkim: RecordCheck
    dmarc: RecordCheck
    mx: RecordCheck

    @property
    def records(self) -> tuple[RecordCheck, ...]:
        return (self.spf, self.dkim, self.dmarc, self.mx)


class DnsResolver:
    """dnspython with a limit on the whole of each question, in seconds."""

    def __init__(self, timeout: float = 3.0) -> None:
        self.timeout = timeout

    def txt(self, name: str) -> list[str]:
        return [b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT")]

    def mx(self, name: str) -> list[tuple[int, str]]:
        answers = [(int(record.preference), str(record.exchange)) for record in self._ask(name, "MX")]
        return sorted(answers)

    def _ask(self, name: str, kind: str) -> Any:
        from dns import exception, resolver  # only where a domain is checked

        try:
            return resolver.Resolver().resolve(name, kind, lifetime=self.timeout)
        except (resolver.NXDOMAIN, resolver.NoAnswer) as error:
            raise NoRecord(name) from error
        except (exception.DNSException, OSError, ValueError) as error:
            raise Unreachable(name) from error


def check_domain(domain: str, *, selector: str = "", resolver: Resolver | None = None) -> DomainCheck:
    """The four findings for a domain (IDN allowed); `selector` is the DKIM one, without it DKIM counts as missing.

    Asks the network unless a resolver is given. Never raises: what cannot be asked is `unreachable`.
    """
    name = _ascii(domain)
    ask = resolver or DnsResolver()
    if not _DOMAIN.fullmatch(name):
        hint = _("这不是有效的域名")
        return DomainCheck(
            name, *(RecordCheck(kind, name, (), "missing", hint) for kind in ("spf", "dkim", "dmarc", "mx"))
        )
    return DomainCheck(
        name, _spf(name, ask), _dkim(name, _ascii(selector), ask), _dmarc(name, ask), _mx(name, ask)
    )


def _ascii(domain: str) -> str:
    text = domain.strip().rstrip(".。").lower()
    if text.isascii():
        return text
    try:
        return text.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


_UNREACHABLE: Final = _("域名服务器没有应答，请稍后再试")


def _texts(
    kind: Literal["spf", "dkim", "dmarc"], name: str, ask: Callable[[str], list[str]], start: str
) -> list[str] | RecordCheck:
    try:
        return [text for text in ask(name) if text.strip().lower().startswith(start)]
    except NoRecord:
        return []
    except Unreachable:
        return RecordCheck(kind, name, (), "unreachable", _UNREACHABLE)


def _spf(domain: str, ask: Resolver) -> RecordCheck:
    records = _texts("spf", domain, ask.txt, "v=spf1")
    if isinstance(records, RecordCheck):
        return records
    found = tuple(records)
    if not records:
        return RecordCheck(
            "spf", domain, found, "missing", _("没有 SPF 记录：收信方无法确认发信服务器，邮件可能被拒收")
        )
    if len(records) > 1:
        return RecordCheck("spf", domain, found, "weak", _("有多条 SPF 记录，按规范等于没有：请合并为一条"))
    words = records[0].lower().split()[1:]
    every = next((word for word in words if word.lstrip("+-~?") == "all"), "")
    lookups = sum(
        1 for word in words if re.match(r"[+~?-]?(?:include:|a\b|mx\b|ptr\b|exists:)|redirect=", word)
    )
    if every in {"all", "+all"}:
        return RecordCheck("spf", domain, found, "weak", _("SPF 以 +all 结尾，等于允许任何人以您的名义发信"))
    if lookups > _LOOKUPS_LIMIT:
        return RecordCheck("spf", domain, found, "weak", _("SPF 需要的查询超过 10 次，收信方会判为出错"))
    redirected = any(word.startswith("redirect=") for word in words)
    if every == "?all" or (not every and not redirected):
        return RecordCheck("spf", domain, found, "weak", _("SPF 没有拒绝其他服务器：请以 ~all 或 -all 结尾"))
    return RecordCheck("spf", domain, found, "ok", _("SPF 记录可用"))


def _tags(record: str) -> dict[str, str]:
    pairs = (piece.partition("=") for piece in record.split(";"))
    return {key.strip().lower(): value.strip() for key, equals, value in pairs if equals}


def _dkim(domain: str, selector: str, ask: Resolver) -> RecordCheck:
    if not selector or not re.fullmatch(r"[a-z0-9_](?:[a-z0-9_.-]{0,61}[a-z0-9_])?", selector):
        return RecordCheck("dkim", domain, (), "missing", _("没有填写 DKIM 选择器，无法检查签名公钥"))
    name = f"{selector}._domainkey.{domain}"
    try:
        records = [text for text in ask.txt(name) if "p=" in text]
    except NoRecord:
        records = []
    except Unreachable:
        return RecordCheck("dkim", name, (), "unreachable", _UNREACHABLE)
    found = tuple(records)
    if not records:
        return RecordCheck("dkim", name, found, "missing", _("没有这个选择器的 DKIM 公钥"))
    tags = _tags(records[0])
    key = re.sub(r"\s+", "", tags.get("p", ""))
    if not key:
        return RecordCheck("dkim", name, found, "weak", _("这个 DKIM 公钥已被作废"))
    bits = _key_bits(key, tags.get("k", "rsa").lower())
    if bits is None:
        return RecordCheck("dkim", name, found, "weak", _("DKIM 公钥无法读取"))
    if bits < 2048 and tags.get("k", "rsa").lower() == "rsa":
        return RecordCheck("dkim", name, found, "weak", _("DKIM 公钥短于 2048 位，请更换"))
    if "y" in tags.get("t", "").split(":"):
        return RecordCheck("dkim", name, found, "weak", _("DKIM 处于测试状态，收信方可能不予采信"))
    return RecordCheck("dkim", name, found, "ok", _("DKIM 公钥可用"))


def _key_bits(text: str, kind: str) -> int | None:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    if kind == "ed25519":
        return 256 if len(data) == 32 else None
    try:
        key = load_der_public_key(data)
    except (ValueError, TypeError):
        return None
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size
    return 256 if isinstance(key, ed25519.Ed25519PublicKey) else None


def _dmarc(domain: str, ask: Resolver) -> RecordCheck:
    labels = domain.split(".")
    # A record of the domain itself, else of a parent: it then speaks for its sub-domains.
    for depth in range(min(len(labels) - 1, 5)):
        name = "_dmarc." + ".".join(labels[depth:])
        records = _texts("dmarc", name, ask.txt, "v=dmarc1")
        if isinstance(records, RecordCheck):
            return records
        if records:
            return _dmarc_verdict(name, records, inherited=depth > 0)
    hint = _("没有 DMARC 记录：别人可以冒用您的域名发信而无人知晓")
    return RecordCheck("dmarc", "_dmarc." + domain, (), "missing", hint)


def _dmarc_verdict(name: str, records: list[str], *, inherited: bool) -> RecordCheck:
    found = tuple(records)
    if len(records) > 1:
        return RecordCheck("dmarc", name, found, "weak", _("有多条 DMARC 记录，按规范等于没有"))
    tags = _tags(records[0])
    policy = (tags.get("sp") if inherited else None) or tags.get("p", "")
    if policy.lower() not in {"quarantine", "reject"}:
        return RecordCheck(
            "dmarc", name, found, "weak", _("DMARC 只观察不处理（p=none）：稳定后请改为 quarantine 或 reject")
        )
    if tags.get("pct", "100") != "100":
        return RecordCheck("dmarc", name, found, "weak", _("DMARC 只对部分邮件生效（pct 小于 100）"))
    return RecordCheck("dmarc", name, found, "ok", _("DMARC 记录可用"))


def _mx(domain: str, ask: Resolver) -> RecordCheck:
    try:
        records = ask.mx(domain)
    except NoRecord:
        records = []
    except Unreachable:
        return RecordCheck("mx", domain, (), "unreachable", _UNREACHABLE)
    found = tuple(f"{preference} {host}" for preference, host in records)
    if not records:
        return RecordCheck("mx", domain, found, "missing", _("没有 MX 记录：客户的回信送不到"))
    if all(host.strip(".") == "" for _preference, host in records):
        return RecordCheck("mx", domain, found, "weak", _("MX 声明这个域名不收邮件"))
    return RecordCheck("mx", domain, found, "ok", _("MX 记录可用"))
