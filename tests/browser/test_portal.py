"""The customer's pages: without scripts, and with drafts and files where scripts run."""

from playwright.sync_api import expect

from shounuo.cases.models import Case, Interaction
from shounuo.files.models import File
from shounuo.web.tests.portal_world import PNG
from tests.browser.conftest import PHONE
from tests.browser.department import new_case, progress_path

FILE = {"name": "料袋.png", "mimeType": "image/png", "buffer": PNG}


def fill(page, title):
    page.fill("[name=title]", title)
    page.fill("[name=text]", "早上九点多屏幕黑了")
    page.fill("[name=name]", "李大山")
    page.fill("[name=phone]", "13912345678")


def send(page):
    page.get_by_role("button", name="发给我们").click()


def test_asking_and_answering_work_without_scripts(site):
    page = site.open("/help/new/?kind=aftersales", scripts=False, viewport=PHONE)
    fill(page, "没有脚本也能问")
    page.set_input_files("[name=files]", [FILE])
    page.fill("[name=phone]", "12")
    send(page)
    expect(page.get_by_text("电话号码无法识别")).to_be_visible()
    expect(page.get_by_text("料袋.png")).to_be_visible()
    expect(page.locator("[name=text]")).to_have_value("早上九点多屏幕黑了")
    page.fill("[name=phone]", "13912345678")
    send(page)
    page.get_by_text("看进度").click()
    case = Case.objects.get(subject="没有脚本也能问")
    expect(page.get_by_text(f"单号 {case.number}")).to_be_visible()
    assert File.objects.get(subject_kind="case", subject_id=case.pk).name == "料袋.png"
    page.fill("[name=text]", "风机也停了")
    send(page)
    expect(page.get_by_text("发出了").first).to_be_visible()
    expect(page.get_by_text("风机也停了")).to_be_visible()


def test_drafts_come_back_and_go_when_sent(site):
    page = site.open("/help/new/?kind=aftersales")
    text, draft = page.locator("[name=text]"), page.locator("[data-draft-state]")
    fill(page, "草稿还在")
    expect(draft).to_contain_text("草稿已存")
    page.goto(f"{site.url}/help/new/?kind=aftersales")
    expect(text).to_have_value("早上九点多屏幕黑了")
    page.set_input_files("[name=files]", [FILE])
    expect(page.locator("[name=file_ids]")).to_be_attached()
    send(page)
    page.wait_for_url("**/received/")
    assert File.objects.get(subject_id=Case.objects.get(subject="草稿还在").pk).name == "料袋.png"
    page.goto(f"{site.url}/help/new/")
    expect(text).to_have_value("")

    case = new_case(site.world, "在等回音", owner=site.world.agent)
    page.goto(site.url + progress_path(case))
    text.fill("在吗")
    expect(draft).to_contain_text("草稿已存")
    send(page)
    expect(page.get_by_text("发出了").first).to_be_visible()
    expect(text).to_have_value("")
    assert "sent=" not in page.url
    assert Interaction.objects.filter(case=case, text="在吗").count() == 1
