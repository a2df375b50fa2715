"""Files of a form that is not sent yet: kept at once, so that an error in the form loses none of them.

Each has a signed ticket that comes back with the form. No sign-in is needed and no row waits for it: content that no file
names within a day is swept, and the ticket ends with it.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shounuo.channels.services import Upload
from shounuo.files.services import blob_store, file_name
from shounuo.kernel import store
from shounuo.kernel.errors import Invalid, NotFound, TooLarge
from shounuo.kernel.secrets import signature, signature_holds
from shounuo.staff import throttle

LIVES: Final = timedelta(hours=20)
AN_HOUR: Final = 60
_PURPOSE: Final = "portal.upload"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that waits for its form: the ticket that brings it back, what it is called, how big it is."""

    id: str
    name: str
    size: int


def keep(uploaded: UploadedFile, *, address: str, at: datetime) -> Kept:
    """Stores a file for a form still being written. TooLarge; TooMany after sixty an hour from one address."""
    throttle.hit(throttle.key_of("portal-upload", address), AN_HOUR, timedelta(hours=1), at)
    blob = blob_store(data=uploaded.file, at=at)  # type: ignore[arg-type]
    name = file_name(uploaded.name or "")
    label = base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")
    text = f"{blob.sha256}.{blob.size}.{label}.{int((at + LIVES).timestamp())}"
    return Kept(f"{text}.{signature(_PURPOSE, text)}", name, blob.size)


def kept(ticket: str, at: datetime) -> Kept:
    """What a ticket stands for; Invalid when it is not ours or over."""
    text, _dot, given = ticket.rpartition(".")
    parts = text.split(".")
    if len(parts) != 4 or not signature_holds(_PURPOSE, text, given) or int(parts[3]) <= at.timestamp():
        raise Invalid(_("附件已失效，请重新选择"), field="files", code="upload_over")
    name = base64.urlsafe_b64decode(parts[2] + "=" * (-len(parts[2]) % 4)).decode()
    return Kept(ticket, name, int(parts[1]))


def of_request(request: HttpRequest, *, address: str, at: datetime) -> list[Kept]:
    """The form's files: those kept before, and those that came with it, which are kept now."""
    before = [kept(ticket, at) for ticket in request.POST.getlist("file_ids")]
    return before + [keep(f, address=address, at=at) for f in request.FILES.getlist("files")]


def read(files: Sequence[Kept]) -> list[Upload]:
    """The files themselves, as the services take them. TooLarge before anything is read when they are too much."""
    if sum(f.size for f in files) > settings.MAX_MESSAGE_BYTES:
        raise TooLarge(_("附件总大小超过上限"), field="files")
    return [Upload(f.name, _content(f)) for f in files]


def _content(file: Kept) -> bytes:
    try:
        return store.get("blobs", file.id.partition(".")[0])
    except NotFound as gone:
        raise Invalid(_("附件已失效，请重新选择"), field="files", code="upload_over") from gone


def shown(files: Sequence[Kept]) -> list[dict[str, Any]]:
    """What the form shows of them when it comes back."""
    return [{"id": f.id, "name": f.name, "size": f.size} for f in files]
