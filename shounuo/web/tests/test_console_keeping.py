"""Pages of retention and legal holds."""

import pytest

from shounuo.audit.models import Hold, Retention
from shounuo.cases.testing import make_case
from shounuo.customers.testing import make_customer
from shounuo.staff.testing import make_cast, set_up_organisation, sign_in_client

pytestmark = pytest.mark.django_db
RETENTION, HOLDS = "/settings/retention/", "/settings/holds/"


@pytest.fixture
def cast(client):
    cast = make_cast()
    set_up_organisation()
    sign_in_client(client, cast.admin)
    return cast


def test_each_kind_says_how_long_it_is_kept_and_what_goes(client, cast):
    page = client.get(RETENTION).text
    for kind in ("access_log", "attachments", "closed_cases", "raw_mail"):
        assert f"{RETENTION}{kind}/" in page
    assert page.count("一直保存") == 4
    client.post(f"{RETENTION}raw_mail/", {"days": "400"})
    assert Retention.objects.get().days == 400 and "400 天" in client.get(RETENTION).text
    client.post(f"{RETENTION}raw_mail/", {"days": ""})
    assert Retention.objects.get().days is None


def test_too_short_a_time_is_refused_at_its_field(client, cast):
    refused = client.post(f"{RETENTION}access_log/", {"days": "100"})
    assert refused.status_code == 422 and 'id="id_days_error"' in refused.text and "183" in refused.text
    assert not Retention.objects.exists()
    assert client.get(f"{RETENTION}nothing/").status_code == 404


def test_a_hold_is_found_by_number_or_by_contact_and_lifted(client, cast):
    case = make_case("争议", team=cast.team)
    customer = make_customer(name="宋建国", mail="song@example.cn", phone="13812345678")
    assert "没有留存" in client.get(HOLDS).text
    client.post(f"{HOLDS}new/", {"kind": "case", "id": f"#{case.number}", "reason": "(2026) 沪 01 民初 1 号"})
    client.post(f"{HOLDS}new/", {"kind": "customer", "id": "138 1234 5678", "reason": "仲裁"})
    assert set(Hold.objects.values_list("subject_kind", "subject_id")) == {
        ("case", case.pk),
        ("customer", customer.pk),
    }
    page = client.get(HOLDS).text
    assert (
        "争议" in page and "宋建国" in page and "沪 01 民初 1 号" in page and f"/cases/{case.number}/" in page
    )
    hold = Hold.objects.get(subject_kind="case")
    client.get(f"{HOLDS}{hold.pk}/lift/")
    hold.refresh_from_db()
    assert hold.lifted_at is None, "looking lifts nothing"
    client.post(f"{HOLDS}{hold.pk}/lift/")
    hold.refresh_from_db()
    assert hold.lifted_by == cast.admin.pk and f"{HOLDS}{hold.pk}/lift/" not in client.get(HOLDS).text


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"kind": "case", "id": "999999", "reason": "诉讼"}, "id"),
        ({"kind": "case", "id": "abc", "reason": "诉讼"}, "id"),
        ({"kind": "customer", "id": "nobody@example.cn", "reason": "诉讼"}, "id"),
        ({"kind": "customer", "id": "x", "reason": "诉讼"}, "id"),
        ({"kind": "case", "id": "1", "reason": ""}, "reason"),
        ({"kind": "team", "id": "1", "reason": "诉讼"}, "kind"),
    ],
)
def test_a_refused_hold_says_where(client, cast, typed, field):
    refused = client.post(f"{HOLDS}new/", typed)
    assert refused.status_code == 422 and f'id="id_{field}_error"' in refused.text
    assert not Hold.objects.exists()


def test_the_pages_are_for_those_who_may(client, cast):
    sign_in_client(client, cast.manager)
    for page in (RETENTION, f"{RETENTION}raw_mail/", HOLDS, f"{HOLDS}new/", f"{HOLDS}1/lift/"):
        assert client.get(page).status_code == 403
    assert RETENTION not in client.get("/settings/").text
