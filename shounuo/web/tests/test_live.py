"""Live pages: who hears what, from when on, and until when. Each test drives the stream itself, on committed rows."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.db import connection, connections
from django.test import AsyncClient, Client

from shounuo.cases.testing import make_case
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.staff.services import person_change
from shounuo.staff.testing import sign_in_client
from shounuo.web import live
from shounuo.web.tests.desks import make_house, received

pytestmark = pytest.mark.django_db(transaction=True)
SOON = 20  # seconds after which what should have come never will


@pytest.fixture
def house(monkeypatch):
    monkeypatch.setattr(live, "GATHER", 0.05)
    return make_house()


def run(story):
    """Runs the coroutine and leaves no connection of its threads behind."""

    async def told():
        try:
            await asyncio.wait_for(story, 3 * SOON)
        finally:
            await sync_to_async(connections.close_all)()

    asyncio.run(told())


class Page:
    """An open page: `news` waits for the next piece that is told, as {topic, kinds} or the name of an event."""

    def __init__(self, stream):
        self.stream = stream

    async def news(self):
        async for piece in self.stream:
            for line in piece.decode().splitlines():
                if line.startswith("event:"):
                    return line.partition(": ")[2]
                if line.startswith("data:"):
                    return json.loads(line.partition(": ")[2])
        return None

    async def soon(self):
        return await asyncio.wait_for(self.news(), SOON)


@asynccontextmanager
async def opened(person, *topics):
    """A page of that person which hears already."""
    client = AsyncClient()
    await sync_to_async(sign_in_client)(client, person)
    answer = await client.get("/live", {"topic": topics})
    assert answer.status_code == 200 and answer["Content-Type"] == "text/event-stream"
    stream = aiter(answer.streaming_content)
    page = Page(stream)
    assert await page.soon() == "listening"
    try:
        yield page
    finally:
        await stream.aclose()


def test_a_stranger_hears_nothing(house):
    assert Client().get("/live?topic=board").status_code == 401


def test_a_page_hears_of_what_its_reader_may_see_and_of_nothing_else(house):
    async def story():
        everything = [f"case:{c.pk}" for c in (house.mine, house.theirs)]
        async with opened(house.cast.agent, *everything, "list:open", "board") as page:
            await sync_to_async(received)(house.theirs)
            await sync_to_async(received)(house.mine)
            told = [await page.soon() for _ in range(3)]
            assert [t["topic"] for t in told] == [f"case:{house.mine.pk}", "board", "list:open"]
            assert all("interaction.received" in t["kinds"] for t in told)

    run(story())


def test_a_page_hears_only_what_it_asked_for(house):
    async def story():
        async with opened(house.cast.agent, f"case:{house.free.pk}") as page:
            await sync_to_async(received)(house.mine)
            await sync_to_async(received)(house.free)
            assert (await page.soon())["topic"] == f"case:{house.free.pk}"

    run(story())


def test_who_loses_his_right_while_the_page_is_open_hears_no_more_of_it(house, monkeypatch):
    monkeypatch.setattr(live, "RECHECK", 0)
    own = make_case("自己的一件", owner=house.cast.supervisor, team=house.cast.other_team, at=house.at)

    def taken_away():
        person_change(person_id=house.cast.supervisor.pk, teams=[], leads=[], actor=Actor.system(), at=now())

    async def story():
        async with opened(house.cast.supervisor, f"case:{house.mine.pk}", f"case:{own.pk}") as page:
            await sync_to_async(received)(house.mine)
            assert (await page.soon())["topic"] == f"case:{house.mine.pk}"
            await sync_to_async(taken_away)()
            await sync_to_async(received)(house.mine)
            await sync_to_async(received)(own)
            assert (await page.soon())["topic"] == f"case:{own.pk}"

    run(story())


def test_who_is_signed_out_elsewhere_is_told_and_let_go(house, monkeypatch):
    monkeypatch.setattr(live, "RECHECK", 0)

    async def story():
        async with opened(house.cast.agent, f"case:{house.mine.pk}") as page:
            await sync_to_async(Session.objects.all().delete)()
            await sync_to_async(received)(house.mine)
            assert await page.soon() == "signed-out"
            assert await page.soon() is None

    run(story())


def test_after_a_lost_connection_the_page_is_told_to_read_itself_again(house):
    def cut():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND query LIKE 'LISTEN %%' AND pid <> pg_backend_pid()"
            )
            assert cursor.rowcount == 1

    async def story():
        async with opened(house.cast.agent, f"case:{house.mine.pk}") as page:
            await sync_to_async(cut)()
            assert await page.soon() == {"topic": "*", "kinds": ["reconnected"]}
            await sync_to_async(received)(house.mine)
            assert (await page.soon())["topic"] == f"case:{house.mine.pk}"

    run(story())
