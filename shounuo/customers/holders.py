"""What higher parts keep of a customer (his cases, his portal sessions), so that merging, exporting and
erasing a person reach it all. Filled in each app's `ready()`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Holder:
    """`move(source_id, target_id, ids)`: gives the target what the source holds (only those of `ids` unless
    None) and returns the ids moved. `export(customer_id)`: his data in plain values. `erase(customer_id,
    at)`: takes his words, names and addresses out for good. All run in the transaction of the merge or
    erasure and publish their own events.
    """

    kind: str
    move: Callable[[int, int, list[int] | None], list[int]]
    export: Callable[[int], list[dict[str, Any]]]
    erase: Callable[[int, datetime], int]


_holders: dict[str, Holder] = {}


def register(holder: Holder) -> None:
    """Adds a kind; a second registration is a fault."""
    if holder.kind in _holders:
        raise RuntimeError(f"holder {holder.kind} is registered twice")
    _holders[holder.kind] = holder


def all_holders() -> list[Holder]:
    return [_holders[kind] for kind in sorted(_holders)]
