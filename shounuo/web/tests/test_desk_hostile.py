"""What attackers wrote into other help desks: shown here it is text, and a browser runs none of it."""

import re

import pytest
from django.test import Client
from django.utils.html import escape

from shounuo.cases import services
from shounuo.cases.models import Interaction
from shounuo.cases.testing import make_case, make_topic
from shounuo.channels.services.bodies import stored_html
from shounuo.channels.testing import make_mail, make_mailbox, receive
from shounuo.customers.services import customer_change
from shounuo.customers.testing import make_customer
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.web.tests.desks import clock_of, last_message, make_house, received
from shounuo.web.tests.hostile import hostile_in
from shounuo.web.tests.portal_world import PNG

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
CORPUS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg/onload=alert(1)>",
    "'><iframe src=javascript:alert(1)>",
    "javascript:alert(1)",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "{{ 7|add:7 }}{% debug %}",
    "${7*7}<%= 7*7 %>",
    "</textarea><script>alert(1)</script>",
    "</title></script><b onmouseover=alert(1)>x",
    "<style>*{background:url(//evil.example)}</style>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202egnp.exe<script>",
    "<a href=\"jav&#x09;ascript:alert(1)\">x</a>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
)  # fmt: skip
POLICY = re.compile(r"default-src 'none'; script-src 'self'; style-src 'self';")


@pytest.fixture
def house():
    return make_house()


def infested(house, text):
    """A case in which everything that people write holds the text."""
    customer = make_customer(text[:60], mail="evil@example.cn", company=text[:60])
    customer_change(customer_id=customer.pk, note=text, actor=Actor.system(), at=now())
    topic = make_topic(name=text[:60])
    case = make_case(
        text,
        text=text,
        customer=customer,
        owner=house.cast.agent,
        team=house.cast.team,
        topic_id=topic.pk,
        at=house.at,
    )
    services.tags_set(case_id=case.pk, tags=[text[:40]], actor=house.agent, at=now())
    services.note_add(
        case_id=case.pk,
        text=f"@周明 {text}",
        mentions=[house.cast.supervisor.pk],
        actor=house.agent,
        at=now(),
    )
    services.case_diagnose(case_id=case.pk, text=text, actor=house.agent, at=now())
    services.plan_propose(
        case_id=case.pk,
        options=[
            {
                "title": text[:100],
                "pros": text,
                "cons": text,
                "steps": text,
                "time": text[:50],
                "cost": text[:50],
            }
        ],
        text=text,
        actor=house.agent,
        at=now(),
    )
    services.draft_save(case_id=case.pk, mode="out", body={"text": text}, actor=house.agent, at=now())
    services.canned_save(title=text[:60], body=text, actor=Actor.system(), at=now())
    services.view_save(name=text[:60], query={"tag": text[:40]}, actor=house.agent, at=now())
    services.case_wait(case_id=case.pk, on="internal", reason=text[:100], actor=house.agent, at=now())
    return case


@pytest.mark.parametrize("text", CORPUS)
def test_what_people_write_is_shown_and_never_run(house, text):
    case = infested(house, text)
    agent, supervisor = house.client(house.cast.agent), house.client(house.cast.supervisor)
    number = case.number
    pages = [
        agent.get("/cases/?view=open"),
        agent.get("/cases/", {"view": "open", "tag": text, "x": text}),
        agent.get("/cases/", {"q": text}),
        agent.get(f"/cases/{number}/"),
        agent.get(f"/cases/{number}/timeline/", headers=HTMX),
        agent.get(f"/cases/{number}/row/", {"view": text}, headers=HTMX),
        agent.get(f"/cases/{number}/messages/{last_message(case, 'in').pk}/"),
        agent.get(f"/cases/{number}/texts/"),
        agent.get(f"/cases/{number}/colleagues/", {"q": text}),
        agent.get(f"/cases/{number}/tags/", headers=HTMX),
        agent.get(f"/cases/{number}/clocks/{clock_of(case).pk}/", headers=HTMX),
        agent.post(f"/cases/{number}/transfer/", {"person": text, "reason": text}, headers=HTMX),
        agent.post(f"/cases/{number}/send/", {"text": "", "version": text}, headers=HTMX),
        agent.post("/cases/filter/", {"kind": text, "tag": text[:40], "name": text}, headers=HTMX),
        agent.get("/search/", {"q": text}),
        supervisor.get("/board/"),
        supervisor.get("/policy/clauses/H-2.1/"),
        supervisor.get("/policy/clauses/H-2.1/breaches/"),
    ]
    for page in pages:
        assert page.status_code in (200, 422), page.content[:200]
        assert hostile_in(page) == [], page.request["PATH_INFO"]
        assert POLICY.match(page["Content-Security-Policy"])
        assert "'unsafe-inline'" not in page["Content-Security-Policy"].split("style-src-attr")[0]
        assert "unsafe-eval" not in page["Content-Security-Policy"]
    assert escape(text.replace("\u202e", "")) in pages[3].content.decode(), "and all of it is there to read"


def test_only_pages_with_charts_may_set_the_style_of_an_element(house):
    for n in range(12):
        make_case(f"第 {n} 件", owner=house.cast.agent, team=house.cast.team, at=house.at)
    supervisor = house.client(house.cast.supervisor)
    for url in ("/cases/", "/board/", "/policy/", "/policy/house/", "/policy/house/versions/"):
        assert "style-src-attr" not in supervisor.get(url)["Content-Security-Policy"], url


# -- mail as it came -------------------------------------------------------------------------------------------------
HTML = """<html><head><style>b{color:red}</style><script>alert(1)</script></head><body onload=alert(1)>
<p style="position:fixed">货到了 <b>结块</b></p><img src="https://tracker.example/p.gif"><img src="cid:photo@x" alt="现场">
<form action="https://evil.example"><input name=p></form><a href="https://evil.example/x">看</a>
<a href="javascript:alert(1)">点</a><iframe src="https://evil.example"></iframe></body></html>"""


@pytest.fixture
def letter(house):
    make_mailbox()
    raw = make_mail(html=HTML, files=[("现场.png", PNG, "image/png")])
    row = receive(raw, at=now())
    return Interaction.objects.get(pk=row.interaction_id)


def test_a_mails_html_stands_in_a_frame_without_rights(house, letter):
    case = letter.case
    client = house.client(house.cast.manager)
    page = client.get(f"/cases/{case.number}/messages/{letter.pk}/").content.decode()
    [frame] = re.findall(r"<iframe [^>]*>", page)
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame
    assert "allow-scripts" not in frame
    assert "allow-same-origin" not in frame
    assert 'referrerpolicy="no-referrer"' in frame
    answer = client.get(f"/cases/{case.number}/messages/{letter.pk}/frame/")
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; img-src data:; sandbox allow-popups")
    assert "frame-ancestors 'self'" in policy
    assert (answer["X-Frame-Options"], answer["Referrer-Policy"]) == ("SAMEORIGIN", "no-referrer")
    body = answer.content.decode()
    assert "结块" in body
    for gone in ("<script", "<style", "<form", "<iframe", "javascript:", "onload", "position:fixed"):
        assert gone not in body, gone
    assert 'rel="noopener noreferrer nofollow"' in body


def test_images_from_outside_load_only_when_asked_for(house, letter):
    client = house.client(house.cast.manager)
    url = f"/cases/{letter.case.number}/messages/{letter.pk}/"
    assert "显示外部图片" in client.get(url).content.decode()
    blocked = client.get(f"{url}frame/")
    assert ' src="https://tracker.example' not in blocked.content.decode()
    assert "https:" not in blocked["Content-Security-Policy"]
    asked = client.get(f"{url}?images=1").content.decode()
    assert f"{url}frame/?images=1" in asked
    shown = client.get(f"{url}frame/?images=1")
    assert ' src="https://tracker.example/p.gif"' in shown.content.decode()
    assert "img-src data: https: http:" in shown["Content-Security-Policy"]


def test_the_raw_mail_is_a_download_and_nothing_else(house, letter):
    client = house.client(house.cast.manager)
    answer = client.get(f"/cases/{letter.case.number}/messages/{letter.pk}/raw/")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert b"alert(1)" in answer.content
    mine = last_message(house.mine, "in")
    assert client.get(f"/cases/{house.mine.number}/messages/{mine.pk}/raw/").status_code == 404


def test_html_of_an_interaction_is_cleaned_again_when_it_is_shown(house):
    """Whoever wrote the row: what reaches the frame passed the sanitiser."""
    one = received(house.mine)
    Interaction.objects.filter(pk=one.pk).update(html="<p onclick=alert(1)>好</p><script>alert(1)</script>")
    client = house.client(house.cast.agent)
    body = client.get(f"/cases/{house.mine.number}/messages/{one.pk}/frame/").content.decode()
    assert "<p>好</p>" in body
    assert "script" not in body
    assert stored_html("<p onclick=alert(1)>好</p>")[0] == "<p>好</p>"


def test_a_message_in_no_html_has_an_empty_frame_and_its_words_on_the_page(house):
    one = received(house.mine, "没有网页")
    client = house.client(house.cast.agent)
    page = client.get(f"/cases/{house.mine.number}/messages/{one.pk}/").content.decode()
    assert "<iframe" not in page
    assert "没有网页" in page


# -- headers ---------------------------------------------------------------------------------------------------------
def test_pages_of_the_desk_are_kept_by_no_cache_and_framed_by_nobody(house):
    client = house.client(house.cast.supervisor)
    for url in ("/cases/", f"/cases/{house.mine.number}/", "/board/", "/policy/", "/policy/house/"):
        answer = client.get(url)
        assert answer["Cache-Control"] == "private, no-store", url
        assert answer["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        assert answer["Referrer-Policy"] == "same-origin"


def test_a_write_without_the_pages_token_is_refused(house):
    client = Client(enforce_csrf_checks=True)
    client.force_login(house.cast.agent, backend="shounuo.staff.signin.Backend")
    for url in (
        f"/cases/{house.free.number}/take/",
        f"/cases/{house.mine.number}/send/",
        f"/board/nudge/{house.mine.number}/",
    ):
        assert client.post(url, {"text": "x"}).status_code == 403
