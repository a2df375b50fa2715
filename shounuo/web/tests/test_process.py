"""The pages of playbooks: who is where, started, led on, called off."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shounuo.cases.testing import make_case
from shounuo.duties.models import Duty
from shounuo.kernel.clock import now
from shounuo.policy.models import Rule
from shounuo.policy.testing import make_in_force, make_text
from shounuo.process.models import Run
from shounuo.process.testing import make_run
from shounuo.staff.testing import make_cast, set_up_organisation, sign_in_client

pytestmark = pytest.mark.django_db
BOOK = """      - playbook: repair
        title: 维修流程
        steps:
          - {name: look, title: 查看, role: agent, within: PT2H, output: finding}
          - {name: check, title: 复核, role: supervisor, next: {passed: tell, failed: look}}
          - {name: tell, title: 告知客户, role: agent}
"""


@pytest.fixture
def cast():
    before = now() - timedelta(days=30)
    set_up_organisation(at=before)
    make_in_force(make_text("T-1", rules=BOOK), at=before)
    return make_cast(at=before)


@pytest.fixture
def case(cast):
    return make_case("结块", team=cast.team, owner=cast.agent, at=now() - timedelta(hours=1))


def client_of(person):
    client = Client()
    sign_in_client(client, person)
    return client


def test_started_done_in_the_inbox_chosen_and_shown(cast, case):
    supervisor, agent = client_of(cast.supervisor), client_of(cast.agent)
    rule = Rule.objects.get(name="repair")
    answer = supervisor.post("/process/new/", {"playbook": rule.pk, "case": str(case.number)})
    run = Run.objects.get()
    assert answer["Location"] == f"/process/{run.pk}/"
    page = agent.get(f"/process/{run.pk}/").text
    assert "查看" in page and "林小满" in page and "告知客户" in page and 'aria-current="step"' in page
    duty = Duty.objects.get(origin_code="process.step")
    assert f"/duties/{duty.pk}/" in page
    refused = agent.post(f"/duties/{duty.pk}/done/", {"note": ""})
    assert refused.status_code == 422 and "产出" in refused.text
    agent.post(f"/duties/{duty.pk}/done/", {"note": "袋底受潮"})
    page = supervisor.get(f"/process/{run.pk}/").text
    assert "袋底受潮" in page and 'value="passed"' in page
    assert 'value="passed"' not in agent.get(f"/process/{run.pk}/").text
    supervisor.post(f"/process/{run.pk}/choose/", {"outcome": "passed", "note": "可以"})
    assert "可以" in supervisor.get(f"/process/{run.pk}/").text
    assert run.steps.get(state="open").name == "tell"


def test_called_off(cast, case):
    run = make_run("repair", subject=("case", case.pk), at=now())
    supervisor = client_of(cast.supervisor)
    assert supervisor.post(f"/process/{run.pk}/cancel/", {"reason": ""}).status_code == 422
    supervisor.post(f"/process/{run.pk}/cancel/", {"reason": "重复发起"})
    page = supervisor.get(f"/process/{run.pk}/").text
    assert "已取消" in page and "重复发起" in page
    assert "维修流程" in supervisor.get("/process/?state=cancelled").text


def test_who_may_not(cast, case):
    run = make_run("repair", subject=("case", case.pk), at=now())
    nobody, outsider = client_of(cast.nobody), client_of(cast.outsider)
    for path in ("/process/", f"/process/{run.pk}/", "/process/new/", f"/process/{run.pk}/cancel/"):
        assert nobody.get(path).status_code == 403
    page = outsider.get(f"/process/{run.pk}/").text
    assert "维修流程" in page and "结块" not in page and str(case.number) not in page, "of the case nothing"
    assert outsider.post(f"/process/{run.pk}/choose/", {"outcome": "passed"}).status_code in (403, 409)
    assert outsider.post(f"/process/{run.pk}/cancel/", {"reason": "x"}).status_code == 403
    rule = Rule.objects.get(name="repair")
    other = make_case(team=cast.other_team, owner=cast.outsider, at=now())
    answer = client_of(cast.supervisor).post(
        "/process/new/", {"playbook": rule.pk, "case": str(other.number)}
    )
    assert answer.status_code == 422 and Run.objects.count() == 1


def test_the_list_asks_no_more_for_more_rows(cast, case, django_assert_num_queries):
    make_run("repair", subject=("case", case.pk), at=now())
    agent = client_of(cast.agent)
    agent.get("/process/")
    with CaptureQueriesContext(connection) as few:
        agent.get("/process/")
    for _ in range(4):
        other = make_case(team=cast.team, owner=cast.agent, at=now())
        make_run("repair", subject=("case", other.pk), at=now())
    with django_assert_num_queries(len(few)):
        assert agent.get("/process/").text.count("data-row>") == 5


def test_starting_one_on_a_page_of_its_own_shows_no_menu_of_settings(cast):
    page = client_of(cast.supervisor).get("/process/new/").text
    assert "维修流程" in page and "places-menu" not in page
