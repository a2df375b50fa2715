"""Handing files out: as a download, unless the bytes themselves are a safe image."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from shounuo.files import queries
from shounuo.files.models import File
from shounuo.files.types import SAFE_IMAGES, UNKNOWN
from shounuo.kernel.clock import now
from shounuo.staff.queries import actor_for


@require_safe
@login_required
def download(request: HttpRequest, file_id: int) -> HttpResponse:
    """A file for signed-in staff, when they may see what it hangs on."""
    return respond(queries.get(actor_for(request.user), file_id))  # type: ignore[arg-type]


@require_safe
def signed(request: HttpRequest, token: str) -> HttpResponse:
    """A file by signed address."""
    return respond(queries.by_signature(token, now()))


def respond(file: File) -> HttpResponse:
    """The bytes under headers that let no browser guess, run or frame them."""
    kind = file.blob.content_type
    shown = kind in SAFE_IMAGES
    # What a browser could run or render is not even named as such.
    runs = kind in ("text/html", "image/svg+xml", "application/xml", "application/xhtml+xml")
    response = HttpResponse(queries.content(file), content_type=UNKNOWN if runs else kind)
    if kind == "text/plain":
        response["Content-Type"] = "text/plain; charset=utf-8"
    response["Content-Disposition"] = content_disposition_header(not shown, file.name) or "attachment"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, max-age=600"
    return response
