"""Cursors: what was given comes back, anything else is a clear error."""

import base64
import json
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta, timezone

import pytest

from shounuo.kernel import paging, reach
from shounuo.kernel.errors import Invalid

EAST, WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))


def cursor_of(*values):
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def test_a_position_comes_back_as_it_was_given():
    assert paging.decode(paging.encode("2026-10-10", 7), str, int) == ("2026-10-10", 7)
    assert paging.decode(paging.encode(2**63 - 1), int) == (2**63 - 1,)


@pytest.mark.parametrize(
    "cursor",
    ["", "!", "e30", cursor_of("7"), cursor_of(7, 7), cursor_of(True), cursor_of(-1), cursor_of(2**63)],
)
def test_what_nobody_was_given_is_refused_before_the_database_sees_it(cursor):
    with pytest.raises(Invalid) as refused:
        paging.decode(cursor, int)
    assert refused.value.code == "bad_cursor"


@pytest.mark.parametrize("text", ["a\x00b", "\x00", "\ud800", "a\x1bb"])
def test_a_text_that_no_database_takes_is_no_position(text):
    with pytest.raises(Invalid):
        paging.decode(cursor_of(text), str)


@pytest.mark.parametrize("deep", ["[" * 2000, '{"a":' * 2000, "[" * 2000 + "]" * 2000])
def test_a_cursor_of_brackets_within_brackets_is_refused(deep):
    with pytest.raises(Invalid):
        paging.decode(base64.urlsafe_b64encode(deep.encode()).decode(), int)


@pytest.mark.parametrize(
    "text",
    ["", "²", "2026-10-10", "2026-10-10T10:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"],
)
def test_a_moment_says_its_offset_and_has_days_around_it(text):
    with pytest.raises(Invalid):
        paging.moment_of(text)


def test_every_moment_that_can_be_named_or_counted_to_has_its_cursor():
    named = [
        datetime.combine(day, time(), offset) for day in (reach.FIRST, reach.LAST) for offset in (EAST, WEST)
    ]
    assert all(reach.can_be_named(moment) for moment in named)
    for moment in (*named, *(moment.astimezone(UTC) for moment in named), named[-1] + timedelta(days=36_525)):
        assert paging.moment_of(moment.isoformat()) == moment


def test_cursors_are_read_without_what_reads_requests():
    code = "import sys, shounuo.kernel.paging; print('pydantic' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


def test_a_list_at_hand_is_read_to_its_end_in_its_order():
    rows, read, cursor = ["c", "a", "d", "b", "e"], [], None
    for _page in range(3):
        page, cursor = paging.part(rows, str, cursor=cursor, limit=2)
        read += page
    assert (read, cursor) == (rows, None)
    assert paging.part([], str, cursor=None, limit=2) == ([], None)


def test_a_cursor_of_a_row_that_is_not_there_is_refused():
    _page, cursor = paging.part(["a", "b"], str, cursor=None, limit=1)
    with pytest.raises(Invalid):
        paging.part(["b", "c"], str, cursor=cursor, limit=1)


@pytest.mark.parametrize("text", ["", "soon", "2026-10-10T10:00:00"])
def test_a_moment_in_a_cursor_has_its_offset(text):
    with pytest.raises(Invalid):
        paging.moment_of(text)
    assert paging.moment_of("2026-10-10T10:00:00+08:00").isoformat() == "2026-10-10T10:00:00+08:00"
