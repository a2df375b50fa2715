"""A case begins: with its first message, its events and five statements."""

import pytest

from shounuo.cases import services
from shounuo.cases.models import Case
from shounuo.cases.testing import make_case, make_topic
from shounuo.customers.testing import make_customer
from shounuo.events import registry
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed
from shounuo.staff.testing import AT

pytestmark = pytest.mark.django_db

# Collected by ourselves: what has broken other desks.
NAUGHTY = [
    "'; DROP TABLE cases_case; --",
    "<script>alert(1)</script>",
    "{{ settings.SECRET_KEY }}{% include 'x' %}",
    "\x00\x01\x02空字符",
    "\ud800孤立代理",
    "‮倒着写‬",
    "😀👨‍👩‍👧‍👦🏳️‍🌈",
    "ﷺ" * 200,
    "Z̷̢͈̬̗̀a̴̛͇l̸̰͑g̷̡̈́o̷̻͐",
    "%s %n %x %00",
    "a" * 5000,
    "=cmd|' /C calc'!A0",
    "../../../etc/passwd",
    "\r\nBcc: victim@example.cn",
    "㍿①⑴ｆｕｌｌ",
    "NULL",
    "undefined",
    "-1e309",
    "\u2028\u2029\ufeff",
    "𠮷野家",
]


def test_a_new_case_has_a_number_a_message_and_two_events(cast, told, payload):
    customer = make_customer("宋建国", mail="song@example.cn")
    case, first = services.case_open(
        channel="mail",
        subject="到货结块",
        text="约 3 吨",
        customer_id=customer.pk,
        actor=Actor.system(),
        at=AT,
    )
    case.refresh_from_db()
    assert case.number > 10_000 and case.status == "new" and case.version == 1 and case.unanswered
    assert (first.direction, first.text, first.customer_id) == ("in", "约 3 吨", customer.pk)
    assert told(case) == ["case.opened", "interaction.received"]
    assert payload(case, "case.opened") == {
        "version": 1,
        "status": "new",
        "channel": "mail",
        "channel_class": "primary",
        "kind": "inquiry",
        "priority": "normal",
        "customer": customer.pk,
    }
    assert payload(case, "interaction.received")["first"] is True


def test_opening_costs_three_statements(cast, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(registry, "_sync", [])  # the clocks' own are counted with them
    customer = make_customer()
    with django_assert_num_queries(5):  # case, message, events with their news and job; and a savepoint's two
        services.case_open(
            channel="api", subject="一", text="二", customer_id=customer.pk, actor=Actor.system(), at=AT
        )


@pytest.mark.parametrize("channel", ["phone", "visit"])
def test_a_spoken_case_is_answered_when_opened(cast, told, channel):
    case = make_case(channel=channel, actor=cast.actor(cast.agent), owner=cast.agent)
    assert told(case) == [
        "case.opened",
        "interaction.received",
        "call.answered",
        "info.collected",
        "case.assigned",
        "case.accepted",
    ]
    assert case.first_response_at == AT and not case.unanswered and case.status == "open"
    assert case.owner_id == case.first_owner_id == cast.agent.pk and case.team_id == cast.team.pk


def test_a_case_opened_with_a_level_is_classified(cast, told):
    case = make_case(level="L3", kind="complaint", actor=cast.actor(cast.agent))
    assert told(case) == ["case.opened", "interaction.received", "case.classified", "case.triaged"]


def test_a_case_given_to_another_waits_for_his_acceptance(cast, told):
    case = make_case(owner=cast.agent, accepted=False)
    assert case.status == "new" and case.accepted_at is None and told(case)[-1] == "case.assigned"


@pytest.mark.parametrize(
    "bad",
    [
        {"channel": "fax"},
        {"kind": "rant"},
        {"level": "L4"},
        {"severity": "huge"},
        {"priority": ""},
        {"channel_class": "third"},
        {"topic_id": 999},
        {"team_id": 999},
        {"owner_id": 999_999},
        {"tags": ["x" * 41]},
        {"tags": [str(i) for i in range(21)]},
        {"custom": {"nothing": 1}},
    ],
)
def test_what_is_on_no_list_opens_no_case(cast, bad):
    customer = make_customer()
    with pytest.raises(Invalid):
        services.case_open(
            **{"channel": "mail", "subject": "a", "text": "b", "customer_id": customer.pk, **bad},
            actor=Actor.system(),
            at=AT,
        )
    assert not Case.objects.exists()


def test_a_person_who_handles_no_cases_opens_none(cast):
    with pytest.raises(NotAllowed):
        make_case(actor=cast.actor(cast.nobody))


def test_a_customer_opens_for_himself_only(cast):
    customer, other = make_customer(), make_customer()
    assert (
        make_case(customer=customer, channel="form", actor=Actor.customer(customer.pk)).customer_id
        == customer.pk
    )
    with pytest.raises(NotAllowed):
        make_case(customer=customer, channel="form", actor=Actor.customer(other.pk))


def test_a_case_without_a_subject_takes_the_first_words(cast):
    customer = make_customer()
    case, _first = services.case_open(
        channel="mail",
        subject=" \u200b ",
        text="料线电机异响，每 20 分钟停一次",
        customer_id=customer.pk,
        actor=Actor.system(),
        at=AT,
    )
    assert case.subject == "料线电机异响，每 20 分钟停一次"


@pytest.mark.parametrize("text", NAUGHTY, ids=range(len(NAUGHTY)))
def test_naughty_words_survive_every_field(cast, text):
    case = make_case(
        text,
        text=text,
        actor=cast.actor(cast.agent),
        owner=cast.agent,
        difficulty=text,
        tags=[text[:30]],
        message=services.IncomingMessage(
            sender=text, recipients=[text], message_id=text, folded=text, html=text
        ),
    )
    actor = cast.actor(cast.agent)
    services.note_add(case_id=case.pk, text=text, actor=actor, at=AT)
    services.draft_save(case_id=case.pk, mode="out", body={"text": text, text: [text]}, actor=actor, at=AT)
    services.case_wait(case_id=case.pk, on="customer", reason=text, actor=actor, at=AT)
    services.plan_propose(
        case_id=case.pk, options=[{"title": f"换{text[:100]}", "pros": text[:3000]}], actor=actor, at=AT
    )
    services.case_resolve(case_id=case.pk, text=text, actor=actor, at=AT)
    services.search_index(case.pk)
    case.refresh_from_db()
    assert case.status == "resolved" and len(case.subject) <= 300 and "\x00" not in case.resolution


def test_topics_name_their_way_from_the_root(cast):
    feed = make_topic("feed", "饲料")
    caking = make_topic("caking", "结块", parent=make_topic("looks", "外观", parent=feed))
    assert caking.full_name == "饲料 › 外观 › 结块" and caking.path == "feed/looks/caking"
    services.topic_change(topic_id=feed.pk, name="料", actor=Actor.system(), at=AT)
    caking.refresh_from_db()
    assert caking.full_name == "料 › 外观 › 结块"
