"""A small vocabulary and packs for the reader's tests, independent of what the apps declare."""

from __future__ import annotations

from shounuo.policy.foreseen import Foreseen
from shounuo.policy.reading import PackInvalid, read_pack
from shounuo.policy.vocabulary import Fact, Vocabulary

WORDS = Vocabulary(
    known={
        "case.opened": {"channel": Fact(), "level": Fact(), "version": Fact(int)},
        "case.resolved": {},
        "case.closed": {},
        "case.transferred": {},
        "plan.proposed": {"options": Fact(int)},
        "interaction.received": {},
        "interaction.sent": {"automatic": Fact(bool), "channel": Fact(), "first": Fact(bool)},
        "call.answered": {},
        "person.signed_in": {},
        "clock.breached": {},
    },
    known_subjects=frozenset({"case", "person"}),
    foreseen={
        "survey.sent": Foreseen("feedback", ("channel",)),
        "lead.undecided": Foreseen("leads"),
        "thing.unsettled": Foreseen("risk", None),
    },
    foreseen_subjects={"lead": "leads", "crisis": "risk"},
    fields={"case": frozenset({"topic", "outcome"})},
    items={"case": {"solution_option": frozenset({"pros", "cons"})}},
    happens_to={"person.signed_in": "person", "case.opened": "case", "clock.breached": "*"},
)

COMMITMENT = """\
      - commitment: first-response
        subject: case
        from: interaction.received
        until: [interaction.sent, call.answered]
        within: PT30M
"""


def pack(rules: str = COMMITMENT, *, head: str = "", clause: str = "", tail: str = "") -> str:
    """A pack with one clause REG-1 whose rules begin at line 10 (9 + the lines of `head` and `clause`)."""
    return (
        'pack: test\ntitle: 测试\nversion: "1"\ndefault_calendar: business\n'
        + head
        + "clauses:\n  - id: REG-1\n    title: 响应\n    wording: 须有响应\n"
        + clause
        + ("    rules:\n" + rules if rules else "")
        + tail
    )


def read(text: str):
    return read_pack(text, "test.yaml", WORDS)


def rule(text: str):
    """The one rule of the text (indented by six)."""
    return read(pack(text)).clauses[0].rules[0]


def errors(text: str) -> list[str]:
    """What is wrong with a pack's text, line by line; [] when nothing is."""
    try:
        read(text)
    except PackInvalid as invalid:
        return [str(e) for e in invalid.errors]
    return []
