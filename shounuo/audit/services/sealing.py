"""Writing the log of access and configuration, sealing it together with the events, and checking the
seals.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, connection, transaction

from shounuo.audit import rules
from shounuo.audit.models import Pruning, Seal
from shounuo.kernel.secrets import signature, signature_holds

log = logging.getLogger("shounuo.audit")
BATCH = 10_000
_PURPOSE = "audit.seal"
_PRUNED = "audit.pruned"


@dataclass(frozen=True, slots=True)
class Source:
    """A table under seal: its rows as the columns of `select` in order of id."""

    name: str
    table: str
    select: str


SOURCES = (
    Source(
        "events",
        "events_event",
        "kind, at, subject_kind, subject_id, seq, actor_kind, actor_id, payload, xid::text",
    ),
    Source(
        "audit",
        "audit_entry",
        "at, actor_kind, actor_id, action, target_kind, target_id, detail, host(address)",
    ),
)


@dataclass(frozen=True, slots=True)
class Broken:
    """The first thing that is not as it was sealed: a row (`what` changed, missing, added) of `source` with
    its id, or a seal itself (`what` seal, chain, signature, pruning) with its id.
    """

    source: str
    id: int
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found. `sealed`, `unsealed` and `pruned` (sealed once, gone by retention) count rows by source;
    `heads` are the last digests, to be kept elsewhere: who can delete the newest seals with their rows leaves no other trace.
    """

    seals: int
    sealed: dict[str, int]
    unsealed: dict[str, int]
    pruned: dict[str, int]
    heads: dict[str, str]
    broken: Broken | None

    @property
    def intact(self) -> bool:
        return self.broken is None

    def __str__(self) -> str:
        """For the command line: what was read, and the first thing that is broken."""
        lines = [
            f"{name}: {self.sealed[name]} sealed, {self.unsealed.get(name, 0)} not yet, "
            f"{self.pruned[name]} past their time, head {self.heads[name]}"
            for name in self.sealed
        ]
        if self.broken is None:
            return "\n".join([*lines, f"intact: {self.seals} seals"])
        what = "row" if self.broken.what in ("changed", "missing", "added") else "seal"
        return "\n".join(
            [*lines, f"BROKEN: {self.broken.source} {what} {self.broken.id}: {self.broken.what}"]
        )


def seal(at: datetime) -> list[Seal]:
    """Seals all rows that are not sealed yet, in batches, each batch in a transaction of its own; returns the
    seals.

    To know that no earlier row can still appear, writers are held back for the moment it takes to read the
    last id; when some of them hold on for longer than three seconds, the source is left for the next time.
    """
    made: list[Seal] = []
    for source in SOURCES:
        last = _last_settled(source)
        while last is not None and (one := _seal_batch(source, last, at)) is not None:
            made.append(one)
            log.info("sealed %s to %d: %s", source.name, one.last_id, one.digest)
    return made


def _last_settled(source: Source) -> int | None:
    """The highest id below which every row is committed; None when that cannot be known now."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '3s'")
            cursor.execute(f"LOCK TABLE {source.table} IN SHARE MODE")
            cursor.execute(f"SELECT max(id) FROM {source.table}")  # noqa: S608  a name of ours
            found = cursor.fetchone()[0]
            cursor.execute("SET LOCAL lock_timeout = DEFAULT")
    except OperationalError as error:
        log.warning("%s is not sealed this time: %s", source.name, error)
        return None
    return None if found is None else int(found)


def _seal_batch(source: Source, last: int, at: datetime) -> Seal | None:
    with transaction.atomic():
        with connection.cursor() as cursor:  # two sealers take turns
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"audit.seal.{source.name}"])
        newest = Seal.objects.filter(source=source.name).order_by("-first_id").first()
        first_id = newest.last_id + 1 if newest else 1
        previous = newest.digest if newest else rules.FIRST
        proofs = list(_proofs(source, first_id, last, limit=BATCH))
        if not proofs:
            return None
        packed, last_id = rules.pack(proofs), proofs[-1][0]
        digest = rules.digest(source.name, first_id, last_id, previous, packed)
        return Seal.objects.create(
            source=source.name,
            first_id=first_id,
            last_id=last_id,
            rows=len(proofs),
            proofs=packed,
            digest=digest,
            previous=previous,
            signature=signature(_PURPOSE, digest, size=32),
            at=at,
        )


def verify() -> Report:
    """Reads everything under seal and compares; stops at the first row or seal that is not as it was
    sealed.
    """
    sealed: dict[str, int] = {}
    unsealed: dict[str, int] = {}
    pruned: dict[str, int] = {}
    heads: dict[str, str] = {}
    broken: Broken | None = None
    seals = 0
    for source in SOURCES:
        previous, last_id, count, gone, proved = rules.FIRST, 0, 0, 0, 0
        through = pruned_through(source.name)
        for one in Seal.objects.filter(source=source.name).order_by("first_id").iterator(chunk_size=20):
            seals += 1
            broken = broken or _check(source, one, previous, last_id + 1, through)
            previous, last_id = one.digest, one.last_id
            if one.last_id <= through:
                gone, proved = gone + one.rows, one.last_id
            else:
                count += one.rows
            if broken is not None:
                break
        if broken is None and proved != through:  # a pruning that ends at no seal is none of ours
            broken = Broken(source.name, through, "pruning")
        sealed[source.name], pruned[source.name], heads[source.name] = count, gone, previous
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*) FROM {source.table} WHERE id > %s",  # noqa: S608  a name of ours
                [last_id],
            )
            unsealed[source.name] = int(cursor.fetchone()[0])
        if broken is not None:
            break
    return Report(seals, sealed, unsealed, pruned, heads, broken)


def pruned_through(source: str) -> int:
    """The id up to which the rows of a source are gone by retention; 0 when all are there."""
    last = Pruning.objects.filter(source=source).order_by("-through_id").first()
    return 0 if last is None else last.through_id


def _check(source: Source, one: Seal, previous: str, first_id: int, through: int) -> Broken | None:
    packed = bytes(one.proofs)
    if one.previous != previous or one.first_id != first_id:
        return Broken(source.name, one.pk, "chain")
    if rules.digest(source.name, one.first_id, one.last_id, one.previous, packed) != one.digest:
        return Broken(source.name, one.pk, "seal")
    if not signature_holds(_PURPOSE, one.digest, one.signature, size=32):
        return Broken(source.name, one.pk, "signature")
    found = list(_proofs(source, one.first_id, one.last_id))
    if one.last_id <= through:  # gone by retention, which says so itself, under the same key
        if one.last_id == through and not _pruning_holds(source, one):
            return Broken(source.name, one.pk, "pruning")
        return Broken(source.name, found[0][0], "added") if found else None
    difference = rules.first_difference(rules.unpack(packed), found)
    return None if difference is None else Broken(source.name, *difference)


def pruning_sign(source: str, through_id: int, digest: str) -> str:
    """The signature of what retention took, up to the seal with this digest."""
    return signature(_PRUNED, f"{source}:{through_id}:{digest}", size=32)


def _pruning_holds(source: Source, one: Seal) -> bool:
    row = Pruning.objects.filter(source=source.name, through_id=one.last_id).first()
    return row is not None and signature_holds(
        _PRUNED, f"{source.name}:{one.last_id}:{one.digest}", row.signature, size=32
    )


def _proofs(
    source: Source, first_id: int, last_id: int, *, limit: int | None = None
) -> Iterator[tuple[int, bytes]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, {source.select} FROM {source.table} "  # noqa: S608  names of ours
            "WHERE id BETWEEN %s AND %s ORDER BY id LIMIT %s",
            [first_id, last_id, limit],
        )
        for id, *values in cursor.fetchall():
            yield rules.proof(id, values)
