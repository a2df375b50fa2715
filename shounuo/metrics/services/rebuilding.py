"""All observations anew: the same as reading all events from the beginning, in a fraction of the time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from shounuo.events import queries as events
from shounuo.events.models import Event
from shounuo.kernel.errors import Conflict, NotFound
from shounuo.metrics import registry
from shounuo.metrics.models import Observation, Progress
from shounuo.metrics.registry import Source, Touch
from shounuo.metrics.services import observing

Tell = Callable[[int, int], None]
"""Told how many subjects are done, of how many."""
_LOCK = 0x5A0F16


@dataclass
class Report:
    """How many observations each source has made."""

    made: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.made.values())


def rebuild(
    *,
    sources: Iterable[str] | None = None,
    since: datetime | None = None,
    at: datetime,
    progress: Tell | None = None,
) -> Report:
    """Makes the observations of the sources (None: all) anew; with `since` only those of subjects to which something
    happened from then on.

    Runs beside the reader and beside readers of figures: a transaction per few thousand subjects. Broken off, it is
    begun again. NotFound for a source that nobody declares, Conflict when another rebuild is under way.
    """
    chosen = [_source(code) for code in sources] if sources is not None else registry.sources()
    report = Report()
    with _alone():
        if since is not None:
            for source in chosen:
                report.made[source.code] = _since(source, since, progress)
            return report
        units = {source.code: source.units() for source in chosen}
        total = sum(last - first + 1 for ranges in units.values() for _kind, first, last in ranges)
        done = 0
        for source in chosen:
            _begin(source)
            made = 0
            _forget_others(source, units[source.code])
            for kind, first, last in units[source.code]:
                for start in range(first, last + 1, observing.CHUNK):
                    end = min(start + observing.CHUNK - 1, last)
                    with transaction.atomic():
                        Progress.objects.select_for_update().get(source=source.code)
                        made += observing.observe_range(source, kind, start, end)
                    done += end - start + 1
                    if progress is not None:
                        progress(done, total)
            Progress.objects.filter(source=source.code).update(built_at=at)
            report.made[source.code] = made
    tidy()
    return report


def tidy() -> None:
    """Statistics and visibility of the table, so that figures are read from the index alone; outside a transaction."""
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) metrics_observation")


def _source(code: str) -> Source:
    found = registry.source_of(code)
    if found is None:
        raise NotFound(_("没有数据来源 %(code)s") % {"code": code}, code="no_source")
    return found


def _begin(source: Source) -> None:
    """From here on the reader keeps up: its position is set before the first subject is read, so that it need not read
    again what the rebuild covers."""
    with transaction.atomic():
        end = events.end()
        row, _created = Progress.objects.select_for_update().get_or_create(
            source=source.code,
            defaults={"signature": "", "xid": end.xid, "event_id": end.id},
        )
        row.xid, row.event_id = max((row.xid, row.event_id), end)
        row.signature, row.built_at = observing.signature(source), None
        row.save(update_fields=["signature", "built_at", "xid", "event_id"])


def _forget_others(source: Source, units: list[tuple[str, int, int]]) -> None:
    """Takes away what is left of subjects outside the ranges that there are now."""
    with transaction.atomic():
        rows = Observation.objects.filter(source=source.code)
        for kind, first, last in units:
            rows = rows.exclude(subject_kind=kind, subject_id__gte=first, subject_id__lte=last)
        rows._raw_delete(rows.db)


def _since(source: Source, since: datetime, progress: Tell | None) -> int:
    rows = Event.objects.filter(at__gte=since, kind__in=source.kinds)
    keys: set[registry.Key] = set()
    batch: list[Touch] = []
    for kind, subject_kind, subject_id, payload in rows.values_list(
        "kind", "subject_kind", "subject_id", "payload"
    ).iterator():
        batch.append(Touch(kind, (subject_kind, subject_id), payload))
        if len(batch) == observing.CHUNK:
            keys |= observing.touched(source, batch)
            batch = []
    keys |= observing.touched(source, batch)
    ordered = sorted(keys)
    made = 0
    for start in range(0, len(ordered), observing.CHUNK):
        with transaction.atomic():
            Progress.objects.select_for_update().filter(source=source.code).first()
            made += observing.observe_all(source, ordered[start : start + observing.CHUNK])
        if progress is not None:
            progress(min(start + observing.CHUNK, len(ordered)), len(ordered))
    return made


@contextmanager
def _alone() -> Iterator[None]:
    """One rebuild at a time; the lock goes with the connection, so a killed one holds nobody up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise Conflict(_("指标正在重算，请等它完成"), code="rebuilding")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
