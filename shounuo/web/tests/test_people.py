"""Staff pages about customers: what is masked, who may do what, and that nothing is lost."""

import json
import re
from datetime import timedelta

import pytest
from django.test import Client

from shounuo.audit.models import Entry
from shounuo.cases import services as case_services
from shounuo.cases.testing import make_case
from shounuo.customers import services
from shounuo.customers.models import Company, Customer, Merge
from shounuo.customers.testing import make_customer
from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.staff.testing import make_cast, make_person, set_up_organisation, sign_in_client
from shounuo.web.tests.portal_world import NASTY, is_clean, text_of

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


@pytest.fixture
def cast():
    set_up_organisation()
    return make_cast()


@pytest.fixture
def song(cast):
    return make_customer("宋建国", mail="songjianguo@example.cn", phone="13803946721", company="兴旺家庭农场")


@pytest.fixture
def agent(cast, client: Client):
    sign_in_client(client, cast.agent)
    return client


@pytest.fixture
def manager(cast):
    theirs = Client()
    sign_in_client(theirs, cast.manager)
    return theirs


def paths(customer):
    contact = customer.contact_points.order_by("id").first().pk
    base = f"/customers/{customer.pk}/"
    return {
        "customers.view": ["/customers/", "/customers/companies/", base, f"/customers/companies/{customer.company_id}/"],
        "customers.edit": [
            "/customers/new/",
            "/customers/companies/new/",
            f"/customers/companies/{customer.company_id}/edit/",
            f"{base}edit/",
            f"{base}contacts/",
            f"{base}contacts/{contact}/remove/",
        ],
        "customers.reveal": [f"{base}reveal/{contact}/"],
        "customers.merge": [f"{base}merge/", f"{base}merges/1/undo/"],
        "customers.erase": [f"{base}export/", f"{base}erase/"],
    }  # fmt: skip


def test_every_address_wants_a_sign_in_and_its_right(cast, song):
    """Nobody without the right gets in by any verb, and nothing changes."""
    holders = {
        "customers.view": ("agent", "manager"),
        "customers.edit": ("agent", "manager"),
        "customers.reveal": ("agent", "manager"),
        "customers.merge": ("supervisor", "manager"),
        "customers.erase": ("manager", "admin"),
    }
    everyone = ("agent", "outsider", "supervisor", "manager", "admin", "nobody")
    for permission, listed in paths(song).items():
        for path in listed:
            anonymous = Client()
            for answer in (anonymous.get(path), anonymous.post(path)):
                assert answer.status_code == 302 and "/signin/" in answer["Location"], path
            assert anonymous.get(path, headers={"hx-request": "true"}).status_code == 401
            for login in everyone:
                client = Client()
                person = getattr(cast, login)
                sign_in_client(client, person)
                may = permission in cast.actor(person).permissions
                status = client.get(path).status_code
                assert (status == 403) == (not may), (login, path, status)
                if not may:
                    assert (
                        client.post(path, {"source": "1", "sure": "宋建国", "name": "x"}).status_code == 403
                    )
                if login in holders[permission]:
                    assert may, (login, permission)
    song.refresh_from_db()
    assert (song.name, song.contact_points.count(), song.erased_at) == ("宋建国", 2, None)


def test_acts_want_our_own_form(cast, song):
    strict = Client(enforce_csrf_checks=True)
    sign_in_client(strict, cast.admin)
    for listed in paths(song).values():
        for path in listed:
            answer = strict.post(
                path, {"name": "假的", "sure": "宋建国", "kind": "phone", "value": "13900000000"}
            )
            assert answer.status_code in (403, 405), path
    assert Customer.objects.get(pk=song.pk).name == "宋建国"


@pytest.mark.parametrize("asked", ["宋建", "sjg", "SJG", "6721", "1380394", "138 0394 6721", "songjian"])
def test_customers_are_found_by_name_sound_number_and_mail(agent, song, asked):
    make_customer("钱多多", mail="qian@example.cn", phone="13911112222")
    text = text_of(agent.get("/customers/", {"q": asked}))
    assert "宋建国" in text and "钱多多" not in text
    assert "138 **** 6721" in text and "13803946721" not in text and "songjianguo@" not in text


def test_the_list_goes_by_pages_with_the_same_queries(agent, song, django_assert_max_num_queries):
    for n in range(54):
        make_customer(
            f"客户{n:02}", mail=f"a{n}@example.cn", phone=f"139000000{n:02}", company=f"单位{n % 7}"
        )
    agent.get("/customers/")
    with django_assert_max_num_queries(10):
        first = agent.get("/customers/")
    onward = re.search(r'rel="next" href="([^"]+)"', first.content.decode())[1].replace("&amp;", "&")
    with django_assert_max_num_queries(10):
        second = agent.get(onward)
    assert first.content.decode().count('id="row-') == 50 and second.content.decode().count('id="row-') == 5
    with django_assert_max_num_queries(11):
        found = agent.get("/customers/", {"q": "客户"})
    assert "只列出前 50 位" in text_of(found)
    with django_assert_max_num_queries(10):
        assert agent.get("/customers/companies/").status_code == 200
    assert is_clean(first)


def test_the_list_counts_what_is_unsolved_of_what_one_may_see(cast, agent, song):
    make_case(customer=song, team=cast.team)
    make_case(customer=song, team=cast.team)
    make_case(customer=song, team=cast.other_team)
    solved = make_case(customer=song, team=cast.team)
    case_services.case_resolve(case_id=solved.pk, text="好了", actor=cast.actor(cast.agent), at=now())
    answer = agent.get("/customers/")
    assert '<td class="sn-num" data-label="未结">2</td>' in answer.content.decode()
    assert answer.context["rows"][0]["cells"][-1] == 2


def test_the_list_narrows_to_a_segment(agent, song):
    make_customer("钱多多", mail="qian@example.cn")
    services.customer_change(customer_id=song.pk, segment="vip", actor=SYSTEM, at=now())
    text = text_of(agent.get("/customers/?segment=vip"))
    assert "宋建国" in text and "钱多多" not in text
    assert "钱多多" in text_of(agent.get("/customers/?segment=hack"))
    assert agent.get("/customers/?cursor=broken").status_code == 422


def test_the_card_shows_him_masked_with_the_cases_one_may_see(cast, agent, song):
    make_case("看得见", customer=song, team=cast.team)
    make_case("看不见", customer=song, team=cast.other_team)
    services.customer_change(customer_id=song.pk, note="周三下午在场里", title="场长", actor=SYSTEM, at=now())
    answer = agent.get(f"/customers/{song.pk}/")
    text = text_of(answer)
    for said in ("宋建国", "兴旺家庭农场", "场长", "周三下午在场里", "看得见", "138 **** 6721"):
        assert said in text, said
    assert "看不见" not in text and "13803946721" not in answer.content.decode() and is_clean(answer)
    assert "导出" not in text and "合并" not in text
    assert agent.get("/customers/999999/").status_code == 404


def test_the_cards_queries_do_not_grow(cast, agent, song, django_assert_max_num_queries):
    agent.get(f"/customers/{song.pk}/")
    for n in range(12):
        make_case(customer=song, team=cast.team)
        other = make_customer("宋建国", mail=f"other{n}@example.cn")
        if n % 2:
            services.customers_merge(source_id=other.pk, target_id=song.pk, actor=SYSTEM, at=now())
    with django_assert_max_num_queries(16):
        assert agent.get(f"/customers/{song.pk}/").status_code == 200


def test_showing_a_number_is_on_record(cast, agent, song):
    point = song.contact_points.get(kind="phone")
    path = f"/customers/{song.pk}/reveal/{point.pk}/"
    answer = agent.post(path, headers={"hx-request": "true"})
    assert answer.content.decode() == "13803946721" and "no-store" in answer["Cache-Control"]
    assert (
        Event.objects.filter(kind="customer.revealed", subject_id=song.pk, actor_id=cast.agent.pk).count()
        == 1
    )
    entry = Entry.objects.get(action="customer.revealed")
    assert (entry.actor_id, entry.address) == (cast.agent.pk, "127.0.0.1")
    page = text_of(agent.post(path))
    assert "13803946721" in page and "songjianguo@" not in page
    assert agent.get(path).status_code == 405
    stranger = make_customer("钱多多", mail="qian@example.cn")
    other = stranger.contact_points.get().pk
    assert agent.post(f"/customers/{song.pk}/reveal/{other}/").status_code == 404


def test_a_colleague_without_the_right_sees_no_way_to_show_it(song):
    tech, client = make_person("tech", roles=("tech_support",)), Client()
    sign_in_client(client, tech)
    page = client.get(f"/customers/{song.pk}/")
    assert "显示" not in text_of(page) and "改资料" not in text_of(page)


def test_changing_a_customer_keeps_what_was_typed_when_it_is_refused(agent, song):
    path = f"/customers/{song.pk}/edit/"
    assert 'value="兴旺家庭农场"' in agent.get(path).content.decode()
    wrong = agent.post(path, {"name": "", "region": "河南 周口", "segment": "king"})
    assert wrong.status_code == 422 and "河南 周口" in wrong.content.decode()
    given = {
        "name": "宋大国",
        "company": "新农场",
        "region": "河南 周口",
        "segment": "vip",
        "title": "",
        "note": "",
        "language": "",
    }
    assert agent.post(path, given)["Location"] == f"/customers/{song.pk}/"
    song.refresh_from_db()
    assert (song.name, song.company.name, song.region, song.initials) == (
        "宋大国",
        "新农场",
        "河南 周口",
        "sdg",
    )


def test_forms_open_as_dialogs_and_go_on_by_header(agent, song):
    dialog = agent.get(f"/customers/{song.pk}/edit/", headers={"hx-request": "true"})
    assert "<dialog" in dialog.content.decode() and "<html" not in dialog.content.decode()
    wrong = agent.post(f"/customers/{song.pk}/edit/", {"name": ""}, headers={"hx-request": "true"})
    assert wrong.status_code == 422 and "<dialog" in wrong.content.decode()
    given = {"name": "宋建国", "segment": "", "language": ""}
    done = agent.post(f"/customers/{song.pk}/edit/", given, headers={"hx-request": "true"})
    assert (done.status_code, done["HX-Redirect"]) == (204, f"/customers/{song.pk}/")


def test_contact_points_come_and_go(agent, song):
    path = f"/customers/{song.pk}/contacts/"
    assert agent.post(path, {"kind": "phone", "value": "13911112222"}).status_code == 302
    assert song.contact_points.count() == 3
    wrong = agent.post(path, {"kind": "mail", "value": "不是邮箱"})
    assert wrong.status_code == 422 and "这不是邮箱地址" in text_of(wrong)
    make_customer("钱多多", phone="13700000001")
    taken = agent.post(path, {"kind": "phone", "value": "137 0000 0001"})
    assert taken.status_code == 422 and "是客户钱多多的" in text_of(taken)
    point = song.contact_points.get(value="13911112222")
    assert agent.post(f"{path}{point.pk}/remove/").status_code == 302
    assert song.contact_points.count() == 2
    assert agent.post(f"{path}{point.pk}/remove/").status_code == 404


def test_two_records_become_one_and_two_again(cast, manager, song):
    other = make_customer("宋建国", mail="sjg@example.com")
    case = make_case(customer=other, team=cast.team)
    path = f"/customers/{song.pk}/merge/"
    assert f'value="{other.pk}"' in manager.get(path, headers={"hx-request": "true"}).content.decode()
    found = manager.get(path, {"q": "sjg"}, headers={"hx-request": "true", "hx-target": "merge-found"})
    assert "<dialog" not in found.content.decode() and f'value="{other.pk}"' in found.content.decode()
    assert f'value="{song.pk}"' not in found.content.decode()
    for bad, said in (
        ({}, "请选一位客户"),
        ({"source": str(song.pk)}, "不能把客户并入自己"),
        ({"source": "x"}, "请选一位"),
    ):
        refused = manager.post(path, bad)
        assert refused.status_code == 422 and said in text_of(refused)
    assert manager.post(path, {"source": "999999"}).status_code == 404
    assert manager.post(path, {"source": str(other.pk)}).status_code == 302
    assert manager.get(f"/customers/{other.pk}/")["Location"] == f"/customers/{song.pk}/"
    page = manager.get(f"/customers/{song.pk}/")
    assert "并进来的" in text_of(page) and str(case.number) in text_of(page)
    merge = Merge.objects.get()
    assert manager.post(f"/customers/{song.pk}/merges/{merge.pk}/undo/").status_code == 302
    assert manager.get(f"/customers/{other.pk}/").status_code == 200
    assert manager.post(f"/customers/{song.pk}/merges/{merge.pk}/undo/").status_code == 409


def test_a_copy_of_his_data_is_a_file_and_on_record(manager, song):
    assert manager.get(f"/customers/{song.pk}/export/").status_code == 405
    answer = manager.post(f"/customers/{song.pk}/export/")
    copy = json.loads(answer.content)
    assert answer["Content-Disposition"] == f'attachment; filename="customer-{song.pk}.json"'
    assert copy["records"][0]["name"] == "宋建国" and "no-store" in answer["Cache-Control"]
    assert Entry.objects.filter(action="customer.exported").exists()


def test_erasing_wants_the_name_and_is_for_good(cast, manager, song):
    case = make_case(customer=song, team=cast.team, text="我是宋建国")
    path = f"/customers/{song.pk}/erase/"
    assert "不能恢复" in text_of(manager.get(path))
    wrong = manager.post(path, {"sure": "宋建"})
    assert wrong.status_code == 422 and "没有删除" in text_of(wrong)
    assert manager.post(path, {"sure": "宋建国"}).status_code == 302
    page = manager.get(f"/customers/{song.pk}/")
    assert "个人信息已经删除" in text_of(page) and "宋建国" not in page.content.decode()
    assert str(case.number) in text_of(page) and "改资料" not in text_of(page)
    assert manager.post(path, {"sure": "***"}).status_code == 404


def test_companies_have_a_page_with_their_people(agent, song):
    company = Company.objects.get()
    page = text_of(agent.get(f"/customers/companies/{company.pk}/"))
    assert "兴旺家庭农场" in page and "宋建国" in page
    found = text_of(agent.get("/customers/companies/", {"q": "xwjt"}))
    assert "兴旺家庭农场" in found
    path = f"/customers/companies/{company.pk}/edit/"
    refused = agent.post(path, {"name": "兴旺", "mail_domain": "qq.com"})
    assert (
        refused.status_code == 422
        and "公共邮箱" in text_of(refused)
        and 'value="qq.com"' in refused.content.decode()
    )
    assert agent.post(path, {"name": "兴旺", "mail_domain": "xingwang.cn"}).status_code == 302
    assert agent.post("/customers/companies/new/", {"name": "兴旺"}).status_code == 422
    assert agent.get("/customers/companies/999999/").status_code == 404


def test_a_customer_entered_by_hand_is_found_again(agent, song):
    answer = agent.post("/customers/new/", {"phone": "138-0394-6721"})
    assert answer["Location"] == f"/customers/{song.pk}/"
    empty = agent.post("/customers/new/", {})
    assert empty.status_code == 422 and "请至少填写姓名、邮箱、电话中的一项" in text_of(empty)


def test_hostile_names_are_only_names(cast, manager):
    nasty = make_customer(NASTY, mail="x@example.cn", company=NASTY[:100])
    services.customer_change(customer_id=nasty.pk, note=NASTY, title=NASTY[:50], actor=SYSTEM, at=now())
    make_case(NASTY, customer=nasty, team=cast.team)
    base = f"/customers/{nasty.pk}/"
    for path in (
        "/customers/",
        base,
        f"{base}edit/",
        f"{base}erase/",
        f"{base}merge/",
        f"/customers/companies/{nasty.company_id}/",
        "/customers/companies/",
    ):
        answer = manager.get(path)
        assert answer.status_code == 200 and is_clean(answer), path
        assert "<script>alert" not in answer.content.decode() and "<img src=x" not in answer.content.decode()


def test_an_old_merge_cannot_be_taken_back(manager, song):
    other = make_customer("宋建国", mail="sjg@example.com")
    long_ago = now() - timedelta(days=31)
    services.customers_merge(source_id=other.pk, target_id=song.pk, actor=SYSTEM, at=long_ago)
    page = text_of(manager.get(f"/customers/{song.pk}/"))
    assert "并进来的" in page and "撤回" not in page
    assert manager.post(f"/customers/{song.pk}/merges/{Merge.objects.get().pk}/undo/").status_code == 409
