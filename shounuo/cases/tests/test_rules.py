"""The record, own fields, queries and ready answers: decisions without a database."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shounuo.cases.rules import filters, texts
from shounuo.cases.rules.fields import Field, missing, value_of, values_of
from shounuo.cases.rules.records import LABELS, Record
from shounuo.kernel.errors import Invalid

FULL = dict.fromkeys(LABELS, True)


def test_a_record_holds_seven_things():
    assert list(LABELS) == ["customer", "time", "problem", "course", "solution", "feedback", "handler"]
    assert Record(**FULL).complete


@pytest.mark.parametrize("lacking", LABELS)
def test_a_record_that_lacks_one_names_it(lacking):
    record = Record(**{**FULL, lacking: False})
    assert not record.complete and record.missing == [lacking] and len(record.filled) == 6


@pytest.mark.parametrize(
    ("type", "given_value", "kept"),
    [
        ("text", "  批次 F0926-3\x00 ", "批次 F0926-3"),
        ("text", "", None),
        ("text", None, None),
        ("number", "１２.50", 12.5),
        ("number", "1,260", 1260),
        ("number", -3, -3),
        ("number", 0, 0),
        ("date", "2026-10-10", "2026-10-10"),
        ("choice", "换货", "换货"),
        ("bool", "true", True),
        ("bool", False, False),
    ],
)
def test_a_value_is_kept_by_its_type(type, given_value, kept):
    field = Field("f", "字段", type, choices=("换货", "退货"))
    value = value_of(field, given_value)
    assert value == kept and isinstance(value, bool) == isinstance(kept, bool)


@pytest.mark.parametrize(
    ("type", "bad"),
    [
        ("text", 5),
        ("text", ["a"]),
        ("text", "长" * 2001),
        ("number", "3吨"),
        ("number", float("nan")),
        ("number", float("inf")),
        ("number", True),
        ("number", "1" * 30),
        ("number", "٣"),
        ("date", "2026-13-01"),
        ("date", "昨天"),
        ("date", 20261010),
        ("choice", "别的"),
        ("choice", 1),
        ("bool", "也许"),
        ("bool", {}),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_the_name_of_its_field(type, bad):
    field = Field("weight", "重量", type, choices=("换货",))
    with pytest.raises(Invalid) as raised:
        value_of(field, bad)
    assert raised.value.field == "custom.weight" and "重量" in str(raised.value)


def test_a_code_that_no_field_has_is_refused():
    with pytest.raises(Invalid) as raised:
        values_of([Field("batch", "批次", "text")], {"batch": "F1", "is_admin": True})
    assert raised.value.code == "unknown_field"


def test_missing_fields_are_those_of_the_kind_that_are_empty():
    fields = [
        Field("batch", "批次", "text", kinds=("complaint",), required_to_resolve=True),
        Field("model", "型号", "text", required_to_resolve=True),
        Field("note", "说明", "text"),
        Field("agreed", "已同意", "bool", required_to_resolve=True),
    ]
    custom = {"model": "MX-3", "agreed": False}
    assert [f.code for f in missing(fields, "complaint", custom)] == ["batch"]
    assert missing(fields, "inquiry", custom) == []


def test_placeholders_are_filled_once_and_never_evaluated():
    body = "{{customer}}您好，{{ me }}为您服务。{{ unknown }} {% now 'Y' %} {{ customer.pk }} ${me}"
    filled = texts.fill(body, {"customer": "{{me}}", "me": "林小满"})
    assert filled == "{{me}}您好，林小满为您服务。{{ unknown }} {% now 'Y' %} {{ customer.pk }} ${me}"
    assert texts.unknown(body) == ["unknown"]


def test_a_known_placeholder_without_a_value_becomes_empty():
    assert texts.fill("{{company}}你好", {}) == "你好"


def test_a_query_has_one_normal_form():
    asked = {
        "status": ["open", "new"],
        "owner": "me",
        "level": {"not": "L3"},
        "opened": {"from": "2026-10-01", "to": "2026-10-31"},
        "tag": "受潮",
        "custom.batch": "F0926-3",
        "sort": "updated",
    }
    normal = filters.normal(asked)
    assert normal == {
        "status": {"is": ["open", "new"]},
        "owner": {"is": ["me"]},
        "level": {"not": ["L3"]},
        "opened": {"from": ["2026-10-01"], "to": ["2026-10-31"]},
        "tag": {"is": ["受潮"]},
        "custom.batch": {"is": ["F0926-3"]},
        "sort": "updated",
    }
    assert filters.normal(normal) == normal


@pytest.mark.parametrize(
    "bad",
    [
        {"owner__password": "x"},
        {"status": "open' OR 1=1 --"},
        {"status": {"regex": ".*"}},
        {"status__in": ["open"]},
        {"sort": "password"},
        {"sort": "-updated_at"},
        {"sort": ["due"]},
        {"owner": "1 OR 1=1"},
        {"owner": {"is": {"gt": 1}}},
        {"owner": True},
        {"owner": 2**63},
        {"owner": -1},
        {"customer": "٣"},
        {"team": "a/b"},
        {"team": "x" * 61},
        {"topic": "feed'--"},
        {"opened": "2026-10-01T00:00:00"},
        {"opened": {"from": "P7D"}},
        {"opened": {"within": "2026-10-01"}},
        {"opened": {"within": "P0D"}},
        {"opened": {"from": ["2026-10-01", "2026-10-02"]}},
        {"opened": {"is": "2026-10-01"}},
        {"overdue": "maybe"},
        {"custom.a b": 1},
        {"custom.": 1},
        {"custom.x__gt": {"gt": 1}},
        {"custom.x": None},
        {"text": ""},
        {"text": 5},
        {"tag": ["a"] * 51},
        {"opened": {"from": "1969-12-31"}},
        {"opened": {"to": "9999-12-31"}},
        {"due": {"to": "2200-01-01T00:00:00+08:00"}},
        {"due": {"from": "0001-01-01T00:00:00+14:00"}},
        {1: 2},
        {"status": None},
        [],
        None,
        "status=open",
        {f"custom.f{i}": 1 for i in range(21)},
    ],
)
def test_what_is_on_no_list_is_refused(bad):
    with pytest.raises(Invalid):
        filters.normal(bad)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
names = st.sampled_from(
    [*filters.FILTERS, "custom.batch", "custom.' OR 1=1", "sort", "owner__id", "pk", "id"]
) | st.text(max_size=20)


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(names, json_values, max_size=5))
def test_whatever_is_asked_only_listed_fields_and_operators_come_out(asked):
    try:
        normal = filters.normal(asked)
    except Invalid:
        return
    assert filters.normal(json.loads(json.dumps(normal))) == normal
    for name, operators in normal.items():
        if name == "sort":
            assert operators in filters.SORTS
            continue
        assert name in filters.FILTERS or name.startswith("custom.")
        known = filters.FILTERS[name].operators if name in filters.FILTERS else ("is",)
        assert set(operators) <= set(known)
        assert all(isinstance(v, str | int | bool) for values in operators.values() for v in values)


def test_moments_carry_their_offset():
    moment = datetime(2026, 10, 10, 8, tzinfo=UTC).isoformat()
    assert filters.normal({"due": {"to": moment}})["due"] == {"to": [moment]}
