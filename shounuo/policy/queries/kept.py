"""The kept share of clauses, which a higher part works out: it registers how, this part shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

Kept = dict[str, Any]
"""What the provider says of a clause, e.g. {"week": {"share": 0.97, "met": 32, "breached": 1, ...}, ...}."""
Provider = Callable[[Sequence[str], datetime], dict[str, Kept | None]]

_provider: Provider | None = None


def register_kept(provider: Provider) -> None:
    """Names the callable that knows: clause codes and a moment -> figures by code. A second one is a fault."""
    global _provider
    if _provider is not None and _provider is not provider:
        raise RuntimeError("the kept share has a provider already")
    _provider = provider


def kept_of(codes: Sequence[str], at: datetime) -> dict[str, Kept | None]:
    """The figures of each clause; None where nothing is counted, or nothing that counts is installed."""
    known = _provider(codes, at) if _provider is not None and codes else {}
    return {code: known.get(code) for code in codes}
