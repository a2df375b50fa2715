"""Nothing that an administrator types as a URL leads into the house."""

import http.server
import ipaddress
import socket
import threading

import pytest

from shounuo.kernel import egress
from shounuo.kernel.errors import Invalid, Unavailable


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "240.0.0.1",
        "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "fec0::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1",
        "2002:7f00:1::", "2002:a00:1::1", "2001:0:7f00:1::",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(address):
    assert not egress.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "223.5.5.5", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_are_let_through(address):
    assert egress.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]:80/", "http://169.254.169.254/latest/",
        "http://2130706433/", "http://0177.0.0.1/", "http://0x7f.1/", "http://127.1/", "http://localhost/",
        "http://[fe80::1%25lo]/",
    ],
)  # fmt: skip
def test_every_way_of_writing_an_inner_address_is_refused(url):
    with pytest.raises(egress.Refused):
        egress.request("GET", url)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://a/",
        "http:///x",
        "ftp://a.b/",
        "http://u:p@a.com/",
        "a.com",
        "http://a.com:99999/",
    ],
)
def test_what_is_not_a_plain_web_address_is_refused(url):
    with pytest.raises(Invalid):
        egress.check_url(url)


def _answers(monkeypatch, *rounds):
    """The name resolves to the next list of addresses at each question."""
    asked = []

    def fake(host, port, *args, **kwargs):
        asked.append(host)
        found = rounds[min(len(asked), len(rounds)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in found]

    monkeypatch.setattr(egress.socket, "getaddrinfo", fake)
    return asked


def test_a_name_with_one_foot_inside_is_refused(monkeypatch):
    _answers(monkeypatch, ["93.184.215.14", "127.0.0.1"])
    with pytest.raises(egress.Refused):
        egress.request("GET", "http://rebind.example/")


def test_the_name_is_resolved_once_and_the_checked_address_is_connected_to(monkeypatch):
    asked = _answers(monkeypatch, ["93.184.215.14"], ["127.0.0.1"])
    reached = []

    def connect(self, host, port, *args):
        reached.append(host)
        raise OSError("no network here")

    monkeypatch.setattr(egress.httpcore.SyncBackend, "connect_tcp", connect)
    with pytest.raises(Unavailable):
        egress.request("GET", "http://rebind.example/")
    assert reached == ["93.184.215.14"] and asked == ["rebind.example"]


class Site(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.seen.append(
            (self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"])))
        )
        if self.path.startswith("/to/"):
            self.send_response(307)
            self.send_header("Location", self.server.onward)
            self.end_headers()
        elif self.path == "/drip":
            self.send_response(200)
            self.end_headers()
            try:
                while not self.server.stop.wait(0.05):
                    self.wfile.write(b".")
            except OSError:
                self.server.stop.set()
        elif self.path == "/big":
            self.send_response(200)
            self.send_header("Content-Length", str(10**9))
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                self.server.stop.set()
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

    do_GET = do_POST

    def log_message(self, *args):
        """Quiet."""


@pytest.fixture
def site(settings):
    settings.SHOUNUO_EGRESS_ALLOW = ["127.0.0.1/32"]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.seen, server.onward, server.stop = [], "", threading.Event()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.stop.set()
    server.shutdown()
    server.server_close()


def test_an_operator_may_open_a_range_of_his_own(site):
    answer = egress.request("POST", site.url + "/x", body=b"hello", headers={"X-Sign": "s"})
    assert (answer.status, answer.body) == (200, b"ok")
    path, headers, body = site.seen[0]
    assert (path, headers["X-Sign"], body) == ("/x", "s", b"hello")


def test_a_redirect_passes_the_same_gate(site):
    site.onward = "http://169.254.169.254/latest/meta-data/"
    with pytest.raises(egress.Refused):
        egress.request("POST", site.url + "/to/inside", body=b"x")


def test_redirects_end(site):
    site.onward = "/to/again"
    with pytest.raises(Unavailable) as caught:
        egress.request("POST", site.url + "/to/start", body=b"x")
    assert caught.value.code == "too_many_redirects"


def test_another_host_does_not_get_the_signature(site, settings):
    settings.SHOUNUO_EGRESS_ALLOW = ["127.0.0.0/8"]
    site.onward = f"http://localhost:{site.server_port}/x"
    egress.request("POST", site.url + "/to/other", body=b"x", headers={"Shounuo-Signature": "s"})
    assert "Shounuo-Signature" not in site.seen[1][1] and site.seen[1][2] == b"x"


def test_a_flood_of_bytes_is_cut(site):
    assert len(egress.request("POST", site.url + "/big").body) == egress.MAX_ANSWER


def test_a_drip_is_cut_at_the_deadline(site):
    with pytest.raises(Unavailable) as caught:
        egress.request("POST", site.url + "/drip", timeout=0.4)
    assert caught.value.code == "timeout"


def test_a_name_that_does_not_resolve_is_told(monkeypatch):
    def fail(*args, **kwargs):
        raise socket.gaierror(-2, "unknown")

    monkeypatch.setattr(egress.socket, "getaddrinfo", fail)
    with pytest.raises(Unavailable, match="nowhere"):
        egress.request("GET", "http://nowhere.example/")
