"""Who sees what of a customer; merging and its undo; export and erasure."""

import dataclasses
from datetime import timedelta

import pytest

from shounuo.audit.models import Entry
from shounuo.customers import holders, queries, services
from shounuo.customers.models import ContactPoint, Customer, Merge
from shounuo.customers.testing import make_customer
from shounuo.events import subjects
from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.staff.testing import AT, make_cast

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def wang():
    return make_customer("王建国", mail="wang.jg@lvyuan.cn", phone="138-1234-6721")


@pytest.fixture
def held(monkeypatch):
    """A higher part that keeps things of customers: {thing id: customer id}."""
    things: dict[int, int] = {}

    def move(source, target, ids):
        moved = [i for i, owner in things.items() if owner == source and (ids is None or i in ids)]
        things.update(dict.fromkeys(moved, target))
        return moved

    def erase(id, at):
        gone = [i for i, owner in things.items() if owner == id]
        for i in gone:
            del things[i]
        return len(gone)

    holder = holders.Holder(
        "thing", move, lambda id: [{"thing": i} for i, o in things.items() if o == id], erase
    )
    monkeypatch.setattr(holders, "_holders", {"thing": holder})
    return things


def test_without_the_right_there_are_no_customers(cast, wang):
    nobody = cast.actor(cast.nobody)
    assert not queries.visible_to(nobody).exists()
    assert queries.search(nobody, "王") == [] and queries.by_phone_prefix(nobody, "138") == []
    assert queries.list_page(nobody) == ([], None) and queries.companies(nobody) == []
    assert queries.by_contact(nobody, phone="13812346721") is None
    assert subjects.get("customer").visible_ids(nobody, [wang.id]) == set()
    for act in (
        lambda: queries.get(nobody, wang.id),
        lambda: queries.panel(nobody, wang.id),
        lambda: services.customer_change(customer_id=wang.id, name="x", actor=nobody, at=AT),
        lambda: services.contact_add(
            customer_id=wang.id, kind="phone", value="13812346722", actor=nobody, at=AT
        ),
        lambda: services.reveal(customer_id=wang.id, field="phone", actor=nobody, at=AT),
        lambda: services.customers_merge(source_id=wang.id, target_id=1, actor=nobody, at=AT),
        lambda: services.customer_erase(customer_id=wang.id, actor=nobody, at=AT),
        lambda: services.customer_export(customer_id=wang.id, actor=nobody, at=AT),
    ):
        with pytest.raises(NotFound):
            act()


def test_a_customer_sees_himself_alone(wang):
    other, own = make_customer("李梅"), Actor.customer(wang.id)
    assert list(queries.visible_to(own)) == [wang]
    with pytest.raises(NotFound):
        queries.get(own, other.id)
    assert [c.text for c in queries.panel(own, wang.id).contacts] == [
        "wang.jg@lvyuan.cn",
        "138-1234-6721",
    ]


def test_contacts_are_masked_for_staff(cast, wang):
    for person in (cast.agent, cast.admin):
        shown = queries.panel(cast.actor(person), wang.id).contacts
        assert [(c.text, c.masked) for c in shown] == [
            ("w***g@lvyuan.cn", True),
            ("138 **** 6721", True),
        ]
        assert "6721" in str(shown) and "1234" not in str(queries.customer_json(wang, cast.actor(person)))


def test_a_reveal_leaves_an_event_and_an_entry_and_no_value(cast, wang):
    agent = cast.actor(cast.agent)
    phone = ContactPoint.objects.get(kind="phone")
    assert services.reveal(customer_id=wang.id, field=str(phone.id), actor=agent, at=AT) == "138-1234-6721"
    assert services.reveal(customer_id=wang.id, field="mail", actor=agent, at=AT, address="203.0.113.5") == [
        "wang.jg@lvyuan.cn"
    ]
    entry = Entry.objects.latest("id")
    assert (entry.action, entry.actor_id, entry.target_id, entry.address) == (
        "customer.revealed",
        cast.agent.id,
        str(wang.id),
        "203.0.113.5",
    )
    events = Event.objects.filter(kind="customer.revealed").order_by("seq")
    assert [e.payload for e in events] == [{"field": "phone", "contact": phone.id}, {"field": "mail"}]


def test_a_reveal_needs_its_right_and_stays_with_its_customer(cast, wang):
    other = make_customer("李梅", phone="13900001111")
    theirs = ContactPoint.objects.get(customer=other)
    viewer = dataclasses.replace(cast.actor(cast.agent), permissions=frozenset({"customers.view"}))
    with pytest.raises(NotAllowed):
        services.reveal(customer_id=wang.id, field="phone", actor=viewer, at=AT)
    for field in (str(theirs.id), "0", "-1", "note", "", "²"):
        with pytest.raises(NotFound):
            services.reveal(customer_id=wang.id, field=field, actor=cast.actor(cast.agent), at=AT)
    with pytest.raises(NotFound):
        services.contact_remove(
            customer_id=wang.id, contact_id=theirs.id, actor=cast.actor(cast.agent), at=AT
        )
    assert not Event.objects.filter(kind="customer.revealed").exists()


def test_changes_are_told_by_field_and_nothing_else_can_be_written(cast, wang):
    agent = cast.actor(cast.agent)
    services.customer_change(
        customer_id=wang.id,
        name="王建军",
        company="绿源牧业",
        segment="vip",
        note="爱喝茶",
        attributes={"牛": 120},
        actor=agent,
        at=AT,
    )
    event = Event.objects.filter(kind="customer.changed").get()
    assert event.payload == {"fields": ["name", "company", "note", "segment", "attributes"]}
    assert queries.facts([wang.id])[wang.id]["segment"] == "vip"
    with pytest.raises(TypeError):
        services.customer_change(customer_id=wang.id, erased_at=AT, actor=agent, at=AT)
    for bad in ({"name": " "}, {"segment": "king"}, {"language": "xx"}, {"attributes": {"a": {"b": 1}}}):
        with pytest.raises(Invalid):
            services.customer_change(customer_id=wang.id, **bad, actor=agent, at=AT)
    before = Event.objects.count()
    services.customer_change(customer_id=wang.id, name="王建军", actor=agent, at=AT)
    assert Event.objects.count() == before


def test_a_contact_of_another_is_a_conflict_that_names_him(cast, wang):
    other = make_customer("李梅", phone="13900001111")
    agent = cast.actor(cast.agent)
    with pytest.raises(Conflict) as caught:
        services.contact_add(customer_id=wang.id, kind="phone", value="13900001111", actor=agent, at=AT)
    assert caught.value.extra == {"customer": other.id}
    added = services.contact_add(
        customer_id=wang.id, kind="phone", value="13900002222", primary=True, actor=agent, at=AT
    )
    services.contact_add(customer_id=wang.id, kind="phone", value="139 0000 2222", actor=agent, at=AT)
    assert list(wang.contact_points.filter(kind="phone", primary=True)) == [added]
    services.contact_remove(customer_id=wang.id, contact_id=added.id, actor=agent, at=AT)
    assert wang.contact_points.get(kind="phone").primary
    services.contact_verify(contact_id=wang.contact_points.get(kind="mail").id, actor=SYSTEM, at=AT)
    assert queries.panel(agent, wang.id).contacts[0].verified


def test_a_merge_moves_everything_and_undo_brings_it_back(cast, wang, held):
    senior = cast.actor(cast.supervisor)
    other = make_customer("王工", mail="wjg@qq.com", phone="13900001111", company="绿源牧业")
    services.customer_change(customer_id=other.id, region="内蒙古", actor=senior, at=AT)
    held.update({1: other.id, 2: other.id, 3: wang.id})
    merge = services.customers_merge(source_id=other.id, target_id=wang.id, actor=senior, at=AT)
    wang.refresh_from_db()
    assert (wang.name, wang.region, wang.company.name) == ("王建国", "内蒙古", "绿源牧业")
    assert wang.contact_points.count() == 4 and wang.contact_points.filter(primary=True).count() == 2
    assert held == {1: wang.id, 2: wang.id, 3: wang.id}
    assert queries.get(senior, other.id) == wang and queries.ids_of(wang.id) == sorted([wang.id, other.id])
    assert [c.id for c in queries.search(senior, "王")] == [wang.id]
    found, made = services.customer_find_or_create(mail="wjg@qq.com", actor=SYSTEM, at=AT)
    assert (found.id, made) == (wang.id, False)

    services.customer_change(customer_id=wang.id, region="甘肃", actor=senior, at=AT)
    held[2] = 99
    services.merge_undo(merge_id=merge.id, actor=senior, at=AT + timedelta(days=30))
    wang.refresh_from_db()
    other.refresh_from_db()
    assert (wang.region, wang.company, other.merged_into) == ("甘肃", None, None)
    assert held == {1: other.id, 2: 99, 3: wang.id}
    assert other.contact_points.filter(primary=True).count() == 2
    assert wang.contact_points.filter(primary=True).count() == 2
    kinds = Event.objects.filter(subject_kind="customer", subject_id=other.id).values_list("kind", flat=True)
    assert {"customer.merged", "customer.merge_undone"} <= set(kinds)


def test_a_merge_is_undone_within_thirty_days_once_and_last_first(cast, wang):
    senior = cast.actor(cast.supervisor)
    other, third = make_customer("王工"), make_customer("王总")
    first = services.customers_merge(source_id=other.id, target_id=wang.id, actor=senior, at=AT)
    second = services.customers_merge(source_id=wang.id, target_id=third.id, actor=senior, at=AT)
    with pytest.raises(Conflict):
        services.merge_undo(merge_id=first.id, actor=senior, at=AT)
    services.merge_undo(merge_id=second.id, actor=senior, at=AT)
    with pytest.raises(Conflict):
        services.merge_undo(merge_id=second.id, actor=senior, at=AT)
    with pytest.raises(Conflict):
        services.merge_undo(merge_id=first.id, actor=senior, at=AT + timedelta(days=31))
    assert Merge.objects.filter(undone_at=None).count() == 1


def test_merging_needs_its_right_and_two_live_customers(cast, wang):
    other = make_customer("王工")
    merge = services.customers_merge(source_id=other.id, target_id=wang.id, actor=SYSTEM, at=AT)
    agent, senior = cast.actor(cast.agent), cast.actor(cast.supervisor)
    with pytest.raises(NotAllowed):
        services.customers_merge(source_id=wang.id, target_id=other.id, actor=agent, at=AT)
    with pytest.raises(NotAllowed):
        services.merge_undo(merge_id=merge.id, actor=agent, at=AT)
    with pytest.raises(Invalid):
        services.customers_merge(source_id=wang.id, target_id=wang.id, actor=senior, at=AT)
    with pytest.raises(Conflict):
        services.customers_merge(source_id=other.id, target_id=make_customer().id, actor=senior, at=AT)
    with pytest.raises(NotFound):
        services.customers_merge(source_id=wang.id, target_id=0, actor=senior, at=AT)
    with pytest.raises(Conflict) as caught:
        services.customer_change(customer_id=other.id, name="x", actor=senior, at=AT)
    assert caught.value.extra == {"into": wang.id}


def test_an_export_holds_everything_and_leaves_a_trace(cast, wang, held):
    held.update({7: wang.id})
    other = make_customer("王工", mail="wjg@qq.com")
    services.customers_merge(source_id=other.id, target_id=wang.id, actor=SYSTEM, at=AT)
    copy = services.customer_export(customer_id=wang.id, actor=cast.actor(cast.manager), at=AT)
    text = str(copy)
    assert all(part in text for part in ("王建国", "王工", "wjg@qq.com", "138-1234-6721"))
    assert copy["thing"] == [{"thing": 7}]
    assert Entry.objects.filter(action="customer.exported", actor_id=cast.manager.id).count() == 1
    with pytest.raises(NotAllowed):
        services.customer_export(customer_id=wang.id, actor=cast.actor(cast.supervisor), at=AT)


def test_an_erasure_leaves_no_word_of_the_person(cast, wang, held):
    held.update({7: wang.id, 8: 99})
    other = make_customer("王工", mail="wjg@qq.com")
    services.customers_merge(source_id=other.id, target_id=wang.id, actor=SYSTEM, at=AT)
    services.customer_change(customer_id=wang.id, note="爱喝茶", attributes={"牛": 1}, actor=SYSTEM, at=AT)
    with pytest.raises(NotAllowed):
        services.customer_erase(customer_id=wang.id, actor=cast.actor(cast.supervisor), at=AT)
    assert services.customer_erase(customer_id=wang.id, actor=cast.actor(cast.manager), at=AT) == 2
    rows = str(list(Customer.objects.values())) + str(list(ContactPoint.objects.values()))
    rows += str(list(Merge.objects.values())) + str(list(Event.objects.values_list("payload")))
    rows += str(list(Entry.objects.values()))
    assert not any(word in rows for word in ("王", "wjg", "6721", "茶", "lvyuan"))
    assert held == {8: 99}
    assert Event.objects.filter(kind="customer.erased").count() == 2
    fresh, made = services.customer_find_or_create(phone="13812346721", actor=SYSTEM, at=AT)
    assert made and fresh.id not in (wang.id, other.id)
    with pytest.raises(NotFound):
        services.customer_change(customer_id=wang.id, name="王建国", actor=SYSTEM, at=AT)


def test_possible_duplicates_are_named_not_merged(cast, wang):
    twin = make_customer("王建国", mail="other@x.cn")
    assert queries.duplicates(cast.actor(cast.agent), wang) == [twin]
    unnamed = make_customer(phone="13900001111")
    assert queries.duplicates(cast.actor(cast.agent), unnamed) == []
