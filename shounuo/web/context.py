"""What every page's shell needs: the rail, the reader, the counts."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    return {"organisation": getattr(request, "organisation", None)}
