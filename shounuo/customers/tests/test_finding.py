"""Whoever has the same mail or phone is the same customer, however many ask at once."""

import threading

import pytest
from django.db import connection, transaction

from shounuo.customers import queries, services
from shounuo.customers.models import Company, ContactPoint, Customer
from shounuo.customers.testing import make_customer
from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid
from shounuo.staff.testing import AT, make_cast

SYSTEM = Actor.system()


def find(**given):
    return services.customer_find_or_create(**given, actor=SYSTEM, at=AT)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({"mail": "Wang.Wu@Example.CN"}, {"mail": "wang.wu@example.cn"}),
        ({"phone": "138 1234 6721"}, {"phone": "+86-13812346721"}),
        ({"phone": "１３８１２３４６７２１"}, {"phone": "008613812346721"}),
        ({"mail": "a@b.cn", "phone": "13812346721"}, {"phone": "13812346721"}),
        ({"mail": "a@b.cn"}, {"mail": "A@b.cn", "phone": "13812346721"}),
    ],
)
def test_the_same_mail_or_phone_is_the_same_customer(first, again):
    customer, created = find(name="王五", **first)
    found, made = find(name="别名", **again)
    assert (found.id, created, made) == (customer.id, True, False)
    assert found.name == "王五"


@pytest.mark.django_db
def test_a_known_customer_costs_one_query_and_a_new_one_no_more_but_his_event(django_assert_num_queries):
    find(name="王五", mail="wang@example.cn", phone="13812346721")
    with transaction.atomic():
        with django_assert_num_queries(1):
            find(name="王五", mail="wang@example.cn", phone="13812346721")
        with django_assert_num_queries(3):  # make, event, which rules are in force
            find(name="李四", mail="li@example.cn", phone="13812346722")


@pytest.mark.django_db
def test_what_is_new_about_a_known_customer_is_added():
    customer, _created = find(mail="wang@example.cn")
    assert (customer.name, customer.named) == ("w***@example.cn", False)
    find(name="王五", mail="wang@example.cn", phone="13812346721")
    customer.refresh_from_db()
    assert (customer.name, customer.initials, customer.named) == ("王五", "ww", True)
    assert set(customer.contact_points.values_list("kind", "value", "primary")) == {
        ("mail", "wang@example.cn", True),
        ("phone", "13812346721", True),
    }
    kinds = list(Event.objects.order_by("seq").values_list("kind", flat=True))
    assert kinds == ["customer.created", "customer.changed", "customer.contact_added"]


@pytest.mark.django_db
def test_when_mail_and_phone_are_two_customers_the_mail_decides_and_nothing_moves():
    by_mail, by_phone = make_customer("甲", mail="jia@b.cn"), make_customer("乙", phone="13812346721")
    found, _made = find(mail="jia@b.cn", phone="13812346721")
    assert found.id == by_mail.id
    assert ContactPoint.objects.get(kind="phone").customer_id == by_phone.id


@pytest.mark.django_db
def test_a_mail_domain_leads_to_its_company_and_public_domains_do_not():
    company = services.company_create(name="绿源牧业", mail_domain="lvyuan.cn", actor=SYSTEM, at=AT)
    assert find(mail="a@lvyuan.cn")[0].company_id == company.id
    assert find(mail="b@lvyuan.cn", company="另一家")[0].company.name == "另一家"
    assert find(mail="c@qq.com")[0].company_id is None
    assert find(name="无", company="绿源牧业")[0].company_id == company.id
    with pytest.raises(Invalid):
        services.company_create(name="企鹅", mail_domain="qq.com", actor=SYSTEM, at=AT)
    with pytest.raises(Invalid):
        services.company_create(name="绿源牧业", actor=SYSTEM, at=AT)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"mail": "not a mail"}, "mail"),
        ({"phone": "abc"}, "phone"),
        ({}, "name"),
        ({"name": " \u200b\x00 "}, "name"),
    ],
)
def test_what_is_no_contact_is_refused_with_its_field(given, field):
    with pytest.raises(Invalid) as caught:
        find(**given)
    assert caught.value.field == field
    assert not Customer.objects.exists()


@pytest.mark.django_db
def test_hostile_names_are_kept_as_text():
    customer, _made = find(name="<script>alert(1)</script>\x00' OR 1=1 --", mail="x@y.cn")
    assert customer.name == "<script>alert(1)</script>' OR 1=1 --"
    assert "script" not in str(list(Event.objects.values_list("payload", flat=True)))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one_customer():
    ids, errors = [], []
    barrier = threading.Barrier(8)

    def run(n):
        try:
            barrier.wait()
            for k in range(5):
                given = {"mail": f"k{k}@example.cn"} if n % 3 else {"phone": f"1381234672{k}"}
                if n % 3 == 1:
                    given["phone"] = f"1381234672{k}"
                with transaction.atomic():
                    ids.append((k, find(name=f"顾客{k}", **given)[0].id))
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not errors
    points = list(ContactPoint.objects.values_list("kind", "value"))
    assert len(points) == len(set(points)) == 10
    live = set(ContactPoint.objects.values_list("customer_id", flat=True))
    assert live == set(Customer.objects.values_list("id", flat=True)) == {id for _k, id in ids}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_who_is_found_while_he_is_merged_is_the_one_who_took_over():
    source, target = make_customer("甲", mail="a@b.cn"), make_customer("乙", mail="c@d.cn")
    found, locked = [], threading.Event()

    def late():
        locked.wait(10)
        found.append(find(mail="a@b.cn")[0].id)
        connection.close()

    thread = threading.Thread(target=late)
    thread.start()
    with transaction.atomic():
        services.customers_merge(source_id=source.id, target_id=target.id, actor=SYSTEM, at=AT)
        locked.set()
        thread.join(0.3)
        assert not found
    thread.join(10)
    assert found == [target.id]


@pytest.mark.django_db
def test_search_finds_by_name_initials_number_and_address():
    cast = make_cast()
    wang = make_customer("王建国", mail="wjg@lvyuan.cn", phone="13812346721")
    li = make_customer("李梅", phone="010-62781234")
    make_customer("Zoë O'Neil", mail="zoe_100%@x.cn")
    actor = cast.actor(cast.agent)

    def names(text):
        return [c.name for c in queries.search(actor, text)]

    assert names("王") == names("建国") == names("wjg") == names("lvyuan") == ["王建国"]
    assert names("1234672") == names("6721") == names("138 1234") == names("+86 138") == ["王建国"]
    assert names("62781234") == names("010-6278") == ["李梅"]
    assert names("100%") == names("o'neil") == ["Zoë O'Neil"]
    assert names("_") == names("%") == names("") == names("'; drop table") == []
    assert [c.id for c in queries.by_phone_prefix(actor, "138")] == [wang.id]
    assert [c.id for c in queries.by_phone_prefix(actor, "1234")] == [li.id, wang.id]
    assert queries.by_phone_prefix(actor, "13") == []
    assert queries.by_contact(actor, mail="wjg@lvyuan.cn", phone="01062781234").id == wang.id


@pytest.mark.django_db
def test_searching_costs_the_same_for_few_and_many(django_assert_num_queries):
    actor = make_cast()
    actor = actor.actor(actor.agent)
    for n in range(30):
        make_customer(f"王{n}", mail=f"w{n}@x.cn", company=f"公司{n}")
    with django_assert_num_queries(3):
        found = queries.search(actor, "w", limit=50)
        assert len({c.company.name for c in found}) == 30
        assert all(queries.masked_contacts(c, actor) for c in found)
    with django_assert_num_queries(2):
        page, cursor = queries.list_page(actor, limit=20)
    more, end = queries.list_page(actor, cursor=cursor, limit=20)
    assert len(page) == 20 and len(more) == 10 and end is None
    assert len({c.id for c in page + more}) == 30


@pytest.mark.django_db
def test_a_broken_cursor_is_a_clear_error():
    for cursor in ("x", "W10", "WzEsMl0"):
        with pytest.raises(Invalid):
            queries.list_page(SYSTEM, cursor=cursor)


@pytest.mark.django_db
def test_companies_are_found_by_name_and_initials():
    services.company_create(name="绿源牧业", actor=SYSTEM, at=AT)
    assert [c.name for c in queries.companies(SYSTEM, "ly")] == ["绿源牧业"]
    assert [c.name for c in queries.companies(SYSTEM, "牧")] == ["绿源牧业"]
    assert Company.objects.count() == 1
