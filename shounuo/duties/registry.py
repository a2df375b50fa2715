"""The kinds of duty, each declared once by the part that makes them.

A part that must act when one of its duties is done registers `on_done`: it is called in the transaction of the act, so that
the inbox, the duty's own page, the API and bulk acts all have the same effect. A part whose duties only some people can do
registers `may_hold`: nobody else is given one, nor takes one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from shounuo.kernel.actors import Actor

if TYPE_CHECKING:
    from shounuo.duties.models import Duty, Evidence

DoneHook = Callable[["Duty", "Evidence", Actor, datetime], None]
HoldHook = Callable[["Duty", datetime], Collection[int]]


@dataclass(frozen=True, slots=True)
class DutyKind:
    """`label` is its name, `icon` the sprite's. `outcomes` are the ways in which it can be done (code -> label; none =
    just done). `needs_evidence`: it cannot be done without a note,
    a file or a thing that shows it. `by_hand` False: it is done by an act of its
    own part alone (an approval is decided, a survey answered), at the page of `page(duty)`, never ticked off.
    `begun` and `ended` are the kinds of event that are published on it beside duty.created and duty.done, in the words
    of regulations, with the department of its team (`dept`) and who asked (`asker`)."""

    code: str
    label: Any
    icon: str = "checklist"
    outcomes: Mapping[str, Any] = field(default_factory=dict)
    needs_evidence: bool = False
    by_hand: bool = True
    page: Callable[[Duty], str] | None = None
    begun: str = ""
    ended: str = ""
    held: bool = False
    stood_in: bool = False


_kinds: dict[str, DutyKind] = {}
_done: dict[str, DoneHook] = {}
_hold: dict[str, HoldHook] = {}


def declare(
    code: str,
    label: Any,
    *,
    icon: str = "checklist",
    outcomes: Mapping[str, Any] | None = None,
    needs_evidence: bool = False,
    by_hand: bool = True,
    page: Callable[[Duty], str] | None = None,
    begun: str = "",
    ended: str = "",
    held: bool = False,
    stood_in: bool = False,
) -> str:
    """Adds a kind of duty and gives its code back; a second declaration is a fault."""
    if code in _kinds:
        raise RuntimeError(f"duty kind {code} is declared twice")
    _kinds[code] = DutyKind(
        code, label, icon, outcomes or {}, needs_evidence, by_hand, page, begun, ended, held, stood_in
    )
    return code


def on_done(code: str, hook: DoneHook) -> None:
    """The hook is called with (duty, evidence, actor, at) in the transaction in which a duty of this kind is done."""
    if code in _done:
        raise RuntimeError(f"duty kind {code} has two hooks")
    _done[code] = hook


def may_hold(code: str, hook: HoldHook) -> None:
    """The hook is called with (duty, at) and tells the ids of the people who may have a duty of this kind."""
    if code in _hold:
        raise RuntimeError(f"duty kind {code} has two hooks")
    _hold[code] = hook


def holders_of(duty: Duty, at: datetime) -> frozenset[int] | None:
    """The ids of the people who may have an open duty; None where its kind leaves it open to everybody."""
    hook = _hold.get(duty.kind)
    return frozenset(hook(duty, at)) if hook is not None else None


def is_reserved(code: str) -> bool:
    """Not everybody may have a duty of this kind."""
    return code in _hold


def kind_of(code: str) -> DutyKind:
    """The declaration; a kind that this version no longer knows is named by its code and done by hand."""
    return _kinds.get(code) or DutyKind(code, _("待办"))


def is_declared(code: str) -> bool:
    return code in _kinds


def kinds() -> dict[str, DutyKind]:
    """All declarations by code."""
    return dict(sorted(_kinds.items()))


def endings() -> frozenset[str]:
    """The kinds of event by which a duty is done."""
    return frozenset({"duty.done", *(k.ended for k in _kinds.values() if k.ended)})


def stood_in() -> list[str]:
    """The kinds that a stand-in sees in place of whoever is away."""
    return sorted(code for code, kind in _kinds.items() if kind.stood_in)


def hook_of(code: str) -> DoneHook | None:
    return _done.get(code)
