"""The life of a version: what is said about it, review, acknowledgement with its questions, reminders, exceptions."""

from datetime import timedelta

import pytest

from shounuo.audit.models import Entry
from shounuo.cases.services import reply_send
from shounuo.cases.testing import make_case
from shounuo.commitments import loop
from shounuo.commitments import queries as commitments
from shounuo.duties.models import Duty
from shounuo.duties.services import delegation_make
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.durations import Span
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound
from shounuo.metrics.testing import observe_all
from shounuo.notices.models import Notice
from shounuo.policy import services
from shounuo.policy.models import Acknowledgement, ClauseComment, Deviation, Policy, PolicyVersion
from shounuo.policy.queries import missing_readers
from shounuo.policy.services.readers import Question
from shounuo.policy.testing import make_draft, make_in_force, make_text
from shounuo.staff.models import Role
from shounuo.staff.queries import actor_for
from shounuo.web.tests.desks import PACK, make_house, queries_of
from shounuo.web.tests.portal_world import is_clean, text_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
SECOND = (
    PACK.replace('version: "1"', 'version: "2"').replace("三十分钟内", "二十分钟内").replace("PT30M", "PT20M")
)
ASKED = Question("多久内首次响应？", ("三十分钟", "二十分钟"), 1)


@pytest.fixture
def house():
    return make_house()


@pytest.fixture
def manager(house):
    return house.client(house.cast.manager)


@pytest.fixture
def admin(house):
    return house.client(house.cast.admin)


@pytest.fixture
def draft(house):
    return make_draft(SECOND, at=house.at, actor=actor_for(house.cast.manager))


def base(draft):
    return f"/policy/house/versions/{draft.pk}/"


def publish(house, draft, **more):
    services.version_submit(version_id=draft.pk, actor=actor_for(house.cast.manager), at=now())
    services.version_approve(version_id=draft.pk, actor=actor_for(house.cast.admin), at=now())
    services.version_publish(version_id=draft.pk, actor=actor_for(house.cast.admin), at=now(), **more)
    draft.refresh_from_db()
    return draft


# -- who gets where --------------------------------------------------------------------------------------------------
def test_readers_do_not_see_what_is_said_about_a_draft(house, draft, client):
    agent = house.client(house.cast.agent)
    row = services.comment_add(
        version_id=draft.pk, clause="H-2.1", text="太紧", actor=actor_for(house.cast.admin), at=house.at
    )
    for path in ("review/", "return/", "questions/", "comments/H-2.1/"):
        for answer in (agent.get(base(draft) + path), agent.post(base(draft) + path)):
            assert answer.status_code == (404 if path in ("review/", "return/") else 403), path
        assert client.get(base(draft) + path)["Location"].startswith("/signin/")
    assert agent.post(f"/policy/comments/{row.pk}/settle/").status_code == 403
    for path in ("remind/", "review-date/", "retire/"):
        assert agent.post(f"/policy/house/{path}").status_code == 403, path
    assert agent.post("/policy/clauses/H-2.1/deviation/").status_code == 403


def test_what_was_said_in_review_is_not_for_readers_afterwards_either(house, draft):
    publish(house, draft)
    assert house.client(house.cast.agent).get(base(draft) + "review/").status_code == 403


# -- roles that a document names and nobody holds --------------------------------------------------------------------
NAMING = """      - {authority: revision, grant: policy_revision, who: management, per: organisation}
      - {authority: refund, grant: compensation, who: manager, approver: finance}
"""


@pytest.fixture
def naming(house):
    return make_in_force(make_text("N-1", "N-2", code="naming", rules=NAMING), at=house.at)


def test_a_role_that_nobody_holds_is_named_with_its_clauses_and_made_by_one_click(house, naming, admin):
    page = admin.get("/policy/naming/versions/")
    assert "公司管理层" in text_of(page) and "财务" in text_of(page)
    assert "2 个角色还没有人担任" in page.text and "/policy/clauses/N-2/" in page.text
    url = "/policy/naming/roles/management/"
    assert admin.get(url).status_code == 302 and not Role.objects.filter(code="management").exists()
    assert admin.post(url).status_code == 302
    made = Role.objects.get(code="management")
    assert (made.name, made.permissions) == ("公司管理层", ["duties.work", "policy.view"])
    page = admin.get("/policy/naming/versions/").text
    assert url not in page and "指定人员" in page and "/policy/naming/roles/finance/" in page
    assert admin.post(url).status_code == 404, "once"
    house.cast.admin.roles.add(made)
    assert "公司管理层" not in text_of(admin.get("/policy/naming/versions/"))


def test_a_role_is_made_by_who_manages_staff_and_only_where_the_document_names_it(
    house, naming, admin, manager
):
    url = "/policy/naming/roles/management/"
    page = manager.get("/policy/naming/versions/").text
    assert "公司管理层" in page and url not in page
    assert manager.post(url).status_code == 403
    assert house.client(house.cast.outsider).post(url).status_code == 403
    for strange in (
        "/policy/naming/roles/legal/",
        "/policy/naming/roles/manager/",
        "/policy/none/roles/legal/",
    ):
        assert admin.post(strange).status_code == 404, strange
    assert "个角色还没有人担任" not in house.client(house.cast.agent).get("/policy/naming/versions/").text
    assert not Role.objects.filter(code__in=("management", "legal", "finance")).exists()


# -- who approves in whose place -------------------------------------------------------------------------------------
def away(house, who, delegate):
    return delegation_make(
        person_id=who.pk,
        delegate_id=delegate.pk,
        starts_at=now() - timedelta(minutes=1),
        ends_at=now() + timedelta(days=3),
        reason="休假",
        actor=actor_for(who),
        at=now() - timedelta(minutes=1),
    )


def test_who_stands_in_is_rung_finds_the_duty_and_approves_in_that_place(house, draft):
    agent = house.client(house.cast.agent)
    away(house, house.cast.admin, house.cast.agent)
    assert agent.get(base(draft) + "review/").status_code == 404, "a draft is not before him yet"
    services.version_submit(version_id=draft.pk, actor=actor_for(house.cast.manager), at=now())
    run_jobs(now())
    duty = Duty.objects.get(origin_code="policy.version", origin_id=draft.pk)
    notice = Notice.objects.get(person=house.cast.agent, kind="policy.in_place")
    assert (notice.subject_kind, notice.subject_id) == ("duty", duty.pk)
    assert f"/duties/{duty.pk}/" in agent.get("/duties/?box=open").text
    assert f"/policy/reviews/{draft.pk}/" in agent.get(f"/duties/{duty.pk}/").text
    there = agent.get(f"/policy/reviews/{draft.pk}/")
    assert there["Location"] == base(draft) + "review/"
    page = agent.get(there["Location"]).text
    assert "您代管理员审批，会记下来" in page and base(draft) + "approve/" in page
    assert "sn-talk-form" not in page, "what he may not do is not offered"
    assert "您代管理员审批" in agent.get("/policy/house/versions/").text
    assert agent.post(base(draft) + "approve/").status_code == 302
    draft.refresh_from_db()
    duty.refresh_from_db()
    assert (draft.state, draft.approved_by, draft.approved_for) == (
        "approved",
        house.cast.agent,
        house.cast.admin,
    )
    assert (duty.state, duty.outcome, duty.ended_by) == ("done", "approved", house.cast.agent)
    assert "林小满（代管理员）" in house.client(house.cast.admin).get("/policy/house/versions/").text
    run_jobs(now())
    entry = Entry.objects.filter(action="policy.approved", target_id=draft.policy_id).latest("id")
    assert (entry.actor_id, entry.detail["instead_of"]) == (house.cast.agent.pk, house.cast.admin.pk)


def test_an_outsider_neither_reads_nor_approves_what_waits_for_another(house, draft):
    away(house, house.cast.admin, house.cast.agent)
    services.version_submit(version_id=draft.pk, actor=actor_for(house.cast.manager), at=now())
    duty = Duty.objects.get(origin_code="policy.version", origin_id=draft.pk)
    outsider = house.client(house.cast.outsider)
    for path in (f"/duties/{duty.pk}/", f"/policy/reviews/{draft.pk}/", base(draft) + "review/"):
        assert outsider.get(path).status_code == 404, path
    assert outsider.post(base(draft) + "approve/").status_code == 404
    assert PolicyVersion.objects.get(pk=draft.pk).state == "in_review"


def test_who_stands_in_sends_it_back_with_a_reason(house, draft):
    away(house, house.cast.admin, house.cast.agent)
    services.version_submit(version_id=draft.pk, actor=actor_for(house.cast.manager), at=now())
    agent = house.client(house.cast.agent)
    assert agent.post(base(draft) + "return/", {"reason": "二十分钟太紧"}).status_code == 302
    duty = Duty.objects.get(origin_code="policy.version", origin_id=draft.pk)
    assert (PolicyVersion.objects.get(pk=draft.pk).state, duty.state) == ("draft", "cancelled")


def test_the_duty_is_given_to_nobody_who_may_not_approve(house, draft):
    services.version_submit(version_id=draft.pk, actor=actor_for(house.cast.manager), at=now())
    duty = Duty.objects.get(origin_code="policy.version", origin_id=draft.pk)
    url = f"/duties/{duty.pk}/assign/"
    lead = house.client(house.cast.manager)
    assert "无权处理这项待办" in lead.post(url, {"person": house.cast.agent.pk}).text
    away(house, house.cast.admin, house.cast.agent)
    assert lead.post(url, {"person": house.cast.agent.pk}).status_code == 302


def test_a_policy_is_found_by_its_number_by_who_may_read_it(house, manager, draft):
    url = f"/policy/{house.version.policy_id}/"
    assert manager.get(url)["Location"] == "/policy/house/"
    assert manager.get("/policy/999999/").status_code == 404
    alone = make_draft(SECOND.replace("pack: house", "pack: alone"), at=house.at)
    assert house.client(house.cast.agent).get(f"/policy/{alone.policy_id}/").status_code == 404


# -- what is said and reviewed ---------------------------------------------------------------------------------------
def test_a_clause_is_talked_about_until_it_is_settled(house, manager, admin, draft):
    said = admin.post(base(draft) + "comments/H-2.1/", {"text": "二十分钟做得到吗？"}, headers=HTMX)
    assert "二十分钟做得到吗？" in text_of(said)
    editor = manager.get(f"{base(draft)}edit/clauses/H-2.1/")
    assert "二十分钟做得到吗？" in text_of(editor)
    assert [c["comments"] for c in editor.context["contents"]] == [0, 1, 0]
    row = ClauseComment.objects.get()
    answer = manager.post(f"/policy/comments/{row.pk}/settle/", headers=HTMX)
    assert "已了结" in text_of(answer)
    row.refresh_from_db()
    assert row.settled_by == house.cast.manager
    manager.post(f"/policy/comments/{row.pk}/reopen/", headers=HTMX)
    row.refresh_from_db()
    assert row.settled_at is None
    empty = admin.post(base(draft) + "comments/H-2.1/", {"text": " "}, headers=HTMX)
    assert (empty.status_code, "请写意见" in text_of(empty)) == (422, True)
    assert admin.post(base(draft) + "comments/X-1/", {"text": "?"}).status_code == 404


def test_what_was_said_follows_a_clause_that_gets_another_number(house, manager, draft):
    actor = actor_for(house.cast.admin)
    services.comment_add(version_id=draft.pk, clause="H-2.2", text="编号不对", actor=actor, at=house.at)
    url = f"{base(draft)}edit/clauses/H-2.2/"
    form = {"id": "H-2.9", "chapter": "2", "title": "查收", "wording": "十五分钟内须查收。"}
    manager.post(url, form | {"seen": manager.get(url).context["seen"]})
    assert ClauseComment.objects.get().clause == "H-2.9"


def test_reviewers_read_what_changed_and_send_it_back_with_a_reason(house, manager, admin, draft):
    manager.post(base(draft) + "submit/")
    page = admin.get(base(draft) + "review/")
    assert is_clean(page)
    [changed] = page.context["clauses"]
    assert changed["code"] == "H-2.1"
    [rule] = changed["change"]["rules"]
    assert [(f["was"], f["will"]) for f in rule["figures"]] == [("30 分钟", "20 分钟")]
    assert [c["code"] for c in page.context["same"]] == ["H-1.1", "H-2.2"]
    assert page.context["approve_url"] and not manager.get(base(draft) + "review/").context["approve_url"]
    assert admin.post(base(draft) + "return/", {"reason": ""}, headers=HTMX).status_code == 422
    admin.post(base(draft) + "return/", {"reason": "先试一个月"}, headers=HTMX)
    draft.refresh_from_db()
    assert (draft.state, draft.note) == ("draft", "先试一个月")


def test_the_review_costs_the_same_however_many_clauses_and_comments(house, admin, draft):
    actor = actor_for(house.cast.admin)
    few = queries_of(admin, base(draft) + "review/")
    for n in range(6):
        services.comment_add(version_id=draft.pk, clause="H-2.1", text=f"{n}", actor=actor, at=house.at)
    assert queries_of(admin, base(draft) + "review/") == few


# -- acknowledgement -------------------------------------------------------------------------------------------------
def test_the_author_asks_and_the_reader_must_answer_rightly(house, manager, draft):
    form = {"q1_text": ASKED.text, "q1_options": "三十分钟\n二十分钟", "q1_right": "2"}
    wrong = manager.post(base(draft) + "questions/", form | {"q1_right": "3"})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["q1_right"])
    manager.post(base(draft) + "questions/", form)
    publish(house, draft)
    agent = house.client(house.cast.agent)
    page = agent.get("/policy/house/sign/")
    assert is_clean(page)
    assert ASKED.text in text_of(page)
    assert "去签阅" in text_of(agent.get("/policy/house/"))
    for given in ({}, {"q0": "0"}, {"q0": "x"}, {"q7": "1"}):
        refused = agent.post("/policy/house/sign/", given)
        assert refused.status_code == 422, given
    assert "答错了" in text_of(agent.post("/policy/house/sign/", {"q0": "0"}))
    assert agent.post("/policy/house/sign/", {"q0": "1"}).status_code == 302
    assert Acknowledgement.objects.get(version=draft).person == house.cast.agent
    assert "去签阅" not in text_of(agent.get("/policy/house/"))


@pytest.mark.parametrize(
    ("question", "field"),
    [
        (Question("", ("a", "b"), 0), "q0.text"),
        (Question("?", ("a",), 0), "q0.options"),
        (Question("?", ("a", "a"), 0), "q0.options"),
        (Question("?", ("a", ""), 0), "q0.options"),
        (Question("?", ("a", "b"), 2), "q0.right"),
        (Question("?", ("a", "b"), -1), "q0.right"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(house, draft, question, field):
    with pytest.raises(Invalid) as refused:
        services.questions_set(
            version_id=draft.pk, questions=[question], actor=actor_for(house.cast.manager), at=now()
        )
    assert refused.value.field == field


def test_only_the_roles_that_it_names_have_to_read_a_version(house, draft):
    publish(house, draft, readers=["agent"])
    names = set(missing_readers(draft).values_list("name", flat=True))
    assert names == {p.name for p in house.cast.agent.roles.get(code="agent").people.filter(is_active=True)}
    assert names
    with pytest.raises(Invalid):
        publish(house, make_draft(SECOND.replace('"2"', '"3"'), at=now()), readers=["nobody"])


def test_readers_are_told_at_publication_and_reminded_once_a_day(house, manager, draft):
    publish(house, draft, readers=["agent"])
    run_jobs(now())
    told = Notice.objects.filter(kind="policy.to_sign")
    first = told.count()
    assert first == missing_readers(draft).count() > 0
    assert "已提醒" in text_of(manager.post("/policy/house/remind/", follow=True))
    assert told.count() == 2 * first
    assert "今天都提醒过了" in text_of(manager.post("/policy/house/remind/", follow=True))
    assert told.count() == 2 * first
    notice = told.filter(person=house.cast.agent).latest("id")
    seen = house.client(house.cast.agent).get(f"/me/notices/{notice.pk}/", follow=True)
    assert seen.redirect_chain[-1][0] == "/policy/house/"


def test_a_day_of_reminders_is_a_day_of_the_house(house, draft):
    publish(house, draft, readers=["agent"])
    by = actor_for(house.cast.manager)
    midnight = now().replace(hour=16, minute=0, second=0)

    def told(at):
        return services.readers_remind(version_id=draft.pk, actor=by, at=at)

    readers = told(midnight - timedelta(minutes=1))
    assert readers > 0 and told(midnight - timedelta(seconds=1)) == 0
    assert told(midnight) == readers, "another day"
    assert told(midnight + timedelta(hours=9)) == 0, "in UTC alone a day has begun"


def test_who_has_not_read_is_reminded_weekly_and_reviews_are_not_forgotten(house, draft):
    publish(house, draft, readers=["agent"])
    at = now()
    services.review_set(
        policy_code="house", on=(at + timedelta(days=30)).date(), actor=actor_for(house.cast.manager), at=at
    )
    assert services.reminders_send(at=at + timedelta(days=3)) == 0
    signs = Notice.objects.filter(kind="policy.to_sign")
    services.reminders_send(at=at + timedelta(days=8))
    once = signs.count()
    assert once == missing_readers(draft).count()
    services.reminders_send(at=at + timedelta(days=13))  # whatever day of the week that is
    assert signs.count() == once
    services.reminders_send(at=at + timedelta(days=15))
    assert signs.count() == 2 * once
    assert not Notice.objects.filter(kind="policy.to_review").exists()
    services.reminders_send(at=at + timedelta(days=31))
    review = Notice.objects.filter(kind="policy.to_review")
    assert house.cast.manager.pk in review.values_list("person_id", flat=True)
    assert house.cast.agent.pk not in review.values_list("person_id", flat=True)


def test_a_review_date_is_set_in_a_dialog_and_not_in_the_past(house, manager):
    past = manager.post("/policy/house/review-date/", {"review_on": "2020-01-01"}, headers=HTMX)
    assert past.status_code == 422
    day = (now() + timedelta(days=200)).date()
    manager.post("/policy/house/review-date/", {"review_on": day.isoformat()}, headers=HTMX)
    assert Policy.objects.get(code="house").review_on == day


def test_a_policy_is_ended_without_successor(house, admin):
    admin.post("/policy/house/retire/")
    assert PolicyVersion.objects.get(policy__code="house").state == "archived"
    assert admin.post("/policy/house/retire/").status_code == 409


# -- breaches and exceptions -----------------------------------------------------------------------------------------
def test_the_breaches_of_a_document_stand_on_one_page(house, manager):
    page = manager.get("/policy/house/breaches/")
    assert is_clean(page)
    assert [t["active"] for t in page.context["tabs"]] == [False, True, False, False, False]


def test_an_exception_is_sooner_or_better_with_its_reason(house, manager):
    url = "/policy/clauses/H-2.1/deviation/"
    sooner = {
        "number": house.mine.number, "serves": "sooner", "commitment": "first-response",
        "amount": "10", "unit": "PT#M", "reason": "牛群急症",
    }  # fmt: skip
    longer = manager.post(url, sooner | {"amount": "45"}, headers=HTMX)
    assert longer.status_code == 422
    assert "须短于 30 分钟" in text_of(longer)
    for wrong in (
        {"number": "9"},
        {"reason": ""},
        {"amount": ""},
        {"serves": "later"},
        {"unit": "P#BD"},
        {"serves": "better"},
    ):
        assert manager.post(url, sooner | wrong, headers=HTMX).status_code == 422, wrong
    assert manager.post(url, sooner, headers=HTMX).status_code == 204
    row = Deviation.objects.get()
    assert (row.within, row.by, row.subject_id) == ("PT10M", house.cast.manager, house.mine.pk)
    page = text_of(manager.get("/policy/clauses/H-2.1/"))
    assert "牛群急症" in page
    assert "牛群急症" not in text_of(house.client(house.cast.outsider).get("/policy/clauses/H-2.1/"))


def test_an_exception_needs_a_person_a_right_and_a_subject_that_he_sees(house):
    def record(actor, subject=("case", house.mine.pk)):
        return services.deviation_record(
            clause="H-2.1", subject=subject, serves="sooner", commitment="first-response",
            within=Span(seconds=600), reason="急", actor=actor, at=now(),
        )  # fmt: skip

    for outsider in (Actor.system(), actor_for(house.cast.agent), Actor.customer(1)):
        with pytest.raises(NotAllowed):
            record(outsider)
    for nothing in (("case", 0), ("nothing", 1)):
        with pytest.raises(NotFound):
            record(actor_for(house.cast.manager), nothing)


# -- promises before customers ---------------------------------------------------------------------------------------
def test_a_chosen_clause_stands_before_customers_with_its_real_figures(house, admin, manager, client):
    url = "/policy/clauses/H-2.1/promise/"
    assert "三十分钟" not in text_of(client.get("/help/promises/"))
    assert manager.post(url, {"shown": "1"}).status_code == 403, "he drafts, he does not publish"
    admin.post(url, {"shown": "1"})
    few = client.get("/help/promises/")
    assert is_clean(few)
    assert "三十分钟内须有首次响应" in text_of(few)
    assert "次数还少" in text_of(few)
    day = house.at - timedelta(days=3)
    for n in range(12):
        case = make_case(f"第 {n} 件", owner=house.cast.agent, team=house.cast.team, at=day)
        if n:
            reply_send(case_id=case.pk, text="好", actor=house.agent, at=day + timedelta(minutes=5))
    while loop.fire_due(now()):
        continue
    observe_all(now(), sources=["clock"])
    [shown] = client.get("/help/promises/").context["items"]
    kept = commitments.kept(["H-2.1"], now() - timedelta(days=90), now())["H-2.1"]
    assert kept.due >= 12 and kept.breached >= 1
    assert shown["population"] == f"应办 {kept.due} 次，按时办到 {kept.met} 次"
    assert shown["ratio"] <= kept.met / kept.due
    assert "看我们的承诺" in text_of(client.get("/help/"))
    admin.post(url, {"shown": "0"})
    assert client.get("/help/promises/").context["items"] == []


def test_a_clause_that_is_no_longer_in_force_is_not_promised(house, admin, client):
    admin.post("/policy/clauses/H-2.1/promise/", {"shown": "1"})
    admin.post("/policy/house/retire/")
    assert client.get("/help/promises/").context["items"] == []
    assert admin.post("/policy/clauses/H-2.1/promise/", {"shown": "1"}).status_code == 404
