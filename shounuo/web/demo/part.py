"""The entry of a process that tells a part of the demo: Django first, then everything that needs it."""

from __future__ import annotations

from typing import Any


def tell(day: str, end: str, count: int, part: int, told: Any) -> None:
    """Runs `build.tell_part` in a process that has imported nothing of ours yet."""
    import django

    django.setup()
    from shounuo.web.demo import build

    build.tell_part(day, end, count, part, told)
