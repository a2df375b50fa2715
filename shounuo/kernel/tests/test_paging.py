"""Cursors: what was given comes back, anything else is a clear error."""

import base64
import json

import pytest

from shounuo.kernel import paging
from shounuo.kernel.errors import Invalid


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
