"""The pages of the self-assessment: begun, rated, improved, final, compared; and who may."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shounuo.audit.models import Entry
from shounuo.commitments import cadences
from shounuo.duties.models import Duty
from shounuo.improvement import services
from shounuo.improvement.models import Assessment, Improvement
from shounuo.improvement.rules import maturity
from shounuo.improvement.testing import make_assessment, rate_all
from shounuo.kernel.clock import now
from shounuo.policy.testing import make_in_force, make_shipped, make_text
from shounuo.staff.queries import actor_for
from shounuo.staff.testing import make_cast, set_up_organisation, sign_in_client
from shounuo.web.maturity import showing

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HOME = "/policy/maturity/"


@pytest.fixture
def cast():
    set_up_organisation()
    return make_cast(at=now() - 300 * DAY)


@pytest.fixture
def standard(cast):
    return make_shipped("process-standard", at=now() - 250 * DAY)


@pytest.fixture
def manager(client, cast):
    sign_in_client(client, cast.manager)
    return client


def final(cast, at):
    assessment = make_assessment(at=at)
    rate_all(assessment, at=at)
    return services.assessment_finish(
        assessment_id=assessment.pk, conclusion="客户反馈分析要补", actor=actor_for(cast.manager), at=at
    )


def test_without_a_standard_the_page_says_what_to_do(manager):
    page = manager.get(HOME).text
    assert "还没有流程标准" in page and "start/" not in page


def test_an_assessment_begins_is_rated_and_becomes_final(manager, cast, standard):
    assert "还没有自评" in manager.get(HOME).text
    quarter = maturity.quarter_of(now().date())
    answer = manager.post(f"{HOME}start/", {"policy": "process-standard", "quarter": quarter.isoformat()})
    assessment = Assessment.objects.get()
    url = f"{HOME}{assessment.pk}/"
    assert answer["Location"] == url
    page = manager.get(url).text
    assert "已评 0 / 38" in page and "管理顾客投诉" in page and "条规则" in page
    assert (
        "这个季度已经有一次自评"
        in manager.post(f"{HOME}start/", {"policy": "process-standard", "quarter": quarter.isoformat()}).text
    )
    rating = assessment.ratings.get(number="6.2.3.5")
    there = f"{url}processes/{rating.pk}/"
    refused = manager.post(there, {"level": "5", "comment": ""})
    assert refused.status_code == 422 and "与建议的等级不同" in refused.text
    refused = manager.post(there, {"level": "5", "comment": "有凭据", "link1": "javascript:alert(1)"})
    assert refused.status_code == 422 and "本站的页面" in refused.text and "有凭据" in refused.text
    manager.post(there, {"level": "1", "comment": "没有人做", "label1": "会议纪要", "link1": "/duties/"})
    rating.refresh_from_db()
    assert (rating.level, rating.links) == (1, [["会议纪要", "/duties/"]])
    due = f"{now() + 30 * DAY:%Y-%m-%dT18:00}"
    manager.post(
        f"{there}improve/",
        {"title": "每月做投诉分析", "target": "3", "owner": cast.supervisor.pk, "due": due},
    )
    assert Improvement.objects.get().duty.owner == cast.supervisor
    assert manager.post(f"{url}finish/", {"conclusion": "要补"}).status_code == 422
    rest = assessment.ratings.filter(level=None)
    for one in rest:
        manager.post(f"{url}processes/{one.pk}/", {"level": one.proposed})
    manager.post(f"{url}finish/", {"conclusion": "投诉分析最弱"})
    page = manager.get(url).text
    assert 'data-chart="radar"' in page and "投诉分析最弱" in page and "每月做投诉分析" in page
    assert "改定" not in page
    assert 'data-chart="radar"' in manager.get(HOME).text


def test_two_quarters_are_compared(manager, cast, standard):
    this = maturity.quarter_of(now().date())
    final(cast, now() - 100 * DAY)
    last = Assessment.objects.get()
    assert last.quarter < this
    final(cast, now())
    page = manager.get(HOME).text
    assert 'data-chart="lines"' in page and "上一次" in page and page.count("已定稿") == 2


def test_the_cadences_duty_leads_here(manager, cast, standard):
    rule = "      - {cadence: maturity, activity: service_maturity_assessment, every: P3M, owner: manager}\n"
    make_in_force(make_text("C-1", code="round", rules=rule), at=now() - 2 * DAY)
    cadences.plan(now())
    duty = Duty.objects.filter(kind="cadence").latest("pk")  # a quarter may have begun meanwhile
    url = f"{HOME}start/?duty={duty.pk}"
    assert f'href="{url}"' in manager.get(f"/duties/{duty.pk}/").text
    manager.post(
        url, {"policy": "process-standard", "quarter": maturity.quarter_of(now().date()).isoformat()}
    )
    assessment = Assessment.objects.get()
    assert assessment.duty == duty
    rate_all(assessment, at=now())
    manager.post(f"{HOME}{assessment.pk}/finish/", {"conclusion": "可以"})
    duty.refresh_from_db()
    assert duty.state == "done"


def test_the_file_holds_every_process_and_is_in_the_log(manager, cast, standard):
    assessment = final(cast, now())
    answer = manager.get(f"{HOME}{assessment.pk}/export/")
    assert len(answer.content.decode("utf-8-sig").strip().splitlines()) == 39
    assert Entry.objects.filter(action="maturity.exported").exists()


def test_an_outsider_finds_nothing_and_a_reader_changes_nothing(client, cast, standard):
    assessment = make_assessment(at=now())
    rating = assessment.ratings.first()
    inner = (
        "",
        "export/",
        "refresh/",
        "finish/",
        f"processes/{rating.pk}/",
        f"processes/{rating.pk}/improve/",
    )
    sign_in_client(client, cast.outsider)
    for url in (HOME, f"{HOME}start/", *(f"{HOME}{assessment.pk}/{what}" for what in inner)):
        assert client.get(url).status_code == 403, url
        assert client.post(url).status_code in (403, 405), url
    assert "成熟度自评" not in client.get("/policy/").text
    sign_in_client(client, cast.supervisor)
    page = client.get(f"{HOME}{assessment.pk}/").text
    assert "管理顾客投诉" in page and "评定</button>" not in page
    for what in inner[2:]:
        assert client.post(f"{HOME}{assessment.pk}/{what}", {"level": 1}).status_code == 403
    rating.refresh_from_db()
    assert rating.level is None


def test_a_process_of_another_assessment_is_not_found(manager, cast, standard):
    old, new = make_assessment(at=now() - 100 * DAY), make_assessment(at=now())
    rating = old.ratings.first()
    assert manager.post(f"{HOME}{new.pk}/processes/{rating.pk}/", {"level": 2}).status_code == 404


def test_queries_do_not_grow_with_quarters_and_improvements(manager, cast, standard):
    def counted(url):
        with CaptureQueriesContext(connection) as found:
            assert manager.get(url).status_code == 200
        return len(found)

    final(cast, now() - 190 * DAY)
    final(cast, now() - 100 * DAY)
    assessment = make_assessment(at=now())
    url = f"{HOME}{assessment.pk}/"
    manager.get(url)
    few = (counted(HOME), counted(url))
    rate_all(assessment, at=now())
    for rating in assessment.ratings.filter(level__lt=5)[:12]:
        services.improvement_agree(
            rating_id=rating.pk,
            title="补上",
            target=5,
            owner_id=cast.supervisor.pk,
            due_at=now() + DAY,
            actor=actor_for(cast.manager),
            at=now(),
        )
    assert counted(url) <= few[1] + 1  # what was agreed, and with whom
    assert counted(HOME) == few[0]


def test_a_change_is_that_of_the_figures_shown():
    assert showing.change(2.44, 2.46) == -0.1  # 2.4 beside 2.5
    assert showing.change(2.42, 2.38) == 0
    assert showing.change(2.0, None) is None
