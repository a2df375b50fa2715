"""What the policies write as lengths of time is read exactly, told in words, and refused with a reason."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from shounuo.kernel.durations import (
    BadDuration,
    BadPercent,
    Percent,
    Span,
    parse,
    parse_offset,
    parse_percent,
)


@pytest.mark.parametrize(
    ("text", "span", "words"),
    [
        ("PT30M", Span(seconds=1800), "30 分钟"),
        ("PT4H", Span(seconds=4 * 3600), "4 小时"),
        ("PT24H", Span(seconds=24 * 3600), "24 小时"),
        ("PT72H", Span(seconds=72 * 3600), "72 小时"),
        ("PT30S", Span(seconds=30), "30 秒"),
        ("PT1H30M", Span(seconds=5400), "1 小时 30 分钟"),
        ("P7D", Span(days=7), "7 天"),
        ("P3M", Span(months=3), "3 个月"),
        ("P1Y", Span(months=12), "1 年"),
        ("P18M", Span(months=18), "18 个月"),
        ("P3BD", Span(business_days=3), "3 个工作日"),
        ("PT2BH", Span(business_seconds=7200), "2 个工作小时"),
        ("PT2BH30BM", Span(business_seconds=9000), "2 个工作小时 30 个工作分钟"),
        ("P1M2DT3H", Span(months=1, days=2, seconds=3 * 3600), "1 个月 2 天 3 小时"),
        ("P1BDT2BH", Span(business_days=1, business_seconds=7200), "1 个工作日 2 个工作小时"),
        ("PT0S", Span(), "0 秒"),
    ],
)
def test_a_length_is_read_written_back_and_told_in_words(text, span, words):
    assert parse(text) == span == Span.parse(text)
    assert str(span) == text
    assert span.words("zh-hans") == words


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("P2W", "P14D"),
        ("PT60M", "PT1H"),
        ("PT90M", "PT1H30M"),
        ("P12M", "P1Y"),
        ("P1Y6M", "P18M"),
        ("P0D", "PT0S"),
    ],
)
def test_equal_lengths_are_equal_however_they_are_written(text, canonical):
    assert parse(text) == parse(canonical)
    assert str(parse(text)) == canonical


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "时长为空；例如 PT30M、P3BD"),
        ("30M", "时长“30M”无法识别：须以大写字母 P 开头，例如 PT30M、P3BD"),
        ("pt30m", "时长“pt30m”无法识别：须以大写字母 P 开头，例如 PT30M、P3BD"),
        ("-PT30M", "时长“-PT30M”无法识别：须以大写字母 P 开头，例如 PT30M、P3BD"),
        ("P", "时长“P”无法识别：P 之后没有内容，例如 PT30M、P3BD"),
        ("PT", "时长“PT”无法识别：T 之后没有内容，例如 PT30M"),
        ("P1DT", "时长“P1DT”无法识别：T 之后没有内容，例如 PT30M"),
        ("PT30", "时长“PT30”无法识别：数字 30 之后缺少单位"),
        ("P4H", "时长“P4H”无法识别：单位 H 须写在 T 之后，例如 PT4H"),
        ("P2BH", "时长“P2BH”无法识别：单位 BH 须写在 T 之后，例如 PT4H"),
        ("PT3BD", "时长“PT3BD”无法识别：单位 BD 须写在 T 之前，例如 P3BD"),
        ("PT1.5H", "时长“PT1.5H”无法识别：不能用小数，请换成更小的单位，例如 PT90M"),
        ("P1D1M", "时长“P1D1M”无法识别：单位须各出现一次，顺序为 Y, M, W, D, BD"),
        ("PT1H1H", "时长“PT1H1H”无法识别：单位须各出现一次，顺序为 H, M, S, BH, BM, BS"),
        ("P5X", "时长“P5X”无法识别：没有单位 X；可用 Y, M, W, D, BD"),
        ("P3bd", "时长“P3bd”无法识别：没有单位 bd；可用 Y, M, W, D, BD"),
        ("PT5M ", "时长“PT5M ”无法识别：“ ”处应为整数"),
        ("PT１M", "时长“PT１M”无法识别：“１M”处应为整数"),
        ("P-1D", "时长“P-1D”无法识别：“-1D”处应为整数"),
        ("PT1HT2M", "时长“PT1HT2M”无法识别：只能有一个 T"),
        ("P101Y", "时长“P101Y”无法识别：超过 100 年"),
        ("P9999999999999D", "时长“P9999999999999D”无法识别：超过 100 年"),
    ],
)
def test_a_bad_length_is_refused_with_the_exact_reason(text, why):
    with pytest.raises(BadDuration) as refused:
        parse(text)
    assert str(refused.value) == why


def test_what_is_not_a_text_is_no_length():
    with pytest.raises(BadDuration):
        parse(None)
    with pytest.raises(BadDuration):
        Span(days=-1)


def test_a_span_knows_what_it_needs():
    assert parse("P3BD").needs_business and parse("PT2BH").needs_business
    assert not parse("PT4H").needs_business
    assert parse("P3M").is_natural and not parse("PT4H").is_natural and not parse("P3BD").is_natural
    assert parse("PT0S").is_zero


spans = st.builds(
    Span,
    months=st.integers(0, 1200),
    days=st.integers(0, 400),
    seconds=st.integers(0, 10**7),
    business_days=st.integers(0, 400),
    business_seconds=st.integers(0, 10**7),
)


@given(spans)
def test_every_span_survives_being_written_and_read(span):
    assert parse(str(span)) == span


@given(st.text(alphabet="PTYMWDBHS0123456789.,- ", max_size=14))
def test_any_text_is_either_a_span_or_refused(text):
    try:
        span = parse(text)
    except BadDuration:
        return
    assert parse(str(span)) == span


@pytest.mark.parametrize(
    ("text", "points"),
    [("80%", 8000), ("100%", 10000), ("150%", 15000), ("12.5%", 1250), ("0.25%", 25), ("0%", 0)],
)
def test_a_share_is_read_and_written_back(text, points):
    assert parse_percent(text) == Percent(points) == Percent.parse(text)
    assert str(Percent(points)) == text


@pytest.mark.parametrize("text", ["", "80", "%", "-5%", "80 %", "1.234%", "8e1%", "８０%", None])
def test_a_bad_share_is_refused(text):
    with pytest.raises(BadPercent, match="应为数字加 %"):
        parse_percent(text)


def test_a_share_of_a_stretch_is_a_moment_in_it():
    start = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    due = start + timedelta(minutes=30)
    assert Percent.parse("80%").point(start, due) == start + timedelta(minutes=24)
    assert Percent.parse("150%").point(start, due) == start + timedelta(minutes=45)


def test_a_point_on_a_ladder_is_a_share_or_a_length():
    assert parse_offset("150%") == Percent(15000)
    assert parse_offset("PT5M") == Span(seconds=300)


def test_words_follow_the_active_language_unless_one_is_named():
    with translation.override("zh-hans"):
        assert parse("P3BD").words() == "3 个工作日"
    with translation.override("en"):
        assert parse("P3BD").words("zh-hans") == "3 个工作日"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("PT30M", "30 minutes"),
        ("PT1H1M", "1 hour 1 minute"),
        ("P1D", "1 day"),
        ("P3BD", "3 working days"),
        ("P1BD", "1 working day"),
        ("PT2BH", "2 working hours"),
        ("P3M", "3 months"),
        ("P1Y", "1 year"),
    ],
)
def test_words_in_english(text, words):
    told = parse(text).words("en")
    if told == parse(text).words("zh-hans"):
        pytest.skip("the English catalogue is not compiled here")
    assert told == words
