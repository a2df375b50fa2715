"""How requests are served: whole answers, streams of both kinds, clients that go, and nothing of one request in the next."""

import asyncio
import threading

import pytest
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.utils import translation

from shounuo.web.handler import Handler


@pytest.fixture(autouse=True)
def _no_middleware(settings):
    settings.MIDDLEWARE = []


def handler(view):
    """The handler with one view."""
    made = Handler()
    made.get_response = view
    return made


class Client:
    """One connection: its request, what was sent to it, and when it goes."""

    def __init__(self, path="/", body=b"", method="GET"):
        self.scope = {
            "type": "http", "method": method, "path": path, "query_string": b"", "headers": [],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "scheme": "http",
        }  # fmt: skip
        self.inbox = asyncio.Queue()
        self.inbox.put_nowait({"type": "http.request", "body": body, "more_body": False})
        self.sent = []

    async def send(self, message):
        self.sent.append(message)

    async def ask(self, application):
        await asyncio.wait_for(application(self.scope, self.inbox.get, self.send), 20)
        return self

    @property
    def status(self):
        return self.sent[0]["status"]

    @property
    def body(self):
        return b"".join(m.get("body", b"") for m in self.sent[1:])


def test_a_whole_answer_is_closed_before_it_is_sent():
    closed = []

    def view(request):
        response = HttpResponse(request.read() + f" by {threading.current_thread().name}".encode())
        response._resource_closers.append(lambda: closed.append(True))
        return response

    client = asyncio.run(Client(body=b"asked", method="POST").ask(handler(view)))
    assert client.status == 200 and client.body.startswith(b"asked by web_") and closed == [True]


def test_requests_are_worked_on_side_by_side_in_few_threads(settings):
    settings.SHOUNUO_WEB_THREADS = 2
    both = threading.Barrier(2, timeout=20)
    names = set()

    def view(_request):
        both.wait()
        names.add(threading.current_thread().name)
        return HttpResponse()

    application = handler(view)

    async def four():
        return await asyncio.gather(*(Client().ask(application) for _n in range(4)))

    assert [c.status for c in asyncio.run(four())] == [200] * 4 and len(names) == 2


def test_nothing_of_a_request_is_left_for_the_next(settings):
    settings.SHOUNUO_WEB_THREADS = 1
    seen = []

    def view(_request):
        seen.append(translation.get_language())
        translation.activate("en")
        return HttpResponse()

    application = handler(view)

    async def two():
        await Client().ask(application)
        await Client().ask(application)

    asyncio.run(two())
    assert seen == [settings.LANGUAGE_CODE] * 2


def test_a_synchronous_stream_comes_piece_by_piece():
    made = []

    def pieces():
        for n in range(3):
            made.append(n)
            yield str(n)

    client = asyncio.run(Client().ask(handler(lambda _r: StreamingHttpResponse(pieces()))))
    assert client.body == b"012" and made == [0, 1, 2]
    assert [m.get("body") for m in client.sent[1:]] == [b"0", b"1", b"2", None], "not gathered first"


def test_a_file_is_sent_in_large_blocks_and_closed(tmp_path):
    path = tmp_path / "large.bin"
    path.write_bytes(b"x" * 200_000)
    opened = path.open("rb")
    client = asyncio.run(Client().ask(handler(lambda _r: FileResponse(opened))))
    assert client.body == b"x" * 200_000 and len(client.sent) < 7 and opened.closed


def test_a_live_stream_ends_with_its_client():
    ended, began = [], asyncio.Event()

    async def news():
        try:
            yield "first"
            began.set()
            await asyncio.Event().wait()  # nothing more ever comes
        finally:
            ended.append(True)

    async def story():
        client = Client()
        asking = asyncio.create_task(client.ask(handler(lambda _r: StreamingHttpResponse(news()))))
        await asyncio.wait_for(began.wait(), 20)
        client.inbox.put_nowait({"type": "http.disconnect"})
        await asking
        return client

    client = asyncio.run(story())
    assert client.body == b"first" and ended == [True]


def test_a_stream_that_breaks_is_told_to_the_server():
    def pieces():
        yield "begun"
        raise ValueError("the disk is gone")

    with pytest.raises(ValueError, match="the disk is gone"):
        asyncio.run(Client().ask(handler(lambda _r: StreamingHttpResponse(pieces()))))


def test_only_http_is_spoken():
    client = Client()
    client.scope["type"] = "websocket"
    with pytest.raises(ValueError, match="websocket"):
        asyncio.run(client.ask(handler(lambda _r: HttpResponse())))


def test_a_client_that_goes_before_its_request_is_complete_is_not_served():
    served = []
    client = Client()
    client.inbox = asyncio.Queue()
    client.inbox.put_nowait({"type": "http.disconnect"})
    asyncio.run(client.ask(handler(lambda r: served.append(r))))
    assert client.sent == [] and served == []
