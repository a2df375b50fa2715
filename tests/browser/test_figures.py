"""Pages of figures as a browser shows them: numbers that come after the page, a chart with its table, cuts, narrowing."""

import re

import pytest
from playwright.sync_api import expect

from shounuo.kernel.clock import now
from shounuo.metrics import services
from tests.browser.conftest import PHONE

PAGES = (
    "/data/metrics/",
    "/data/metrics/kept_share/",
    "/data/metrics/csat/",
    "/data/metrics/kept_share/subjects/",
)


@pytest.fixture(autouse=True)
def _counted(site):
    services.rebuild(at=now())


def test_the_librarys_numbers_come_after_the_page(site):
    page = site.open("/data/metrics/?q=cases_opened", person=site.world.cast.supervisor)
    row = page.locator("tr", has_text="工单量").first
    expect(row.locator(".sn-lib-n")).to_have_text(re.compile(r"^\d+ 件$"))
    expect(row).to_contain_text("新建的工单")


def test_a_metric_is_drawn_and_stands_as_a_table_beside(site):
    page = site.open("/data/metrics/kept_share/", person=site.world.cast.manager)
    total = int(page.locator(".sn-kpi-pop").inner_text().split("·")[0].split("/")[-1].replace(",", ""))
    if total >= 10:
        expect(page.locator(".sn-chart svg")).to_be_visible()
        page.get_by_text("看成表格").click()
        expect(page.locator(".sn-met-table tbody tr").first).to_be_visible()
    page.get_by_role("link", name="渠道", exact=True).click()
    expect(page.locator("#cut h2")).to_have_text("按渠道看")
    first = page.locator(".sn-met-groups a").first
    name = first.inner_text()
    first.click()
    expect(page.locator(".sn-chips")).to_contain_text(name)


def test_nothing_lies_beside_a_phones_screen(site):
    page = site.open(PAGES[0], person=site.world.cast.manager, viewport=PHONE)
    for path in PAGES:
        page.goto(site.url + path)
        expect(page.locator("main").first).to_be_visible()
        assert page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        ), path
