"""Where a playbook goes on. Pure."""

from __future__ import annotations

from shounuo.policy.schema import END, Playbook, PlaybookStep

MOST_STEPS = 200
"""So many steps a run takes at most: one that goes round and round is stopped."""


def following(spec: Playbook, name: str, outcome: str = "") -> PlaybookStep | None:
    """The step after one of this name that was done with the outcome; None = it is over."""
    names = [s.name for s in spec.steps]
    step = spec.steps[names.index(name)]
    to = dict(step.next).get(outcome)
    if to is None:
        below = names.index(name) + 1
        return spec.steps[below] if below < len(names) else None
    return None if to == END else spec.steps[names.index(to)]


def ahead(spec: Playbook, name: str) -> list[PlaybookStep]:
    """The steps that follow one of this name if nothing branches, each once."""
    found: list[PlaybookStep] = []
    step = following(spec, name)
    while step is not None and step not in found:
        found.append(step)
        step = following(spec, step.name)
    return found
