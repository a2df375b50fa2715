"""No cell of an exported file is run as a formula."""

import csv
import io

import pytest

from shounuo.kernel import csvfile


@pytest.mark.parametrize(
    "text",
    [
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-2+3",
        "@SUM(1)",
        "\t=1+1",
        "\r=1",
        "\n=1",
        " =1+1",
        "\u3000=1",
        "\u00a0=1",
        "\ufeff=1",
        "＝1+1",
        "＋1",
        "－1",
        "＠SUM(1)",
        "|calc",
        "%0A=1",
        "\x00=1+1",
    ],
)
def test_what_a_spreadsheet_would_run_is_text(text):
    assert csvfile.cell(text).startswith("'")


@pytest.mark.parametrize("value", ["", "王建国", "1380000", "a=b", "内蒙古-呼和浩特", " 缩进", -5, 3.5, True])
def test_what_is_plain_stays_as_it_is(value):
    assert csvfile.cell(value) == value


def test_rows_survive_quotes_line_ends_and_bytes_that_are_no_text():
    line = csvfile.row(['a"b', "c\nd", "e,f", None, "\ud800"]).decode()
    assert next(csv.reader(io.StringIO(line, newline=""))) == ['a"b', "c\nd", "e,f", "", "?"]
