"""The main pages: on a phone, in the dark, in English, and the customer's page without scripts."""

import re

import pytest
from playwright.sync_api import expect

from shounuo.staff.models import Person
from tests.browser.conftest import PHONE
from tests.browser.department import new_case, progress_path, propose

HAN = re.compile(r"[\u4e00-\u9fff]")
# What a page shows of its own accord, without what people have written.
CHROME = "h1, h2, h3, nav, th, label, button, [role=tab], .sn-btn"


def staff_paths(site):
    case = site.world.cases[0]
    return (
        "/cases/",
        f"/cases/{case.number}/",
        "/cases/new/phone/",
        "/board/",
        "/policy/",
        "/policy/livestock/",
        "/policy/clauses/REG-2.2.1/",
        "/customers/",
        f"/customers/{case.customer_id}/",
        "/settings/organisation/",
        "/settings/people/",
        "/settings/calendars/business/2026/",
        "/settings/mailboxes/",
        "/settings/operations/",
        "/me/",
        "/me/notices/",
    )


def fits(page):
    """True when nothing of the page lies beside the screen."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_no_page_scrolls_sideways_on_a_phone(site):
    page = site.open("/cases/", person=site.world.cast.admin, viewport=PHONE)
    wide = []
    for path in staff_paths(site):
        page.goto(site.url + path)
        expect(page.locator("main").first).to_be_visible()
        if not fits(page):
            wide.append(path)
    assert wide == []


def test_no_page_of_a_customer_scrolls_sideways_on_a_phone(site):
    case = site.world.cases[1]
    page = site.open("/help/", viewport=PHONE)
    for path in ("/help/", "/help/new/", "/help/sign-in/", progress_path(case), "/signin/"):
        page.goto(site.url + path)
        assert fits(page), path


def test_dark_and_light_and_the_choice_is_kept(site):
    page = site.open("/cases/", person=site.world.cast.supervisor, color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    with page.expect_response("**/me/theme/"):
        page.keyboard.press("d")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    dark = page.evaluate(ground)
    assert brightness(dark) < 80 < 200 < brightness(light)
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert Person.objects.get(pk=site.world.cast.supervisor.pk).theme == "dark"
    page.goto(site.url + "/board/")
    assert page.evaluate(ground) == dark
    page.keyboard.press("d")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_the_system_decides_where_nobody_chose(site):
    page = site.open("/signin/", color_scheme="dark")
    assert brightness(page.evaluate("getComputedStyle(document.body).backgroundColor")) < 80


def brightness(colour):
    return max(int(n) for n in re.findall(r"\d+", colour)[:3])


def test_in_english_no_heading_label_or_button_is_left_in_chinese(site):
    page = site.open("/me/", person=site.world.cast.admin)
    page.locator("[data-menu='#me-menu']:visible").first.click()
    page.get_by_role("menuitem", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    theirs = written(site)
    left = {}
    for path in staff_paths(site):
        page.goto(site.url + path)
        texts = page.evaluate(
            f"[...document.querySelectorAll({CHROME!r})].filter(e => !e.closest('[lang=zh-Hans], [data-said]')).map(e => e.innerText.trim())"
        )
        found = {t for t in texts if HAN.search(strip(t, theirs))}
        if found:
            left[path] = sorted(found)[:5]
    Person.objects.filter(pk=site.world.cast.admin.pk).update(language="")
    assert left == {}


def written(site):
    """What people have written or are called in this department, which no translation touches."""
    from shounuo.calendars.models import Calendar
    from shounuo.cases.models import Case
    from shounuo.customers.models import Company, Customer
    from shounuo.staff.models import Role, Team

    words = {"守诺牧业", "简体中文", "守诺", "诺", "昼夜值守", "昼夜回应"}
    for model, field in (
        (Calendar, "name"), (Person, "name"), (Team, "name"), (Role, "name"), (Customer, "name"), (Company, "name"), (Case, "subject"),
    ):  # fmt: skip
        words |= set(model.objects.values_list(field, flat=True))
    words |= {name[:1] for name in Person.objects.values_list("name", flat=True)}  # in their circles
    words |= {name[-2:] for name in Person.objects.values_list("name", flat=True)}
    return sorted(filter(None, words), key=len, reverse=True)


def strip(text, words):
    for word in words:
        text = text.replace(word, "")
    return text


def test_a_customer_follows_chooses_and_writes_without_scripts(site):
    case = new_case(site.world, "没有脚本", owner=site.world.agent, mail="noscript@example.cn")
    propose(case, site.world.agent)
    page = site.open(progress_path(case), scripts=False, viewport=PHONE)
    expect(page.locator("main")).to_contain_text(str(case.number))
    expect(page.locator("main")).to_contain_text("林小满")
    page.get_by_text("折价留用").first.click()
    page.locator("form[action$='choose/'] button").last.click()
    expect(page.locator("main")).to_contain_text("选好了")
    page.locator("[name=text]").first.fill("就这么办")
    page.locator(
        "form[action$='reply/'] button[type=submit], form[action$='reply/'] button:not([type])"
    ).last.click()
    expect(page.locator("main")).to_contain_text("就这么办")
    assert case.plans.get().chosen.title == "折价留用"
    assert case.interactions.filter(direction="in", text="就这么办").exists()


def test_a_form_that_is_refused_keeps_what_was_typed(site):
    page = site.open("/help/new/", viewport=PHONE)
    page.fill("[name=title]", "环控器黑屏")
    page.fill("[name=text]", "早上九点多屏幕黑了")
    page.fill("[name=phone]", "12")
    page.locator("form button[type=submit], form button:not([type])").last.click()
    expect(page.get_by_text("电话号码无法识别")).to_be_visible()
    expect(page.locator("[name=text]")).to_have_value("早上九点多屏幕黑了")


@pytest.mark.parametrize("path", ["/cases/987654321/", "/nowhere/", "/settings/people/"])
def test_a_refusal_is_a_page_that_says_what_to_do(site, path):
    page = site.open("/", person=site.world.agent)
    answer = page.goto(site.url + path)
    assert answer.status in (403, 404)
    expect(page.locator("h1")).to_be_visible()
    expect(page.get_by_role("link").first).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_phone_the_lanes_open_at_now_under_their_names_and_go_back_to_the_past(site, scripts):
    page = site.open("/board/", person=site.world.cast.supervisor, viewport=PHONE, scripts=scripts)
    box, now, name = (page.locator(s) for s in (".sn-lanes-box", ".sn-lanes .is-now", ".sn-lanes .is-name"))
    names = page.locator(".sn-lanes-names").bounding_box()
    started = now.bounding_box()["x"]
    assert 0 < started - (names["x"] + names["width"]) < 50
    expect(name.first).to_be_in_viewport()
    expect(box).to_have_css("scroll-snap-type", "none")  # from here on nothing holds them
    page.mouse.move(names["x"] + names["width"] + 100, names["y"] + 20)
    page.mouse.wheel(-600, 0)
    expect(page.locator(".sn-lanes .is-late")).to_be_in_viewport(ratio=0.9)
    assert now.bounding_box()["x"] > started + 50
    expect(name.first).to_be_in_viewport()
