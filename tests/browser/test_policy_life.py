"""A revision from its draft to its readers in a browser: written in forms, tried, talked about, approved, published, signed."""

import re

from playwright.sync_api import expect

from shounuo.kernel.clock import now
from shounuo.policy.models import PolicyVersion
from shounuo.policy.testing import make_in_force
from tests.browser.conftest import PHONE

NIGHT = """pack: night
title: 夜班规定
version: "1"
default_calendar: always
clauses:
  - id: N-1
    title: 夜间回应
    wording: 夜间两小时内回应。
    rules:
      - {commitment: night-answer, title: 夜间回应, subject: case, from: interaction.received, until: interaction.sent, within: PT2H}
"""


def test_a_revision_is_drafted_reviewed_approved_published_and_signed(site):
    cast = site.world.cast
    make_in_force(NIGHT, at=now())
    page = site.open("/policy/night/", person=cast.manager)
    page.get_by_role("button", name="起草修订").click()
    expect(page.get_by_role("heading", name="第 2 版草案")).to_be_visible()
    page.get_by_label("正文", exact=True).fill("夜间一小时内回应，急症立即。")
    page.get_by_role("button", name="存条款").click()

    # the rule, in its form: what is typed is read out; a row is added; a choice brings its values
    page.get_by_role("link", name="自收到客户消息起，2 小时内须发出回复").click()
    page.get_by_label("多长时间内", exact=True).fill("1")
    expect(page.locator("#say")).to_contain_text("1 小时内须发出回复")
    page.get_by_role("button", name="加一个条件").click()
    condition = page.get_by_role("group", name="适用范围 1")
    expect(condition.get_by_label("条件", exact=True)).to_be_focused()
    condition.get_by_label("条件", exact=True).select_option("channel")
    condition.get_by_text("电话", exact=True).click()
    expect(page.locator("#say")).to_contain_text("渠道：电话")
    expect(page.get_by_label("多长时间内", exact=True)).to_have_value("1")
    page.get_by_label("多长时间内", exact=True).fill("一")
    page.get_by_role("button", name="存规则").last.click()
    expect(page.get_by_label("多长时间内", exact=True)).to_be_focused()
    expect(page.locator(".sn-err", has_text="应为大于零的整数")).to_be_visible()
    page.get_by_label("多长时间内", exact=True).fill("1")
    page.get_by_role("button", name="试算").click()
    expect(page.locator("#preview")).to_contain_text(re.compile("近 90 天"))
    page.get_by_role("button", name="存规则").last.click()
    expect(page.locator(".sn-ed-rule")).to_contain_text("1 小时内须发出回复")

    # taken back by a key, and done again
    page.keyboard.press("Shift+U")
    expect(page.locator(".sn-ed-rule")).to_contain_text("2 小时内须发出回复")
    page.get_by_role("link", name="2 小时内须发出回复").click()
    page.get_by_label("多长时间内", exact=True).fill("1")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".sn-ed-rule")).to_contain_text("1 小时内须发出回复")

    # a question for the readers; into review
    version = PolicyVersion.objects.get(policy__code="night", state="draft")
    page.goto(f"{site.url}/policy/night/versions/{version.pk}/questions/")
    page.get_by_label("第 1 题").fill("多久内回应？")
    page.get_by_label("答案，一行一个").first.fill("一小时\n两小时")
    page.get_by_label("对的是第几个").first.fill("1")
    page.get_by_role("button", name="存题目").click()
    page.get_by_role("button", name="送审").click()
    expect(page.locator(".sn-version").first).to_contain_text("等另一位有权批准的人批准")

    # somebody else reads what changed, says something, approves and publishes
    chief = site.open(f"/policy/night/versions/{version.pk}/review/", person=cast.admin)
    expect(chief.locator(".sn-fig-change")).to_contain_text("2 小时 1 小时")
    chief.get_by_role("textbox", name="意见").first.fill("急症写得好")
    chief.get_by_role("button", name="提意见").first.click()
    expect(chief.locator(".sn-talk-one")).to_contain_text("急症写得好")
    chief.get_by_role("button", name="了结").click()
    expect(chief.locator(".sn-talk-one.is-settled")).to_be_visible()
    chief.get_by_role("button", name="批准").click()
    chief.get_by_role("button", name="发布", exact=True).click()
    expect(chief.locator(".sn-version").first).to_contain_text("施行中")

    # a reader on his phone
    reader = site.open("/policy/night/", person=cast.agent, viewport=PHONE)
    reader.get_by_role("link", name="去签阅").click()
    reader.get_by_label("两小时").check()
    assert reader.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    reader.get_by_role("button", name="我已读，签阅").click()
    expect(reader.get_by_role("alert")).to_contain_text("答错了")
    reader.get_by_label("一小时").check()
    reader.get_by_role("button", name="我已读，签阅").click()
    expect(reader.locator("main")).to_contain_text("已签阅")
    chief.goto(f"{site.url}/policy/night/sign/")
    expect(chief.locator("main")).to_contain_text(re.compile(r"已签阅 1 / \d+"))
    chief.get_by_role("button", name="催签").click()
    expect(chief.get_by_text(re.compile("已提醒 [0-9]+ 人"))).to_be_visible()


def test_the_editor_fits_a_phone_and_works_without_scripts(site):
    cast = site.world.cast
    make_in_force(NIGHT.replace("night", "plain").replace("N-1", "PL-1"), at=now())
    page = site.open("/policy/plain/", person=cast.manager, viewport=PHONE)
    page.get_by_role("button", name="起草修订").click()
    page.wait_for_url("**/edit/**")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("link", name="自收到客户消息起").click()
    expect(page.get_by_role("button", name="存规则").last).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    plain = site.open(page.url.removeprefix(site.url), person=cast.manager, scripts=False)
    plain.get_by_role("button", name="加一级").click()
    plain.get_by_role("group", name="升级 1").get_by_label("到何时", exact=True).fill("150")
    plain.locator("select[name='escalate.0.to']").select_option("role:manager")
    plain.get_by_role("button", name="存规则").last.click()
    expect(plain.locator(".sn-ed-rule")).to_contain_text("时限的 150% 时通知客服经理")
