"""From a draft to a version in force, by whom, and what never changes afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from shounuo.calendars.services import ensure_defaults
from shounuo.duties.models import Duty
from shounuo.duties.services import delegation_end, delegation_make
from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.policy import packs, queries, services, tasks
from shounuo.policy.models import Acknowledgement, Clause, Policy, PolicyVersion, Rule
from shounuo.policy.reading import PackInvalid
from shounuo.policy.services import force, review
from shounuo.policy.testing import make_draft, make_in_force, make_shipped, make_text
from shounuo.policy.vocabulary import Vocabulary
from shounuo.staff.models import Role
from shounuo.staff.testing import AT, make_cast, make_person

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
OPERATOR = Actor.system()


@pytest.fixture(autouse=True)
def calendars(db):
    ensure_defaults(zone="Asia/Shanghai", at=AT)


@pytest.fixture
def cast():
    return make_cast()


def actor(cast, who):
    return cast.actor(getattr(cast, who))


def kinds(policy):
    return list(
        Event.objects.filter(subject_kind="policy", subject_id=policy.pk)
        .order_by("seq")
        .values_list("kind", flat=True)
    )


def through_review(version, author, approver, *, at=AT):
    services.version_submit(version_id=version.pk, actor=author, at=at)
    return services.version_approve(version_id=version.pk, actor=approver, at=at)


def test_an_import_makes_a_draft_with_clauses_and_rules(cast):
    version = make_draft(make_text("T-1", "T-2"), at=AT, actor=actor(cast, "manager"))
    assert (version.state, version.number, version.label) == ("draft", 1, "1")
    assert version.created_by == cast.manager
    assert [c.code for c in version.clauses.order_by("position")] == ["T-1", "T-2"]
    rule = Rule.objects.filter(clause__version=version).first()
    assert (rule.kind, rule.name, rule.body["within"]) == ("commitment", "first-response", "PT30M")
    assert rule.live_since is None
    assert kinds(version.policy) == ["policy.imported"]


def test_the_same_text_again_is_the_same_draft(cast):
    first = make_draft(at=AT)
    assert make_draft(at=AT + HOUR) == first
    assert make_draft(make_text("T-1", "T-2"), at=AT).number == 2
    assert kinds(first.policy) == ["policy.imported"] * 2


def test_a_text_with_errors_writes_nothing():
    with pytest.raises(PackInvalid) as caught:
        services.version_import(
            text=make_text().replace("PT30M", "PT30X"), file_name="/tmp/a/x.yaml", actor=OPERATOR, at=AT
        )
    assert str(caught.value.errors[0]).startswith("x.yaml:15: 条款 T-1 规则 first-response: within")
    assert caught.value.status == 422
    assert not Policy.objects.exists()


def test_the_organisations_own_roles_may_be_named():
    text = make_text().rstrip() + '\n        escalate: [{at: 100%, to: "role:night-desk"}]\n'
    with pytest.raises(PackInvalid):
        make_draft(text, at=AT)
    Role.objects.create(code="night-desk", name="夜班")
    assert make_draft(text, at=AT).state == "draft"


def test_the_way_to_force(cast):
    author, director = actor(cast, "manager"), cast.actor(make_person("director", roles=("director",)))
    version = make_draft(at=AT, actor=author)
    assert services.version_submit(version_id=version.pk, actor=author, at=AT).state == "in_review"
    version = services.version_approve(version_id=version.pk, actor=director, at=AT + HOUR)
    assert (version.state, version.approved_by_id) == ("approved", director.id)
    version = services.version_publish(version_id=version.pk, actor=director, at=AT + 2 * HOUR)
    assert (version.state, version.effective_at, version.published_by_id) == (
        "published",
        AT + 2 * HOUR,
        director.id,
    )
    assert kinds(version.policy) == [
        "policy.imported",
        "policy.submitted",
        "policy.approved",
        "policy.published",
    ]
    rule = Rule.objects.get(clause__version=version)
    assert rule.live_since == (AT + 2 * HOUR if rule.status == "live" else None)


def test_no_step_can_be_left_out(cast):
    admin = actor(cast, "admin")
    version = make_draft(at=AT, actor=admin)
    with pytest.raises(Conflict) as caught:
        services.version_approve(version_id=version.pk, actor=admin, at=AT)
    assert "草案" in str(caught.value)
    with pytest.raises(Conflict):
        services.version_publish(version_id=version.pk, actor=admin, at=AT)
    services.version_submit(version_id=version.pk, actor=admin, at=AT)
    with pytest.raises(Conflict):
        services.version_submit(version_id=version.pk, actor=admin, at=AT)


def test_nobody_approves_his_own_text_unless_he_is_the_only_one_who_could(cast):
    admin = actor(cast, "admin")
    version = make_draft(at=AT, actor=admin)
    services.version_submit(version_id=version.pk, actor=admin, at=AT)
    director = make_person("director", roles=("director",))
    with pytest.raises(NotAllowed) as caught:
        services.version_approve(version_id=version.pk, actor=admin, at=AT)
    assert caught.value.code == "own_draft"
    director.is_active = False
    director.save()
    assert services.version_approve(version_id=version.pk, actor=admin, at=AT).state == "approved"


REVISION = "      - {authority: revision, grant: policy_revision, who: management, per: organisation}\n"


def test_where_the_regulation_names_a_role_for_revisions_it_is_asked_for(cast):
    Role.objects.create(code="management", name="公司管理层", permissions=[])
    director = make_person("director", roles=("director",))
    author = actor(cast, "manager")
    version = make_draft(make_text(code="other"), at=AT, actor=author)
    services.version_submit(version_id=version.pk, actor=author, at=AT)
    make_in_force(make_text("R-6", code="rules", rules=REVISION), at=AT)
    both = make_person("both", roles=("director", "management"))
    with pytest.raises(NotAllowed) as caught:
        services.version_approve(version_id=version.pk, actor=cast.actor(director), at=AT + HOUR)
    assert caught.value.code == "role_needed"
    assert "R-6" in str(caught.value) and "公司管理层" in str(caught.value)
    member = make_person("board", roles=("management",))
    with pytest.raises(NotAllowed) as caught:  # the role alone is not the right to approve
        services.version_approve(version_id=version.pk, actor=cast.actor(member), at=AT + HOUR)
    assert caught.value.code != "role_needed"
    approved = services.version_approve(version_id=version.pk, actor=cast.actor(both), at=AT + HOUR)
    assert approved.approved_by_id == both.pk


def test_where_nobody_is_of_the_role_that_the_regulation_names_the_right_is_enough(cast):
    Role.objects.create(code="management", name="公司管理层", permissions=[])
    director = make_person("director", roles=("director",))
    make_person("board", roles=("management",))  # without the right to approve
    make_in_force(make_text("R-6", code="rules", rules=REVISION), at=AT)
    author = actor(cast, "manager")
    version = make_draft(make_text(code="other"), at=AT, actor=author)
    services.version_submit(version_id=version.pk, actor=author, at=AT)
    approved = services.version_approve(version_id=version.pk, actor=cast.actor(director), at=AT + HOUR)
    assert approved.approved_by_id == director.pk


def test_of_those_whom_the_regulation_names_the_only_one_approves_his_own_text(cast):
    board = Role.objects.create(code="management", name="公司管理层", permissions=[])
    make_person("director", roles=("director",))
    make_in_force(make_text("R-6", code="rules", rules=REVISION), at=AT)
    cast.admin.roles.add(board)
    admin = actor(cast, "admin")
    version = make_draft(make_text(code="other"), at=AT, actor=admin)
    services.version_submit(version_id=version.pk, actor=admin, at=AT)
    assert services.version_approve(version_id=version.pk, actor=admin, at=AT).state == "approved"


def away(cast, who, delegate, *, days=3):
    return delegation_make(
        person_id=who.pk,
        delegate_id=delegate.pk,
        starts_at=AT,
        ends_at=AT + timedelta(days=days),
        reason="休假",
        actor=cast.actor(who),
        at=AT,
    )


def under_review(author, code="other"):
    version = make_draft(make_text("T-9", code=code), at=AT, actor=author)
    return services.version_submit(version_id=version.pk, actor=author, at=AT)


def test_who_stands_in_for_the_role_that_the_regulation_names_approves_in_that_place(cast):
    Role.objects.create(code="management", name="公司管理层", permissions=[])
    both = make_person("both", roles=("director", "management"))
    make_in_force(make_text("R-6", code="rules", rules=REVISION), at=AT)
    version = under_review(actor(cast, "manager"))
    with pytest.raises(NotAllowed):
        services.version_approve(version_id=version.pk, actor=actor(cast, "agent"), at=AT + HOUR)
    it = away(cast, both, cast.agent)
    assert review.in_whose_place(version, AT + HOUR) == {cast.agent.pk: both.pk}
    duty = review.duty_of(version.pk)
    assert duty.roles == ["management"] and duty.clause_code == "R-6"
    assert review.who_may_hold(duty, AT + HOUR) == {both.pk, cast.agent.pk}
    approved = services.version_approve(version_id=version.pk, actor=actor(cast, "agent"), at=AT + HOUR)
    assert (approved.approved_by_id, approved.approved_for_id) == (cast.agent.pk, both.pk)
    event = Event.objects.get(kind="policy.approved", payload__version=version.pk)
    assert (event.actor_id, event.payload["instead_of"]) == (cast.agent.pk, both.pk)
    delegation_end(delegation_id=it.pk, actor=cast.actor(both), at=AT + HOUR)
    again = under_review(actor(cast, "manager"), code="third")
    with pytest.raises(NotAllowed):
        services.version_approve(version_id=again.pk, actor=actor(cast, "agent"), at=AT + 2 * HOUR)


def test_who_stands_in_for_one_with_the_right_but_not_the_role_is_told_whose_it_is(cast):
    Role.objects.create(code="management", name="公司管理层", permissions=[])
    make_person("both", roles=("director", "management"))
    director = make_person("director", roles=("director",))
    make_in_force(make_text("R-6", code="rules", rules=REVISION), at=AT)
    version = under_review(actor(cast, "manager"))
    away(cast, director, cast.agent)
    with pytest.raises(NotAllowed) as caught:
        services.version_approve(version_id=version.pk, actor=actor(cast, "agent"), at=AT + HOUR)
    assert caught.value.code == "role_needed"


def test_nobody_approves_for_the_author_nor_his_own_for_another(cast):
    director = make_person("director", roles=("director",))
    author = cast.actor(director)
    away(cast, director, cast.agent)
    away(cast, cast.admin, director)
    version = under_review(author)
    for who in (actor(cast, "agent"), author):
        with pytest.raises(NotAllowed) as caught:
            services.version_approve(version_id=version.pk, actor=who, at=AT + HOUR)
        assert caught.value.code == "own_draft"
    duty = review.duty_of(version.pk)
    assert review.who_may_hold(duty, AT + HOUR) == {cast.admin.pk}
    assert services.version_approve(version_id=version.pk, actor=actor(cast, "admin"), at=AT + HOUR)


def test_what_waits_is_a_duty_of_those_who_may_until_it_is_decided(cast):
    make_person("director", roles=("director",))
    author, admin = actor(cast, "manager"), actor(cast, "admin")
    version = under_review(author)
    duty = review.duty_of(version.pk)
    assert duty.roles == ["admin", "director"] and "第 1 版" in duty.title and "version 1" in duty.title_en
    services.version_return(version_id=version.pk, reason="太紧", actor=admin, at=AT + HOUR)
    assert review.duty_of(version.pk) is None
    services.version_submit(version_id=version.pk, actor=author, at=AT + 2 * HOUR)
    second = review.duty_of(version.pk)
    services.version_approve(version_id=version.pk, actor=admin, at=AT + 3 * HOUR)
    states = dict(Duty.objects.filter(origin_id=version.pk).values_list("pk", "state"))
    assert states == {duty.pk: "cancelled", second.pk: "done"}
    gone = under_review(author, code="gone")
    services.version_discard(version_id=gone.pk, actor=author, at=AT + HOUR)
    straight = under_review(author, code="straight")
    services.version_publish_at_once(policy_code="straight", actor=OPERATOR, at=AT + HOUR)
    assert review.duty_of(gone.pk) is None and review.duty_of(straight.pk) is None


def test_who_may_approve_nothing_asks_no_duty_of_anybody(cast):
    cast.admin.is_active = False
    cast.admin.save()
    assert review.duty_of(under_review(actor(cast, "manager")).pk) is None


def test_what_is_only_a_draft_or_over_names_nobody(cast):
    director = cast.actor(make_person("director", roles=("director",)))
    author = actor(cast, "manager")
    rules = make_draft(make_text("R-6", code="rules", rules=REVISION), at=AT, actor=author)
    services.version_submit(version_id=rules.pk, actor=author, at=AT)
    assert services.version_approve(version_id=rules.pk, actor=director, at=AT).state == "approved"


def test_who_submitted_is_an_author_too(cast):
    make_person("director", roles=("director",))
    admin = actor(cast, "admin")
    version = make_draft(at=AT)
    services.version_submit(version_id=version.pk, actor=admin, at=AT)
    with pytest.raises(NotAllowed):
        services.version_approve(version_id=version.pk, actor=admin, at=AT)


def test_a_reviewer_sends_it_back_with_a_reason(cast):
    author, director = actor(cast, "manager"), cast.actor(make_person("director", roles=("director",)))
    version = make_draft(at=AT, actor=author)
    through_review(version, author, director)
    with pytest.raises(Invalid):
        services.version_return(version_id=version.pk, reason="  ", actor=director, at=AT)
    version = services.version_return(version_id=version.pk, reason="三十分钟太紧", actor=director, at=AT)
    assert (version.state, version.note, version.approved_by) == ("draft", "三十分钟太紧", None)
    assert kinds(version.policy)[-1] == "policy.returned"


def test_a_draft_can_be_discarded_and_its_number_is_not_given_again(cast):
    author = actor(cast, "manager")
    version = make_draft(at=AT, actor=author)
    services.version_discard(version_id=version.pk, actor=author, at=AT)
    assert not PolicyVersion.objects.exists()
    assert make_draft(at=AT).number == 2
    assert kinds(Policy.objects.get()) == ["policy.imported", "policy.discarded", "policy.imported"]


def test_what_is_published_cannot_be_discarded(cast):
    version = make_in_force(at=AT)
    with pytest.raises(Conflict):
        services.version_discard(version_id=version.pk, actor=OPERATOR, at=AT)


ACTS = {
    "import": lambda v, a: services.version_import(text=make_text("T-9"), file_name="x", actor=a, at=AT),
    "submit": lambda v, a: services.version_submit(version_id=v.pk, actor=a, at=AT),
    "approve": lambda v, a: services.version_approve(version_id=v.pk, actor=a, at=AT),
    "return": lambda v, a: services.version_return(version_id=v.pk, reason="不", actor=a, at=AT),
    "publish": lambda v, a: services.version_publish(version_id=v.pk, actor=a, at=AT),
    "publish at once": lambda v, a: services.version_publish_at_once(policy_code="test", actor=a, at=AT),
    "discard": lambda v, a: services.version_discard(version_id=v.pk, actor=a, at=AT),
    "acknowledge": lambda v, a: services.acknowledge(version_id=v.pk, actor=a, at=AT),
    "retire": lambda v, a: services.policy_retire(policy_code="test", actor=a, at=AT),
    "refresh": lambda v, a: services.rules_refresh(actor=a, at=AT),
}
STATE = {"approve": "in_review", "return": "in_review", "publish": "approved"}


@pytest.mark.parametrize("act", ACTS)
def test_an_outsider_may_do_nothing(cast, act):
    version = make_in_force(at=AT) if act in ("acknowledge", "retire", "refresh") else make_draft(at=AT)
    if act in STATE:
        PolicyVersion.objects.filter(pk=version.pk).update(state=STATE[act])
    before = Event.objects.count(), PolicyVersion.objects.values_list("pk", "state").get()
    for outsider in (actor(cast, "nobody"), Actor.customer(1), Actor("bot", 1)):
        with pytest.raises(NotAllowed):
            ACTS[act](version, outsider)
    assert (Event.objects.count(), PolicyVersion.objects.values_list("pk", "state").get()) == before


def test_an_agent_reads_and_acknowledges_but_does_not_write(cast):
    version, agent = make_in_force(at=AT), actor(cast, "agent")
    assert services.acknowledge(version_id=version.pk, actor=agent, at=AT).person == cast.agent
    for act in ("import", "submit", "approve", "publish", "discard", "retire"):
        with pytest.raises(NotAllowed):
            ACTS[act](version, agent)


def test_a_manager_drafts_but_neither_approves_nor_publishes(cast):
    manager = actor(cast, "manager")
    version = make_draft(at=AT, actor=manager)
    services.version_submit(version_id=version.pk, actor=manager, at=AT)
    for act in ("approve", "publish", "publish at once", "retire"):
        with pytest.raises(NotAllowed):
            ACTS[act](version, manager)


def test_a_version_that_does_not_exist_is_not_found():
    with pytest.raises(NotFound):
        services.version_submit(version_id=7, actor=OPERATOR, at=AT)


def test_an_operator_puts_the_newest_draft_in_force_at_once():
    make_draft(at=AT)
    make_draft(make_text("T-1", "T-2"), at=AT)
    version = services.version_publish_at_once(policy_code="test", actor=OPERATOR, at=AT + HOUR)
    assert (version.number, version.state, version.effective_at) == (2, "published", AT + HOUR)
    assert kinds(version.policy)[2:] == ["policy.submitted", "policy.approved", "policy.published"]
    services.version_publish_at_once(policy_code="test", actor=OPERATOR, at=AT + HOUR)
    assert list(queries.versions_in_force(AT + HOUR).values_list("number", flat=True)) == [1]


def test_there_must_be_something_to_publish():
    with pytest.raises(Conflict) as caught:
        services.version_publish_at_once(policy_code="none", actor=OPERATOR, at=AT)
    assert caught.value.code == "nothing_to_publish"


def test_a_new_version_ends_the_one_before_at_its_moment():
    first = make_in_force(at=AT)
    second = make_in_force(make_text("T-1", "T-2"), at=AT + HOUR)
    first.refresh_from_db()
    assert (first.state, first.ended_at) == ("archived", AT + HOUR)
    assert [v.pk for v in queries.versions_in_force(AT)] == [first.pk]
    assert [v.pk for v in queries.versions_in_force(AT + HOUR)] == [second.pk]
    assert kinds(first.policy).count("policy.archived") == 1


def test_a_version_can_be_fixed_for_later(cast):
    first = make_in_force(at=AT)
    draft = make_draft(make_text("T-1", "T-2"), at=AT)
    admin = actor(cast, "admin")
    through_review(draft, admin, OPERATOR)
    services.version_publish(version_id=draft.pk, effective_at=AT + 5 * HOUR, actor=admin, at=AT)
    first.refresh_from_db()
    assert (first.state, first.ended_at) == ("published", AT + 5 * HOUR)
    assert [v.pk for v in queries.versions_in_force(AT + 4 * HOUR)] == [first.pk]
    assert [v.pk for v in queries.versions_in_force(AT + 5 * HOUR)] == [draft.pk]
    assert services.versions_settle(at=AT + 4 * HOUR) == 0
    assert services.versions_settle(at=AT + 6 * HOUR) == 1
    assert services.versions_settle(at=AT + 6 * HOUR) == 0
    first.refresh_from_db()
    assert first.state == "archived"
    archived = Event.objects.get(kind="policy.archived")
    assert (archived.at, archived.payload["version"]) == (AT + 5 * HOUR, first.pk)


def test_no_version_takes_effect_in_the_past_or_before_one_that_is_fixed(cast):
    admin = actor(cast, "admin")
    later = make_draft(at=AT)
    through_review(later, admin, OPERATOR)
    with pytest.raises(Invalid) as caught:
        services.version_publish(version_id=later.pk, effective_at=AT - HOUR, actor=admin, at=AT)
    assert caught.value.field == "effective_at"
    services.version_publish(version_id=later.pk, effective_at=AT + 5 * HOUR, actor=admin, at=AT)
    sooner = make_draft(make_text("T-1", "T-2"), at=AT)
    through_review(sooner, admin, OPERATOR)
    with pytest.raises(Conflict) as conflict:
        services.version_publish(version_id=sooner.pk, effective_at=AT + HOUR, actor=admin, at=AT)
    assert conflict.value.code == "later_version"


def test_a_clause_code_belongs_to_one_policy_in_force():
    make_in_force(at=AT)
    make_draft(make_text("T-1", code="other"), at=AT)
    with pytest.raises(Conflict) as caught:
        services.version_publish_at_once(policy_code="other", actor=OPERATOR, at=AT)
    assert caught.value.code == "clause_taken"
    assert "T-1" in str(caught.value)
    assert PolicyVersion.objects.get(policy__code="other").state == "draft"


def test_a_calendar_that_is_missing_stops_the_publication():
    make_draft(make_text(calendar="nightshift"), at=AT)
    with pytest.raises(Conflict) as caught:
        services.version_publish_at_once(policy_code="test", actor=OPERATOR, at=AT)
    assert (caught.value.code, caught.value.extra["calendars"]) == ("no_calendar", ["nightshift"])


def test_a_policy_can_be_ended_without_successor():
    version = make_in_force(at=AT)
    services.policy_retire(policy_code="test", actor=OPERATOR, at=AT + HOUR)
    assert not queries.versions_in_force(AT + HOUR).exists()
    assert [v.pk for v in queries.versions_in_force(AT)] == [version.pk]
    with pytest.raises(Conflict):
        services.policy_retire(policy_code="test", actor=OPERATOR, at=AT + HOUR)


def test_the_generation_moves_with_what_is_in_force():
    seen = [queries.generation()]
    make_draft(at=AT)
    assert queries.generation() == seen[0]
    make_in_force(at=AT)
    seen.append(queries.generation())
    services.policy_retire(policy_code="test", actor=OPERATOR, at=AT + HOUR)
    seen.append(queries.generation())
    assert seen == sorted(set(seen))


def test_rules_begin_to_run_when_their_part_comes(monkeypatch):
    rules = "      - {commitment: x, subject: crisis, from: crisis.declared, until: crisis.handled, within: PT1H}\n"
    make_in_force(make_text(rules=rules), at=AT)
    rule = Rule.objects.get()
    assert (rule.status, rule.waiting_for, rule.live_since) == ("waiting", ["risk"], None)
    assert services.rules_refresh(actor=OPERATOR, at=AT + HOUR) == 0

    built = Vocabulary({"crisis.declared": {}, "crisis.handled": {}}, frozenset({"crisis"}))
    monkeypatch.setattr(force, "words", lambda: built)
    before = queries.generation()
    assert services.rules_refresh(actor=OPERATOR, at=AT + 2 * HOUR) == 1
    rule.refresh_from_db()
    assert (rule.status, rule.waiting_for, rule.live_since) == ("live", [], AT + 2 * HOUR)
    assert queries.generation() > before
    seen = queries.generation()
    assert services.rules_refresh(actor=OPERATOR, at=AT + 3 * HOUR) == 0
    rule.refresh_from_db()
    assert rule.live_since == AT + 2 * HOUR
    assert queries.generation() == seen
    assert kinds(Policy.objects.get()).count("policy.refreshed") == 1


def test_the_tasks_settle_and_refresh():
    first = make_in_force(at=AT)
    PolicyVersion.objects.filter(pk=first.pk).update(ended_at=AT + HOUR)
    tasks.settle(0)
    tasks.refresh(0)
    first.refresh_from_db()
    assert first.state == "archived"


def test_a_reader_acknowledges_once(cast):
    version, agent = make_in_force(at=AT), actor(cast, "agent")
    services.acknowledge(version_id=version.pk, actor=agent, at=AT)
    services.acknowledge(version_id=version.pk, actor=agent, at=AT + HOUR)
    assert list(Acknowledgement.objects.values_list("person_id", "at")) == [(cast.agent.pk, AT)]
    assert kinds(version.policy).count("policy.acknowledged") == 1
    assert queries.acknowledged(version) == {cast.agent.pk: AT}


def test_only_people_acknowledge_and_only_what_is_published(cast):
    with pytest.raises(NotAllowed):
        services.acknowledge(version_id=make_in_force(at=AT).pk, actor=OPERATOR, at=AT)
    draft = make_draft(make_text("T-2"), at=AT)
    with pytest.raises(Conflict):
        services.acknowledge(version_id=draft.pk, actor=actor(cast, "agent"), at=AT)


def refused(change):
    with pytest.raises(DatabaseError), transaction.atomic():
        change()


def test_the_database_refuses_to_change_what_is_published():
    version = make_in_force(at=AT)
    clause, rule = Clause.objects.get(), Rule.objects.get()
    refused(lambda: PolicyVersion.objects.update(title="改过"))
    refused(lambda: PolicyVersion.objects.update(state="draft"))
    refused(lambda: PolicyVersion.objects.update(effective_at=AT - HOUR))
    refused(lambda: version.delete())
    refused(lambda: Clause.objects.update(wording="改过"))
    refused(lambda: Clause.objects.create(version=version, code="T-2", number="2", position=2))
    refused(lambda: clause.delete())
    refused(lambda: Rule.objects.update(body={}))
    refused(
        lambda: Rule.objects.create(
            clause=clause, kind="target", name="x", position=2, body={}, status="shown"
        )
    )
    refused(lambda: rule.delete())
    draft = make_draft(make_text("T-1", "T-2"), at=AT)
    refused(lambda: Rule.objects.filter(clause__version=draft).update(clause=clause))
    refused(lambda: Clause.objects.filter(version=draft).update(version=version))


def test_the_database_lets_an_end_be_written_once_and_standings_change():
    make_in_force(at=AT)
    Rule.objects.update(status="waiting", waiting_for=["risk"], live_since=None)
    PolicyVersion.objects.update(state="archived", ended_at=AT + HOUR)
    refused(lambda: PolicyVersion.objects.update(ended_at=None))
    refused(lambda: PolicyVersion.objects.update(state="published"))


def test_a_draft_may_be_changed_and_a_version_ends_after_it_began():
    draft = make_draft(at=AT)
    Clause.objects.filter(version=draft).update(wording="改过")
    make_in_force(make_text("T-2", code="other"), at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.filter(policy__code="other").update(ended_at=AT - HOUR)


@pytest.mark.parametrize("code", ["livestock", "enterprise"])
def test_a_shipped_pack_is_put_in_force_and_exported_again(code):
    version = make_shipped(code, at=AT)
    text = (packs.FOLDER / f"{code}.yaml").read_text(encoding="utf-8")
    assert version.clauses.count() == len(queries.pack_of(version).clauses)
    again = services.version_import(
        text=queries.export(version), file_name="again.yaml", actor=OPERATOR, at=AT
    )
    assert queries.diff(version, again) == []
    assert version.source == text
