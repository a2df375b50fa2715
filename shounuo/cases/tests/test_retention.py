"""What closed cases lose when their time is over, and what a legal hold keeps."""

from datetime import timedelta

import pytest

from shounuo.audit import queries as audit_queries
from shounuo.audit.services import hold_lift, hold_place, retention_run, retention_set
from shounuo.cases import queries, services
from shounuo.cases.models import Case, Draft, Interaction, SearchText
from shounuo.cases.testing import make_case, make_resolved
from shounuo.customers.services import customers_merge
from shounuo.customers.testing import make_customer
from shounuo.events.models import Event
from shounuo.events.testing import run_jobs
from shounuo.files.models import File
from shounuo.files.services import blob_store, file_attach
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, NotFound
from shounuo.staff.testing import AT, make_cast

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
LATE = AT + timedelta(days=400)


@pytest.fixture
def cast():
    return make_cast()


def closed(cast, subject="旧工单", *, at=AT, **more):
    case = make_resolved(subject=subject, owner=cast.agent, team=cast.team, at=at, **more)
    services.case_close(case_id=case.pk, actor=SYSTEM, at=at + timedelta(hours=3))
    attach(case)
    return case


def attach(case, name="照片.png"):
    first = case.interactions.order_by("id").first()
    blob = blob_store(data=b"\x89PNG\r\n\x1a\n", at=AT)
    return file_attach(blob=blob, name=name, subject=("case", case.pk), ref=first.pk, actor=SYSTEM, at=AT)


def keep(**days):
    for kind, n in days.items():
        retention_set(kind=kind, days=n, actor=SYSTEM, at=AT)


def hold(kind, id, **more):
    return hold_place(kind=kind, id=id, reason="诉讼", actor=more.get("actor", SYSTEM), at=AT)


def words_of(case):
    case.refresh_from_db()
    said = Interaction.objects.filter(case=case).values_list("text", flat=True)
    return {case.subject, case.difficulty, case.diagnosis, case.resolution, case.feedback, *said}


def test_files_of_closed_cases_go_and_their_words_stay(cast):
    old, young = closed(cast), closed(cast, at=LATE - timedelta(days=10))
    still_open = make_case("还开着", at=AT)
    attach(still_open)
    keep(attachments=365)
    assert retention_run(at=LATE) == {"attachments": 1}
    assert set(File.objects.values_list("subject_id", flat=True)) == {young.pk, still_open.pk}
    assert "旧工单" in words_of(old)


def test_a_closed_case_loses_its_words_and_keeps_its_figures(cast):
    case = closed(cast)
    services.draft_save(
        case_id=case.pk, mode="note", body={"text": "写了一半"}, actor=cast.actor(cast.agent), at=AT
    )
    run_jobs(AT)
    before = Case.objects.values("status", "owner_id", "opened_at", "closed_at", "updated_at", "number").get(
        pk=case.pk
    )
    events = Event.objects.filter(subject_kind="case", subject_id=case.pk).count()
    keep(closed_cases=365)
    assert retention_run(at=LATE) == {"closed_cases": 1}
    assert words_of(case) == {"***", ""} and case.erased_at == LATE
    assert not File.objects.exists() and not SearchText.objects.filter(case=case).exists()
    assert not Draft.objects.filter(case=case).exists()
    assert Case.objects.values(*before).get(pk=case.pk) == before
    last = Event.objects.filter(subject_kind="case", subject_id=case.pk).latest("seq")
    assert last.kind == "case.erased" and last.payload["version"] == case.version and last.seq == events + 1
    assert retention_run(at=LATE) == {"closed_cases": 0}, "once is enough"
    assert queries.case_page(cast.actor(cast.agent), case.number, at=LATE).case.pk == case.pk


def test_only_what_is_closed_long_enough_goes(cast):
    make_case("还开着", at=AT)
    make_resolved(subject="没确认", owner=cast.agent, team=cast.team, at=AT)
    closed(cast, at=LATE - timedelta(days=364))
    keep(closed_cases=365)
    assert retention_run(at=LATE) == {"closed_cases": 0}


def test_a_case_that_went_up_in_another_waits_for_it(cast):
    customer = make_customer()
    source = make_case("重复", customer=customer)
    target = make_case("主单", customer=customer, owner=cast.agent, team=cast.team)
    services.cases_merge(source_id=source.pk, target_id=target.pk, actor=SYSTEM, at=AT)
    keep(closed_cases=365)
    assert retention_run(at=LATE) == {"closed_cases": 0}
    services.case_resolve(case_id=target.pk, text="好了", actor=cast.actor(cast.agent), at=AT)
    services.case_close(case_id=target.pk, actor=SYSTEM, at=AT)
    assert retention_run(at=LATE) == {"closed_cases": 2}


def test_a_hold_keeps_the_case_and_lifting_it_lets_it_go(cast):
    case, other = closed(cast, "争议"), closed(cast)
    held = hold("case", case.pk)
    with pytest.raises(Conflict):
        hold("case", case.pk)
    keep(closed_cases=365, attachments=365)
    assert retention_run(at=LATE) == {"attachments": 1, "closed_cases": 1}
    assert "争议" in words_of(case) and words_of(other) == {"***", ""}
    assert [h.label.split()[-1] for h in audit_queries.holds(SYSTEM)] == ["争议"]
    hold_lift(hold_id=held.pk, actor=SYSTEM, at=LATE)
    with pytest.raises(Conflict):
        hold_lift(hold_id=held.pk, actor=SYSTEM, at=LATE)
    assert retention_run(at=LATE) == {"attachments": 1, "closed_cases": 1}
    kinds = Event.objects.filter(subject_kind="case", subject_id=case.pk, kind__startswith="hold.")
    assert list(kinds.order_by("seq").values_list("kind", flat=True)) == ["hold.placed", "hold.lifted"]


def test_a_hold_on_a_customer_keeps_all_his_cases_those_of_who_was_merged_into_him_too(cast):
    customer, twin = make_customer(), make_customer()
    mine, his, other = closed(cast, customer=customer), closed(cast, customer=twin), closed(cast)
    customers_merge(source_id=twin.pk, target_id=customer.pk, actor=SYSTEM, at=AT)
    hold("customer", twin.pk)
    assert set(queries.held_cases().values_list("pk", flat=True)) == {mine.pk, his.pk}
    keep(closed_cases=365)
    assert retention_run(at=LATE) == {"closed_cases": 1}
    assert words_of(other) == {"***", ""} and "旧工单" in words_of(mine) & words_of(his)


def test_a_held_case_holds_those_it_was_merged_with(cast):
    customer = make_customer()
    source, target, third = (make_case(s, customer=customer) for s in ("重复", "主单", "又一张"))
    services.cases_merge(source_id=source.pk, target_id=target.pk, actor=SYSTEM, at=AT)
    services.cases_merge(source_id=third.pk, target_id=target.pk, actor=SYSTEM, at=AT)
    hold("case", source.pk)
    assert set(queries.held_cases().values_list("pk", flat=True)) == {source.pk, target.pk, third.pk}


def test_nobody_holds_a_case_that_he_does_not_see(cast):
    case = make_case("别组的", team=cast.other_team, owner=cast.outsider)
    narrow = Actor.person(cast.agent.pk, permissions=frozenset({"audit.retain", "cases.view_team"}))
    with pytest.raises(NotFound):
        hold("case", case.pk, actor=narrow)
    assert hold("case", case.pk, actor=cast.actor(cast.admin)).placed_by == cast.admin.pk
