"""The desk: who gets where, the list and its filters, what is live, and what a page costs."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern

from shounuo.cases import services
from shounuo.cases.models import Case, Reading, SavedView
from shounuo.cases.testing import make_case, make_topic
from shounuo.customers.testing import make_customer
from shounuo.files import services as files
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.staff.queries import actor_for
from shounuo.staff.testing import make_person
from shounuo.web.desk import filters, messages, views
from shounuo.web.desk.acts import ACTS, PLAIN
from shounuo.web.desk.urls import urlpatterns
from shounuo.web.tests.desks import clock_of, last_message, make_house, queries_of, received
from shounuo.web.tests.portal_world import is_clean, text_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def house():
    return make_house()


@pytest.fixture
def agent(house):
    return house.client(house.cast.agent)


@pytest.fixture
def supervisor(house):
    return house.client(house.cast.supervisor)


def addresses(case, message=None):
    """Every address of the desk, with the ids of a case."""
    clock = clock_of(case)
    ids = {
        "number": case.number,
        "clock_id": clock.pk,
        "id": (message or last_message(case, "in")).pk,
        "merge_id": 1,
        "view_id": 1,
        "what": "tag",
    }
    for one in urlpatterns:
        assert isinstance(one, URLPattern)
        route = str(one.pattern)
        yield one.callback, route, "/cases/" + re.sub(r"<\w+:(\w+)>", lambda m: str(ids[m[1]]), route)


# -- who gets where --------------------------------------------------------------------------------------------------
def test_a_stranger_is_led_to_sign_in_and_back(house, client):
    for _view, _route, url in addresses(house.mine):
        for answer in (client.get(url), client.post(url)):
            assert answer.status_code == 302, url
            assert answer["Location"].startswith("/signin/?next="), url
        assert client.get(url)["Location"] == "/signin/?next=" + quote(url, safe="")
        assert client.get(url, headers=HTMX).status_code == 401


def test_one_without_the_right_is_turned_away(house):
    nobody = house.client(house.cast.nobody)
    for _view, _route, url in addresses(house.mine):
        assert nobody.get(url).status_code == 403, url
        assert nobody.post(url).status_code == 403, url


def test_who_may_only_look_does_not_write(house):
    viewer = house.client(make_person("looker", roles=("viewer",)))
    before = Case.objects.values().get(pk=house.mine.pk)
    looking = ("", "ids/", "filter/", "row/", "timeline/", "events.csv", "seen/", "frame/", "raw/")
    for view, route, url in addresses(house.mine):
        answer = viewer.post(url, {"text": "写一句", "name": "我的"})
        if (
            not (view in (views.desk, views.ledger, messages.message) or route.endswith(looking[1:]))
            and "saved" not in route
        ):
            assert answer.status_code == 403, url
    assert Case.objects.values().get(pk=house.mine.pk) == before


def test_a_case_of_another_team_is_not_there(house, agent):
    """Its addresses answer like those of a number that nobody has, whatever the verb."""
    before = Case.objects.values().get(pk=house.theirs.pk)
    for _view, route, url in addresses(house.theirs):
        if "<int:number>" not in route or "unmerge" in route or "rebase" in route:
            continue
        for headers in ({}, HTMX):
            answers = [agent.get(url, headers=headers), agent.post(url, {"text": "写一句"}, headers=headers)]
            if route.endswith("/row/"):
                assert [a.content for a in answers] == [b"", b""]
                continue
            for answer in answers:
                assert answer.status_code in (404, 302), (url, answer.status_code)
                assert answer.status_code == 404 or answer["Location"] == f"/cases/{house.theirs.number}/"
                assert house.theirs.subject not in answer.content.decode()
    assert Case.objects.values().get(pk=house.theirs.pk) == before
    assert agent.get(f"/cases/{house.theirs.number}/").status_code == 404


def test_what_hangs_on_another_case_is_not_found_through_ones_own(house, supervisor):
    theirs, mine = last_message(house.theirs, "in"), house.mine.number
    for path in (
        f"messages/{theirs.pk}/",
        f"messages/{theirs.pk}/frame/",
        f"messages/{theirs.pk}/raw/",
    ):
        assert supervisor.get(f"/cases/{mine}/{path}").status_code == 404
    for path in (f"clocks/{clock_of(house.theirs).pk}/", f"clocks/{clock_of(house.theirs).pk}/rebase/"):
        assert supervisor.get(f"/cases/{mine}/{path}", headers=HTMX).status_code == 404
    assert supervisor.post(f"/cases/{mine}/messages/{theirs.pk}/resend/").status_code == 404


def test_the_root_leads_to_ones_work(house, agent, client):
    assert client.get("/")["Location"] == "/help/"
    assert agent.get("/")["Location"] == "/cases/"
    assert house.client(house.cast.nobody).get("/")["Location"] == "/me/"


def test_dialogs_and_fragments_opened_by_themselves_lead_to_their_page(house, agent, supervisor):
    number = house.mine.number
    for what in ACTS:
        assert supervisor.get(f"/cases/{number}/{what}/")["Location"] == f"/cases/{number}/"
    for what in PLAIN:
        assert agent.get(f"/cases/{number}/{what}/")["Location"] == f"/cases/{number}/"
    assert agent.get(f"/cases/{number}/clocks/{clock_of(house.mine).pk}/")["Location"] == f"/cases/{number}/"
    assert agent.get("/cases/filter/")["Location"] == "/cases/"
    assert agent.get("/cases/bulk/tag/")["Location"] == "/cases/"


# -- the list --------------------------------------------------------------------------------------------------------
def shown(answer):
    return [
        int(n)
        for n in re.findall(
            r'class="sn-item[^"]*" id="row-\d+" data-row data-name="(\d+)"', answer.content.decode()
        )
    ]


@pytest.mark.parametrize(
    ("view", "held"),
    [
        ("mine", {"mine"}),
        ("unassigned", {"free"}),
        ("open", {"mine", "free"}),
        ("risk", set()),
        ("waiting", set()),
        ("mentioned", set()),
        ("closed", set()),
    ],
)
def test_each_view_shows_what_it_says(house, agent, view, held):
    answer = agent.get(f"/cases/?view={view}")
    assert answer.status_code == 200
    assert set(shown(answer)) == {getattr(house, name).number for name in held}
    assert is_clean(answer)


def test_the_list_begins_with_ones_own_and_with_everything_where_that_is_nothing(house, agent, supervisor):
    assert shown(agent.get("/cases/")) == [house.mine.number]
    assert set(shown(supervisor.get("/cases/"))) == {house.mine.number, house.free.number}


def test_an_open_case_stays_in_its_list(house, agent):
    page = agent.get(f"/cases/{house.free.number}/?view=open&kind=inquiry").content.decode()
    assert page.count("is-on") >= 2
    assert f"/cases/{house.mine.number}/?view=open&amp;kind=inquiry" in page


def test_filters_narrow_and_can_be_taken_away(house, agent):
    make_case("要发票", team=house.cast.team, kind="request", channel="phone", at=house.at)
    answer = agent.get("/cases/?view=open&kind=request&kind=complaint&opened=P7D")
    assert len(shown(answer)) == 1
    assert "请求、投诉" in text_of(answer)
    assert "近 7 天" in text_of(answer)
    assert "/cases/?view=open&amp;opened=P7D" in answer.content.decode()


def test_a_filter_that_nobody_knows_is_refused_in_words(house, agent):
    answer = agent.get("/cases/?status=closed'--")
    assert answer.status_code == 422
    assert "筛选条件" in text_of(answer)


@pytest.mark.parametrize("cursor", ["x", "%00", "eyJ", "a" * 500, "1' OR 1=1"])
def test_a_cursor_that_is_none_is_refused_in_words(house, agent, cursor):
    assert agent.get("/cases/", {"cursor": cursor}).status_code in (400, 422)


@pytest.mark.parametrize("sort", ["due", "updated", "opened", "'; DROP TABLE cases_case--"])
def test_an_order_outside_the_list_is_the_usual_one(house, agent, sort):
    assert len(shown(agent.get("/cases/", {"view": "open", "sort": sort}))) == 2


def test_names_stand_for_people_teams_and_topics_in_chips(house):
    topic = make_topic("feed", "饲料")
    agent = house.cast.agent
    assert filters.value_words("owner", ["me", str(agent.pk)]) == ["我", agent.name]
    assert filters.value_words("team", ["mine", house.cast.team.code]) == ["我的小组", house.cast.team.name]
    assert filters.value_words("topic", [str(topic.pk), "feed", "none"]) == ["饲料", "饲料", "未定"]
    assert filters.value_words("owner", ["²", "9" * 30]) == ["²", "9" * 30]


def test_a_filter_is_kept_shown_and_forgotten(house, agent):
    form = agent.get("/cases/filter/?kind=complaint", headers=HTMX)
    assert "checked" in form.content.decode()
    answer = agent.post(
        "/cases/filter/", {"kind": ["complaint"], "opened": "P7D", "name": "近期投诉"}, headers=HTMX
    )
    view = SavedView.objects.get()
    assert (answer.status_code, answer["HX-Redirect"]) == (204, f"/cases/?saved={view.pk}")
    assert view.query["opened"] == {"within": ["P7D"]}
    page = agent.get(f"/cases/?saved={view.pk}")
    assert "近期投诉" in text_of(page)
    assert "近 7 天" in text_of(page)
    other = house.client(house.cast.outsider)
    assert other.get(f"/cases/?saved={view.pk}").status_code == 404
    assert other.post(f"/cases/saved/{view.pk}/delete/").status_code == 404
    assert agent.get(f"/cases/saved/{view.pk}/delete/").status_code == 302, "looking deletes nothing"
    assert SavedView.objects.exists()
    agent.post(f"/cases/saved/{view.pk}/delete/")
    assert not SavedView.objects.exists()


def test_filters_without_a_name_stand_in_the_address(house, agent):
    answer = agent.post("/cases/filter/", {"kind": ["complaint", "request"], "overdue": "true"}, headers=HTMX)
    assert answer["HX-Redirect"] == "/cases/?view=open&kind=complaint&kind=request&overdue=true"


def test_a_refused_filter_keeps_what_was_chosen(house, agent):
    answer = agent.post("/cases/filter/", {"kind": ["gossip"], "tag": "结块"}, headers=HTMX)
    assert answer.status_code == 422
    assert 'value="结块"' in answer.content.decode()


def test_words_find_a_case_and_only_ones_own(house, agent):
    services.search_index(house.mine.pk)
    services.search_index(house.theirs.pk)
    assert shown(agent.get("/cases/", {"q": "结块"})) == [house.mine.number]
    assert shown(agent.get("/cases/", {"q": str(house.theirs.number)})) == []
    assert "没有找到" in text_of(agent.get("/cases/", {"q": "对账单"}))


def test_the_palette_finds_cases_and_customers_and_only_what_one_may_see(house, agent):
    services.search_index(house.mine.pk)
    found = text_of(agent.get("/search/", {"q": "宋建"}))
    assert str(house.mine.number) in found
    assert "宋建国" in found
    assert str(house.theirs.number) not in text_of(agent.get("/search/", {"q": str(house.theirs.number)}))
    nobody = house.client(house.cast.nobody).get("/search/", {"q": "宋建"})
    assert (nobody.status_code, text_of(nobody).strip()) == (200, "")


def test_the_palette_finds_colleagues_and_hands_over_the_open_case_to_them(house, agent):
    name, number = house.cast.supervisor.name, house.mine.number
    found = agent.get("/search/", {"q": name, "number": number})
    assert f"/cases/{number}/transfer/?person={house.cast.supervisor.pk}" in found.content.decode()
    assert f"看 {name} 手上的" in text_of(found)
    for other in ({"q": name}, {"q": name, "number": "1%20or"}):
        assert "转派" not in text_of(agent.get("/search/", other)), (
            "without a case there is nothing to hand over"
        )
    assert (
        text_of(house.client(house.cast.nobody).get("/search/", {"q": name, "number": number})).strip() == ""
    )


def test_a_list_of_more_than_a_page_goes_on(house, agent):
    for n in range(55):
        make_case(f"第 {n} 件", team=house.cast.team, at=house.at)
    first = agent.get("/cases/?view=open")
    assert len(shown(first)) == 50
    [after] = re.findall(r'rel="next" href="([^"]+)"', first.content.decode())
    second = agent.get(after.replace("&amp;", "&"))
    assert len(shown(second)) == 7
    assert not set(shown(first)) & set(shown(second))
    assert "回到最前" in text_of(second)


def test_rows_say_what_is_due_first_in_counted_time(house, agent):
    page = agent.get("/cases/?view=mine").content.decode()
    [data] = re.findall(r'sn-clock is-run is-bare" data-clock ([^>]*)>', page)
    due = clock_of(house.mine).due_at
    assert f'data-due="{int(due.timestamp())}"' in data
    assert 'data-total="1800"' in data


# -- live ------------------------------------------------------------------------------------------------------------
def test_a_row_is_read_again_and_marks_where_one_is(house, agent):
    url = f"/cases/{house.mine.number}/row/?view=mine"
    plain = agent.get(url, headers=HTMX | {"HX-Current-URL": "https://kefu.example.cn/cases/?view=mine"})
    open_ = agent.get(
        url, headers=HTMX | {"HX-Current-URL": f"https://kefu.example.cn/cases/{house.mine.number}/"}
    )
    assert shown(plain) == shown(open_) == [house.mine.number]
    assert "is-on" not in plain.content.decode()
    assert "is-on" in open_.content.decode()
    assert f"/cases/{house.mine.number}/?view=mine" in plain.content.decode()


def test_the_ids_of_a_list_are_those_it_would_show_now(house, agent):
    assert set(agent.get("/cases/ids/?view=open").json()["ids"]) == {house.mine.pk, house.free.pk}
    assert agent.get("/cases/ids/?view=closed").json() == {"ids": []}


def test_the_timeline_brings_all_but_what_is_being_written(house, agent):
    received(house.mine, "再问一句")
    answer = agent.get(f"/cases/{house.mine.number}/timeline/", headers=HTMX)
    body = answer.content.decode()
    assert "再问一句" in body
    for part in ("case-head", "clocks-box", "case-notes", "side-in"):
        assert re.search(rf'id="{part}"[^>]* hx-swap-oob="true"', body), part
    assert "composer" not in body
    assert 'id="ledger"' not in body, "an open ledger stays open"


def test_what_was_said_on_the_telephone_is_the_customers_and_says_who_wrote_it_down(house, agent):
    caller, clerk = make_customer("孔勇", at=house.at), house.cast.agent
    case = make_case(
        text="泌乳料结块了", customer=caller, team=house.cast.team, channel="phone", actor=actor_for(clerk), at=house.at
    )  # fmt: skip
    services.note_add(case_id=case.pk, text="问过仓库", actor=actor_for(clerk), at=house.at)
    page = agent.get(f"/cases/{case.number}/timeline/").content.decode()
    said, note = re.findall(r'<article class="sn-msg.*?</article>', page, re.S)
    assert "<b>孔勇</b>" in said and f"电话 · {clerk.name}记录" in said and "泌乳料结块了" in said
    assert f"<b>{clerk.name}</b>" in note and "记录</span>" not in note


def test_opening_a_case_marks_it_read_and_remembers_it(house, agent):
    received(house.mine)
    assert "sn-item is-new" in agent.get("/cases/?view=mine").content.decode()
    agent.get(f"/cases/{house.mine.number}/")
    assert Reading.objects.filter(case=house.mine, person=house.cast.agent).exists()
    page = agent.get("/cases/?view=mine").content.decode()
    assert "sn-item is-new" not in page
    assert "打开的" in page


# -- who else --------------------------------------------------------------------------------------------------------
def test_colleagues_see_each_other_and_who_writes(house, agent, supervisor):
    url = f"/cases/{house.mine.number}/seen/"
    assert agent.post(url, {"writing": "1"}).json() == {"people": []}
    assert supervisor.post(url).json() == {"people": [{"name": house.cast.agent.name, "writing": True}]}
    assert agent.get(url).json() == {"people": [{"name": house.cast.supervisor.name, "writing": False}]}
    assert "正在看" in text_of(supervisor.get(f"/cases/{house.mine.number}/"))


def test_drafts_come_back_and_are_ones_own(house, agent, supervisor):
    url = f"/cases/{house.mine.number}/draft/"
    assert agent.post(url, {"mode": "reply", "text": "还没写完"}).status_code == 204
    assert "还没写完" in agent.get(f"/cases/{house.mine.number}/").content.decode()
    assert "还没写完" not in supervisor.get(f"/cases/{house.mine.number}/").content.decode()
    assert "草稿" in text_of(agent.get("/cases/?view=mine"))
    assert agent.get(url).status_code == 302
    agent.post(url, {"mode": "reply", "text": "  "})
    assert "还没写完" not in agent.get(f"/cases/{house.mine.number}/").content.decode()


def test_colleagues_are_found_by_initials_and_those_who_cannot_see_the_case_are_dimmed(house, agent):
    url = f"/cases/{house.mine.number}/colleagues/"
    every = agent.get(url).content.decode()
    assert 'data-value="@周明 "' in every
    assert re.search(r'data-value="@韩梅 " aria-disabled="true"', every)
    assert re.findall(r'data-value="(@\S+) "', agent.get(url, {"q": "zm"}).content.decode()) == ["@周明"]


def test_ready_answers_are_filled_once(house, agent):
    services.canned_save(
        title="问好",
        body="{{customer}}，您的单号是 {{ number }}，{{unknown}}",
        actor=Actor.system(),
        at=house.at,
    )
    customer = house.customer
    customer.name = "{{number}}宋"
    customer.save(update_fields=["name"])
    body = agent.get(f"/cases/{house.mine.number}/texts/", {"q": "wh"}).content.decode()
    assert f"{{{{number}}}}宋，您的单号是 {house.mine.number}，{{{{unknown}}}}" in body


def test_a_file_goes_into_the_draft_and_then_onto_the_case(house, agent):
    url = f"/cases/{house.mine.number}/upload/"
    assert agent.post(url, headers={"Accept": "application/json"}).status_code == 422
    given = agent.post(url, {"file": files_named("磅单.txt")}).json()
    assert given["name"] == "磅单.txt"
    answer = agent.post(
        f"/cases/{house.mine.number}/send/", {"text": "见附件", "file_ids": [given["id"]]}, headers=HTMX
    )
    assert "磅单.txt" in answer.content.decode()
    assert agent.get(f"/files/{given['id']}/").content == "过磅 410 公斤".encode()
    assert house.client(house.cast.outsider).get(f"/files/{given['id']}/").status_code == 404


def test_a_file_of_somebody_elses_draft_cannot_be_sent(house, agent):
    file = files.draft_upload(data=b"x", name="a.txt", actor=actor_for(house.cast.outsider), at=now())
    answer = agent.post(
        f"/cases/{house.mine.number}/send/", {"text": "见附件", "file_ids": [file.pk]}, headers=HTMX
    )
    assert answer.status_code in (404, 422)
    assert not house.mine.interactions.filter(text="见附件").exists()


def files_named(name):
    return SimpleUploadedFile(name, "过磅 410 公斤".encode(), content_type="text/plain")


# -- the ledger ------------------------------------------------------------------------------------------------------
def test_the_ledger_answers_why_this_is_due_then(house, agent, supervisor):
    url = f"/cases/{house.mine.number}/clocks/{clock_of(house.mine).pk}/"
    answer = agent.get(url, headers=HTMX)
    said = text_of(answer)
    assert "三十分钟内须有首次响应" in said
    assert "为什么" in said
    assert "30 分钟" in said
    assert "不计" not in said, "every minute counts on this calendar"
    assert "重排时限" not in said
    assert "重排时限" in text_of(supervisor.get(url, headers=HTMX))


# -- what a page costs -----------------------------------------------------------------------------------------------
DESK, CASE = 10, 26  # statements, for an agent; one of each is the session, one the person


def test_the_list_costs_the_same_with_three_rows_and_with_thirty(house, agent):
    make_case("第三件", owner=house.cast.agent, team=house.cast.team, at=house.at)
    few = queries_of(agent, "/cases/?view=open")
    for n in range(27):
        case = make_case(f"第 {n} 件", team=house.cast.team, at=house.at + timedelta(seconds=n))
        services.draft_save(case_id=case.pk, mode="out", body={"text": "写"}, actor=house.agent, at=now())
    assert queries_of(agent, "/cases/?view=open") == few == DESK


def test_a_case_costs_the_same_whatever_it_holds(house, agent):
    url = f"/cases/{house.mine.number}/?view=mine"
    received(house.mine)
    assert queries_of(agent, url) == CASE - 1, "nothing else of this customer: not asked for"
    make_case("同客户", customer=house.customer, team=house.cast.team, at=house.at)
    few = queries_of(agent, url)
    for n in range(12):
        received(house.mine, f"第 {n} 句")
        services.note_add(
            case_id=house.mine.pk,
            text="@周明 看看",
            mentions=[house.cast.supervisor.pk],
            actor=house.agent,
            at=now(),
        )
        make_case(f"同客户 {n}", customer=house.customer, team=house.cast.team, at=house.at)
    assert queries_of(agent, url) == few == CASE


def test_what_a_live_page_reads_again_is_cheap(house, agent):
    number = house.mine.number
    received(house.mine)
    costs = {
        path: queries_of(agent, f"/cases/{path}", **HTMX)
        for path in (f"{number}/row/", "ids/?view=open", f"{number}/timeline/", f"{number}/seen/")
    }
    assert costs == {
        f"{number}/row/": 5,
        "ids/?view=open": 4,
        f"{number}/timeline/": 16,
        f"{number}/seen/": 4,
    }
