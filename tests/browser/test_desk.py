"""The desk in a browser: signing in, answering, live without reload, keys, palette."""

import re

from playwright.sync_api import expect

from shounuo.cases import services as cases
from shounuo.kernel.clock import now
from shounuo.staff.queries import actor_for
from shounuo.staff.testing import PASSWORD
from tests.browser.department import new_case, settle


def test_an_agent_signs_in_opens_a_case_answers_and_sees_the_promise_kept_without_reload(site):
    case = new_case(site.world, "料车还没到", owner=site.world.agent)
    page = site.open("/cases/")
    expect(page).to_have_url(re.compile(r"/signin/\?next="))
    page.fill("[name=username]", "agent")
    page.fill("[name=password]", "wrong-password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.input_value("[name=username]") == "agent"
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#rows [data-row]").first).to_be_visible()

    page.locator(f"#row-{case.pk} a").click()
    expect(page.locator("#case")).to_have_attribute("data-number", str(case.number))
    promise = page.locator("#clocks-box .sn-ck").filter(has_text="昼夜回应")
    expect(promise).to_contain_text("还剩")
    page.evaluate("window.sameDocument = true")
    page.locator("#composer-text").fill("车在路上，一小时后到。")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#case")).to_contain_text("车在路上，一小时后到。")
    expect(page.locator("#composer-text")).to_have_value("")
    expect(promise).to_have_class(re.compile(r"\bis-met\b"))
    expect(promise).to_contain_text("用时")
    assert page.evaluate("window.sameDocument")


def test_a_second_browser_sees_it_at_once(site):
    case = new_case(site.world, "两个人同时看", owner=site.world.agent)
    one = site.open_live(f"/cases/{case.number}/", person=site.world.agent)
    two = site.open_live(f"/cases/{case.number}/", person=site.world.cast.supervisor)
    expect(one.locator("#case")).to_be_visible()
    two.evaluate("window.sameDocument = true")
    one.locator("#composer-text").fill("我来看一下。")
    one.keyboard.press("Control+Enter")
    expect(two.locator("#case")).to_contain_text("我来看一下。")
    cases.message_receive(
        case_id=case.pk, text="好的，多谢！", channel="form", actor=actor_for(site.world.cast.admin), at=now()
    )
    expect(one.locator("#case")).to_contain_text("好的，多谢！")
    expect(two.locator("#case")).to_contain_text("好的，多谢！")
    assert two.evaluate("window.sameDocument")


def test_what_comes_in_is_counted_above_the_list_and_moves_nothing_under_the_pointer(site):
    page = site.open_live("/cases/?view=unassigned", person=site.world.agent)
    expect(page.locator("#rows [data-row]").first).to_be_visible()
    before = page.locator("#rows [data-row]").count()
    new_case(site.world, "刚刚来的一件")
    expect(page.locator(".sn-list-new a")).to_be_visible()
    assert page.locator("#rows [data-row]").count() == before
    page.locator(".sn-list-new a").click()
    expect(page.locator("#rows")).to_contain_text("刚刚来的一件")


def test_another_teams_page_hears_nothing(site):
    outside = site.open_live("/cases/?view=open", person=site.world.cast.outsider)
    expect(outside.locator("#list")).to_be_visible()
    asked = []
    outside.on("request", lambda request: asked.append(request.url) if "/cases/" in request.url else None)
    inside = site.open_live("/cases/?view=unassigned", person=site.world.agent)
    new_case(site.world, "外组听不到的一件")
    expect(inside.locator(".sn-list-new a")).to_be_visible()
    assert asked == []
    new_case(site.world, "外组自己的一件", team=site.world.cast.other_team)
    expect(outside.locator(".sn-list-new a")).to_contain_text("1")
    assert len(asked) == 1, "it asked for its own alone, not once before"


def test_j_and_k_walk_the_list_and_enter_opens(site):
    page = site.open("/cases/?view=open", person=site.world.agent)
    rows = page.locator("#rows [data-row] a.sn-rowlink")
    expect(rows.first).to_be_visible()
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#case")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#sn-keys-help")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(page.locator("#composer-text")).to_be_focused()


def test_no_key_fires_while_an_input_method_composes(site):
    case = new_case(site.world, "输入法", owner=site.world.agent)
    page = site.open(f"/cases/{case.number}/", person=site.world.agent)
    box = page.locator("#composer-text")
    box.focus()
    ime = page.context.new_cdp_session(page)
    ime.send("Input.imeSetComposition", {"text": "nihao", "selectionStart": 5, "selectionEnd": 5})
    page.evaluate(
        """() => { for (const key of ['j', 'k', 'r', 'x', '?', 'Enter', 'd']) for (const at of [document.activeElement, document.body])
          at.dispatchEvent(new KeyboardEvent('keydown', {key, isComposing: true, ctrlKey: key === 'Enter', bubbles: true, cancelable: true})); }"""
    )
    ime.send("Input.insertText", {"text": "你好"})
    expect(box).to_have_value("你好")
    expect(box).to_be_focused()
    expect(page.locator("#sn-keys-help")).to_have_count(0)
    assert page.get_attribute("html", "data-bs-theme") in ("auto", "light")
    assert not case.interactions.filter(direction="out").exists()
    page.keyboard.press("Control+Enter")  # and afterwards the keys are awake again
    expect(page.locator("#case")).to_contain_text("你好")


def test_the_palette_finds_commands_and_people_by_pinyin_and_cases_by_words(site):
    page = site.open("/cases/", person=site.world.agent)
    palette = page.locator("#palette")
    page.keyboard.press("Control+k")
    expect(palette).to_be_visible()
    page.keyboard.type("zd")  # 制度
    expect(palette.get_by_role("option").first).to_contain_text("制度")
    page.keyboard.press("Enter")
    page.wait_for_url("**/policy/")  # and until it has loaded
    for typed, found in (
        ("sjg", "宋建国"),
        ("环控器", "环控器离线"),
        (str(site.world.cases[0].number), "育肥料 552"),
    ):
        page.keyboard.press("Control+k")
        page.keyboard.type(typed)
        expect(palette.locator("[data-found]")).to_contain_text(found)
        page.keyboard.press("Escape")
        expect(palette).not_to_be_visible()


def test_what_is_typed_outlives_a_reload(site):
    case = new_case(site.world, "草稿", owner=site.world.agent)
    page = site.open(f"/cases/{case.number}/", person=site.world.agent)
    page.locator("#composer-text").fill("写了一半的话")
    expect(page.locator("[data-draft-state]")).not_to_be_empty()
    page.reload()
    expect(page.locator("#composer-text")).to_have_value("写了一半的话")
    settle()


def test_an_answer_that_leads_on_is_taken_and_leaves_no_draft(site):
    case = new_case(site.world, "发完就走", owner=site.world.agent)
    page = site.open(f"/cases/{case.number}/", person=site.world.agent)
    form = page.locator("#composer")
    saved = []
    page.route("**" + form.get_attribute("data-draft-url"), lambda route: (saved.append(1), route.abort()))
    leads_on = {"status": 204, "headers": {"HX-Redirect": "/cases/?view=open"}}
    page.route("**" + form.get_attribute("action"), lambda route: route.fulfill(**leads_on))
    page.locator("#composer-text").fill("马上安排。")
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile(r"/cases/\?view=open"))
    kept = "Object.keys(localStorage).filter((key) => key.startsWith('sn-draft:'))"
    assert page.evaluate(kept) == [] and saved == []


def test_an_answer_that_leads_to_the_sign_in_page_keeps_what_was_typed(site):
    case = new_case(site.world, "登录过期", owner=site.world.agent)
    page = site.open(f"/cases/{case.number}/", person=site.world.agent)
    form = page.locator("#composer")
    page.route("**" + form.get_attribute("data-draft-url"), lambda route: route.abort())
    over = {"status": 401, "headers": {"HX-Redirect": "/signin/?next=/"}}
    page.route("**" + form.get_attribute("action"), lambda route: route.fulfill(**over))
    page.locator("#composer-text").fill("写了很久的话")
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(
        re.compile(r"/cases/(\?.*)?$")
    )  # he is signed in: that page leads him on to his work
    page.goto(site.url + f"/cases/{case.number}/")
    expect(page.locator("#composer-text")).to_have_value("写了很久的话")
    site.complaints[:] = [
        c for c in site.complaints if "ERR_FAILED" not in c
    ]  # the drafts that we kept from the server


def test_options_are_offered_from_the_composer_and_the_next_dialog_still_opens(site):
    case = new_case(site.world, "结块怎么办", owner=site.world.agent)
    page = site.open(f"/cases/{case.number}/", person=site.world.agent)
    offer = page.locator("#composer").get_by_role("button", name="提方案")
    dialog = page.locator("#dialogs dialog")
    offer.click()
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.locator("#case-head").get_by_role("button", name="转派").click()
    expect(dialog).to_contain_text("转给谁")
    expect(dialog).to_be_visible()  # shown, not only there: only then it hears the key
    page.keyboard.press("Escape")
    offer.click()
    dialog.locator("[name=text]").fill("您看哪个合适？")
    dialog.locator("[name=title1]").fill("换新料")
    dialog.locator("[name=cost1]").fill("0 元")
    dialog.locator("[data-submit]").click()
    expect(dialog).to_contain_text(
        "优点"
    )  # what the regulation wants to be filled is named, and nothing typed is lost
    for field, said in (("pros", "快"), ("cons", "须装卸"), ("steps", "同车拉走"), ("time", "2 天")):
        dialog.locator(f"[name={field}1]").fill(said)
    dialog.locator("[data-submit]").click()
    expect(dialog).to_have_count(0)
    expect(page.locator("#case .sn-opt")).to_contain_text("换新料")
    expect(page.locator("#case .sn-msg").last).to_contain_text("您看哪个合适？")
    expect(page.locator("#case .sn-msg").last).not_to_contain_text("方案 1：换新料")


def test_the_palette_hands_the_open_case_to_a_colleague(site):
    case = new_case(site.world, "要转派的", owner=site.world.agent)
    colleague = site.world.cast.supervisor
    page = site.open(f"/cases/{case.number}/", person=site.world.agent)
    page.keyboard.press("Control+k")
    page.keyboard.type(colleague.name)
    page.get_by_role("option", name=f"把 {case.number} 转派给 {colleague.name}").click()
    expect(page.locator("#dialogs dialog [name=person]")).to_have_value(str(colleague.pk))
    expect(page.locator("#dialogs dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#dialogs dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    page.keyboard.type(colleague.name)
    page.get_by_role("option", name=f"看 {colleague.name} 手上的").click()
    page.wait_for_url(f"**/cases/?view=open&owner={colleague.pk}")


def test_keys_are_told_by_place(site):
    case = new_case(site.world, "按键", owner=site.world.agent)
    page = site.open(f"/cases/{case.number}/", person=site.world.agent)
    page.keyboard.press("?")
    told = page.locator("#sn-keys-help section")
    expect(told.filter(has_text="去哪里")).to_contain_text("我负责的")
    expect(told.filter(has_text="这张工单")).to_contain_text("转派")
    expect(told.filter(has_text="下一行")).to_contain_text("列表")
