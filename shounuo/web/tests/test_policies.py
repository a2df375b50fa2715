"""The policy pages: what is promised, what keeps it, how often it is kept, and how a regulation changes."""

import re
from datetime import timedelta

import pytest

from shounuo.cases.models import Case
from shounuo.cases.testing import make_case
from shounuo.commitments import loop
from shounuo.commitments.models import Clock
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.metrics.testing import observe_all
from shounuo.policy.models import PolicyVersion
from shounuo.policy.services import version_approve, version_submit
from shounuo.policy.testing import make_draft, make_in_force, make_shipped, make_text
from shounuo.staff.testing import make_person
from shounuo.web.policies.showing import clauses
from shounuo.web.tests.desks import PACK, clock_of, make_house, queries_of
from shounuo.web.tests.portal_world import is_clean, text_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
SECOND = (
    PACK.replace('version: "1"', 'version: "2"').replace("三十分钟内", "二十分钟内").replace("PT30M", "PT20M")
)


@pytest.fixture
def house():
    return make_house()


@pytest.fixture
def manager(house):
    return house.client(house.cast.manager)


@pytest.fixture
def supervisor(house):
    return house.client(house.cast.supervisor)


@pytest.fixture
def admin(house):
    return house.client(house.cast.admin)


@pytest.fixture
def broken(house):
    """A promise that was broken an hour ago, on a case of the agent."""
    case = make_case("没人回", owner=house.cast.agent, team=house.cast.team, at=house.at - timedelta(hours=2))
    while loop.fire_due(now()):
        continue
    observe_all(now(), sources=["clock"])
    clock = clock_of(case)
    assert clock.state == "breached"
    return clock


def addresses(house):
    clock, version = clock_of(house.mine).pk, house.version.pk
    return [
        "/policy/",
        "/policy/import/",
        "/policy/clauses/H-2.1/",
        "/policy/clauses/H-2.1/breaches/",
        f"/policy/causes/{clock}/",
        "/policy/house/",
        "/policy/house/export/",
        "/policy/house/versions/",
        f"/policy/house/versions/{version}/changes/",
        f"/policy/house/versions/{version}/publish/",
        "/policy/house/sign/",
    ]


# -- who gets where --------------------------------------------------------------------------------------------------
def test_a_stranger_is_led_to_sign_in(house, client):
    for url in addresses(house):
        for answer in (client.get(url), client.post(url)):
            assert answer["Location"].startswith("/signin/?next="), url
        assert client.get(url, headers=HTMX).status_code == 401


def test_one_without_the_right_is_turned_away(house):
    nobody = house.client(house.cast.nobody)
    for url in addresses(house):
        assert (nobody.get(url).status_code, nobody.post(url).status_code) == (403, 403), url


def test_agents_read_and_change_nothing(house):
    agent = house.client(house.cast.agent)
    assert agent.get("/policy/house/").status_code == 200
    assert agent.get("/policy/import/").status_code == 403
    assert agent.post(f"/policy/causes/{clock_of(house.mine).pk}/", {"cause": "volume"}).status_code == 403
    draft = make_draft(SECOND, at=house.at)
    for what in ("submit", "approve", "publish", "discard", "changes"):
        answer = agent.post(f"/policy/house/versions/{draft.pk}/{what}/", headers=HTMX)
        assert answer.status_code in (403, 404), what
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_a_draft_is_for_those_who_draft(house, admin):
    draft = make_draft(SECOND, at=house.at)
    reader = house.client(house.cast.agent)
    assert "二十分钟" not in text_of(reader.get("/policy/house/?version=2"))
    assert reader.get("/policy/house/?version=2").status_code == 404
    assert "二十分钟" in text_of(admin.get("/policy/house/?version=2"))
    assert "草案" not in text_of(reader.get("/policy/house/versions/"))
    assert draft.number == 2


@pytest.mark.parametrize("version", ["x", "0", "99", "²", "1" * 30])
def test_a_version_that_is_not_there_is_not_found(house, manager, version):
    assert manager.get("/policy/house/", {"version": version}).status_code == 404


def test_what_is_not_there_is_not_found(house, manager):
    for url in (
        "/policy/nothing/",
        "/policy/clauses/X-9/",
        "/policy/nothing/versions/",
        "/policy/nothing/export/",
    ):
        assert manager.get(url).status_code == 404
    assert manager.post(f"/policy/house/versions/{house.version.pk}/dance/").status_code == 404
    assert manager.post(f"/policy/other/versions/{house.version.pk}/approve/").status_code == 404


# -- what they show --------------------------------------------------------------------------------------------------
def test_all_documents_stand_on_one_page(house, manager, broken):
    make_in_force(make_text("T-1", code="second"), at=house.at - timedelta(days=1))
    answer = manager.get("/policy/")
    said = text_of(answer)
    assert "试行客户服务规定" in said
    assert "测试规定" in said
    assert "应办 2 · 违诺 1" in said, "it was accepted at once and never answered"
    assert is_clean(answer)


def test_a_document_says_what_keeps_each_clause_and_what_nothing_does(house, manager):
    answer = manager.get("/policy/house/?chapter=1")
    said = text_of(answer)
    assert "第一章" in said
    assert "以客户为先" in said
    assert "没有任何机制执行这一条" in said
    assert "3 条有效条款" in said
    assert "首次响应 30 分钟" in text_of(manager.get("/policy/house/")), "it opens where promises run"
    assert is_clean(answer)


def test_the_page_of_gaps_lists_as_many_as_its_tab_says(house, manager):
    make_shipped("livestock", at=house.at - timedelta(days=1))
    page = manager.get("/policy/livestock/?only=gaps").content.decode()
    [count] = re.findall(r"未执行 <span class=\"sn-c3\">(\d+)</span>", page)
    assert len(re.findall(r'class="sn-cl[ "]', page)) == int(count)


def test_a_printed_document_holds_every_chapter(house, manager):
    printed = text_of(manager.get("/policy/house/?print=1"))
    assert "以客户为先" in printed
    assert "三十分钟内须有首次响应" in printed


def test_a_clause_explains_itself(house, manager):
    answer = manager.get("/policy/clauses/H-2.1/")
    said = text_of(answer)
    assert "三十分钟内须有首次响应" in said
    assert "30 分钟 内须" in said or "30 分钟内须" in said
    assert "还不到十件，逐件看" in said
    assert str(house.mine.number) in said
    assert "/policy/clauses/H-1.1/" in answer.content.decode()
    assert "/policy/clauses/H-2.2/" in answer.content.decode()


def test_a_clause_that_nothing_enforces_says_so_and_counts_nothing(house, manager):
    said = text_of(manager.get("/policy/clauses/H-1.1/"))
    assert "没有任何机制执行这一条" in said
    assert "守诺率" not in said
    assert "违诺" not in said


def test_a_clause_shows_its_practices_with_risk_outcome_and_evidence(house, manager):
    make_shipped("process-standard", at=house.at)
    url = "/policy/clauses/PCF-6.0/"
    answer = manager.get(url)
    said = text_of(answer)
    for words in (
        "做法 7 项",
        "服务政策与流程成文，全员知晓并照办",
        "规则含糊或没人照做，满意度走低",
        "满意度与忠诚度上升",
    ):
        assert words in said
    assert "制度版本及批准人" in said
    assert is_clean(answer)
    assert "7 项做法" in text_of(manager.get("/policy/process-standard/"))
    english = text_of(manager.get(url, headers={"Accept-Language": "en"}))
    assert "Vague or ignored rules lower satisfaction" in english
    assert "Policy version with approver" in english
    assert house.client(house.cast.nobody).get(url).status_code == 403


def test_a_clause_shows_what_proves_it(house, manager):
    make_shipped("office", at=house.at)
    assert "客户往来逐条成事件" in text_of(manager.get("/policy/clauses/OFC-4.5.3/"))


def test_from_ten_cases_on_there_are_charts_with_words_beside_them(house, manager):
    for n in range(10):
        make_case(
            f"第 {n} 件", owner=house.cast.agent, team=house.cast.team, at=house.at - timedelta(days=n + 1)
        )
    while loop.fire_due(now()):
        continue
    observe_all(now(), sources=["clock"])
    answer = manager.get("/policy/clauses/H-2.1/?period=quarter")
    page = answer.content.decode()
    assert 'data-chart="trend"' in page
    assert re.search(r'role="img" aria-label="近 \d+ 周守诺率', page)
    assert "style-src-attr 'unsafe-inline'" in answer["Content-Security-Policy"]
    assert "script-src 'self';" in answer["Content-Security-Policy"]


def test_a_figure_of_a_clause_leads_to_what_it_counts(house, manager, broken):
    number = str(Case.objects.get(pk=broken.subject_id).number)
    said = manager.get("/policy/clauses/H-2.1/?period=quarter").content.decode()
    (url,) = {u.replace("&amp;", "&") for u in re.findall(r'href="(/data/metrics/kept_share/[^"]+)"', said)}
    assert number in text_of(manager.get(url))
    agent = house.client(house.cast.agent)
    assert "/data/metrics/" not in agent.get("/policy/clauses/H-2.1/").content.decode()
    assert agent.get(url).status_code == 403


@pytest.mark.parametrize("period", ["week", "month", "quarter", "century"])
def test_every_period_can_be_asked_for(house, manager, period):
    assert manager.get(f"/policy/clauses/H-2.1/?period={period}").status_code == 200


# -- breaches --------------------------------------------------------------------------------------------------------
def test_breaches_name_their_case_to_those_who_may_see_it(house, manager, broken):
    other = house.client(house.cast.outsider)
    number = str(Case.objects.get(pk=broken.subject_id).number)
    for url in ("/policy/clauses/H-2.1/breaches/", "/policy/house/breaches/"):
        assert "首次响应" in text_of(manager.get(url)), "the promise by its name"
    for url in ("/policy/clauses/H-2.1/", "/policy/clauses/H-2.1/breaches/", "/policy/house/"):
        assert number in text_of(manager.get(url)), url
        assert number not in text_of(other.get(url)), url
    assert "1 次，其中 0 次的单据您能看" in text_of(other.get("/policy/clauses/H-2.1/"))


def test_a_supervisor_says_why_and_a_refusal_keeps_his_words(house, supervisor, broken):
    url = f"/policy/causes/{broken.pk}/"
    assert supervisor.get(url)["Location"] == "/policy/clauses/H-2.1/"
    assert "人手不足" in text_of(supervisor.get(url, headers=HTMX))
    refused = supervisor.post(url, {"cause": "weather", "note": "下大雨"}, headers=HTMX)
    assert refused.status_code == 422
    assert 'value="下大雨"' in refused.content.decode()
    there = HTMX | {"HX-Current-URL": "https://kefu.example.cn/policy/clauses/H-2.1/breaches/"}
    answer = supervisor.post(url, {"cause": "volume", "note": "节后"}, headers=there)
    assert answer["HX-Redirect"] == "/policy/clauses/H-2.1/breaches/"
    broken.refresh_from_db()
    assert (broken.cause, broken.cause_note) == ("volume", "节后")
    assert "来量突增" in text_of(supervisor.get("/policy/clauses/H-2.1/breaches/"))


def test_why_is_no_matter_of_another_team(house, broken):
    stranger = make_person("other-lead", name="韩主管", roles=("supervisor",), leads=(house.cast.other_team,))
    answer = house.client(stranger).post(f"/policy/causes/{broken.pk}/", {"cause": "volume"}, headers=HTMX)
    assert answer.status_code == 404


def test_a_kept_promise_has_no_cause(house, supervisor):
    clock = clock_of(house.mine)
    answer = supervisor.post(f"/policy/causes/{clock.pk}/", {"cause": "volume"}, headers=HTMX)
    assert answer.status_code == 422
    assert "is-breach" in answer.content.decode()


def test_breaches_are_paged(house, manager):
    for n in range(55):
        make_case(
            f"第 {n} 件",
            owner=house.cast.agent,
            team=house.cast.team,
            at=house.at - timedelta(hours=2, minutes=n),
        )
    while loop.fire_due(now(), limit=500):
        continue
    first = manager.get("/policy/clauses/H-2.1/breaches/").content.decode()
    [after] = re.findall(r'rel="next" href="(\?cursor=[^"]+)"', first)
    second = manager.get(f"/policy/clauses/H-2.1/breaches/{after}").content.decode()
    numbers = [set(re.findall(r'href="/cases/(\d+)/"', page)) for page in (first, second)]
    assert (len(numbers[0]), len(numbers[1])) == (50, 5)
    assert not numbers[0] & numbers[1]


# -- how a regulation changes ----------------------------------------------------------------------------------------
def test_a_pack_is_brought_in_reviewed_and_published(house, admin):
    answer = admin.post("/policy/import/", {"text": SECOND})
    assert answer["Location"] == "/policy/house/versions/"
    draft = PolicyVersion.objects.get(number=2)
    base = f"/policy/house/versions/{draft.pk}"
    assert "送审" in text_of(admin.get("/policy/house/versions/"))
    changes = text_of(admin.get(f"{base}/changes/", headers=HTMX))
    assert "改动 1 条" in changes
    assert "响应及时" in changes
    assert admin.get(f"{base}/submit/")["Location"] == "/policy/house/versions/"
    admin.post(f"{base}/submit/")
    draft.refresh_from_db()
    assert draft.state == "in_review"
    approver = make_person("second-admin", name="副管理员", roles=("admin",))
    other = house.client(approver)
    other.post(f"{base}/approve/")
    other.post(f"{base}/publish/", {"effective": ""})
    draft.refresh_from_db()
    assert draft.state == "published"
    life = admin.get("/policy/house/versions/").content.decode().split('class="sn-life"')[1].split("</ol>")[0]
    assert [life.count("副管理员"), life.count('class="is-done"'), life.count('class="is-next"')] == [2, 5, 0]
    assert "二十分钟内须有首次响应" in text_of(admin.get("/policy/clauses/H-2.1/"))
    assert "1 → 2" in text_of(admin.get("/policy/clauses/H-2.1/"))


def test_a_pack_that_comes_with_the_product_is_brought_in_by_one_click(house, admin):
    before = admin.get("/policy/import/").content.decode()
    assert 'value="office"' in before and 'value="livestock"' in before
    answer = admin.post("/policy/import/", {"shipped": "office"})
    assert answer["Location"] == "/policy/office/versions/"
    assert PolicyVersion.objects.get(policy__code="office").state == "draft"
    after = admin.get("/policy/import/").content.decode()
    assert 'value="office"' not in after and 'value="livestock"' in after
    assert admin.post("/policy/import/", {"shipped": "../registers/CAP"}).status_code == 422
    assert house.client(house.cast.agent).post("/policy/import/", {"shipped": "livestock"}).status_code == 403


def test_nothing_given_is_no_file_with_faults(house, admin):
    answer = admin.post("/policy/import/", {"text": "  "})
    assert answer.status_code == 422
    assert "请选一个文件" in text_of(answer) and "pack.yaml" not in text_of(answer)


def test_an_author_is_told_to_wait_for_another_instead_of_a_button_that_refuses(house, admin):
    other = house.client(make_person("second-admin", name="副管理员", roles=("admin",)))
    admin.post("/policy/import/", {"text": SECOND})
    draft = PolicyVersion.objects.get(number=2)
    admin.post(f"/policy/house/versions/{draft.pk}/submit/")
    mine = admin.get("/policy/house/versions/").content.decode()
    assert "等另一位有权批准的人批准" in mine and f"{draft.pk}/approve/" not in mine
    his = other.get("/policy/house/versions/").content.decode()
    assert "等另一位有权批准的人批准" not in his and f"{draft.pk}/approve/" in his


def test_the_next_step_of_a_draft_is_shown_and_by_whom_the_last_was_done(house, admin):
    make_draft(SECOND, at=house.at)
    life = admin.get("/policy/house/versions/").content.decode().split('class="sn-life"')[1].split("</ol>")[0]
    steps = re.findall(r"<li(?: class=\"is-(\w+)\")?[^>]*><b>([^<]+)</b>", life)
    assert steps == [("done", "起草"), ("next", "送审"), ("", "批准"), ("", "发布"), ("", "施行")]


def test_a_card_names_the_clauses_most_broken(house, manager, broken):
    card = text_of(manager.get("/policy/"))
    assert "本月违诺最多" in card and "2.1 响应及时 1 次" in card


def test_what_nothing_enforces_is_listed_without_empty_figures(house, manager):
    page = manager.get("/policy/house/?only=gaps").content.decode()
    assert "sn-doc is-plain" in page and "sn-cl-fig" not in page and "未计" not in page
    assert 'class="is-in"' not in page, "no chapter is open"
    assert "sn-cl-fig" in manager.get("/policy/house/").content.decode()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["R-1-01", "R-1-02", "R-1-03"], ["R-1-01–03"]),
        (["R-1-01", "R-1-03", "R-1-04", "R-2-05"], ["R-1-01", "R-1-03–04", "R-2-05"]),
        (["R-1-09", "R-1-10", "odd", "R-1-11"], ["R-1-09–10", "odd", "R-1-11"]),
        ([], []),
    ],
)
def test_rows_that_follow_one_another_are_drawn_together(rows, said):
    assert clauses._runs(rows) == said


def test_a_length_of_time_as_a_figure_has_small_units():
    assert clauses._sized("3 小时 20 分") == "3<small> 小时 </small>20<small> 分</small>"
    assert clauses._sized("不到 1 分钟") == "<small>不到 </small>1<small> 分钟</small>"


def test_a_date_that_is_none_is_refused_and_nothing_is_published(house, admin):
    draft = make_draft(SECOND, at=house.at)
    version_submit(version_id=draft.pk, actor=Actor.system(), at=house.at)
    version_approve(version_id=draft.pk, actor=Actor.system(), at=house.at)
    answer = admin.post(f"/policy/house/versions/{draft.pk}/publish/", {"effective": "下周一"})
    assert answer.status_code == 422
    assert "施行时间" in text_of(answer)
    draft.refresh_from_db()
    assert draft.state == "approved"


def test_a_pack_with_faults_is_refused_line_by_line_and_its_text_kept(house, admin):
    text = PACK.replace("within: PT30M", "within: soon").replace("H-2.2", "H-2.1")
    answer = admin.post("/policy/import/", {"text": text})
    assert answer.status_code == 422
    said = text_of(answer)
    lines = text.splitlines()
    for fault in ("        within: soon", "  - id: H-2.1"):
        assert f"pack.yaml:{len(lines) - lines[::-1].index(fault)}: 条款 H-2.1" in said
    assert "within: soon" in answer.content.decode()
    assert PolicyVersion.objects.filter(policy__code="house").count() == 1


@pytest.mark.parametrize("text", ["", "::::", "[1, 2", "\x00", "a: &a [*a]", "<script>alert(1)</script>"])
def test_whatever_is_pasted_is_answered_in_words(house, admin, text):
    answer = admin.post("/policy/import/", {"text": text})
    assert answer.status_code == 422
    assert is_clean(answer)


def test_what_goes_out_comes_in_again(house, admin):
    answer = admin.get("/policy/house/export/")
    assert answer["Content-Disposition"] == 'attachment; filename="house-1.yaml"'
    assert answer.content.decode() == house.version.source


def test_a_reader_signs_once(house, supervisor):
    page = supervisor.get("/policy/house/versions/")
    assert "去签阅" in text_of(page)
    supervisor.post("/policy/house/sign/")
    assert "去签阅" not in text_of(supervisor.get("/policy/house/versions/"))
    assert re.search(r"1 / \d+", text_of(supervisor.get("/policy/clauses/H-2.1/")))


# -- what it costs ---------------------------------------------------------------------------------------------------
INDEX, DOCUMENT, CLAUSE, VERSIONS = 10, 14, 25, 10


def test_pages_cost_the_same_however_much_there_is(house, manager):
    def costs():
        """Of the second look: the first one may fill what a process keeps for all."""
        pages = ("/policy/", "/policy/house/", "/policy/clauses/H-2.1/", "/policy/house/versions/")
        return tuple(min(queries_of(manager, url) for _look in range(2)) for url in pages)

    for n in range(12):
        make_case(
            f"第 {n} 件", owner=house.cast.agent, team=house.cast.team, at=house.at - timedelta(hours=2 + n)
        )
    while loop.fire_due(now()):
        continue
    observe_all(now(), sources=["clock"])
    few = costs()
    for n in range(20):
        make_case(
            f"又 {n} 件", owner=house.cast.agent, team=house.cast.team, at=house.at - timedelta(hours=30 + n)
        )
    while loop.fire_due(now()):
        continue
    observe_all(now(), sources=["clock"])
    make_in_force(make_text(*(f"T-{n}" for n in range(1, 9)), code="more"), at=house.at - timedelta(days=1))
    make_draft(SECOND, at=house.at)
    assert Clock.objects.filter(state="breached").count() == 32
    assert costs() == few == (INDEX, DOCUMENT, CLAUSE, VERSIONS)
