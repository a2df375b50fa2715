"""The kept share of clauses and what is owed under them now, which a higher part knows: it registers how, this part shows
it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

Kept = dict[str, Any]
"""The figures of a clause, e.g. {"week": {"share": 0.97, "met": 32, "breached": 1, ...}, ...}."""
Now = dict[str, int]
"""What is owed under a clause at this moment: {"running": 12, "overdue": 1, "at_risk": 2}."""
KeptOf = Callable[[Sequence[str], datetime], dict[str, Kept]]
NowOf = Callable[[Sequence[str]], dict[str, Now]]

_provider: tuple[KeptOf, NowOf] | None = None


def register_kept(kept: KeptOf, now: NowOf) -> None:
    """Names the callables that know: clause codes and a moment -> figures by code, and clause codes -> what is owed now.
    Others after the first are a fault."""
    global _provider
    if _provider not in (None, (kept, now)):
        raise RuntimeError("the kept share has a provider already")
    _provider = (kept, now)


def kept_of(codes: Sequence[str], at: datetime) -> dict[str, Kept | None]:
    """The figures of each clause; None where nothing is counted, or nothing that counts is installed."""
    known = _provider[0](codes, at) if _provider is not None and codes else {}
    return {code: known.get(code) for code in codes}


def now_of(codes: Sequence[str]) -> dict[str, Now | None]:
    """What is owed under each clause at this moment; None where nothing is."""
    known = _provider[1](codes) if _provider is not None and codes else {}
    return {code: known.get(code) for code in codes}
