"""The regulation at work as people meet it: a request and its approval, the steps of a playbook, and the pages that tell how
all of it is kept, on a phone and in English."""

import re

import pytest
from playwright.sync_api import expect

from shounuo.cases.models import Grant
from shounuo.kernel.clock import now
from shounuo.metrics import services as metrics
from shounuo.policy.testing import make_in_force
from shounuo.process.models import Run
from tests.browser.conftest import PHONE, WIDE
from tests.browser.department import new_case, settle
from tests.browser.test_pages import CHROME, HAN, fits, strip, written

HOUSE = """pack: house-rights
title: 授权与步骤
title_en: Rights and steps
version: "1"
default_calendar: always
clauses:
  - id: HR-1
    title: 补偿
    title_en: Compensation
    wording: 客服可自行补偿五十元，超过的由主管批。
    rules:
      - {authority: goodwill, title: 补偿, title_en: Compensation, grant: compensation, who: agent, up_to: 50 CNY, approver: supervisor}
      - {authority: goodwill-large, title: 大额补偿, title_en: Large compensation, grant: compensation, who: supervisor, over: 50 CNY}
      - {authority: report, title: 批准对外报告, title_en: Releasing a report, grant: report_release, who: supervisor, per: organisation}
  - id: HR-2
    title: 停电
    title_en: Power cut
    wording: 停电时先转手工登记，再报修。
    rules:
      - playbook: power-cut
        title: 停电预案
        title_en: Power cut plan
        steps:
          - {name: paper, title: 转手工登记, title_en: Write on paper, role: supervisor}
          - {name: repair, title: 报修, title_en: Call repair, role: supervisor}
"""
PAGES = (
    "/data/",
    "/dashboards/",
    "/reports/",
    "/compliance/",
    "/alarms/",
    "/policy/inspections/",
    "/policy/maturity/",
    "/policy/clauses/HR-1/",
    "/agreements/",
    "/approvals/",
    "/approvals/new/",
    "/process/",
    "/duties/",
)


@pytest.fixture(autouse=True)
def _in_force(site):
    if not Grant.objects.exists() and not Run.objects.exists():
        make_in_force(HOUSE, at=now())
    metrics.rebuild(at=now())


def test_more_than_the_agent_may_give_is_asked_for_and_granted_by_the_supervisor(site):
    cast = site.world.cast
    case = new_case(site.world, "料车晚到半天", owner=site.world.agent, mail="late@example.cn")
    page = site.open(f"/cases/{case.number}/", person=site.world.agent)
    page.locator(".sn-grant-offers").get_by_role("button", name="申请").first.click()
    dialog = page.locator("#dialogs dialog")
    dialog.get_by_label("金额").fill("120")
    dialog.get_by_label("事由").fill("耽误了一天的料")
    dialog.locator("button.is-primary").click()
    expect(page.get_by_text("待批").first).to_be_visible()
    settle()

    page = site.open("/approvals/", person=cast.supervisor, viewport=PHONE)
    page.get_by_role("link", name=re.compile("补偿")).first.click()
    expect(page.locator("main")).to_contain_text("耽误了一天的料")
    assert fits(page)
    page.get_by_role("button", name="不批").click()
    expect(page.locator("main")).to_contain_text("请写明不批的理由")
    page.get_by_role("button", name="批准").click()
    expect(page.locator("main")).to_contain_text("已批 · ")
    assert Grant.objects.get(case=case).state == "granted"

    outsider = site.open("/approvals/?box=all", person=cast.outsider)
    expect(outsider.locator("main")).not_to_contain_text("耽误了一天的料")


def test_what_belongs_to_no_case_is_asked_for_and_granted_by_who_the_clause_names(site):
    cast = site.world.cast
    for viewport in (WIDE, PHONE):
        about = f"第 {viewport['width']} 号报告"
        page = site.open("/approvals/", person=cast.agent, viewport=viewport)
        page.get_by_role("link", name="申请组织事项").click()
        expect(page.locator("main")).to_contain_text("批准对外报告")
        assert fits(page)
        page.get_by_role("link", name="申请", exact=True).first.click()
        dialog = page.locator("#dialogs dialog")
        expect(dialog).to_contain_text("由客服主管批：")
        dialog.get_by_label("什么事").fill(about)
        dialog.get_by_label("事由").fill("客户年会上要用")
        assert fits(page)
        dialog.locator("button.is-primary").click()
        expect(page.locator("main")).to_contain_text(about)
        expect(page.locator("main")).to_contain_text("谁来批")
        assert fits(page)
        settle()

        page = site.open("/approvals/?box=organisation", person=cast.supervisor, viewport=viewport)
        assert fits(page)
        page.get_by_role("link", name=re.compile("报告")).first.click()
        page.get_by_role("button", name="批准").click()
        expect(page.locator("main")).to_contain_text("已批 · ")
        assert Grant.objects.get(about=about).state == "granted"

    outsider = site.open("/approvals/?box=organisation&state=done", person=cast.outsider)
    expect(outsider.locator("main")).not_to_contain_text("号报告")


def test_a_playbook_is_started_and_its_steps_are_done_in_order(site):
    page = site.open("/process/", person=site.world.cast.supervisor)
    page.keyboard.press("n")
    dialog = page.locator("#dialogs dialog")
    dialog.locator("select").first.select_option(label="停电预案")
    dialog.locator("button.is-primary").click()
    expect(page.locator("h1")).to_contain_text("停电预案")
    expect(page.locator(".sn-steps li[aria-current=step]")).to_contain_text("转手工登记")
    page.get_by_role("link", name="去完成").click()
    page.locator("#done [name=note]").fill("登记本已发到各组")
    page.locator("#done button.is-primary").click()
    expect(page.locator("main")).to_contain_text("登记本已发到各组")
    settle()
    page.goto(f"{site.url}/process/{Run.objects.latest('id').pk}/")
    expect(page.locator(".sn-steps li[aria-current=step]")).to_contain_text("报修")
    expect(page.locator(".sn-steps")).to_contain_text("登记本已发到各组")


def test_no_page_that_tells_how_it_is_kept_scrolls_sideways_on_a_phone(site):
    page = site.open(PAGES[0], person=site.world.cast.manager, viewport=PHONE)
    wide = []
    for path in PAGES:
        assert page.goto(site.url + path).status == 200, path
        expect(page.locator("main").first).to_be_visible()
        if not fits(page):
            wide.append(path)
    assert wide == []


def test_in_english_those_pages_say_it_in_english(site):
    page = site.open("/me/", person=site.world.cast.manager)
    page.context.add_cookies([{"name": "shounuo_language", "value": "en", "url": site.url}])
    theirs, left = written(site), {}
    for path in PAGES:
        page.goto(site.url + path)
        expect(page.locator("html")).to_have_attribute("lang", "en")
        texts = page.evaluate(
            f"[...document.querySelectorAll({CHROME!r})].filter(e => !e.closest('[lang=zh-Hans], [data-said]')).map(e => e.innerText.trim())"
        )
        if found := {t for t in texts if HAN.search(strip(t, theirs))}:
            left[path] = sorted(found)[:5]
    assert left == {}
