"""Components: shapes by state, words by time, nothing inline."""

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django import forms
from django.http import Http404
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory, override_settings
from django.urls import Resolver404
from django.utils import timezone, translation

from shounuo.web import words
from shounuo.web.styleguide import outside, samples, views

NOW = datetime(2026, 10, 10, 2, 48, tzinfo=UTC)  # Saturday 10:48 in Shanghai, a make-up day


@pytest.fixture(autouse=True)
def _shanghai():
    with timezone.override("Asia/Shanghai"), translation.override("zh-hans"):
        yield


def show(text: str, **context) -> str:
    return Template("{% load sn %}" + text).render(Context(context))


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


# ---- words


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (20, "不到 1 分钟"),
        (12 * 60 + 30, "12 分钟"),
        (3600, "1 小时"),
        (6 * 3600 + 32 * 60 + 59, "6 小时 32 分"),
        (86400, "1 天"),
        (27 * 3600, "1 天 3 小时"),
        (-180, "3 分钟"),
    ],
)
def test_a_span_has_two_units_at_most(seconds, said):
    assert words.span(seconds) == said


def test_seconds_show_in_queues_only():
    assert words.span(192, exact=True) == "3 分 12 秒"
    assert words.span(192) == "3 分钟"


def test_working_time_counts_working_days_from_the_third():
    assert words.span(23520, day=28800) == "6 小时 32 分"
    assert words.span(3 * 28800 + 3600, day=28800) == "3 个工作日 1 小时"


@pytest.mark.parametrize(
    ("clock", "said"),
    [
        ({"state": "run", "due_at": at(12.5)}, "还剩 12 分钟"),
        ({"state": "warn", "due_at": at(0.5)}, "还剩不到 1 分钟"),
        ({"state": "warn", "due_at": at(-3.2)}, "已超时 3 分钟"),
        ({"state": "breach", "due_at": at(-0.3)}, "刚超时"),
        ({"state": "pause", "pause_reason": "等客户"}, "已暂停 · 等客户"),
        ({"state": "paused"}, "已暂停"),
        ({"state": "met", "used_seconds": 360}, "用时 6 分钟"),
        ({"state": "kept", "started_at": at(-20), "met_at": at(-14)}, "用时 6 分钟"),
        ({"state": "met"}, "已守"),
        ({"state": "cancelled"}, "已取消"),
        ({"state": "breach", "due_at": at(-60), "met_at": at(-57)}, "超时 3 分钟后办到"),
        ({"state": "run"}, "未定"),
        ({"state": "run", "left_seconds": 23520, "due_at": at(5000)}, "还剩 6 小时 32 分"),
        ({"state": "run", "text": "还剩一会儿"}, "还剩一会儿"),
    ],
)
def test_a_clock_in_words(clock, said):
    assert words.clock_words(clock, NOW) == said


@pytest.mark.parametrize(
    ("moment", "style", "said"),
    [
        (at(6), "", "今天 10:54"),
        (at(6), "due", "10:54"),
        (at(-24 * 60), "", "昨天 10:48"),
        (at(24 * 60), "", "明天 10:48"),
        (datetime(2026, 10, 12, 1, 20, tzinfo=UTC), "", "周一 09:20"),
        (datetime(2026, 10, 8, 0, 34, tzinfo=UTC), "", "10月8日 周四 08:34"),
        (datetime(2026, 10, 8, 0, 34, tzinfo=UTC), "short", "10月8日 08:34"),
        (datetime(2025, 10, 8, 0, 34, tzinfo=UTC), "", "2025年10月8日 周三 08:34"),
        (at(6), "full", "10月10日 周六 10:54"),
    ],
)
def test_a_moment_in_words(moment, style, said):
    assert words.moment_words(moment, NOW, style) == said


def test_days_numbers_and_money():
    assert words.day_words(date(2026, 10, 12), NOW) == "10月12日 周一"
    assert words.number(1904) == "1,904"
    assert words.number(None) == "未定"
    assert words.money(948000) == "9,480 元"
    assert words.money(1250) == "12.50 元"
    assert words.money(-284400) == "-2,844 元"
    assert words.percent(0.974) == "97.4%"
    assert words.percent(0.9999) == "99.9%", "a missed share is never shown as all kept"
    assert words.percent(1) == "100%"
    assert words.percent(None) == "未计"


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("宋建国", "宋"),
        ("欧阳桂英", "欧阳"),
        ("司马", "司"),
        ("John Smith", "JS"),
        ("Mary-Ann de la Cruz", "MC"),
        (" 阿依古丽·买买提", "阿"),
    ],
)
def test_the_family_name_stands_for_a_person(name, letters):
    assert words.family_name(name) == letters


def test_a_person_without_a_name_has_a_sign():
    assert words.family_name("  ") == "无"


# ---- tags


@pytest.mark.parametrize("state", ["run", "warn", "breach", "pause", "met", "cancelled"])
def test_a_clock_shows_its_state_as_a_shape(state):
    html = show("{% clock c %}", c={"state": state, "due_at": at(10), "share_left": 0.2})
    assert f"sn-clock is-{state}" in html
    assert "sn-ring-bang" in html and "sn-ring-tick" in html


def test_a_running_clock_tells_the_browser_how_to_count():
    due = NOW + timedelta(days=400)
    html = show(
        "{% clock c %}", c={"state": "run", "due_at": due, "warn_at": at(5), "started_at": NOW, "id": 7}
    )
    assert f'data-due="{int(due.timestamp())}"' in html
    assert 'data-id="7"' in html


def test_working_time_without_its_intervals_is_not_counted_by_the_browser():
    clock = {"state": "run", "due_at": at(5000), "left_seconds": 23520}
    assert "data-clock" not in show("{% clock c %}", c=clock)
    clock["segments"] = [(at(0), at(300))]
    assert "data-segments" in show("{% clock c %}", c=clock)


def test_icons_come_from_the_list():
    assert "#inbox" in show('{% icon "inbox" %}')
    with pytest.raises(TemplateSyntaxError):
        show('{% icon "no-such-icon" %}')


def test_text_is_escaped_everywhere():
    bad = "<script>alert(1)</script>"
    html = show(
        '{% tag t %}{% person t %}{% clause t %}{% status "x" label=t %}{% channel "phone" label=t %}{% avatar t %}'
        "{% clock c %}{% entry e %}{% option_choice o %}{% kpi k %}{% nothing t t %}",
        t=bad,
        c={"state": "run", "text": bad},
        e={"kind": "in", "who": {"name": bad}, "text": bad, "at": NOW},
        o={"id": bad, "title": bad, "cost": bad},
        k={"name": bad, "value": bad, "unit": bad, "population": bad},
    )
    assert "<script>" not in html


@pytest.mark.parametrize(("share", "tone"), [(0.981, "ok"), (0.95, "ok"), (0.932, "near"), (0.885, "bad")])
def test_the_kept_bar_says_how_far_from_the_target(share, tone):
    html = show("{% kept_bar s 0.95 %}", s=share)
    assert f'class="is-{tone}"' in html
    assert "is-goal" in html


def test_what_is_not_counted_is_said_and_draws_no_bar():
    assert "未计" in show("{% kept_share s %}", s=None)
    assert show("{% kept_bar s %}", s=None) == ""
    assert show("{% kept_bar nowhere %}") == ""


def test_a_note_says_that_customers_do_not_see_it():
    html = show("{% entry e %}", e={"kind": "note", "who": {"name": "陈海涛"}, "text": "先别承诺", "at": NOW})
    assert "内部备注，客户看不到" in html
    assert "is-note" in html


def test_a_mail_is_shown_in_a_frame_without_rights():
    html = show("{% entry e %}", e={"kind": "in", "who": {"name": "宋"}, "at": NOW, "frame_url": "/m/1/"})
    assert 'sandbox=""' in html


def test_a_ledger_asks_the_question_and_sums_up():
    thing = {
        "due_at": datetime(2026, 10, 12, 1, 20, tzinfo=UTC),
        "wording": "三个工作日内",
        "total_seconds": 86400,
        "used_seconds": 62880,
        "left_seconds": 23520,
        "lines": [
            {"day": date(2026, 10, 1), "day_to": date(2026, 10, 7), "kind": "holiday", "label": "国庆节"},
            {"day": date(2026, 10, 8), "kind": "work", "start": at(0), "end": at(60), "seconds": 3600, "from_share": 0, "to_share": 0.5},
            {"day": None, "kind": "pause", "label": "等待客户", "start": at(60), "end": at(90), "from_share": 0.5, "to_share": 0.7},
        ],
    }  # fmt: skip
    html = show("{% ledger l %}", l=thing)
    assert "为什么" in html and "24 小时" in html and "6 小时 32 分" in html
    assert "10月1–7日" in html and "不计" in html and "1:00" in html
    assert "等待客户，暂停 10:48–12:18" not in html
    assert re.search(r"等待客户，暂停 11:48–12:18", html)


def test_lanes_put_overdue_left_of_now():
    teams = [
        {
            "name": "设备",
            "dots": [
                {"due_at": at(-3), "state": "breach"},
                {"due_at": at(20), "state": "run", "is_free": True},
            ],
        }
    ]
    html = show("{% lanes t a b n %}", t=teams, a=at(-30), b=at(120), n=NOW)
    dots = [float(x) for x in re.findall(r'cx="([\d.]+)"', html)]
    now = float(re.search(r'class="is-now" x1="([\d.]+)"', html)[1])
    assert dots[0] < now < dots[1]
    assert "is-run is-free" in html


def test_a_refused_form_has_the_focus_on_its_first_wrong_field():
    class Both(forms.Form):
        first = forms.CharField()
        second = forms.IntegerField()
        third = forms.IntegerField()

    def page(form):
        return [
            show("{% field f autofocus=True %}" if n == 0 else "{% field f %}", f=f)
            for n, f in enumerate(form)
        ]

    assert ["autofocus" in control for control in page(Both())] == [True, False, False]
    wrong = Both({"first": "a", "second": "x", "third": "y"})
    assert ["autofocus" in control for control in page(wrong)] == [False, True, False]


def test_choices_stand_under_the_names_of_their_groups():
    class Choosing(forms.Form):
        what = forms.MultipleChoiceField(
            choices=[("*", "全部"), ("工单", [("a", "甲"), ("b", "乙")]), ("客户", [("c", "丙")])],
            widget=forms.CheckboxSelectMultiple,
        )

    page = show("{% field f %}", f=Choosing(initial={"what": ["b"]})["what"])
    order = [page.index(word) for word in ("全部", ">工单<", "甲", "乙", ">客户<", "丙")]
    assert order == sorted(order) and page.count("checkbox") == 4 and page.count("checked") == 1


def test_a_field_ties_its_error_to_its_control():
    form = outside.NewForm({"title": ""})
    html = show('{% field form.title clause="3.1.2" data_draft=1 %}', form=form)
    assert 'aria-invalid="true"' in html
    assert re.search(r'aria-describedby="[^"]*id_title_error"', html)
    assert 'id="id_title_error"' in html
    assert "3.1.2" in html and 'data-draft="1"' in html


def test_strings_of_the_scripts_are_valid_json():
    got = json.loads(show("{% page_words %}"))
    assert got["left"] == "还剩 {span}"
    assert "<" not in show("{% page_words %}")


# ---- pages


@override_settings(DEBUG=True)
@pytest.mark.parametrize("name", samples.PAGES)
def test_every_page_template_renders_with_sample_content(name):
    html = views.page(RequestFactory().get("/"), name).content.decode()
    assert not re.search(r"\sstyle=|\son\w+=\"|<style|javascript:", html)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids)), sorted({i for i in ids if ids.count(i) > 1})


@override_settings(DEBUG=True)
@pytest.mark.parametrize("state", ["list", "ledger", "note", "conflict", "blank"])
def test_the_desk_renders_in_every_state(state):
    assert views.page(RequestFactory().get("/", {"open": state}), "desk").status_code == 200


@override_settings(DEBUG=True)
def test_the_component_page_renders_in_both_themes():
    html = views.components(RequestFactory().get("/")).content.decode()
    assert 'data-bs-theme="light"' in html and 'data-bs-theme="dark"' in html
    assert " style=" not in html


@override_settings(DEBUG=False)
def test_outside_of_development_there_is_no_style_guide():
    for ask in (lambda r: views.components(r), lambda r: views.page(r, "desk")):
        with pytest.raises((Http404, Resolver404)):
            ask(RequestFactory().get("/"))
