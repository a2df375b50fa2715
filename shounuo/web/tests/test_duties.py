"""The pages of duties: who sees what, and what the acts do."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shounuo.commitments import cadences
from shounuo.duties import queries, services
from shounuo.duties.models import Duty
from shounuo.duties.testing import make_duty
from shounuo.files.models import File
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.policy.testing import make_shipped
from shounuo.staff.services import token_create
from shounuo.staff.testing import make_cast, set_up_organisation, sign_in_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    set_up_organisation()
    return make_cast(at=now() - timedelta(days=60))


@pytest.fixture
def agent(client, cast):
    sign_in_client(client, cast.agent)
    return client


def owed(cast, title="回访客户", **given):
    given.setdefault("due_at", now() + timedelta(days=2))
    return make_duty(title, at=now() - timedelta(hours=1), **given)


def test_the_inbox_shows_mine_and_what_i_may_take(agent, cast):
    mine = owed(cast, "写报告", owner_id=cast.agent.pk)
    owed(cast, "晨检", team_id=cast.team.pk)
    owed(cast, "别组的事", team_id=cast.other_team.pk)
    page = agent.get("/duties/").content.decode()
    assert "写报告" in page and "晨检" not in page and "别组的事" not in page
    assert f'href="/duties/{mine.pk}/done/"' in page
    page = agent.get("/duties/?box=open").content.decode()
    assert "晨检" in page and "写报告" not in page and "别组的事" not in page
    assert "别组的事" not in agent.get("/duties/?box=all").content.decode()


def test_an_outsider_finds_no_such_duty(agent, cast):
    theirs = owed(cast, "别组的事", team_id=cast.other_team.pk)
    for what in ("", "done/", "assign/", "snooze/", "cancel/", "miss/", "reopen/"):
        assert agent.get(f"/duties/{theirs.pk}/{what}").status_code == 404
    assert agent.post(f"/duties/{theirs.pk}/take/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.owner_id is None


def test_taken_and_done_with_a_note_and_a_file(agent, cast):
    duty = owed(cast, team_id=cast.team.pk)
    agent.post(f"/duties/{duty.pk}/take/")
    answer = agent.post(
        f"/duties/{duty.pk}/done/", {"note": "客户满意", "files": SimpleUploadedFile("录音.txt", b"ok")}
    )
    duty.refresh_from_db()
    assert answer.status_code == 302 and (duty.state, duty.owner_id) == ("done", cast.agent.pk)
    assert File.objects.get(subject_kind="duty").name == "录音.txt"
    page = agent.get(f"/duties/{duty.pk}/").content.decode()
    assert "客户满意" in page and "录音.txt" in page
    assert "回访客户" in agent.get("/duties/?state=done").content.decode()


def test_many_are_done_at_once(agent, cast):
    first, second = owed(cast, owner_id=cast.agent.pk), owed(cast, owner_id=cast.agent.pk)
    other = owed(cast, owner_id=cast.outsider.pk)
    agent.post("/duties/done/", {"id": [first.pk, second.pk, other.pk], "note": "一起办了"})
    assert sorted(Duty.objects.filter(state="done").values_list("pk", flat=True)) == [first.pk, second.pk]


def test_the_supervisor_assigns_and_the_agent_may_not(client, cast):
    duty = owed(cast, team_id=cast.team.pk)
    sign_in_client(client, cast.agent)
    assert client.get(f"/duties/{duty.pk}/assign/").status_code == 403
    assert client.post(f"/duties/{duty.pk}/assign/", {"person": cast.agent.pk}).status_code == 422
    sign_in_client(client, cast.supervisor)
    assert client.post(f"/duties/{duty.pk}/assign/", {"person": cast.agent.pk}).status_code == 302
    duty.refresh_from_db()
    assert duty.owner_id == cast.agent.pk
    assert "回访客户" in client.get("/duties/?box=led").content.decode()


def test_put_off_written_off_and_opened_again(client, cast):
    duty = owed(cast, owner_id=cast.agent.pk)
    sign_in_client(client, cast.agent)
    client.post(f"/duties/{duty.pk}/snooze/", {"until": "tomorrow"})
    assert "回访客户" not in client.get("/duties/").content.decode()
    assert "回访客户" in client.get("/duties/?only=snoozed").content.decode()
    sign_in_client(client, cast.supervisor)
    assert client.post(f"/duties/{duty.pk}/cancel/", {"reason": ""}).status_code == 422
    client.post(f"/duties/{duty.pk}/cancel/", {"reason": "客户已来电"})
    client.post(f"/duties/{duty.pk}/reopen/", {"reason": "还要回访"})
    duty.refresh_from_db()
    assert (duty.state, duty.reason) == ("open", "还要回访")


def test_something_new_is_noted_for_oneself_and_asked_of_others_by_supervisors(client, cast):
    sign_in_client(client, cast.agent)
    client.post("/duties/new/", {"title": "备好样品", "owner": cast.agent.pk})
    assert client.post("/duties/new/", {"title": "替我做", "owner": cast.outsider.pk}).status_code == 422
    sign_in_client(client, cast.supervisor)
    client.post("/duties/new/", {"title": "写周报", "owner": cast.agent.pk})
    assert sorted(d.title for d in Duty.objects.filter(owner=cast.agent)) == ["写周报", "备好样品"]


def test_a_cadence_is_seen_with_its_clause_and_its_clock(client, cast):
    make_shipped("livestock", at=now() - timedelta(days=3))
    cadences.plan(now())
    duty = Duty.objects.filter(series="REG-5.2.2/service-data-analysis").latest(
        "pk"
    )  # a month may have begun meanwhile
    sign_in_client(client, cast.manager)
    page = client.get(f"/duties/{duty.pk}/").content.decode()
    assert "5.2.2" in page and 'class="sn-clocks"' in page
    assert client.get("/policy/clauses/REG-5.2.2/").status_code == 200
    refused = client.post(f"/duties/{duty.pk}/done/", {"note": ""})
    assert refused.status_code == 422 and "附上文件" in refused.content.decode()


def test_the_inbox_asks_no_more_for_more_rows(client, cast, django_assert_num_queries):
    sign_in_client(client, cast.agent)
    for n in range(2):
        owed(cast, f"第 {n} 件", owner_id=cast.agent.pk, subject=("person", cast.agent.pk))
    client.get("/duties/")
    with CaptureQueriesContext(connection) as few:
        client.get("/duties/")
    for n in range(20):
        owed(cast, f"又 {n} 件", owner_id=cast.agent.pk, subject=("person", cast.supervisor.pk))
    with django_assert_num_queries(len(few)):
        client.get("/duties/")


def test_it_reads_in_english(client, cast):
    owed(cast, "Call back", owner_id=cast.agent.pk)
    sign_in_client(client, cast.agent)
    page = client.get("/duties/", headers={"Accept-Language": "en"}).content.decode()
    assert "Duties" in page and "Mine" in page


def bearer(person):
    _row, clear = token_create(person_id=person.pk, name="t", actor=Actor.system(), at=now())
    return {"Authorization": f"Bearer {clear}"}


def test_over_the_api(client, cast):
    duty = owed(cast, team_id=cast.team.pk)
    theirs = owed(cast, team_id=cast.other_team.pk)
    head = bearer(cast.agent)
    listed = client.get("/api/v1/duties?box=open", headers=head).json()
    assert [d["id"] for d in listed["items"]] == [duty.pk]
    assert client.get(f"/api/v1/duties/{theirs.pk}", headers=head).status_code == 404
    assert client.post(f"/api/v1/duties/{theirs.pk}/take", headers=head).status_code == 404
    assert client.post(f"/api/v1/duties/{duty.pk}/take", headers=head).json()["owner"] == cast.agent.pk
    done = client.post(
        f"/api/v1/duties/{duty.pk}/done", {"note": "好了"}, content_type="application/json", headers=head
    )
    assert done.json()["state"] == "done"
    assert client.get("/api/v1/duties", headers=bearer(cast.nobody)).status_code == 403
    asked = client.post(
        "/api/v1/duties",
        {"title": "替我做", "owner": cast.outsider.pk},
        content_type="application/json",
        headers=head,
    )
    assert asked.status_code == 403
    assert queries.evidence_of([duty.pk])[duty.pk][0].note == "好了"
    assert services.duties_lapse(at=now()) == 0
