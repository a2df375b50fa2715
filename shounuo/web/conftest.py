"""Pages read the clock themselves, so these tests turn it: no day, month or quarter begins or ends while one runs, and no
outcome depends on when that is."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from shounuo.kernel import clock

MIDDAY = datetime(
    2026, 10, 14, 4, 0, tzinfo=UTC
)  # a Wednesday at noon in Shanghai, service hours, amid a month


class _Turned:
    """Stands for `datetime` in the one place that reads the system's clock; goes on from midday as time goes."""

    def __init__(self):
        self.began = time.monotonic()

    def now(self, _zone):
        return MIDDAY + timedelta(seconds=time.monotonic() - self.began)


@pytest.fixture(autouse=True)
def midday():
    """It is noon of a working day when the test begins; a test's own `monkeypatch` may be undone in between."""
    with pytest.MonkeyPatch.context() as turned:
        turned.setattr(clock, "datetime", _Turned())
        yield
