"""Days that people name in forms."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from shounuo.web.days import DayField, MomentField


@pytest.mark.parametrize("text", ["1970-01-01", "2026-10-10", "2199-12-31"])
def test_a_day_that_has_a_next_one_is_taken(text):
    assert DayField().clean(text) == date.fromisoformat(text)


@pytest.mark.parametrize("text", ["0001-01-01", "1969-12-31", "2200-01-01", "9999-12-31"])
def test_a_year_out_of_reach_is_refused_with_the_years_within(text):
    with pytest.raises(ValidationError, match="1970 年到 2199 年"):
        DayField().clean(text)


@pytest.mark.parametrize("text", ["", "²", "9" * 5000, "99999-01-01", "2026-02-30", "\x00"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(ValidationError):
        DayField().clean(text)


def test_the_browser_offers_no_other_years():
    drawn = DayField().widget.render("day", date(2026, 10, 10))
    assert 'min="1970-01-01"' in drawn and 'max="2199-12-31"' in drawn and 'value="2026-10-10"' in drawn


@pytest.mark.parametrize("text", ["1970-01-01T00:00", "2026-10-10T09:30", "2199-12-31T23:59"])
def test_a_moment_within_the_same_years_is_taken(text):
    assert MomentField().clean(text).strftime("%Y-%m-%dT%H:%M") == text


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00", "1969-12-31T23:59", "2200-01-01T00:00", "9999-12-31T23:59"]
)
def test_a_moment_out_of_reach_is_refused_like_a_day(text):
    with pytest.raises(ValidationError, match="1970 年到 2199 年"):
        MomentField().clean(text)
