"""Names that our mails carry and that an answer brings back: proof of which case it belongs to, without a lookup.

A Message-ID or a plus address is proof because only we can sign it. The tag in a subject is a help for people and
proves nothing: whoever reads it must still check that the sender takes part in the case.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode
from collections.abc import Sequence
from typing import Final, NamedTuple

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_SIGNATURE_BYTES: Final = 15  # 120 bits: 24 letters of base 32 without padding
_SHORT_BYTES: Final = 10  # 80 bits: a local part has only 64 characters
_NUMBER_LIMIT: Final = 2**63

_MESSAGE_ID: Final = re.compile(
    r"<?sn\.([0-9a-z]{1,13})\.([0-9a-z]{1,13})\.([a-z2-7]{24})@[a-z0-9.-]{1,253}>?", re.IGNORECASE
)
_PLUS: Final = re.compile(r"[+=]c([0-9a-z]{1,13})\.([a-z2-7]{16})@", re.IGNORECASE)
_TAG: Final = re.compile(r"[\[【［]\s*[#＃]\s*(\d{1,18})\s*[\]】］]")
_TAG_LIMIT: Final = 2_000


class MailIds(NamedTuple):
    """What a Message-ID of ours says: the case's number and the interaction that was sent."""

    case_number: int
    interaction_id: int


def make_message_id(case_number: int, interaction_id: int, domain: str, key: bytes) -> str:
    """A signed Message-ID with brackets, e.g. `<sn.117d.9ix.signature@example.com>`.

    Upper and lower case count alike, because some programs change them. The domain is not signed: it may change.
    """
    words = f"{_base36(case_number)}.{_base36(interaction_id)}"
    return f"<sn.{words}.{_sign('message-id', words, key, _SIGNATURE_BYTES)}@{_host(domain)}>"


def read_message_id(mid: str, keys: Sequence[bytes]) -> MailIds | None:
    """The ids of a Message-ID that one of `keys` signed (newest first, old ones still count); None otherwise."""
    match = _MESSAGE_ID.fullmatch(mid.strip())
    if not match:
        return None
    first, second, signature = (group.lower() for group in match.groups())
    if not _signed("message-id", f"{first}.{second}", signature, keys, _SIGNATURE_BYTES):
        return None
    return MailIds(int(first, 36), int(second, 36))


def make_plus_address(mailbox: str, case_number: int, key: bytes) -> str:
    """The mailbox with a signed token for the case, e.g. `service+c117d.signature@example.com`.

    Raises ValueError when the local part would pass the 64 characters that mail allows.
    """
    local, at, domain = mailbox.rpartition("@")
    if not at or not local:
        raise ValueError("not a mail address")
    number = _base36(case_number)
    tagged = f"{local.partition('+')[0]}+c{number}.{_sign('plus', number, key, _SHORT_BYTES)}"
    if len(tagged) > 64:
        raise ValueError("the local part would be too long")
    return f"{tagged}@{domain}"


def read_plus_address(address: str, keys: Sequence[bytes]) -> int | None:
    """The case's number from an address that one of `keys` signed; None otherwise."""
    match = _PLUS.search(address)
    if not match:
        return None
    number, signature = match[1].lower(), match[2].lower()
    return int(number, 36) if _signed("plus", number, signature, keys, _SHORT_BYTES) else None


def make_subject_tag(case_number: int) -> str:
    """The tag for a subject, e.g. `[#48217]`: for people's eyes, no proof."""
    return f"[#{case_number}]"


def read_subject_tag(subject: str) -> int | None:
    """The last such tag's number in a subject, half or full width; None if there is none. Proves nothing."""
    numbers = _TAG.findall(subject[:_TAG_LIMIT])
    return int(numbers[-1]) if numbers else None


def _base36(number: int) -> str:
    if not 0 <= number < _NUMBER_LIMIT:
        raise ValueError("the number is out of range")
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
        if not number:
            return digits


def _sign(purpose: str, text: str, key: bytes, size: int) -> str:
    digest = hmac.new(key, f"mail {purpose}\0{text}".encode("ascii"), hashlib.sha256).digest()[:size]
    return b32encode(digest).decode("ascii").lower()


def _signed(purpose: str, text: str, signature: str, keys: Sequence[bytes], size: int) -> bool:
    held = False
    for key in keys:
        held |= hmac.compare_digest(_sign(purpose, text, key, size), signature)
    return held


def _host(domain: str) -> str:
    host = domain.strip().lower().rstrip(".")
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", host):
        raise ValueError("not a domain name")
    return host
