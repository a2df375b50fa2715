"""What a rule would have done so far, had it applied from the beginning: for rules that come to apply late. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shounuo.commitments.ruleset import LiveRule, any_counts
from shounuo.policy.schema import EventSpec


@dataclass(frozen=True, slots=True)
class Past:
    """An event of the subject's history, oldest first; `roles` of its actor where some rule asks for them."""

    id: int
    kind: str
    at: datetime
    payload: dict[str, Any]
    roles: frozenset[str] = frozenset()


@dataclass(slots=True)
class Found:
    """A clock that would have been started: by which event, in which round, what met it, when it stood still
    (the last pause may be open)."""

    start: Past
    round: int
    met: Past | None = None
    over: bool = False
    pauses: list[tuple[datetime, datetime | None, str]] = field(default_factory=list)


def restarts(subject: str, kind: str) -> bool:
    """True for the events that open a finished matter again."""
    return kind in (f"{subject}.reopened", f"{subject}.disputed")


def given_up(subject: str) -> tuple[str, str]:
    """The events after which nothing is owed on a subject any more, though nothing was done."""
    return f"{subject}.cancelled", f"{subject}.missed"


def state_after(subject: str, kind: str, payload: dict[str, Any]) -> str | None:
    """The state that an event puts its subject in, as far as pauses need it; None when it says nothing of it.

    An event may say it in `status`; `<subject>.waiting {on}` means waiting_<on>.
    """
    if isinstance(payload.get("status"), str):
        return str(payload["status"])
    noun, _dot, verb = kind.partition(".")
    if noun != subject:
        return None
    if verb == "waiting":
        return f"waiting_{payload.get('on') or 'customer'}"
    return {
        "resumed": "open",
        "reopened": "open",
        "disputed": "open",
        "accepted": "open",
        "resolved": "resolved",
        "closed": "closed",
    }.get(verb)


def failed_ref(kind: str, payload: dict[str, Any]) -> int | None:
    """The interaction that an event says was not delivered (`interaction.failed {interaction}`), else None."""
    ref = payload.get("interaction")
    return ref if kind.endswith(".failed") and isinstance(ref, int) else None


def failed_refs(history: Iterable[Past]) -> set[int]:
    """All interactions that were not delivered."""
    return {ref for p in history if (ref := failed_ref(p.kind, p.payload)) is not None}


def replay(
    rule: LiveRule, history: Sequence[Past], *, opens: Callable[[Found], datetime | None]
) -> list[Found]:
    """The clocks that the rule would have started and that were not called off, in order.

    `opens` says before which moment an answer does not count. Start events from before the rule ran do not count.
    """
    spec, subject = rule.spec, rule.spec.subject
    found: list[Found] = []
    merged: list[Found] = []
    state = ""
    failed = failed_refs(history)
    for event in history:
        running = [f for f in found if f.met is None and not f.over]
        for clock in running:
            if _counts(spec.cancel, event):
                clock.over = True
            elif _counts(spec.until, event) and event.payload.get("interaction") not in failed:
                earliest = opens(clock)
                if earliest is None or event.at >= earliest:
                    _stop_pause(clock, event.at)
                    clock.met = event
        running = [f for f in running if f.met is None and not f.over]
        if event.kind == f"{subject}.merged":
            merged = running
        if event.kind in (f"{subject}.merged", *given_up(subject)) or (
            event.kind == f"{subject}.closed" and not spec.outlives_close
        ):
            for clock in running:
                clock.over = True
        if event.kind == f"{subject}.merge_undone":
            for clock in merged:
                clock.over = False
        state_now = state_after(subject, event.kind, event.payload)
        if state_now is not None and state_now != state:
            state = state_now
            for clock in running:
                _stop_pause(clock, event.at)
                if state in spec.pause:
                    clock.pauses.append((event.at, None, state))
        if not rule.was_running(event.at):
            continue
        again = rule.restarts and restarts(subject, event.kind) and bool(found)
        if again or _counts(spec.starts, event):
            alone = spec.each and not again
            if alone or not found or (again and all(f.met or f.over for f in found)):
                found.append(Found(event, 1 if alone else len(found) + 1))
                if state in spec.pause:
                    found[-1].pauses.append((event.at, None, state))
    return [f for f in found if not f.over]


def later_answer(specs: Sequence[EventSpec], history: Iterable[Past], after: int) -> Past | None:
    """The first event past `after` that met the specs and was delivered: what counts when the first answer failed."""
    history = list(history)
    failed = failed_refs(history)
    for event in history:
        if event.id > after and _counts(specs, event) and event.payload.get("interaction") not in failed:
            return event
    return None


def _counts(specs: Sequence[EventSpec], event: Past) -> bool:
    return any_counts(specs, event.kind, event.payload, event.roles)


def _stop_pause(clock: Found, at: datetime) -> None:
    if clock.pauses and clock.pauses[-1][1] is None:
        from_, _open, reason = clock.pauses.pop()
        if at > from_:
            clock.pauses.append((from_, at, reason))
