"""A mail's HTML between arrival and page.

What is kept is safe HTML whose images still name their source (`cid:` or an address). What is shown is made
of it each time: images that came with the mail as data, remote ones only when the reader asks for them.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import quote, unquote

from shounuo.cases.models import Interaction
from shounuo.files.models import File
from shounuo.files.queries import content
from shounuo.kernel.errors import NotFound
from shounuo.kernel.html import sanitise

_SHOWN_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
MAX_INLINE: Final = 4 * 1024 * 1024


class _Kept(Mapping[str, str]):
    """Maps every content id to a path that names it behind a mark nobody outside can know."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __getitem__(self, cid: str) -> str:
        return f"/{self.mark}/{quote(unquote(cid), safe='')}"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 1  # there is always one more


def stored_html(html: str) -> tuple[str, bool]:
    """(safe HTML as it is kept, whether it has remote images)."""
    mark = secrets.token_hex(8)
    safe = sanitise(html, _Kept(mark))
    kept = safe.html.replace(f' src="/{mark}/', ' src="cid:').replace(' data-src="http', ' src="http')
    return kept, safe.had_remote_images


def shown_html(interaction: Interaction, files: Iterable[File], *, remote: bool = False) -> str:
    """The message's HTML for a sandboxed frame: its own images as data (up to 4 MB in all), remote ones
    blocked unless `remote`. `files` are the message's.
    """
    if not interaction.html:
        return ""
    images: dict[str, str] = {}
    left = MAX_INLINE
    for file in files:
        if not file.cid or file.blob.content_type not in _SHOWN_TYPES or file.blob.size > left:
            continue
        try:
            data = base64.b64encode(content(file)).decode()
        except NotFound:
            continue
        left -= file.blob.size
        images[file.cid] = f"data:{file.blob.content_type};base64,{data}"
    safe = sanitise(interaction.html, images).html
    return safe.replace(' data-src="http', ' src="http') if remote else safe
