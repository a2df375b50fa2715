"""The pages of supervision: who sees what, and what an inspection is from planning to the verified correction."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shounuo.audit.models import Entry
from shounuo.cases.testing import make_case
from shounuo.commitments import cadences
from shounuo.duties.models import Duty
from shounuo.improvement.models import Finding, Inspection, Judgement
from shounuo.improvement.testing import judge_all, make_finding, make_inspection
from shounuo.kernel.clock import now
from shounuo.policy.testing import make_in_force, make_text
from shounuo.staff.queries import actor_for
from shounuo.staff.testing import make_cast, make_person, set_up_organisation, sign_in_client

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HOME = "/policy/inspections/"


@pytest.fixture
def cast():
    set_up_organisation()
    made = make_cast(at=now() - 60 * DAY)
    make_in_force(make_text("T-1", "T-2"), at=now() - 30 * DAY)
    return made


@pytest.fixture
def inspector(cast):
    return make_person("inspector", name="查三多", roles=("manager",), at=now() - 60 * DAY)


@pytest.fixture
def manager(client, cast):
    sign_in_client(client, cast.manager)
    return client


def some_cases(cast, count=6):
    return [make_case(owner=cast.agent, team=cast.team, at=now() - DAY) for _n in range(count)]


def planned(cast, inspector, **more):
    some_cases(cast, 4)
    return make_inspection(inspector, actor=actor_for(cast.manager), size=3, at=now(), **more)


def form(**given):
    here = now()
    return {
        "title": "首响抽查",
        "clauses": ["T-1"],
        "source": "case",
        "first": f"{here - 7 * DAY:%Y-%m-%d}",
        "last": f"{here + DAY:%Y-%m-%d}",
        "size": "3",
        "due": f"{here + 3 * DAY:%Y-%m-%dT18:00}",
    } | given


def test_without_inspections_the_list_says_what_they_are(manager):
    page = manager.get(HOME).text
    assert "还没有检查" in page and 'href="/policy/inspections/new/"' in page
    assert "监督检查" in manager.get("/policy/").text


def test_an_inspection_is_planned_by_form_and_a_refusal_keeps_what_was_typed(manager, cast, inspector):
    some_cases(cast)
    answer = manager.post(f"{HOME}new/", form(title="午休首响"))
    assert answer.status_code == 422 and "请选择监督小组，或指定检查人" in answer.text
    assert 'value="午休首响"' in answer.text
    answer = manager.post(
        f"{HOME}new/", form(inspectors=[inspector.pk], first="2020-01-01", last="2020-01-02")
    )
    assert answer.status_code == 422 and "这个范围里没有可查的" in answer.text
    answer = manager.post(f"{HOME}new/", form(inspectors=[inspector.pk]))
    made = Inspection.objects.get()
    assert answer.status_code == 302 and answer["Location"] == f"{HOME}{made.pk}/"
    page = manager.get(answer["Location"]).text
    assert "自 6 件中抽 3 件" in page and str(made.seed) in page and "查三多" in page
    assert "一致：总体没有变" in manager.get(f"{HOME}{made.pk}/?check=1").text


def test_by_a_role_the_whole_group_inspects(manager, cast, inspector):
    some_cases(cast)
    manager.post(f"{HOME}new/", form(group="role:manager"))
    assert set(Inspection.objects.get().inspectors.all()) == {inspector, cast.manager}


def test_the_cadences_duty_leads_here_and_is_done_by_it(manager, cast, inspector):
    rule = "      - {cadence: round, activity: supervision_inspection, every: P2W, owner: manager}\n"
    make_in_force(make_text("C-1", code="round", rules=rule), at=now() - 2 * DAY)
    cadences.plan(now())
    duty = Duty.objects.get(kind="cadence")
    url = f"{HOME}new/?duty={duty.pk}"
    assert f'href="{url}"' in manager.get(f"/duties/{duty.pk}/").text
    some_cases(cast)
    manager.post(url, form(inspectors=[inspector.pk]))
    inspection = Inspection.objects.get()
    assert inspection.duty == duty
    judge_all(inspection, at=now())
    manager.post(f"{HOME}{inspection.pk}/finish/", {"conclusion": "都做到了"})
    duty.refresh_from_db()
    assert duty.state == "done"


def test_judging_goes_on_by_itself_and_asks_for_a_note_where_it_was_not_kept(client, cast, inspector):
    inspection = planned(cast, inspector)
    sign_in_client(client, inspector)
    url = f"{HOME}{inspection.pk}/judge/"
    duty = Duty.objects.get(kind="supervision")
    assert f'href="{url}"' in client.get(f"/duties/{duty.pk}/").text
    page = client.get(url).text
    assert "结块" in page and 'data-key="1"' in page and "已判 0 / 3" in page
    items = list(inspection.items.order_by("position").values_list("pk", flat=True))
    answer = client.post(url, {"item": items[0], "clause": "T-1", "verdict": "not_kept", "note": ""})
    assert answer.status_code == 422 and "请写明看到了什么" in answer.text
    client.post(url, {"item": items[0], "clause": "T-1", "verdict": "not_kept", "note": "四十分钟才回"})
    for item in items[1:]:
        assert client.post(url, {"item": item, "clause": "T-1", "verdict": "kept"})["Location"] == url
    assert "您的都判完了" in client.get(url).text
    page = client.get(f"{HOME}{inspection.pk}/").text
    assert "四十分钟才回" in page and "66.7%" in page and "finish/" in page


def test_what_is_found_is_corrected_and_verified_by_another(client, cast, inspector):
    inspection = planned(cast, inspector)
    judge_all(inspection, bad=1, at=now())
    sign_in_client(client, inspector)
    shown = Judgement.objects.get(verdict="not_kept").pk
    given = {
        "clause": "T-1",
        "text": "午休没有人接",
        "judgements": [shown],
        "severity": "serious",
        "cause": "staffing",
        "owner": cast.agent.pk,
        "due": f"{now() + 7 * DAY:%Y-%m-%dT18:00}",
    }
    answer = client.post(f"{HOME}{inspection.pk}/findings/new/", given | {"owner": ""})
    assert answer.status_code == 422 and "午休没有人接" in answer.text
    assert client.post(f"{HOME}{inspection.pk}/findings/new/", given).status_code == 302
    client.post(f"{HOME}{inspection.pk}/finish/", {"conclusion": "午休要有人"})
    finding = Finding.objects.get()
    assert "午休没有人接" in client.get(HOME).text

    sign_in_client(client, cast.agent)
    page = client.get(f"/policy/findings/{finding.pk}/").text
    assert "去整改" in page and HOME + str(inspection.pk) not in page
    client.post(f"/duties/{finding.follow_up_id}/done/", {"note": "排了午休班"})
    answer = client.post(f"/policy/findings/{finding.pk}/verify/", {"note": "好了"})
    assert answer.status_code == 422 and not Finding.objects.get().verified_at

    sign_in_client(client, inspector)
    page = client.get(f"/policy/findings/{finding.pk}/").text
    assert "核实有效" in page and "排了午休班" in page
    client.post(f"/policy/findings/{finding.pk}/verify/", {"note": "抽了三张，都接了"})
    inspection.refresh_from_db()
    assert inspection.state == "closed"
    page = client.get("/policy/clauses/T-1/").text
    assert "监督抽查" in page and "做到 2 / 3" in page


def test_it_goes_back_with_what_is_missing(client, cast, inspector):
    inspection = planned(cast, inspector)
    judge_all(inspection, bad=1, at=now())
    finding = make_finding(inspection, cast.agent, actor=actor_for(inspector), at=now())
    sign_in_client(client, cast.agent)
    client.post(f"/duties/{finding.follow_up_id}/done/", {"note": "排了"})
    sign_in_client(client, inspector)
    client.post(
        f"/policy/findings/{finding.pk}/return/",
        {"reason": "周末没有", "owner": cast.agent.pk, "due": f"{now() + 3 * DAY:%Y-%m-%dT18:00}"},
    )
    page = client.get(f"/policy/findings/{finding.pk}/").text
    assert "第 2 轮" in page and "周末没有" in page


def test_the_file_holds_every_judgement_and_is_in_the_log(manager, cast, inspector):
    inspection = planned(cast, inspector)
    judge_all(inspection, bad=1, at=now())
    answer = manager.get(f"{HOME}{inspection.pk}/export/")
    rows = answer.content.decode("utf-8-sig").splitlines()
    assert answer["Content-Type"].startswith("text/csv") and len(rows) == 4
    assert "没做到" in answer.text and "没有在时限内答复" in answer.text
    assert Entry.objects.filter(action="supervision.exported", target_id=str(inspection.pk)).exists()


def test_an_outsider_finds_nothing(client, cast, inspector):
    inspection = planned(cast, inspector)
    judge_all(inspection, bad=1, at=now())
    finding = make_finding(inspection, cast.agent, actor=actor_for(inspector), at=now())
    sign_in_client(client, cast.outsider)
    assert "首次响应抽查" not in client.get(HOME).text
    assert client.get(f"{HOME}new/").status_code == 403
    for what in ("", "judge/", "finish/", "export/", "findings/new/"):
        assert client.get(f"{HOME}{inspection.pk}/{what}").status_code == 404, what
    for what in ("finish/", "judge/", "findings/new/"):
        assert client.post(f"{HOME}{inspection.pk}/{what}", {"conclusion": "x"}).status_code == 404, what
    assert client.post(f"{HOME}{inspection.pk}/cancel/", {"reason": "x"}).status_code == 403
    for what in ("", "verify/", "return/"):
        assert client.get(f"/policy/findings/{finding.pk}/{what}").status_code == 404, what
    assert Inspection.objects.get().state == "open"
    page = client.get("/policy/clauses/T-1/").text
    assert "抽查这一条" not in page


def test_who_views_neither_judges_nor_finishes(client, cast, inspector):
    inspection = planned(cast, inspector)
    sign_in_client(client, cast.supervisor)
    page = client.get(f"{HOME}{inspection.pk}/").text
    assert "首次响应抽查" in page and "去判定" not in page
    assert client.get(f"{HOME}{inspection.pk}/judge/").status_code == 302
    judge_all(inspection, at=now())
    client.post(f"{HOME}{inspection.pk}/finish/", {"conclusion": "x"})
    inspection.refresh_from_db()
    assert inspection.state == "open"


def test_a_reader_who_may_not_see_a_case_reads_no_word_of_it(client, cast, inspector):
    make_case("保密的题目", owner=cast.agent, team=cast.team, at=now() - DAY)
    inspection = make_inspection(inspector, actor=actor_for(cast.manager), at=now())
    elsewhere = make_person("elsewhere", roles=("supervisor",), leads=(cast.other_team,), at=now() - 60 * DAY)
    sign_in_client(client, elsewhere)
    page = client.get(f"{HOME}{inspection.pk}/").text
    assert "无权查看" in page and "保密的题目" not in page
    assert "保密的题目" not in client.get(f"{HOME}{inspection.pk}/export/").text


def test_the_number_of_queries_does_not_grow(manager, cast, inspector):
    def counted(url):
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert manager.get(url).status_code == 200
        return len(found)

    small = planned(cast, inspector)
    judge_all(small, bad=1, at=now())
    make_finding(small, cast.agent, actor=actor_for(inspector), at=now())
    manager.get(HOME)  # what is read once a process is there
    few = (counted(HOME), counted(f"{HOME}{small.pk}/"))
    some_cases(cast, 20)
    for _n in range(3):
        large = make_inspection(inspector, actor=actor_for(cast.manager), size=20, at=now())
        judge_all(large, bad=6, at=now())
        for _m in range(4):
            make_finding(large, cast.agent, actor=actor_for(inspector), at=now())
    # what a process keeps for a moment (calendars, the book of rules) may be read once more in between
    assert all(
        n <= before + 1 for n, before in zip((counted(HOME), counted(f"{HOME}{large.pk}/")), few, strict=True)
    )
