"""The cast, and windows around the day of the tests: Saturday 10 October 2026."""

from zoneinfo import ZoneInfo

import pytest

from shounuo.metrics.rules import Window
from shounuo.staff.testing import AT, make_cast

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def cast(db):
    return make_cast()


@pytest.fixture
def today():
    return Window.last(1, AT, SHANGHAI)


@pytest.fixture
def week():
    """The seven days up to today."""
    return Window.last(7, AT, SHANGHAI)
