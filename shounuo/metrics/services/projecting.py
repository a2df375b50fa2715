"""The reader behind the events: what they may have changed is observed anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import count

from django.db import transaction

from shounuo.events import queries as events
from shounuo.events.queries import Position
from shounuo.metrics import registry
from shounuo.metrics.models import Progress
from shounuo.metrics.registry import Source, Touch
from shounuo.metrics.services import observing, rebuilding

BATCH = 5000


def catch_up(*, at: datetime, sources: Iterable[str] | None = None, batches: int | None = None) -> int:
    """Reads the events that were written since the last time and observes anew whom they touch; returns how many
    subjects were. Sources that were never built, or are being read elsewhere, are left alone. Sources that
    stand at one place of the log read it together, a transaction per batch of events: killed half-way, they go on from
    there. With `batches` they read at most so many.
    """
    wanted = None if sources is None else set(sources)
    chosen = {s.code: s for s in registry.sources() if wanted is None or s.code in wanted}
    standing: dict[Position, list[Source]] = {}
    for row in Progress.objects.filter(source__in=chosen):
        standing.setdefault(Position(row.xid, row.event_id), []).append(chosen[row.source])
    touched = 0
    for start, group in sorted(standing.items(), key=lambda item: item[0]):
        position = start
        for _n in count() if batches is None else range(batches):
            onward, observed = _step(group, position, at)
            touched += observed
            if onward is None:
                break
            position = onward
    return touched


def build_missing(*, at: datetime, progress: Callable[[int, int], None] | None = None) -> list[str]:
    """Builds the sources that are new, whose meaning has changed, or whose building was broken off; returns them."""
    built = {p.source: p.signature for p in Progress.objects.filter(built_at__isnull=False)}
    missing = [s for s in registry.sources() if built.get(s.code) != observing.signature(s)]
    if missing:
        rebuilding.rebuild(sources=[s.code for s in missing], at=at, progress=progress)
    return [s.code for s in missing]


def _step(group: Sequence[Source], position: Position, at: datetime) -> tuple[Position | None, int]:
    """One batch of events, read once for all sources that stand at the position; returns where they stand now (None: there
    was none) and how many subjects were observed. One that has moved meanwhile, or is being moved, is left alone."""
    with transaction.atomic():
        standing = Progress.objects.filter(
            source__in=[s.code for s in group], xid=position.xid, event_id=position.id
        )
        held = set(standing.select_for_update(skip_locked=True).values_list("source", flat=True))
        mine = [s for s in group if s.code in held]
        if not mine:
            return None, 0
        found, onward = events.read_after(
            position, kinds=frozenset().union(*(s.kinds for s in mine)), limit=BATCH
        )
        if onward == position:
            return None, 0
        touches = [Touch(e.kind, (e.subject_kind, e.subject_id), e.payload) for e in found]
        observed = 0
        for source in mine:
            keys = observing.touched(source, [t for t in touches if t.kind in source.kinds])
            observing.observe_all(source, keys)
            observed += len(keys)
        Progress.objects.filter(source__in=held).update(xid=onward.xid, event_id=onward.id, read_at=at)
    return onward, observed
