"""Noting a call with the keyboard alone."""

import re

import pytest
from playwright.sync_api import expect

from shounuo.cases.models import Case, Draft
from shounuo.customers.testing import make_customer


@pytest.fixture
def page(site):
    return site.open("/cases/new/phone/", person=site.world.agent)


def drafts(site):
    return Draft.objects.filter(person=site.world.agent, case=None)


def test_a_call_is_noted_without_the_mouse(site, page):
    song = make_customer("宋大江", phone="13905551721", company="大江家庭农场")
    make_customer("宋丽", phone="13905551755")
    keys = page.keyboard
    keys.type("139055517", delay=10)
    expect(page.locator("#match li").nth(1)).to_be_visible()
    keys.press("ArrowDown")
    keys.press("ArrowUp")
    keys.press("Enter")
    expect(page.locator(f'#who [name=customer][value="{song.pk}"]')).to_be_attached()
    expect(page.locator("[name=kind]:focus")).to_have_count(1)
    keys.press("3")
    expect(page.locator("[name=title]")).to_be_focused()
    keys.type("环控器离线")
    keys.press("Enter")  # on to the next field, not away
    expect(page.locator("[name=text]")).to_be_focused()
    keys.type("屏幕黑了")
    expect(page.locator("[name=said]")).to_have_value(re.compile("环控器离线；屏幕黑了"))
    keys.press("Control+Enter")
    expect(page.locator(".sn-say-back .sn-err")).to_be_visible()  # the caller has not said yes
    expect(page.locator("[name=text]")).to_have_value("屏幕黑了")
    page.check("[name=confirmed][value=yes]", force=True)
    keys.press("Control+Enter")
    page.wait_for_url(re.compile(r"/cases/\d+/"))
    case = Case.objects.get(customer=song)
    assert (case.kind, case.subject) == ("aftersales", "环控器离线")
    assert not drafts(site).exists()
    assert page.evaluate("JSON.stringify(localStorage)") == "{}"


def test_what_is_given_up_leaves_nothing_behind(site, page):
    page.fill("[name=title]", "打错了")
    expect(page.locator("[data-draft-state]")).to_contain_text("草稿已存")
    assert drafts(site).get().body["title"] == "打错了"
    page.fill("[name=text]", "还没存的一句")
    page.click(".sn-phf-acts [data-discard]")
    page.wait_for_url("**/cases/")
    page.go_back()
    expect(page.locator("#phone-form")).to_be_visible()
    page.reload()
    expect(page.locator("[name=title]")).to_have_value("")
    expect(page.locator("[name=text]")).to_have_value("")
    assert not drafts(site).exists()


def test_own_words_in_the_sentence_stay(site, page):
    said = page.locator("[name=said]")
    page.fill("[name=title]", "环控器离线")
    expect(said).to_have_value(re.compile("环控器离线"))
    said.fill("我自己的话")
    page.evaluate(
        "() => { document.addEventListener('htmx:afterSettle', () => { document.body.dataset.settled = 'yes'; }); }"
    )
    with page.expect_response("**/preview/"):
        page.fill("[name=title]", "环控器离线两小时")
        page.press("[name=title]", "Tab")
    expect(page.locator("body[data-settled]")).to_be_attached()
    expect(said).to_have_value("我自己的话")
    page.locator("[data-discard]").first.click()
    page.wait_for_url("**/cases/")
