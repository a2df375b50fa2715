"""People are added and changed within the rights of who does it; the organisation never locks itself out."""

from datetime import timedelta

import pytest

from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed
from shounuo.staff import queries, services
from shounuo.staff.models import Person, Role, Token
from shounuo.staff.permissions import all_permissions
from shounuo.staff.testing import AT, make_cast, make_person, make_roles, make_team

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


@pytest.fixture
def cast():
    return make_cast()


def kinds():
    return list(Event.objects.order_by("id").values_list("kind", flat=True))


def test_a_new_person_has_no_role_unless_one_is_named():
    person = services.person_create(login="newcomer", name="宋青", actor=SYSTEM, at=AT)
    assert queries.actor_for(person).permissions == frozenset()
    assert not person.has_usable_password()
    assert (person.initials, person.sort_key.split("\t")[0]) == ("sq", "song4 qing1")


def test_rights_come_from_roles_and_teams(cast):
    actor = queries.actor_for(Person.objects.get(pk=cast.supervisor.pk))
    assert actor.may("cases.assign") and not actor.may("staff.manage")
    assert actor.led_team_ids == {cast.team.id} == actor.team_ids
    assert actor.roles == {"supervisor"}


def test_rights_are_read_with_one_query(cast, django_assert_num_queries):
    person = Person.objects.get(pk=cast.agent.pk)
    with django_assert_num_queries(1):
        queries.actor_for(person)
        queries.actor_for(person)
    with django_assert_num_queries(1):
        queries.actor_for(queries.with_rights().get(pk=cast.agent.pk))


def test_the_administrator_holds_every_declared_permission(cast):
    assert cast.actor(cast.admin).permissions >= set(all_permissions())


@pytest.mark.parametrize("who", ["agent", "supervisor", "manager", "outsider", "nobody"])
def test_only_those_who_manage_people_may_add_or_change_them(cast, who):
    actor = cast.actor(getattr(cast, who))
    with pytest.raises(NotAllowed):
        services.person_create(login="friend", name="友", roles=["admin"], actor=actor, at=AT)
    with pytest.raises(NotAllowed):
        services.person_change(person_id=actor.id, roles=["admin"], actor=actor, at=AT)
    with pytest.raises(NotAllowed):
        services.person_deactivate(person_id=cast.admin.id, actor=actor, at=AT)
    with pytest.raises(NotAllowed):
        services.link_create(person_id=cast.admin.id, purpose="reset", actor=actor, at=AT)
    with pytest.raises(NotAllowed):
        services.team_create(code="mine", name="我的", actor=actor, at=AT)


def test_nobody_grants_or_takes_over_more_than_he_has(cast):
    services.role_create(
        code="people_desk", name="人事", permissions=["staff.manage"], actor=cast.actor(cast.admin), at=AT
    )
    clerk = make_person("clerk", roles=("people_desk",))
    actor = queries.actor_for(clerk)
    with pytest.raises(NotAllowed):
        services.person_change(person_id=clerk.id, roles=["people_desk", "admin"], actor=actor, at=AT)
    with pytest.raises(NotAllowed):
        services.person_create(login="puppet", name="傀儡", roles=["admin"], actor=actor, at=AT)
    with pytest.raises(NotAllowed):
        services.link_create(person_id=cast.admin.id, purpose="reset", actor=actor, at=AT)
    with pytest.raises(NotAllowed):
        services.person_deactivate(person_id=cast.admin.id, actor=actor, at=AT)
    admin_role = Role.objects.get(code="admin")
    with pytest.raises(NotAllowed):
        services.role_change(role_id=admin_role.id, permissions=["staff.manage"], actor=actor, at=AT)
    own = Role.objects.get(code="people_desk")
    with pytest.raises(NotAllowed):
        services.role_change(role_id=own.id, permissions=["staff.manage", "audit.view"], actor=actor, at=AT)
    assert Person.objects.filter(login="puppet").count() == 0


def test_the_last_one_who_manages_people_stays(cast):
    with pytest.raises(Conflict):
        services.person_deactivate(person_id=cast.admin.id, actor=cast.actor(cast.admin), at=AT)
    with pytest.raises(Conflict):
        services.person_change(person_id=cast.admin.id, roles=["agent"], actor=SYSTEM, at=AT)
    with pytest.raises(Conflict):
        services.role_change(
            role_id=Role.objects.get(code="admin").id, permissions=["audit.view"], actor=SYSTEM, at=AT
        )
    cast.admin.refresh_from_db()
    assert cast.admin.is_active and queries.roles_of(cast.admin.id) == ["admin"]


def test_deactivation_ends_tokens_and_links_with_it(cast):
    admin = cast.actor(cast.admin)
    token, _clear = services.token_create(
        person_id=cast.agent.id, name="脚本", actor=cast.actor(cast.agent), at=AT
    )
    link = services.link_create(person_id=cast.agent.id, purpose="reset", actor=admin, at=AT)
    services.person_deactivate(person_id=cast.agent.id, actor=admin, at=AT)
    assert Token.objects.get(pk=token.pk).revoked_at == AT
    with pytest.raises(Exception, match="过期"):
        services.link_person(token=link.split("/")[2], at=AT)
    assert kinds()[-1] == "person.deactivated"
    assert queries.person_by_login("agent") is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"login": "AGENT"}, "login"),
        ({"login": "agent@example.cn"}, "login"),
        ({"login": "13812346721"}, "login"),
        ({"login": "a b"}, "login"),
        ({"login": "me"}, "login"),
        ({"login": "None"}, "login"),
        ({"login": "agent "}, "login"),
        ({"mail": "Agent@Example.cn"}, "mail"),
        ({"mail": "no mail"}, "mail"),
        ({"phone": "+86 138 1234 6721"}, "phone"),
        ({"phone": "twelve"}, "phone"),
        ({"name": " \u200b "}, "name"),
        ({"roles": ["emperor"]}, "roles"),
        ({"teams": ["nowhere"]}, "teams"),
        ({"password": "password"}, "password"),
        ({"capacity": -1}, "capacity"),
    ],
)
def test_what_cannot_be_used_is_named(cast, given, field):
    services.person_change(person_id=cast.agent.id, phone="13812346721", actor=SYSTEM, at=AT)
    whole = {"login": "other", "name": "他人", **given}
    with pytest.raises(Invalid) as caught:
        services.person_create(**whole, actor=SYSTEM, at=AT)
    assert caught.value.field == field


def test_a_change_publishes_codes_and_field_names_only(cast):
    services.person_change(
        person_id=cast.agent.id,
        name="林小满子",
        mail="new@example.cn",
        roles=["senior_agent"],
        teams=["second"],
        actor=SYSTEM,
        at=AT,
    )
    event = Event.objects.filter(kind="person.changed").latest("id")
    assert event.payload == {
        "fields": ["mail", "name"],
        "roles": ["senior_agent"],
        "teams": ["second"],
        "leads": [],
    }
    assert "林" not in str(Event.objects.values_list("payload", flat=True))


def test_a_change_of_nothing_publishes_nothing(cast):
    before = len(kinds())
    services.person_change(
        person_id=cast.agent.id, name="林小满", roles=["agent"], teams=["first"], actor=SYSTEM, at=AT
    )
    assert len(kinds()) == before


def test_built_in_roles_follow_the_product_until_they_are_edited():
    make_roles()
    agent, viewer = Role.objects.get(code="agent"), Role.objects.get(code="viewer")
    make_person("boss", roles=("admin",))
    services.role_change(role_id=agent.id, permissions=["audit.view"], actor=SYSTEM, at=AT)
    Role.objects.filter(pk=viewer.pk).update(permissions=[])
    assert services.roles_sync(at=AT) == 1
    agent.refresh_from_db()
    viewer.refresh_from_db()
    assert agent.permissions == ["audit.view"] and "cases.view_all" in viewer.permissions
    assert services.roles_sync(at=AT) == 0


def test_leaving_a_team_ends_leading_it(cast):
    services.person_change(person_id=cast.supervisor.id, teams=["second"], actor=SYSTEM, at=AT)
    assert queries.supervisors_of(cast.team.id) == []
    services.membership_set(
        person_id=cast.supervisor.id, team_id=cast.team.id, leads=True, actor=SYSTEM, at=AT
    )
    assert queries.supervisors_of(cast.team.id) == [cast.supervisor.id]
    services.membership_end(person_id=cast.supervisor.id, team_id=cast.team.id, actor=SYSTEM, at=AT)
    assert queries.supervisors_of(cast.team.id) == []


def test_people_are_found_by_name_initials_and_login_in_the_order_of_sound():
    for name in ("张三", "赵六", "阿宝", "曾敏", "单立"):
        make_person(name=name, roles=())
    assert [p.name for p in queries.people()] == ["阿宝", "单立", "曾敏", "张三", "赵六"]
    assert [p.name for p in queries.search("z")] == ["曾敏", "张三", "赵六"]
    assert [p.name for p in queries.search("三")] == ["张三"]


def test_duty_follows_shifts_and_who_has_none_is_always_on(cast):
    day = timedelta(hours=8)
    services.shift_add(
        person_id=cast.agent.id, starts_at=AT, ends_at=AT + day, actor=cast.actor(cast.supervisor), at=AT
    )
    ids = [cast.agent.id, cast.outsider.id]
    assert queries.on_duty(ids, AT) == set(ids)
    early = AT - timedelta(hours=1)
    assert queries.on_duty(ids, early) == {cast.outsider.id}
    assert queries.duty_from(ids, early) == {cast.agent.id: AT, cast.outsider.id: early}
    assert queries.on_duty(ids, AT + day) == set(ids)
    with pytest.raises(Invalid):
        services.shift_add(person_id=cast.agent.id, starts_at=AT, ends_at=AT + day, actor=SYSTEM, at=AT)
    with pytest.raises(NotAllowed):
        services.shift_add(
            person_id=cast.outsider.id,
            starts_at=AT,
            ends_at=AT + day,
            actor=cast.actor(cast.supervisor),
            at=AT,
        )


def test_presence_is_ones_own_or_that_of_ones_team(cast):
    services.presence_set(person_id=cast.agent.id, presence="busy", actor=cast.actor(cast.agent), at=AT)
    services.presence_set(person_id=cast.agent.id, presence="away", actor=cast.actor(cast.supervisor), at=AT)
    event = Event.objects.filter(kind="presence.changed").latest("id")
    assert event.payload == {"presence": "away", "was": "busy"}
    for stranger in (cast.outsider, cast.nobody):
        with pytest.raises(NotAllowed):
            services.presence_set(
                person_id=cast.agent.id, presence="online", actor=cast.actor(stranger), at=AT
            )


def test_people_with_a_permission_or_role(cast):
    assert queries.people_with_permission("staff.manage") == [cast.admin.id]
    assert queries.people_with_role("agent") == [cast.agent.id, cast.outsider.id]


def test_the_set_up_closes_for_good(cast):
    given = {"name": "守诺牧业", "actor": cast.actor(cast.admin), "at": AT}
    services.organisation_set_up(public_address="https://kefu.example.cn/", **given)
    assert queries.organisation().public_address == "https://kefu.example.cn"
    with pytest.raises(Conflict):
        services.organisation_set_up(**given)
    with pytest.raises(NotAllowed):
        services.organisation_change(name="他人", actor=cast.actor(cast.manager), at=AT)


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "kefu.example.cn", "https://a:b@c.cn", "https://", "ftp://a.cn", "https://[x"],
)
def test_the_public_address_is_a_plain_web_address(address):
    with pytest.raises(Invalid):
        services.organisation_set_up(name="守诺", public_address=address, actor=SYSTEM, at=AT)


def test_a_team_code_is_used_once():
    make_team("first")
    with pytest.raises(Invalid):
        make_team("first")


@pytest.mark.parametrize("code", ["2", "007", "9" * 30, "me", "mine", "none"])
def test_no_team_has_a_code_that_says_an_id_or_a_word_of_the_lists(code):
    with pytest.raises(Invalid) as refused:
        make_team(code)
    assert (refused.value.field, refused.value.code) == ("code", "reserved")
    assert make_team("2a").code == "2a"
