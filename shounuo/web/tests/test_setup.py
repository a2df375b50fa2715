"""The first set-up: everything or nothing, once."""

from datetime import UTC, datetime

import pytest

from shounuo.calendars.models import Calendar
from shounuo.cases.models import Case, Interaction
from shounuo.channels.models import Mailbox
from shounuo.channels.testing import make_mail, receive
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Problem
from shounuo.notices.models import Relay
from shounuo.policy.models import PolicyVersion
from shounuo.staff import queries
from shounuo.staff.testing import make_person, sign_in_client
from shounuo.web.ops import first

pytestmark = pytest.mark.django_db
AT = datetime(2026, 10, 10, 2, 0, tzinfo=UTC)
SYSTEM = Actor.system()


def answers(**changes):
    values = {
        "organisation": "守诺牧业",
        "zone": "Asia/Shanghai",
        "public_address": "https://kefu.example.cn",
        "weekly": {"mon": [["09:00", "12:00"], ["13:00", "18:00"]]},
        "mailbox": "kefu@example.cn",
        **changes,
    }
    return first.Answers(**values)


def typed(**changes):
    return {
        "organisation": "守诺牧业",
        "zone": "Asia/Urumqi",
        "public_address": "https://kefu.example.cn",
        "mon": "10:00-14:00 15:00-19:00",
        "tue": "10：00—14：00、15：00～19：00",
        "wed": "10:00-14:00",
        "thu": "22:00-06:00",
        "mailbox": "kefu@example.cn",
        "catch_all": "on",
        "relay_host": "",
        "relay_port": "587",
        "relay_security": "starttls",
        "pack": "",
        **changes,
    }


@pytest.fixture
def admin(client):
    first.ensure(AT, SYSTEM)
    person = queries.person_by_login("admin")
    sign_in_client(client, person)
    return person


def nothing_is_set():
    queries.forget_organisation()
    return (
        queries.organisation().set_up_at is None
        and not Mailbox.objects.exists()
        and not Relay.objects.exists()
        and not PolicyVersion.objects.exists()
    )


def test_every_start_makes_what_is_missing_and_gives_a_link_until_set_up_is_done():
    path = first.ensure(AT, SYSTEM)
    assert path.startswith("/link/")
    assert first.ensure(AT, SYSTEM) != path, "the older link has ended"
    assert {c.code for c in Calendar.objects.all()} == {"always", "business"}
    first.set_up(answers(), actor=SYSTEM, at=AT)
    assert first.ensure(AT, SYSTEM) is None


def test_all_answers_are_put_in_force():
    first.ensure(AT, SYSTEM)
    relay = first.RelayAnswer(host="smtp.example.cn", login="kefu", password="mima-tebie-chang")
    first.set_up(answers(relay=relay, pack="livestock"), actor=SYSTEM, at=AT)
    organisation = queries.organisation()
    assert (organisation.name, organisation.set_up_at) == ("守诺牧业", AT)
    business = Calendar.objects.get(code="business")
    assert business.weekly["mon"] == [["09:00", "12:00"], ["13:00", "18:00"]]
    box = Mailbox.objects.get()
    assert box.catch_all and box.relay.host == "smtp.example.cn" and box.relay.is_default
    assert "mima" not in box.relay.password
    version = PolicyVersion.objects.get()
    assert (version.state, version.effective_at) == ("published", AT)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"organisation": " "}, "organisation"),
        ({"zone": "Asia/Nowhere"}, "zone"),
        ({"public_address": "kefu"}, "public_address"),
        ({"weekly": {}}, "weekly"),
        ({"mailbox": "kefu"}, "mailbox"),
        ({"relay": first.RelayAnswer(host="不行")}, "relay_host"),
        ({"relay": first.RelayAnswer(host="smtp.example.cn", port=0)}, "relay_port"),
        ({"pack": "../secret"}, "pack"),
        ({"pack": "nothing"}, "pack"),
    ],
)
def test_a_refusal_names_the_answer_and_leaves_nothing_half(changes, field):
    first.ensure(AT, SYSTEM)
    with pytest.raises(Problem) as refused:
        first.set_up(answers(**changes), actor=SYSTEM, at=AT)
    assert refused.value.field == field
    assert nothing_is_set()


def test_mail_is_taken_from_the_first_minute_and_its_mailbox_becomes_the_organisations_own():
    first.ensure(AT, SYSTEM)
    first.mailbox_ensure(AT, SYSTEM)
    first.mailbox_ensure(AT, SYSTEM)
    receive(make_mail("料里有结块", to="wer@anderswo.example"), at=AT)
    case = Case.objects.get()
    assert not Interaction.objects.filter(case=case, direction="out").exists(), (
        "nothing is written in nobody's name"
    )
    first.set_up(answers(catch_all=False), actor=SYSTEM, at=AT)
    box = Mailbox.objects.get()
    assert (box.address, box.name, box.catch_all, box.receipt) == ("kefu@example.cn", "守诺牧业", False, True)
    assert case.mailbox_id == box.pk


def test_set_up_happens_once():
    first.ensure(AT, SYSTEM)
    first.set_up(answers(), actor=SYSTEM, at=AT)
    with pytest.raises(Conflict) as refused:
        first.set_up(answers(mailbox="zwei@example.cn"), actor=SYSTEM, at=AT)
    assert refused.value.code == "set_up_done"
    assert Mailbox.objects.count() == 1


def test_load_and_crash_tests_set_up_in_one_call():
    first.ensure(AT, SYSTEM)
    first.answer_for_tests()
    box = Mailbox.objects.get()
    assert (box.address, box.catch_all) == ("service@example.com", True)


def test_until_set_up_every_page_leads_there(client, admin):
    assert client.get("/settings/people/").headers["Location"] == "/setup/"
    page = client.get("/setup/")
    assert page.status_code == 200
    assert 'value="08:30-12:00 13:30-17:30"' in page.text, "office hours are proposed"


def test_who_is_not_signed_in_is_led_to_sign_in_and_others_may_not_set_up(client):
    first.ensure(AT, SYSTEM)
    assert client.get("/setup/").headers["Location"].startswith("/signin/?next=%2Fsetup%2F")
    sign_in_client(client, make_person("agent"))
    assert client.get("/setup/").status_code == 403
    assert client.post("/setup/", typed()).status_code == 403
    assert nothing_is_set()


def test_the_page_sets_up_and_is_closed_for_good(client, admin):
    answer = client.post("/setup/", typed(pack="livestock"))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/settings/people/")
    business = Calendar.objects.get(code="business")
    assert business.weekly["tue"] == [["10:00", "14:00"], ["15:00", "19:00"]]
    assert business.weekly["thu"] == [["22:00", "06:00"]]
    assert business.weekly["sun"] == []
    assert business.zone == Calendar.objects.get(code="always").zone == "Asia/Urumqi"
    assert client.get("/setup/").status_code == 404
    assert client.post("/setup/", typed(mailbox="zwei@example.cn")).status_code == 404
    assert Mailbox.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"organisation": ""}, 'id="id_organisation_error"'),
        ({"mon": "随便"}, 'id="id_mon_error"'),
        ({"mon": "10:00-14:00 13:00-15:00"}, 'id="id_mon_error"'),
        ({"mon": "", "tue": "", "wed": "", "thu": ""}, 'id="id_mon_error"'),
        ({"mailbox": "kefu"}, 'id="id_mailbox_error"'),
        ({"relay_host": "smtp example"}, 'id="id_relay_host_error"'),
        ({"relay_host": "smtp.example.cn", "relay_port": "70000"}, 'id="id_relay_port_error"'),
        ({"public_address": "ftp://kefu.example.cn"}, 'id="id_public_address_error"'),
    ],
)
def test_a_refused_page_shows_it_at_the_field_and_keeps_what_was_typed(client, admin, changes, shown):
    kept = {"relay_login": "duli-de-zhanghao", "relay_password": "gang-shu-de-mima", **changes}
    answer = client.post("/setup/", typed(**kept))
    assert answer.status_code == 422
    assert shown in answer.text
    assert "duli-de-zhanghao" in answer.text and "gang-shu-de-mima" in answer.text
    assert "22:00-06:00" in answer.text or "thu" in changes
    assert nothing_is_set()


def test_the_page_speaks_english(client, admin):
    page = client.get("/setup/", headers={"Accept-Language": "en"})
    assert 'lang="en"' in page.text
