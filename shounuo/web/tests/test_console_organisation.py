"""Organisation, people, teams, roles and tokens: what is saved, what is refused, what is never shown."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.staff import queries, services
from shounuo.staff.models import OneTimeLink, Person, Role, Team, Token
from shounuo.staff.permissions import all_permissions
from shounuo.staff.testing import AT, make_cast, make_person, set_up_organisation, sign_in_client

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


@pytest.fixture
def cast(client):
    cast = make_cast()
    set_up_organisation()
    sign_in_client(client, cast.admin)
    return cast


def person_typed(**changes):
    return {"name": "宋青", "login": "songqing", "mail": "", "phone": "", "capacity": "12", **changes}


def test_the_organisation_is_changed_and_a_bad_value_stands_at_its_field(client, cast):
    typed = {"name": "新名", "zone": "Asia/Urumqi", "public_address": "", "language": "en"}
    assert client.post("/settings/organisation/", typed).headers["Location"] == "/settings/organisation/"
    queries.forget_organisation()
    row = queries.organisation()
    assert (row.name, row.zone, row.language) == ("新名", "Asia/Urumqi", "en")
    refused = client.post("/settings/organisation/", {**typed, "public_address": "https://a.cn/?x=1"})
    assert refused.status_code == 422
    assert 'id="id_public_address_error"' in refused.text and "https://a.cn/?x=1" in refused.text


def test_a_person_is_added_with_roles_and_teams_and_then_changed(client, cast):
    typed = person_typed(roles=["agent"], teams=["first"], leads=["second"], mail="Song@Example.cn")
    answer = client.post("/settings/people/new/", typed)
    person = Person.objects.get(login="songqing")
    assert answer.headers["Location"] == f"/settings/people/{person.pk}/"
    assert queries.roles_of(person.pk) == ["agent"]
    assert queries.supervisors_of(cast.other_team.pk) == [person.pk]
    assert not person.has_usable_password()
    page = client.get(f"/settings/people/{person.pk}/")
    assert 'value="song@example.cn"' in page.text
    client.post(f"/settings/people/{person.pk}/", person_typed(name="宋小青", teams=["first"]))
    person.refresh_from_db()
    assert (person.name, person.mail, queries.roles_of(person.pk)) == ("宋小青", "", [])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"login": "agent"}, "login"),
        ({"login": "a b"}, "login"),
        ({"mail": "agent@example.cn"}, "mail"),
        ({"phone": "abc"}, "phone"),
        ({"capacity": "0"}, "capacity"),
        ({"name": ""}, "name"),
    ],
)
def test_a_refused_person_keeps_what_was_typed(client, cast, changes, field):
    refused = client.post("/settings/people/new/", person_typed(title="驻场工程师", **changes))
    assert refused.status_code == 422
    assert f'id="id_{field}_error"' in refused.text
    assert "驻场工程师" in refused.text
    assert not Person.objects.filter(login="songqing").exists()


def test_nobody_makes_somebody_more_than_himself(client, cast):
    services.role_create(code="hr", name="人事", permissions=["staff.manage"], actor=SYSTEM, at=AT)
    sign_in_client(client, make_person("hr", roles=("hr",)))
    refused = client.post("/settings/people/new/", person_typed(roles=["admin"]))
    assert refused.status_code == 422
    assert client.post(f"/settings/people/{cast.admin.pk}/link/").status_code == 403
    assert client.post(f"/settings/people/{cast.admin.pk}/gone/").status_code == 403
    assert client.post(f"/settings/people/{cast.admin.pk}/", person_typed()).status_code == 422
    cast.admin.refresh_from_db()
    assert cast.admin.is_active and cast.admin.login == "admin"


def test_a_person_is_stopped_and_brought_back(client, cast):
    url = f"/settings/people/{cast.agent.pk}/"
    asked = client.post(url + "gone/", headers={"HX-Request": "true"})
    assert asked.headers["HX-Redirect"] == url
    assert not Person.objects.get(pk=cast.agent.pk).is_active
    assert "林小满" not in client.get("/settings/people/").text
    assert "林小满" in client.get("/settings/people/?state=gone").text
    client.post(url + "back/")
    assert Person.objects.get(pk=cast.agent.pk).is_active


def test_the_last_one_who_manages_people_stays(client, cast):
    refused = client.post(f"/settings/people/{cast.admin.pk}/gone/", headers={"HX-Request": "true"})
    assert refused.status_code == 409
    assert refused.json()["code"] == "last_manager"


def test_a_link_is_made_on_a_click_and_shown_once(client, cast):
    url = f"/settings/people/{cast.agent.pk}/link/"
    for headers in ({}, {"HX-Request": "true"}):
        assert "生成链接" in client.get(url, headers=headers).text
    assert not OneTimeLink.objects.exists(), "looking makes nothing"
    assert "<dialog" in client.get(url, headers={"HX-Request": "true"}).text
    made = client.post(url)
    link = re.search(r'value="(https://kefu\.example\.cn/link/[^"]+)"', made.text)[1]
    assert OneTimeLink.objects.filter(used_at=None).count() == 1
    assert link not in client.get(url).text
    again = client.post(url, headers={"HX-Request": "true"}).text
    assert "<dialog" in again and 'value="https://kefu.example.cn/link/' in again and link not in again


def test_a_lost_second_factor_is_lifted_for_others_only(client, cast):
    Person.objects.filter(pk=cast.agent.pk).update(totp_secret="x", totp_confirmed_at=AT)
    assert "factor/" in client.get(f"/settings/people/{cast.agent.pk}/").text
    client.post(f"/settings/people/{cast.agent.pk}/factor/")
    assert Person.objects.get(pk=cast.agent.pk).totp_confirmed_at is None
    Person.objects.filter(pk=cast.admin.pk).update(totp_secret="x", totp_confirmed_at=AT)
    assert "factor/" not in client.get(f"/settings/people/{cast.admin.pk}/").text
    assert client.post(f"/settings/people/{cast.admin.pk}/factor/").status_code == 422


def test_people_are_found_by_name_initials_login_and_mail(client, cast):
    for query in ("小满", "lxm", "agent@", "agent"):
        text = client.get("/settings/people/", {"q": query}).text
        assert "林小满" in text and "许文" not in text
    assert "没有找到人" in client.get("/settings/people/", {"q": "查无此人"}).text


def test_teams_and_roles_are_made_and_changed_and_their_codes_stay(client, cast):
    client.post("/settings/teams/new/", {"name": "夜班组", "code": "night", "department": "service"})
    team = Team.objects.get(code="night")
    client.post(f"/settings/teams/{team.pk}/", {"name": "夜间组", "code": "other", "department": "tech"})
    team.refresh_from_db()
    assert (team.name, team.code, team.department, team.active) == ("夜间组", "night", "tech", False)
    taken = client.post("/settings/teams/new/", {"name": "又一组", "code": "night", "department": "service"})
    assert taken.status_code == 422 and 'id="id_code_error"' in taken.text

    client.post("/settings/roles/new/", {"name": "质检", "code": "qa", "permissions": ["cases.view_all"]})
    role = Role.objects.get(code="qa")
    client.post(f"/settings/roles/{role.pk}/", {"name": "质检员", "code": "zzz", "permissions": []})
    role.refresh_from_db()
    assert (role.name, role.code, role.permissions, role.second_factor) == ("质检员", "qa", [], False)
    typed = {"name": "质检员", "permissions": [], "second_factor": "on"}
    client.post(f"/settings/roles/{role.pk}/", typed)
    role.refresh_from_db()
    assert role.second_factor and 'data-label="两步验证">必须' in client.get("/settings/roles/").text
    assert Event.objects.filter(kind="role.changed").latest("id").payload["second_factor"] is True


def test_a_token_is_shown_once_and_kept_as_a_hash(client, cast):
    typed = {"person": cast.admin.pk, "name": "ERP", "scopes": ["cases.view_all"], "expires_on": "2099-12-31"}
    made = client.post("/settings/tokens/new/", typed)
    clear = re.search(r'readonly value="([^"]+)"', made.text)[1]
    token = Token.objects.get()
    assert token.scopes == ["cases.view_all"] and clear not in token.hash
    assert token.expires_at.isoformat() == "2099-12-31T16:00:00+00:00", "through the day in Shanghai"
    page = client.get("/settings/tokens/").text
    assert "ERP" in page and clear not in page and token.hash not in page
    client.post(f"/settings/tokens/{token.pk}/revoke/")
    assert Token.objects.get().revoked_at is not None
    refused = client.post("/settings/tokens/new/", {**typed, "name": ""})
    assert refused.status_code == 422 and Token.objects.count() == 1


@pytest.mark.parametrize("page", ["/settings/people/", "/settings/teams/", "/settings/tokens/"])
def test_no_list_asks_more_for_more_rows(client, cast, page, django_assert_num_queries):
    def more(first, last):
        for n in range(first, last):
            person = make_person(f"more{n}", teams=(cast.team,), at=AT)
            services.team_create(code=f"more-{n}", name=f"组{n}", actor=SYSTEM, at=AT)
            services.token_create(person_id=person.pk, name=f"系统{n}", actor=SYSTEM, at=AT)

    more(0, 3)
    asked = queries_of(client, page)
    more(3, 30)
    with django_assert_num_queries(asked):
        assert client.get(page).status_code == 200


def queries_of(client, page):
    client.get(page)  # what a process reads once is read
    with CaptureQueriesContext(
        connection,
    ) as found:
        client.get(page)
    return len(found)


def test_long_lists_have_pages(client, cast):
    for n in range(60):
        make_person(f"more{n:02}", name=f"员工{n:02}", at=AT)
    first = client.get("/settings/people/").text
    assert "1–50，共 66" in first and "?page=2" in first
    second = client.get("/settings/people/?page=2").text
    assert "51–66，共 66" in second
    assert client.get("/settings/people/?page=9999999").status_code == 200
    assert client.get("/settings/people/?page=x").status_code == 200


def test_permissions_are_offered_by_area_and_none_is_left_out(client, cast):
    page = client.get("/settings/roles/new/").text
    assert page.index(">工单</p>") < page.index("处理工单") < page.index(">制度</p>") < page.index("批准制度")
    assert all(f'value="{code}"' in page for code in all_permissions())


def test_roles_tell_how_many_hold_them(client, cast):
    row = client.get("/settings/roles/").text.split("服务总监")[0].rsplit("客服经理", 1)[1]
    assert '<td class="sn-num" data-label="人数">1</td>' in row
