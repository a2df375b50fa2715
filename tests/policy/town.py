"""One of everything that an address names, and every address with its parameters filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import URLPattern, URLResolver, get_resolver

from shounuo.agreements.services import agreement_offer
from shounuo.agreements.services import link_path as agreement_path
from shounuo.agreements.testing import make_agreement
from shounuo.analytics import services as analytics
from shounuo.audit import services as audit
from shounuo.calendars import services as calendars
from shounuo.calendars.testing import make_defaults
from shounuo.cases import letters
from shounuo.cases import services as cases
from shounuo.cases.models import Case, Merge
from shounuo.cases.testing import make_case
from shounuo.channels import services as channels
from shounuo.channels.models import Delivery
from shounuo.channels.services import link_path
from shounuo.channels.testing import make_mail, make_mailbox, receive
from shounuo.commitments import cadences
from shounuo.commitments.models import Clock
from shounuo.customers import services as customers
from shounuo.customers.testing import make_customer
from shounuo.duties import services as duty_services
from shounuo.events.models import Event, Failure
from shounuo.files.queries import signed_path
from shounuo.files.services import blob_store, file_attach
from shounuo.improvement.testing import judge_all, make_assessment, make_finding, make_inspection
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.metrics.testing import observe_all
from shounuo.notices import services as notices
from shounuo.notices.models import Notice
from shounuo.notices.testing import make_relay, make_way
from shounuo.policy.editing.changes import mark_of_rule
from shounuo.policy.models import PolicyVersion, Rule
from shounuo.policy.reading import rule_of
from shounuo.policy.services import comment_add, document_upload
from shounuo.policy.testing import make_draft, make_in_force, make_shipped, make_text
from shounuo.process.testing import make_run
from shounuo.risk.models import Alarm
from shounuo.risk.testing import RULE as ALARM
from shounuo.risk.testing import make_goal
from shounuo.staff import queries as staff
from shounuo.staff import services as staff_services
from shounuo.staff.models import Role
from shounuo.staff.testing import AT, Cast, make_cast, set_up_organisation

SYSTEM = Actor.system()
PLAYBOOK = (
    "      - {playbook: steps, steps: [{name: a, role: agent, next: {passed: b, failed: end}}, {name: b}]}\n"
)
AUTHORITY = (
    "      - {authority: a, grant: compensation, who: agent, up_to: 50 CNY, approver: [supervisor, admin]}\n"
    "      - {authority: b, grant: report_release, who: [manager, admin], per: organisation}\n"
)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)


@dataclass(frozen=True)
class Town:
    """`values`: what stands for a parameter, by the beginning of its address (the longest that fits) and its name."""

    cast: Cast
    case: Case
    values: dict[tuple[str, str], object]

    def path(self, route: str) -> str:
        """The address with the ids of things that are there."""

        def value(match: re.Match[str]) -> str:
            name = match[1].rpartition(":")[2]
            fitting = [
                (place, v) for (place, n), v in self.values.items() if n == name and route.startswith(place)
            ]
            assert fitting, f"nothing stands for {name} in {route}: add it to the town"
            return str(max(fitting, key=lambda one: len(one[0]))[1])

        return "/" + re.sub(r"<([^>]+)>", value, route)


def addresses(patterns: Iterable[URLPattern | URLResolver] | None = None, before: str = "") -> Iterator[str]:
    """Every address of the product, each once, as the URL map writes it."""
    found: dict[str, None] = {}
    for one in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            found |= dict.fromkeys(addresses(one.url_patterns, route))
        else:
            found[route] = None
    yield from found


def make_town() -> Town:
    """Everything belongs to the first team or to the administrator."""
    cast = make_cast()
    set_up_organisation()
    make_defaults()
    make_shipped("livestock", at=AT)
    make_draft(make_text("T-1", code="trial"), at=AT)
    admin, agent = staff.actor_for(cast.admin), staff.actor_for(cast.agent)
    box = make_mailbox(team_id=cast.team.pk, receipt=False)
    relay = make_relay()
    case = Case.objects.get(pk=receive(make_mail(html="<p>结块</p>")).case_id)
    cases.case_assign(case_id=case.pk, person_id=cast.agent.pk, actor=staff.actor_for(cast.supervisor), at=AT)
    said = case.interactions.get()
    sent = cases.reply_send(case_id=case.pk, text="能换", actor=agent, at=AT)
    cases.delivery_note(interaction_id=sent.pk, ok=False, error="550", actor=SYSTEM, at=AT)
    second = Case.objects.get(pk=receive(make_mail("再问一句", subject="再问")).case_id)
    cases.cases_merge(source_id=second.pk, target_id=case.pk, actor=staff.actor_for(cast.supervisor), at=AT)
    customer = case.customer
    contact = customers.contact_add(
        customer_id=customer.pk, kind="phone", value="13803946721", actor=SYSTEM, at=AT
    )
    twin = make_customer("宋建国", mail="twin@example.cn")
    joined = customers.customers_merge(source_id=twin.pk, target_id=customer.pk, actor=admin, at=AT)
    company = customers.company_create(name="河套牧场", actor=SYSTEM, at=AT)
    picture = file_attach(
        blob=blob_store(data=PNG, at=AT),
        name="a.png",
        subject=("case", case.pk),
        ref=said.pk,
        actor=SYSTEM,
        at=AT,
    )
    view = cases.view_save(name="我的", query={"status": "open"}, actor=admin, at=AT)
    notices.notify(
        key="n",
        person_ids=[cast.admin.pk],
        kind="case.mentioned",
        params={},
        subject=("case", case.pk),
        at=AT,
    )
    hook, _secret = channels.webhook_create(
        name="ERP", url="https://93.184.216.34/in", kinds=["case.*"], actor=admin, at=AT
    )
    event = Event.objects.filter(kind="case.opened").earliest("id")
    delivery = Delivery.objects.create(webhook=hook, event_id=event.pk, kind=event.kind, created_at=AT)
    failure = Failure.objects.create(
        event_id=event.pk, handler="notices.cases", error="Trouble", first_at=AT, last_at=AT
    )
    mail = notices.mail_queue(
        key="k", raw=b"x", message_id="<k@x>", sender="", recipients=["a@example.cn"], at=AT
    )
    token, _clear = staff_services.token_create(person_id=cast.admin.pk, name="ERP", actor=SYSTEM, at=AT)
    watched = make_in_force(make_text("A-1", code="alarms", rules=ALARM), at=AT)
    alarm = Alarm.objects.create(  # the log's end is out of reach within this transaction
        rule=Rule.objects.get(clause__version=watched),
        policy_code="alarms",
        clause_code="A-1",
        name="praised",
        about=f"case:{case.pk}",
        raised_at=AT,
        seen_at=AT,
    )
    make_in_force(make_text("AU-1", code="grants", rules=AUTHORITY), at=AT)
    grant = cases.grant_ask(
        case_id=case.pk, kind="compensation", amount=30000, reason="受潮", actor=agent, at=now()
    )
    absence = duty_services.delegation_make(
        person_id=cast.admin.pk,
        delegate_id=cast.supervisor.pk,
        starts_at=now(),
        ends_at=now() + timedelta(days=9),
        actor=admin,
        at=now(),
    )
    observe_all()
    board = analytics.board_make(name="早会", actor=admin, at=AT)
    analytics.tile_add(board_id=board.pk, metric="backlog", form="number", actor=admin, at=AT)
    report = analytics.report_make(kind="week", back=1, actor=SYSTEM, at=now())
    make_in_force(make_text("PB-1", code="playbooks", rules=PLAYBOOK), at=AT)
    run = make_run("steps", subject=("case", case.pk), at=AT)
    draft = PolicyVersion.objects.get(policy__code="trial")
    rule = Rule.objects.filter(clause__version=draft).earliest("id")
    comment = comment_add(version_id=draft.pk, clause=rule.clause.code, text="再想想", actor=admin, at=AT)
    upload = document_upload(
        data="第一条 接到投诉后30分钟内响应。".encode(), name="a.txt", actor=admin, at=AT
    )
    inspection = make_inspection(cast.manager, cast.admin, clauses=("A-1",), actor=admin, at=AT)
    judge_all(inspection, bad=1, at=AT)
    finding = make_finding(inspection, cast.agent, actor=admin, at=AT)
    make_shipped("process-standard", at=AT)
    assessment = make_assessment(actor=admin, at=AT)
    raw = receive(b"\x00\xff not a mail at all")
    cadences.plan(AT)
    duty_clock = Clock.objects.filter(subject_kind="duty").earliest("id")
    clock = Clock.objects.filter(subject_kind="case", subject_id=case.pk).earliest("id")
    settings = {
        "people": cast.agent.pk,
        "teams": cast.team.pk,
        "roles": cast.agent.roles.earliest("pk").pk,
        "tokens": token.pk,
        "mailboxes": box.pk,
        "relays": relay.pk,
        "webhooks": hook.pk,
        "ways": make_way().pk,
        "quiet": Role.objects.get(code="manager").pk,
        "topics": cases.topic_create(code="feed", name="饲料", actor=SYSTEM, at=AT).pk,
        "fields": cases.custom_field_save(code="batch", label="批号", actor=SYSTEM, at=AT).pk,
        "canned": cases.canned_save(title="问好", body="您好", actor=SYSTEM, at=AT).pk,
        "holds": audit.hold_place(
            kind="case", id=case.pk, reason="(2026) 沪 01 民初 1 号", actor=SYSTEM, at=AT
        ).pk,
        "operations/handlers": failure.pk,
        "operations/mails": mail.pk,
        "operations/jobs": 1,
        "quarantine": raw.pk,
    }
    offered = agreement_offer(agreement_id=make_agreement(at=AT).pk, actor=admin, at=AT)
    link = link_path(case, now()).removeprefix("/t/").removesuffix("/")
    values: dict[tuple[str, str], object] = {
        **{(f"settings/{place}/", "id"): pk for place, pk in settings.items()},
        ("settings/retention/", "kind"): "access_log",
        ("settings/calendars/", "code"): "business",
        ("settings/calendars/", "number"): 2026,
        ("settings/mailboxes/", "mail_id"): mail.pk,
        ("settings/webhooks/", "delivery_id"): delivery.pk,
        ("cases/", "number"): case.number,
        ("cases/", "view_id"): view.pk,
        ("cases/", "clock_id"): clock.pk,
        ("cases/", "merge_id"): Merge.objects.get().pk,
        ("cases/", "what"): "take",
        ("cases/<int:number>/messages/", "id"): said.pk,
        ("cases/<int:number>/messages/<int:id>/resend/", "id"): sent.pk,
        ("customers/", "id"): customer.pk,
        ("customers/", "contact_id"): contact.pk,
        ("customers/", "merge_id"): joined.pk,
        ("customers/companies/", "id"): company.pk,
        ("duties/", "id"): duty_clock.subject_id,
        ("duties/", "clock_id"): duty_clock.pk,
        ("api/v1/", "duty"): duty_clock.subject_id,
        ("process/", "run"): run.pk,
        ("approvals/", "grant"): grant.pk,
        ("approvals/", "absence"): absence.pk,
        ("approve/", "token"): letters.link_path(grant, cast.supervisor.pk, now()).split("/")[2],
        ("api/v1/", "grant"): grant.pk,
        ("api/v1/", "delegation"): absence.pk,
        ("board/", "number"): case.number,
        ("data/metrics/", "code"): "first_response_time",
        ("data/metrics/values/", "group"): "speed",
        ("dashboards/export/", "part"): "topics",
        ("dashboards/", "board_id"): board.pk,
        ("dashboards/", "tile_id"): 1,
        ("reports/", "report_id"): report.pk,
        ("alarms/", "alarm"): alarm.pk,
        ("alarms/targets/", "goal"): make_goal(at=AT).pk,
        ("policy/", "code"): "livestock",
        ("policy/clauses/", "code"): clock.clause_code,
        ("policy/causes/", "clock_id"): clock.pk,
        ("policy/inspections/", "id"): inspection.pk,
        ("policy/findings/", "id"): finding.pk,
        ("policy/maturity/", "id"): assessment.pk,
        ("policy/maturity/", "rating_id"): assessment.ratings.earliest("position").pk,
        ("policy/documents/", "document_id"): upload.pk,
        ("policy/documents/", "what"): "sure",
        ("policy/<int:policy_id>/", "policy_id"): draft.policy_id,
        ("policy/comments/", "comment_id"): comment.pk,
        ("policy/comments/", "what"): "settle",
        ("policy/proposals/", "proposal_id"): upload.proposals.earliest("position").pk,
        ("policy/proposals/", "what"): "reject",
        ("policy/<slug:code>/versions/", "code"): "trial",
        ("policy/reviews/", "version_id"): draft.pk,
        ("policy/<slug:code>/roles/", "code"): "trial",
        ("policy/<slug:code>/roles/", "role"): "management",
        ("policy/<slug:code>/versions/", "version_id"): draft.pk,
        ("policy/<slug:code>/versions/", "what"): "submit",
        ("policy/<slug:code>/versions/", "clause"): rule.clause.code,
        ("policy/<slug:code>/versions/", "kind"): "alarm",
        ("policy/<slug:code>/versions/", "seen"): mark_of_rule(rule_of(rule.kind, rule.name, rule.body)),
        ("policy/<slug:code>/versions/<int:version_id>/edit/", "what"): "up",
        ("me/language/", "code"): "en",
        ("me/tokens/", "token_id"): token.pk,
        ("me/notices/", "notice_id"): Notice.objects.filter(person=cast.admin).latest("id").pk,
        ("link/", "token"): "x" * 43,
        ("files/", "file_id"): picture.pk,
        ("files/s/", "token"): signed_path(picture, at=now()).split("/")[3],
        ("t/", "token"): link,
        ("help/c/", "token"): link,
        ("help/agreements/", "token"): agreement_path(offered, now())
        .removeprefix("/help/agreements/")
        .removesuffix("/"),
        ("agreements/", "agreement"): offered.pk,
        ("help/", "number"): case.number,
        ("help/", "file_id"): picture.pk,
        ("help/language/", "code"): "en",
        ("api/v1/", "alarm"): alarm.pk,
        ("api/v1/", "run"): run.pk,
        ("api/v1/", "inspection"): inspection.pk,
        ("api/v1/", "finding"): finding.pk,
        ("api/v1/", "number"): case.number,
        ("api/v1/", "clock"): clock.pk,
        ("api/v1/", "clock_id"): clock.pk,
        ("api/v1/", "customer"): customer.pk,
        ("api/v1/clauses/", "code"): clock.clause_code,
        ("api/v1/calendars/", "code"): "business",
        ("api/v1/metrics/", "code"): "first_response_time",
        ("api/v1/", "year"): 2026,
        ("api/v1/", "raw"): raw.pk,
        ("api/v1/", "webhook"): hook.pk,
        ("api/v1/", "delivery"): delivery.pk,
    }
    return Town(cast, Case.objects.get(pk=case.pk), values)


def infest(town: Town, text: str) -> None:
    """The text stands wherever people write or give names: customers, staff and administrators."""
    cast, case, actor = town.cast, town.case, staff.actor_for(town.cast.admin)
    agent, at = staff.actor_for(cast.agent), now()
    name, customer = text[:50], case.customer
    staff_services.organisation_change(name=name, actor=SYSTEM, at=at)
    for person in (cast.agent, cast.admin, cast.supervisor):
        staff_services.person_change(person_id=person.pk, name=name, title=name, actor=SYSTEM, at=at)
    staff_services.team_change(team_id=cast.team.pk, name=name, actor=SYSTEM, at=at)
    staff_services.role_create(code="evil", name=name, permissions=[], actor=SYSTEM, at=at)
    staff_services.token_create(person_id=cast.admin.pk, name=name, actor=SYSTEM, at=at)
    customers.customer_change(
        customer_id=customer.pk,
        name=name,
        company=name,
        title=name,
        region=name,
        note=text,
        actor=SYSTEM,
        at=at,
    )
    customers.company_change(
        company_id=int(town.path("customers/companies/<int:id>/").split("/")[3]),
        name=f"{name}2", region=name, note=text, actor=SYSTEM, at=at,
    )  # fmt: skip
    calendars.calendar_rename(code="business", name=name, actor=SYSTEM, at=at)
    calendars.day_set(
        code="business", date=date(2026, 7, 1), kind="holiday", name=name[:30], actor=SYSTEM, at=at
    )
    topic = cases.topic_create(code="evil", name=name, actor=SYSTEM, at=at)
    cases.custom_field_save(code="evil", label=name, type="choice", choices=[name], actor=SYSTEM, at=at)
    cases.canned_save(title=name, body=text, actor=SYSTEM, at=at)
    cases.view_save(name=name, query={"tag": name[:20]}, actor=actor, at=at)
    make_mailbox("evil@example.com", name=name, receipt=False, from_name=name, signature=text)
    notices.relay_save(name=name, host="relay.example.com", sender="a@example.com", actor=actor, at=at)
    channels.webhook_create(name=name, url="https://93.184.216.34/", kinds=["case.*"], actor=actor, at=at)
    pack = make_text("E-1", code="evil")
    for ours in ("测试规定", "三十分钟内须有首次响应。", "首次响应"):
        pack = pack.replace(f": {ours}\n", f": {json.dumps(text)}\n")
    make_in_force(pack, at=at)
    evil = make_case(
        text, text=text, customer=customer, owner=cast.agent, team=cast.team, topic_id=topic.pk, at=at
    )
    inspection = make_inspection(cast.manager, clauses=("A-1",), title=name, actor=actor, at=at)
    judge_all(inspection, bad=1, at=at, note=text)
    make_finding(inspection, cast.agent, actor=actor, at=at, text=text)
    for one in (case, evil):
        cases.tags_set(case_id=one.pk, tags=[name[:20]], actor=agent, at=at)
        cases.custom_set(case_id=one.pk, values={"evil": name}, actor=agent, at=at)
        cases.note_add(case_id=one.pk, text=text, mentions=[cast.admin.pk], actor=agent, at=at)
        cases.case_diagnose(case_id=one.pk, text=text, actor=agent, at=at)
        options = [dict.fromkeys(("title", "pros", "cons", "steps", "time", "cost"), name)]
        cases.plan_propose(case_id=one.pk, options=options, text=text, actor=agent, at=at)
        cases.grant_ask(case_id=one.pk, kind="compensation", amount=9900, reason=text, actor=agent, at=at)
        cases.draft_save(case_id=one.pk, mode="out", body={"text": text}, actor=actor, at=at)
    cases.request_ask(kind="report_release", about=name, reason=text, actor=agent, at=at)
    analytics.board_make(name=name, actor=actor, at=at)
    analytics.comment_add(
        report_id=int(town.path("reports/<int:report_id>/").split("/")[2]), text=text, actor=actor, at=at
    )
    receive(make_mail(text, subject=text, html=f"<p>{text}</p>", files=[(f"{name}.png", PNG, "image/png")]))
    receive(b"\x00\xff not a mail: " + text.encode())
