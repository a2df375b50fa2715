"""Topics, own fields and ready answers."""

import pytest

from shounuo.cases.models import CannedText, CustomField, Topic
from shounuo.staff.testing import make_cast, set_up_organisation, sign_in_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(client):
    cast = make_cast()
    set_up_organisation()
    sign_in_client(client, cast.admin)
    return cast


def test_the_topic_tree_grows_is_renamed_and_retired(client, cast):
    new = "/settings/topics/new/"
    client.post(new, {"name": "饲料", "code": "feed", "position": "0"})
    feed = Topic.objects.get()
    assert f'value="{feed.pk}" selected' in client.get(f"{new}?parent={feed.pk}").text
    client.post(new, {"name": "结块", "code": "caking", "parent": feed.pk, "position": "1"})
    assert Topic.objects.get(code="caking").full_name == "饲料 › 结块"
    client.post(f"/settings/topics/{feed.pk}/", {"name": "配合饲料", "code": "other", "position": "2"})
    feed.refresh_from_db()
    assert (feed.name, feed.code, feed.active) == ("配合饲料", "feed", False)
    page = client.get("/settings/topics/").text
    assert '<span class="sn-path">配合饲料 › </span>结块' in page
    assert '配合饲料 <span class="sn-tag is-pause">停用</span>' in page


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": "", "code": "a", "position": "0"}, "name"),
        ({"name": "饲料", "code": "大写", "position": "0"}, "code"),
        ({"name": "饲料", "code": "feed", "position": "0"}, "code"),
        ({"name": "饲料", "code": "a", "position": "-1"}, "position"),
        ({"name": "饲料", "code": "a", "position": "0", "parent": "999999"}, "parent"),
    ],
)
def test_a_refused_topic_says_where(client, cast, typed, field):
    client.post("/settings/topics/new/", {"name": "饲料", "code": "feed", "position": "0"})
    refused = client.post("/settings/topics/new/", typed)
    assert refused.status_code == 422 and f'id="id_{field}_error"' in refused.text
    assert Topic.objects.count() == 1


def field_typed(**changes):
    return {
        "label": "处理方式",
        "code": "way",
        "type": "choice",
        "choices": "换货\n退款\n",
        "position": "0",
        **changes,
    }


def test_an_own_field_is_made_and_changed_and_keeps_code_and_type(client, cast):
    client.post(
        "/settings/fields/new/", field_typed(kinds=["complaint"], required_to_resolve="on", active="on")
    )
    field = CustomField.objects.get()
    assert not field.public and "只有我们" in client.get("/settings/fields/").text
    assert (field.choices, field.kinds, field.required_to_resolve) == (["换货", "退款"], ["complaint"], True)
    client.post(
        f"/settings/fields/{field.pk}/", field_typed(label="办法", code="zzz", type="text", public="on")
    )
    field.refresh_from_db()
    assert field.public and "客户和我们" in client.get("/settings/fields/").text
    assert (field.label, field.code, field.type, field.active) == ("办法", "way", "choice", False)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"choices": ""}, "choices"),
        ({"code": "W A Y"}, "code"),
        ({"label": ""}, "label"),
        ({"type": "x"}, "type"),
    ],
)
def test_a_refused_field_says_where(client, cast, changes, field):
    refused = client.post("/settings/fields/new/", field_typed(**changes))
    assert refused.status_code == 422 and f'id="id_{field}_error"' in refused.text
    assert not CustomField.objects.exists()


def test_a_ready_answer_is_made_changed_and_removed(client, cast):
    new = "/settings/canned/new/"
    client.post(new, {"title": "问好", "body": "您好", "team": cast.team.pk, "position": "0"})
    text = CannedText.objects.get()
    assert text.team == cast.team and text.initials == "wh"
    client.post(f"/settings/canned/{text.pk}/", {"title": "问好", "body": "您好，我是客服", "position": "0"})
    text.refresh_from_db()
    assert (text.body, text.team) == ("您好，我是客服", None)
    refused = client.post(f"/settings/canned/{text.pk}/", {"title": "问好", "body": "", "position": "0"})
    assert refused.status_code == 422 and 'id="id_body_error"' in refused.text
    client.post(f"/settings/canned/{text.pk}/remove/")
    assert not CannedText.objects.exists()


@pytest.mark.parametrize("place", ["topics", "fields", "canned"])
def test_an_empty_place_says_what_it_is_for(client, cast, place):
    page = client.get(f"/settings/{place}/").text
    assert "sn-empty" in page and f"/settings/{place}/new/" in page
