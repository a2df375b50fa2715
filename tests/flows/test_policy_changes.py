"""The regulation gets a new version while cases run under the old one."""

import pytest

from shounuo.cases import services as cases
from shounuo.commitments.models import Clock
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotAllowed
from shounuo.policy import queries as policy
from shounuo.policy import services as policy_services
from shounuo.policy.models import PolicyVersion
from shounuo.staff.queries import actor_for
from shounuo.staff.testing import make_person
from tests.flows.house import moment

pytestmark = pytest.mark.django_db
State = Clock.State
THIRTY = "- {commitment: response, subject: case, from: interaction.received, until: interaction.sent, within: PT30M}"
TEN = THIRTY.replace("PT30M", "PT10M")


def other_mail(house):
    return house.mail(sender="钱多多 <qian@example.cn>", envelope_from="qian@example.cn", subject="发票")


def test_a_running_clock_keeps_its_version_and_the_next_case_gets_the_new_figures(house):
    house.open().promise(THIRTY)
    before = house.case_of(house.mail())
    house.later(5)
    house.promise(TEN, version="2")
    house.later(1)
    after = house.case_of(other_mail(house))
    old, new = house.clock(before, "response"), house.clock(after, "response")
    assert (old.due_at, new.due_at) == (moment("10-10 10:30"), moment("10-10 10:16"))
    assert (old.rule.clause.version.label, new.rule.clause.version.label) == ("1", "2")

    house.later(14)  # 10:20
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.state, new.state) == (State.RUNNING, State.BREACHED)
    cases.reply_send(case_id=before.pk, text="在查", actor=house.agent, at=house.at)
    old.refresh_from_db()
    assert old.state == State.MET  # what meets it is read from its own version too
    assert PolicyVersion.objects.get(label="1").state == "archived"


def test_a_version_for_tomorrow_binds_nobody_today(house):
    house.open().promise(THIRTY)
    text = (
        PolicyVersion.objects.get().source.replace("PT30M", "PT10M").replace('version: "1"', 'version: "2"')
    )
    at = house.at
    policy_services.version_import(text=text, file_name="two.yaml", actor=Actor.system(), at=at)
    draft = PolicyVersion.objects.get(label="2")
    policy_services.version_submit(version_id=draft.pk, actor=house.admin, at=at)
    with pytest.raises(NotAllowed):
        policy_services.version_approve(version_id=draft.pk, actor=house.manager, at=at)
    director = actor_for(make_person("director", roles=("director",)))
    policy_services.version_approve(version_id=draft.pk, actor=director, at=at)
    policy_services.version_publish(
        version_id=draft.pk, effective_at=moment("10-11 00:00"), actor=house.admin, at=at
    )
    today = house.case_of(house.mail())
    house.until("10-11 09:00")
    tomorrow = house.case_of(other_mail(house))
    assert house.clock(today, "response").due_at == moment("10-10 10:30")
    assert house.clock(tomorrow, "response").due_at == moment("10-11 09:10")


def test_figures_of_a_clause_go_on_over_its_versions(house):
    house.open().promise(THIRTY)
    house.case_of(house.mail())
    house.later(31)
    house.promise(TEN, version="2")
    kept = house.case_of(other_mail(house))
    cases.reply_send(case_id=kept.pk, text="在查", actor=house.agent, at=house.later(5))
    house.until("10-10 12:00")
    house.count()
    share = policy.kept_of(["H-1"], house.at)["H-1"]
    assert (share["week"]["met"], share["week"]["breached"]) == (1, 1)
