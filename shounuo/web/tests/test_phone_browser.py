"""Noting a call with the keyboard alone, in a real browser."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from shounuo.cases.models import Case, Draft
from shounuo.customers.testing import make_customer
from shounuo.staff.testing import make_cast, set_up_organisation, sign_in_client

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
    "--no-first-run",
]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]


@pytest.fixture
def browser() -> Iterator:
    playwright = pytest.importorskip("playwright.sync_api")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright runs a loop of its own in this thread
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(browser, live_server, client):
    set_up_organisation()
    cast = make_cast()
    sign_in_client(client, cast.agent)
    context = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    context.add_cookies(
        [{"name": "shounuo", "value": client.cookies["shounuo"].value, "url": live_server.url}]
    )
    opened = context.new_page()
    opened.problems = []
    opened.on("pageerror", lambda error: opened.problems.append(str(error)))
    opened.goto(f"{live_server.url}/cases/new/phone/")
    yield opened
    assert not opened.problems
    context.close()


def until(page, expression: str) -> None:
    """Waits for a condition on the page; from outside, because its policy lets no text be run inside."""
    for _try in range(100):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(expression)


def test_a_call_is_noted_without_the_mouse(page):
    song = make_customer("宋建国", phone="13803946721", company="兴旺家庭农场")
    make_customer("宋丽", phone="13803946755")
    keys = page.keyboard
    keys.type("138039467", delay=10)
    page.wait_for_selector("#match li")
    keys.press("ArrowDown")
    keys.press("ArrowUp")
    keys.press("Enter")
    page.wait_for_selector(f'#who [name=customer][value="{song.pk}"]', state="attached")
    until(page, "document.activeElement.name === 'kind'")
    keys.press("3")
    until(page, "document.activeElement.name === 'title'")
    keys.type("环控器离线")
    keys.press("Enter")  # on to the next field, not away
    until(page, "document.activeElement.name === 'text'")
    keys.type("屏幕黑了")
    until(page, "document.querySelector('[name=said]').value.includes('环控器离线；屏幕黑了')")
    keys.press("Control+Enter")
    page.wait_for_selector(".sn-say-back .sn-err")  # he has not said yes
    assert page.input_value("[name=text]") == "屏幕黑了"
    page.check("[name=confirmed][value=yes]", force=True)
    keys.press("Control+Enter")
    page.wait_for_url("**/cases/1*/")
    case = Case.objects.get()
    assert (case.customer, case.kind, case.subject) == (song, "aftersales", "环控器离线")
    assert not Draft.objects.exists()
    assert page.evaluate("JSON.stringify(localStorage)") == "{}"


def test_what_is_given_up_leaves_nothing_behind(page):
    page.fill("[name=title]", "打错了")
    until(page, "document.querySelector('[data-draft-state]').textContent.includes('草稿已存')")
    assert Draft.objects.get().body["title"] == "打错了"
    page.fill("[name=text]", "还没存的一句")
    page.click(".sn-phf-acts [data-discard]")
    page.wait_for_url("**/cases/")
    page.go_back()
    page.wait_for_selector("#phone-form")
    page.reload()
    assert page.input_value("[name=title]") == "" and page.input_value("[name=text]") == ""
    assert not Draft.objects.exists()


def test_own_words_in_the_sentence_stay(page):
    page.fill("[name=title]", "环控器离线")
    until(page, "document.querySelector('[name=said]').value.includes('环控器离线')")
    page.fill("[name=said]", "我自己的话")
    page.fill("[name=title]", "环控器离线两小时")
    with page.expect_response("**/preview/"):
        page.press("[name=title]", "Tab")
    page.wait_for_timeout(300)
    assert page.input_value("[name=said]") == "我自己的话"
