"""Numbers in text that came from outside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shounuo.kernel.text import digits_in, whole
from shounuo.kernel.text.numerals import MOST


@given(st.integers(0, MOST))
def test_a_number_is_read_as_it_was_written(number):
    assert whole(str(number)) == number


@given(st.integers(0, MOST), st.integers(0, MOST))
def test_no_more_is_read_than_is_allowed(number, most):
    assert whole(str(number), most) == (number if number <= most else None)


@given(st.one_of(st.text(), st.text("0123456789²³٣५3０１一+-_. e\x00", max_size=30), st.integers().map(str)))
def test_whatever_comes_it_is_a_number_in_range_or_none(text):
    number = whole(text)
    if number is None:
        assert not text.isascii() or not text.isdigit() or int(text) > MOST or len(text) > len(str(MOST))
    else:
        assert 0 <= number <= MOST
        assert set(text) <= set("0123456789")
        assert number == int(text)


@pytest.mark.parametrize(
    "text",
    [
        None, "", " ", "²", "٣", "५", "３", "一", "-1", "+1", "1e5", "1.0", "1_000", "1,000", " 1", "1\n", "0x1F",
        "\x00", "%00", "1\x00", "NaN", "true", "9" * 19, "9" * 5000, "0" * 5000,
    ],
)  # fmt: skip
def test_these_are_no_whole_numbers(text):
    assert whole(text) is None


def test_the_edge_is_what_the_database_holds():
    assert whole("9223372036854775807") == MOST == 2**63 - 1
    assert whole("9223372036854775808") is None
    assert (whole("0"), whole("007"), whole("100", 99), whole("99", 99)) == (0, 7, None, 99)
    assert whole("007", 99) is None, "no more digits than the greatest has"


@given(st.text())
def test_the_digits_of_a_text_are_plain_ones(text):
    assert set(digits_in(text)) <= set("0123456789")
    assert digits_in(digits_in(text)) == digits_in(text)


def test_digits_are_told_from_their_likes():
    assert digits_in("+86 １３８-1234 6721") == "8613812346721"
    assert digits_in("² ٣ ५ 一 ½") == "35"
