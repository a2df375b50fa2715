"""What the tests of the customer's pages share: a customer with a case, another one with his, and their doors."""

import re
from dataclasses import dataclass
from datetime import timedelta
from html.parser import HTMLParser

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shounuo.cases.models import Case
from shounuo.cases.testing import make_case
from shounuo.channels.services import link_path
from shounuo.channels.testing import make_mailbox
from shounuo.commitments import ruleset
from shounuo.customers.models import Customer
from shounuo.customers.testing import make_customer
from shounuo.events.testing import run_jobs
from shounuo.kernel.clock import now
from shounuo.notices.testing import clear_outbox, outbox, parsed
from shounuo.policy.testing import make_shipped
from shounuo.staff.testing import Cast, make_cast, set_up_organisation

NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7|add:7 }}"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)


@dataclass(frozen=True)
class World:
    """`mine` is followed by `customer`, `other` by `stranger`; both are with the agent of the first team. `path` is the link to
    `mine`."""

    cast: Cast
    customer: Customer
    stranger: Customer
    mine: Case
    other: Case
    path: str


def make_world() -> World:
    set_up_organisation()
    clear_outbox()
    make_mailbox()
    cast = make_cast()
    customer = make_customer("宋建国", mail="song@example.cn", phone="13803946721")
    stranger = make_customer("钱多多", mail="qian@example.cn")
    at = now()
    mine = make_case("育肥料 552 到货结块", customer=customer, team=cast.team, owner=cast.agent, at=at)
    other = make_case("别人的单", text="别人的话", customer=stranger, team=cast.team, owner=cast.agent, at=at)
    return World(cast, customer, stranger, mine, other, case_path(mine))


def regulation(at=None) -> None:
    """The livestock regulation in force, known to this process at once."""
    make_shipped("livestock", at=at or now() - timedelta(days=1))
    ruleset.forget()


def token_of(case: Case, **more) -> str:
    return link_path(case, more.pop("at", now()), **more).removeprefix("/t/").removesuffix("/")


def case_path(case: Case) -> str:
    return f"/help/c/{token_of(case)}/"


def picture(name: str = "料袋.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PNG, content_type="image/png")


def text_of(answer) -> str:
    """The page's words without its markup."""
    body = re.sub(r"<(script|style)\b.*?</\1>", "", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


class _Inline(HTMLParser):
    """Finds what a browser would run or style by itself."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.found += [(tag, name) for name in given if name == "style" or name.startswith("on")]
        if tag == "script" and not given.get("src") and given.get("type") != "application/json":
            self.found.append((tag, ""))


def is_clean(answer) -> bool:
    """Nothing inline, nothing unsafe, nothing cached."""
    parser = _Inline()
    parser.feed(answer.content.decode())
    safe = "unsafe" not in answer["Content-Security-Policy"] and "no-store" in answer["Cache-Control"]
    return safe and not parser.found


def sign_in(client: Client, mail: str = "song@example.cn") -> None:
    """Signs the client in as the customer with this address, by the code that is mailed to it."""
    assert client.post("/help/sign-in/", {"mail": mail}).status_code == 200
    answer = client.post("/help/sign-in/code/", {"mail": mail, "code": mailed_code()})
    assert answer.status_code == 302, text_of(answer)


def mailed_code() -> str:
    """The digits of the code that went out last."""
    run_jobs(now())
    subject = str(parsed(outbox[-1])["Subject"])
    return "".join(c for c in subject if c.isdigit())
