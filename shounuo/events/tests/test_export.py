"""The log as files: everything the reader may see, nothing else, and safe to open."""

import csv
import io
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.db import transaction

from shounuo.events import export, registry, subjects
from shounuo.events.services import NewEvent, publish
from shounuo.events.subjects import People, Subject
from shounuo.kernel.actors import Actor

pytestmark = pytest.mark.django_db
AT = datetime(2026, 10, 10, 2, 0, tzinfo=UTC)
registry.declare(
    "tale.told", subject="tale", payload={"by": str, "size": int, "ids": list, "late": bool}, label="讲了"
)
XES = "{http://www.xes-standard.org/}"


@pytest.fixture
def tales(monkeypatch):
    """Five subjects with three events each; the second is named as a formula, the third is hidden from people."""
    labels = {1: "2026-1", 2: "=cmd|'/C calc'!A0", 3: "秘密", 4: '<&"\x01>', 5: "2026-5"}
    subject = Subject(
        kind="tale",
        facts=lambda ids: {},
        visible_ids=lambda actor, ids: {i for i in ids if i != 3} if actor.kind == "person" else set(),
        people=lambda id: People(),
        label=lambda ids: {i: labels[i] for i in ids},
        url=lambda id: "",
    )
    monkeypatch.setitem(subjects._subjects, "tale", subject)
    with transaction.atomic():
        publish(
            [
                NewEvent(
                    "tale.told",
                    ("tale", id),
                    AT + timedelta(minutes=n),
                    Actor.person(7) if n else Actor.system(),
                    {"by": "L1", "size": n, "ids": [1, 2], "late": bool(n)},
                )
                for n in range(3)
                for id in range(1, 6)
            ]
        )


def table(actor=None, **given):
    text = b"".join(export.as_csv(actor or Actor.person(1), kind="tale", **given)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_table_holds_each_event_in_its_subjects_order(tales):
    rows = table(Actor.system())
    assert [(r["id"], r["seq"]) for r in rows] == [(str(i), str(n)) for i in range(1, 6) for n in (1, 2, 3)]
    first = rows[1]
    assert (first["event"], first["label"], first["actor"]) == ("tale.told", "讲了", "person:7")
    assert first["at"] == "2026-10-10T02:01:00+00:00"
    assert first["payload"] == '{"by": "L1", "ids": [1, 2], "late": true, "size": 1}'


def test_it_begins_with_the_mark_and_runs_no_formula(tales):
    raw = b"".join(export.as_csv(Actor.system(), kind="tale"))
    assert raw.startswith(b"\xef\xbb\xbfcase,")
    for row in table(Actor.system()):
        assert all(not cell or cell[0] not in "=+-@\t\r" for cell in row.values())
    assert table(Actor.system())[3]["case"] == "'=cmd|'/C calc'!A0"


def test_only_what_the_reader_may_see_is_in_it(tales):
    assert {r["id"] for r in table()} == {"1", "2", "4", "5"}
    assert table(Actor.customer(1)) == []
    assert "秘密" not in b"".join(export.as_xes(Actor.person(1), kind="tale")).decode()
    assert list(export.as_csv(Actor.system(), kind="nothing"))[2:] == []


def test_it_is_narrowed_by_time(tales):
    rows = table(Actor.system(), since=AT + timedelta(minutes=1), until=AT + timedelta(minutes=2))
    assert {r["seq"] for r in rows} == {"2"} and len(rows) == 5


def test_the_log_is_well_formed_and_typed(tales):
    root = ElementTree.fromstring(b"".join(export.as_xes(Actor.system(), kind="tale")))
    traces = root.findall(f"{XES}trace")
    assert len(traces) == 5 and root.attrib["xes.version"] == "1849-2016"
    assert traces[3].find(f"{XES}string").attrib == {"key": "concept:name", "value": '<&">'}
    event = traces[0].findall(f"{XES}event")[1]
    values = {e.attrib["key"]: (e.tag.removeprefix(XES), e.attrib["value"]) for e in event}
    assert values == {
        "concept:name": ("string", "tale.told"),
        "time:timestamp": ("date", "2026-10-10T02:01:00.000+00:00"),
        "org:resource": ("string", "person:7"),
        "lifecycle:transition": ("string", "complete"),
        "seq": ("int", "2"),
        "sn:by": ("string", "L1"),
        "sn:size": ("int", "1"),
        "sn:ids": ("string", "1, 2"),
        "sn:late": ("boolean", "true"),
    }


def test_it_streams_in_steps_with_few_queries(tales, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(export, "CHUNK", 2)
    with django_assert_num_queries(7):  # ids and events three times, and the end
        assert len(list(export.as_csv(Actor.system(), kind="tale"))) == 17
