"""A composite score on its clause's page: every part, and what is missing by name."""

from datetime import timedelta

import pytest

from shounuo.kernel.clock import now
from shounuo.policy.composites import Composite, Missing, Part, Reading
from shounuo.policy.testing import make_in_force, make_text
from shounuo.staff.testing import make_cast, set_up_organisation, sign_in_client

pytestmark = pytest.mark.django_db
RULES = """      - {weight: appraisal, title: 绩效三维, of: appraisal, parts: {process: 40%, result: 40%, growth: 20%}}
"""


@pytest.fixture
def cast():
    before = now() - timedelta(days=30)
    set_up_organisation(at=before)
    make_in_force(make_text("T-1", rules=RULES), at=before)
    return make_cast(at=before)


@pytest.fixture
def page(client, cast):
    def read():
        sign_in_client(client, cast.agent)
        return client.get("/policy/clauses/T-1/").text

    return read


def test_what_is_missing_is_named_and_no_total_is_guessed(page):
    text = page()
    assert "缺：过程、结果、成长，不作推算，所以没有总分。" in text
    assert "还没有这个指标" in text and "40%" in text and "合计" not in text


def test_a_whole_score_shows_what_each_part_adds(page, monkeypatch):
    parts = (Part("process", 6000, Reading(90.0, 120)), Part("result", 4000, Reading(75.5, 80)))
    monkeypatch.setattr(
        "shounuo.web.policies.showing.composites.composite_of", lambda rule, at: Composite("appraisal", parts)
    )
    text = page()
    assert "54" in text and "30.2" in text and "84.2" in text and "合计" in text
    half = (*parts[:1], Part("result", 4000, Reading(missing=Missing.FEW)))
    monkeypatch.setattr(
        "shounuo.web.policies.showing.composites.composite_of", lambda rule, at: Composite("appraisal", half)
    )
    text = page()
    assert "已知的 60% 计 54.0 分" in text and "数据太少" in text and "84.2" not in text


def test_an_outsider_is_led_away(client, cast):
    assert client.get("/policy/clauses/T-1/").status_code == 302
    sign_in_client(client, cast.nobody)
    assert client.get("/policy/clauses/T-1/").status_code == 403
