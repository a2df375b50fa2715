"""A mail comes in and the promise is kept, to the customer's yes and the figure beside the clause."""

import re

import pytest

from shounuo.cases import services as cases
from shounuo.cases.testing import make_topic
from shounuo.channels.services import link_path
from shounuo.commitments import queries as commitments
from shounuo.commitments.models import Clock
from shounuo.customers.services import customer_change
from tests.flows.house import moment

pytestmark = pytest.mark.django_db
State = Clock.State
OPTIONS = [
    {"title": "换 3 吨新料", "pros": "旧料同车拉走", "cons": "须留人装卸", "steps": "周一发车", "time": "1 天", "cost": "0 元"},
    {"title": "折价留用", "pros": "不耽误喂", "cons": "口感差", "steps": "退款到原账户", "time": "1 个工作日", "cost": "退 2,844 元", "recommended": True},
]  # fmt: skip


def page_of(mail):
    """The address of the customer's page, as it stands in a mail to him."""
    found = re.search(r"https://kefu\.example\.cn(/t/\S+)", mail.get_body(("plain",)).get_content())
    assert found, mail.get_body(("plain",)).get_content()
    return found[1]


def test_a_mail_becomes_a_case_whose_promises_are_kept_to_the_customers_yes(house):
    house.open().regulation()

    # 10:00 Mr Song writes; the regulation's clocks start with his mail.
    case = house.case_of(house.mail("到货 3 吨结块，不敢喂，能换吗？", subject="育肥料 552 结块"))
    assert (case.channel, case.status, case.subject) == ("mail", "new", "育肥料 552 结块")
    assert case.team_id == house.cast.team.pk and case.customer.name == "宋建国"
    response = house.clock(case, "first-response")
    assert (response.state, response.started_at) == (State.RUNNING, moment("10-10 10:00"))
    assert (response.warn_at, response.due_at) == (moment("10-10 10:24"), moment("10-10 10:30"))

    # 10:12 an agent judges it, asks back and says until when it will be done: the case is his, the first promise is kept.
    house.later(12)
    customer_change(customer_id=case.customer_id, region="河南 周口", actor=house.agent, at=house.at)
    cases.case_classify(
        case_id=case.pk,
        kind="aftersales",
        complexity="general",
        topic_id=make_topic("caking", "结块").pk,
        actor=house.agent,
        at=house.at,
    )
    cases.reply_send(case_id=case.pk, text="请问是哪一批的料？", then="wait", actor=house.agent, at=house.at)
    cases.eta_tell(case_id=case.pk, expected_at=moment("10-12 12:00"), actor=house.agent, at=house.at)
    house.work()
    case = house.seen(case)
    assert (case.owner_id, case.status) == (house.cast.agent.pk, "waiting_customer")
    response.refresh_from_db()
    assert (response.state, response.met_at, response.person_met_at) == (State.MET, house.at, house.at)
    [answer] = house.mails_to()
    assert (
        "请问是哪一批的料？" in answer.get_body(("plain",)).get_content()
        and f"[#{case.number}]" in answer["Subject"]
    )

    # 11:12 he answers by mail: it is the same case, by the token in our Message-ID, and the waiting clock goes on.
    diagnosis = house.clock(case, "first-diagnosis")
    assert (diagnosis.state, diagnosis.paused_at) == (State.PAUSED, moment("10-10 10:12"))
    house.later(60)
    row = house.mail("0917 那批。", answers=answer)
    assert (house.case_of(row), row.reason) == (case, "token")
    diagnosis.refresh_from_db()
    assert (diagnosis.state, diagnosis.due_at) == (State.RUNNING, moment("10-10 16:30"))
    assert house.told(house.cast.agent) == ["interaction.received"]

    # Two ways out are put to him, in a mail and on his page, where he chooses.
    house.later(10)
    cases.plan_propose(
        case_id=case.pk, options=OPTIONS, text="有两个办法", then="wait", actor=house.agent, at=house.at
    )
    house.work()
    assert house.clock(case, "first-diagnosis").state == State.MET
    browser = house.browser()
    page = browser.get(page_of(house.mails_to()[-1]), follow=True)
    assert page.status_code == 200 and "换 3 吨新料" in page.text and "折价留用" in page.text
    base = page.redirect_chain[-1][0]
    house.later(20)
    seen = {"plan": case.plans.get().pk, "option": "1"}
    assert browser.post(f"{base}choose/", seen).status_code == 302
    house.work()
    assert house.seen(case).status == "open" and "plan.chosen" in house.told(house.cast.agent)
    assert "换 3 吨新料" in browser.get(base).text

    # On Monday it is done; he is asked, and confirms.
    house.until("10-12 10:00")
    cases.case_resolve(case_id=case.pk, text="新料已送到，旧料拉回。", actor=house.agent, at=house.at)
    house.work()
    assert "新料已送到" in house.mails_to()[-1].get_body(("plain",)).get_content()
    house.later(30)
    assert browser.post(f"{base}confirm/").status_code == 302
    house.work()
    case = house.seen(case)
    assert (case.status, case.closed_how, case.confirmed_at) == ("closed", "confirmed", house.at)
    assert house.history(case) == [
        "case.opened",
        "interaction.received",
        "case.assigned",
        *[
            "case.classified",
            "case.triaged",
            "case.assigned",
            "case.accepted",
            "interaction.sent",
            "case.waiting",
        ],
        *["case.eta_told", "interaction.delivered", "interaction.received", "case.resumed"],
        *["interaction.sent", "plan.proposed", "case.waiting", "interaction.delivered"],
        *["plan.chosen", "case.resumed"],
        *["interaction.sent", "case.resolved", "interaction.delivered"],
        *["case.confirmed", "case.closed", "record.completed"],
    ]

    # The regulation's page says so: every promise that was due was kept.
    house.count()
    kept = commitments.kept(None, moment("10-10 00:00"), moment("10-14 00:00"))
    assert {code: k.share for code, k in kept.items() if k.due} == {
        "REG-2.2.1": 1.0,
        "REG-2.2.2": 1.0,
        "REG-3.2.1": 1.0,
        "REG-3.2.2": 1.0,
    }
    shown = house.browser(house.cast.manager).get("/policy/clauses/REG-2.2.1/")
    assert shown.status_code == 200 and "响应及时" in shown.text and "100" in shown.text


def test_what_only_a_receipt_has_kept_is_counted_apart(house):
    house.open(receipt=True).regulation()
    case = house.case_of(house.mail())
    response = house.clock(case, "first-response")
    assert (response.state, response.met_automatic, response.person_met_at) == (State.MET, True, None)
    assert "工单号" in house.mails_to()[0].get_body(("plain",)).get_content()
    house.later(50)
    cases.reply_send(case_id=case.pk, text="来晚了", actor=house.agent, at=house.at)
    house.count()
    kept = commitments.kept(["REG-2.2.1"], moment("10-10 00:00"), moment("10-11 00:00"))["REG-2.2.1"]
    assert (kept.share, kept.share_by_person, kept.automatic) == (1.0, 0.0, 1)


def test_the_way_to_his_page_in_a_mail_is_his_alone(house):
    house.open()
    mine = house.case_of(house.mail())
    other = house.case_of(
        house.mail(sender="钱多多 <qian@example.cn>", envelope_from="qian@example.cn", subject="发票")
    )
    own, foreign = link_path(mine, house.at), link_path(other, house.at)
    assert mine.customer_id != other.customer_id
    browser = house.browser()
    assert "饲料结块" in browser.get(own, follow=True).text
    mixed = own.rsplit(".", 1)[0] + "." + foreign.rsplit(".", 1)[1]
    assert browser.get(mixed, follow=True).status_code == 404
