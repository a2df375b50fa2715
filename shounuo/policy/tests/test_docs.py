"""docs/events.md and docs/policy-format.md keep up with the code."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from functools import cache
from pathlib import Path

import yaml

from shounuo.policy import packs, registers
from shounuo.policy.foreseen import FORESEEN
from shounuo.policy.reading import read_pack
from shounuo.policy.schema import EVIDENCE, RULES, Clause, Evidence, Practice
from shounuo.policy.vocabulary import FACTS

DOCS = Path(packs.FOLDER).parent / "docs"
EVENTS = (DOCS / "events.md").read_text(encoding="utf-8")
FORMAT = (DOCS / "policy-format.md").read_text(encoding="utf-8")


@cache
def declared():
    """The kinds that the product declares, without those that tests add to the registry of this process."""
    program = (
        "import django; django.setup()\n"
        "from shounuo.events import registry; print(*registry.kinds(), sep=chr(10))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


def lines(part):
    """First cells of the tables of a section."""
    return dict(re.findall(r"^\| `([^`]+)` \| (.*)$", part, re.MULTILINE))


def test_every_kind_of_event_is_documented_with_its_payload():
    """A part that declares a kind adds a line to docs/events.md."""
    documented = lines(EVENTS.partition("## Kinds of parts to come")[0])
    assert declared() - set(documented) == set()


def test_every_foreseen_kind_is_documented_with_its_part():
    documented = lines(EVENTS.partition("## Kinds of parts to come")[2].partition("## The registers")[0])
    assert {kind: line.split(" |")[0] for kind, line in documented.items()} == {
        kind: foreseen.part for kind, foreseen in FORESEEN.items()
    }


def test_every_word_of_the_registers_has_its_event():
    words = {
        word
        for rows in registers.read(packs.register_files()).values()
        for row in rows.values()
        for word in re.findall(r"(?:^|;)(?:from|to|before)=([^;]*)", row.figures)
    }
    documented = lines(EVENTS.partition("## The registers")[2])
    assert set(documented) == words
    named = {k for line in documented.values() for k in re.findall(r"`([a-z_]+\.[a-z_]+)`", line)}
    assert named - declared() - set(FORESEEN) == set()


def test_the_format_shows_every_field_of_every_kind_of_rule():
    inside = {"starts": "from", "due_of": "due_of", "threshold": "op"}
    for kind, cls in RULES.items():
        section = FORMAT.partition(f"### {kind} ")[2].partition("\n###")[0]
        for field in fields(cls):
            if field.name not in ("line", "name", "title", "title_en", "note", "covers"):
                name = inside.get(field.name, field.name)
                assert re.search(rf"\b{name}:", section), (kind, field.name)


def test_every_metric_that_a_shipped_pack_names_is_in_the_table():
    table = (DOCS / "parts" / "packs.md").read_text(encoding="utf-8").partition("## Metrics")[2]
    named = set()
    for path in packs.files():
        pack = read_pack(path.read_text(encoding="utf-8"), path.name)
        named |= {metric for _c, rule in pack.rules() if (metric := getattr(rule, "metric", ""))}
        named |= {proof.metric for c in pack.clauses for proof, _rows in c.proofs() if proof.metric}
    assert set(lines(table)) == named


def test_the_format_names_every_fact_of_a_case():
    assert [f for f in FACTS["case"] if f"`{f}`" not in FORMAT] == []


def test_the_format_shows_every_field_of_a_clause_a_practice_and_a_piece_of_evidence():
    inside = {"text": "practice", "text_en": "practice_en", "events": "event", "metric": "code"}
    names = {f.name for cls in (Clause, Practice, Evidence) for f in fields(cls)} - {"line", "kind"}
    assert [n for n in names if not re.search(rf"\b{inside.get(n, n)}:", FORMAT)] == []
    assert [kind for kind in EVIDENCE if f"`{kind}`" not in FORMAT] == []


def test_the_examples_of_the_format_are_rules_that_can_be_read():
    examples = re.findall(r"```yaml\n(- .*?)```", FORMAT, re.DOTALL)
    assert len(examples) == len(RULES)
    rules = "".join("      " + line + "\n" for block in examples for line in block.splitlines())
    head = 'pack: x\ntitle: x\nversion: "1"\ndefault_calendar: business\nclauses:\n'
    pack = read_pack(f"{head}  - id: X-1\n    title: x\n    wording: x\n    rules:\n{rules}", "format.yaml")
    assert list(dict.fromkeys(r.kind for r in pack.clauses[0].rules)) == list(RULES)
    assert yaml.safe_load(rules)
