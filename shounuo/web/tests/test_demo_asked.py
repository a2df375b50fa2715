"""What may be asked of the demo, before anything of it is written."""

import argparse

import pytest

from shounuo.cases.models import Case
from shounuo.kernel.errors import Invalid
from shounuo.web.ops import serve

pytestmark = pytest.mark.django_db


def asked(**given):
    return argparse.Namespace(**({"demo_day": None, "demo_cases": 20, "demo_packs": "house"} | given))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"demo_day": "gestern"}, "应为日期"),
        ({"demo_day": "2026-02-30"}, "应为日期"),
        ({"demo_day": "2999-01-01"}, "应在 2020-07-01 与今天"),
        ({"demo_day": "2020-06-30"}, "应在 2020-07-01 与今天"),
        ({"demo_cases": 0}, "至少是 1"),
        ({"demo_cases": -3}, "至少是 1"),
    ],
)
def test_a_demo_that_cannot_be_told_is_refused_with_the_reason(given, said):
    with pytest.raises(Invalid, match=said):
        serve.demo(asked(**given), print)
    assert not Case.objects.exists()
