"""The customer's pages in a real browser: without scripts, and with drafts and files where scripts run."""

import pytest

from shounuo.cases.models import Case, Interaction
from shounuo.files.models import File
from shounuo.web.tests.portal_world import PNG, make_world
from shounuo.web.tests.test_phone_browser import CHROMIUM, browser, until

__all__ = ["browser"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]
FILE = {"name": "料袋.png", "mimeType": "image/png", "buffer": PNG}


@pytest.fixture
def world():
    return make_world()


def ask(page, url):
    page.goto(f"{url}/help/new/?kind=aftersales")
    page.fill("[name=title]", "环控器黑屏")
    page.fill("[name=text]", "早上九点多屏幕黑了")
    page.fill("[name=name]", "李大山")
    page.fill("[name=phone]", "13912345678")


def test_everything_works_without_scripts(browser, world, live_server):
    context = browser.new_context(
        java_script_enabled=False, locale="zh-CN", viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    ask(page, live_server.url)
    page.set_input_files("[name=files]", [FILE])
    page.fill("[name=phone]", "12")
    page.click("button:has-text('发给我们')")
    assert page.is_visible("text=电话号码无法识别") and page.is_visible("text=料袋.png")
    assert page.input_value("[name=text]") == "早上九点多屏幕黑了"
    page.fill("[name=phone]", "13912345678")
    page.click("button:has-text('发给我们')")
    page.click("text=看进度")
    case = Case.objects.latest("id")
    assert (
        page.is_visible(f"text=单号 {case.number}")
        and File.objects.get(subject_id=case.pk).name == "料袋.png"
    )
    page.fill("[name=text]", "风机也停了")
    page.click("button:has-text('发给我们')")
    assert page.is_visible("text=发出了") and page.is_visible("text=风机也停了")
    context.close()


def test_drafts_come_back_and_go_when_sent(browser, world, live_server):
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    ask(page, live_server.url)
    until(page, "document.querySelector('[data-draft-state]').textContent.includes('草稿已存')")
    page.goto(f"{live_server.url}/help/new/?kind=aftersales")
    assert page.input_value("[name=text]") == "早上九点多屏幕黑了"
    page.set_input_files("[name=files]", [FILE])
    page.wait_for_selector("[name=file_ids]", state="attached")
    page.click("button:has-text('发给我们')")
    page.wait_for_url("**/received/")
    assert File.objects.get().name == "料袋.png"
    page.goto(f"{live_server.url}/help/new/")
    assert page.input_value("[name=text]") == ""
    page.goto(f"{live_server.url}{world.path}")
    page.fill("[name=text]", "在吗")
    until(page, "document.querySelector('[data-draft-state]').textContent.includes('草稿已存')")
    page.click("button:has-text('发给我们')")
    page.wait_for_selector("text=发出了")
    assert page.input_value("[name=text]") == "" and "sent=" not in page.url
    assert Interaction.objects.filter(case=world.mine, text="在吗").count() == 1
    context.close()
