"""How a sample is drawn. Pure, and the same for ever: what a seed drew once it draws again.

Every unit has a rank that its key and the seed alone decide, as if by lot; the sample are the lowest ranks of those that some
inspector may judge. So it is uniform, does not depend on the order in which units are given, and can be checked by anybody
who has the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256

LEAST_AHEAD = 40


@dataclass(frozen=True, slots=True)
class Unit:
    """Something that can be drawn: a thing (kind, id), by the clock on it where clocks are looked at; `stratum` is what it
    is drawn by (a team's id, 0 for none)."""

    kind: str
    id: int
    clock: int = 0
    clause: str = ""
    stratum: int = 0

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.id}:{self.clock}"


@dataclass(frozen=True, slots=True)
class Drawn:
    """One that was drawn, and who is to judge it."""

    unit: Unit
    inspector: int


@dataclass(frozen=True, slots=True)
class Share:
    """A stratum: how many units it has, how many were wanted and drawn, and how many were passed over because none of the
    inspectors may judge them."""

    stratum: int
    population: int
    wanted: int
    drawn: int
    skipped: int


Fits = Callable[[Sequence[Unit]], Mapping[Unit, Collection[int]]]
"""Units -> the inspectors who may judge each: who see it and had no part in it."""


def rank(seed: int, key: str) -> int:
    """The unit's lot under a seed: a whole number below 2**64."""
    return int.from_bytes(blake2b(f"{seed}:{key}".encode(), digest_size=8).digest(), "big")


def ordered(units: Iterable[Unit], seed: int) -> list[Unit]:
    """The units in the order in which the seed draws them."""
    return sorted(units, key=lambda u: (rank(seed, u.key), u.key))


def digest(units: Iterable[Unit]) -> str:
    """A mark of the population, 16 letters: equal for the same units in any order."""
    told = "\n".join(sorted(u.key for u in units))
    return sha256(told.encode()).hexdigest()[:16]


def allot(sizes: Mapping[int, int], size: int) -> dict[int, int]:
    """How many to draw from each stratum: in proportion to its size, at least one from each where the sample is large enough, never more than it has. Sums to the smaller of size and population."""
    total = sum(sizes.values())
    size = min(size, total)
    filled = sorted(s for s, n in sizes.items() if n)
    if not filled:
        return dict.fromkeys(sizes, 0)
    base = 1 if size >= len(filled) else 0
    found = dict.fromkeys(sizes, 0) | dict.fromkeys(filled, base)
    exact = {s: size * sizes[s] / total for s in filled}
    for _one in range(size - sum(found.values())):
        most = min((s for s in filled if found[s] < sizes[s]), key=lambda s: (found[s] - exact[s], s))
        found[most] += 1
    return found


def draw(
    units: Iterable[Unit], size: int, seed: int, fits: Fits, *, by_stratum: bool = False
) -> tuple[list[Drawn], list[Share]]:
    """The sample, in the order of its lots, and what was drawn of each stratum (one, 0, when not stratified).

    A unit that no inspector may judge is passed over and the next one drawn. Each goes to the one of its inspectors who
    has fewest so far.
    """
    strata: dict[int, list[Unit]] = {}
    for unit in units:
        strata.setdefault(unit.stratum if by_stratum else 0, []).append(unit)
    wanted = allot({s: len(of) for s, of in strata.items()}, size)
    loads: dict[int, int] = {}
    drawn: list[Drawn] = []
    shares = []
    for stratum in sorted(strata):
        chosen, skipped = _first(ordered(strata[stratum], seed), wanted[stratum], fits)
        for unit, able in chosen:
            who = min(
                sorted(able), key=lambda person: (loads.get(person, 0), rank(seed, f"{person}@{unit.key}"))
            )
            loads[who] = loads.get(who, 0) + 1
            drawn.append(Drawn(unit, who))
        shares.append(Share(stratum, len(strata[stratum]), wanted[stratum], len(chosen), skipped))
    return sorted(drawn, key=lambda d: rank(seed, d.unit.key)), shares


def _first(units: Sequence[Unit], count: int, fits: Fits) -> tuple[list[tuple[Unit, Collection[int]]], int]:
    """The first `count` that somebody may judge, and how many before the last of them nobody may."""
    chosen: list[tuple[Unit, Collection[int]]] = []
    skipped = place = 0
    while len(chosen) < count and place < len(units):
        ahead = units[place : place + max(LEAST_AHEAD, 2 * (count - len(chosen)))]
        able = fits(ahead)
        place += len(ahead)
        for unit in ahead:
            if len(chosen) == count:
                break
            if able.get(unit):
                chosen.append((unit, able[unit]))
            else:
                skipped += 1
    return chosen, skipped


def agrees(
    units: Iterable[Unit], seed: int, taken: Collection[str], shares: Sequence[Share], *, by_stratum: bool
) -> bool:
    """Whether a sample (keys) is the one that the seed draws: in each stratum the sampled and the passed over are all there is
    up to the highest lot taken."""
    strata: dict[int, list[Unit]] = {}
    for unit in units:
        strata.setdefault(unit.stratum if by_stratum else 0, []).append(unit)
    known = {s.stratum: s for s in shares}
    for stratum, of in strata.items():
        lots = [u.key in taken for u in ordered(of, seed)]
        last = max((n for n, is_in in enumerate(lots) if is_in), default=-1)
        share = known.get(stratum)
        if (
            share is None
            or sum(lots) != share.drawn
            or (share.drawn and last + 1 - share.drawn > share.skipped)
        ):
            return False
    return True
