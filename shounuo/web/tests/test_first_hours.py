"""The first hours of a day in Shanghai, while in UTC it is still the day before: pages go by the day of the house."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from shounuo.analytics.models import ReportComment
from shounuo.customers.testing import make_customer
from shounuo.staff.testing import make_cast, set_up_organisation, sign_in_client
from shounuo.web.reports.paper import _comment
from shounuo.web.tests.portal_world import text_of

pytestmark = pytest.mark.django_db
ONE_O_CLOCK = datetime(2026, 10, 14, 17, 0, tzinfo=UTC)  # Thursday the 15th in Shanghai


@pytest.fixture
def cast():
    set_up_organisation()
    return make_cast()


def test_a_customer_is_on_file_since_the_day_of_the_house(cast):
    client, song = Client(), make_customer("宋建国", mail="song@example.cn", at=ONE_O_CLOCK)
    sign_in_client(client, cast.agent)
    assert "建档 2026年10月15日 周四" in text_of(client.get(f"/customers/{song.pk}/"))


def test_an_agreement_is_proposed_from_today(cast, monkeypatch):
    monkeypatch.setattr("shounuo.web.agreements.views.now", lambda: ONE_O_CLOCK)
    client, song = Client(), make_customer("宋建国", mail="song@example.cn")
    sign_in_client(client, cast.manager)
    page = client.get(f"/agreements/new/?customer={song.pk}")
    assert 'value="2026-10-15"' in page.text


def test_a_comment_on_paper_bears_the_day_of_the_house(cast):
    said = _comment(ReportComment(person=cast.manager, text="下周盯住饲料", at=ONE_O_CLOCK))
    assert "2026年10月15日" in said.text
