"""The reader behind the events: what they may have changed is observed anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
    subjects were. Sources that were never built, or are being read elsewhere, are left alone. A transaction per batch
    of events: killed half-way, it goes on from there. With `batches` it reads at most so many for each source.
    """
    wanted = None if sources is None else set(sources)
    touched = 0
    for source in registry.sources():
        if wanted is not None and source.code not in wanted:
            continue
        for _n in count() if batches is None else range(batches):
            if (step := _step(source, at)) is None:
                break
            touched += step
    return touched


def build_missing(*, at: datetime, progress: Callable[[int, int], None] | None = None) -> list[str]:
    """Builds the sources that are new, whose meaning has changed, or whose building was broken off; returns them."""
    built = {p.source: p.signature for p in Progress.objects.filter(built_at__isnull=False)}
    missing = [s for s in registry.sources() if built.get(s.code) != observing.signature(s)]
    if missing:
        rebuilding.rebuild(sources=[s.code for s in missing], at=at, progress=progress)
    return [s.code for s in missing]


def _step(source: Source, at: datetime) -> int | None:
    """One batch of events; None when there was none, or another reads for this source."""
    with transaction.atomic():
        row = Progress.objects.select_for_update(skip_locked=True).filter(source=source.code).first()
        if row is None:
            return None
        position = Position(row.xid, row.event_id)
        found, onward = events.read_after(position, kinds=source.kinds, limit=BATCH)
        if onward == position:
            return None
        keys = observing.touched(
            source, [Touch(e.kind, (e.subject_kind, e.subject_id), e.payload) for e in found]
        )
        observing.observe_all(source, keys)
        row.xid, row.event_id = onward
        row.read_at = at
        row.save(update_fields=["xid", "event_id", "read_at"])
    return len(keys)
