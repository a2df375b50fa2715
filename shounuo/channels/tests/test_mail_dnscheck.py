import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shounuo.channels.mail.dnscheck import DnsResolver, NoRecord, Unreachable, check_domain


def public_key(bits: int) -> str:
    key = rsa.generate_private_key(65537, bits).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


KEY_2048, KEY_1024 = public_key(2048), public_key(1024)
GOOD = {
    "example.org": ["v=spf1 include:spf.example.net ~all", "google-site-verification=x"],
    "s1._domainkey.example.org": [f"v=DKIM1; k=rsa; p={KEY_2048}"],
    "_dmarc.example.org": ["v=DMARC1; p=quarantine; rua=mailto:d@example.org"],
}


class Fake:
    def __init__(self, txt=None, mx=None):
        self.texts, self.exchanges, self.asked = txt or {}, mx or [], []

    def txt(self, name):
        self.asked.append(name)
        found = self.texts.get(name)
        if found is None:
            raise NoRecord(name)
        if found == "down":
            raise Unreachable(name)
        return found

    def mx(self, name):
        if self.exchanges == "down":
            raise Unreachable(name)
        if not self.exchanges:
            raise NoRecord(name)
        return self.exchanges


def verdict_of(kind: str, **txt) -> str:
    found = getattr(
        check_domain("example.org", selector="s1", resolver=Fake({**GOOD, **txt.get("records", {})})), kind
    )
    assert str(found.hint)
    return found.verdict


class TestFindings:
    def test_a_domain_in_order(self):
        found = check_domain("Example.ORG.", selector="s1", resolver=Fake(GOOD, [(10, "mx.example.org.")]))
        assert [(one.kind, one.verdict) for one in found.records] == [
            ("spf", "ok"),
            ("dkim", "ok"),
            ("dmarc", "ok"),
            ("mx", "ok"),
        ]
        assert found.spf.found == ("v=spf1 include:spf.example.net ~all",) and found.mx.found == (
            "10 mx.example.org.",
        )

    def test_nothing_there(self):
        found = check_domain("example.org", selector="s1", resolver=Fake())
        assert {one.verdict for one in found.records} == {"missing"} and all(
            str(one.hint) for one in found.records
        )

    def test_no_answer(self):
        down = dict.fromkeys([*GOOD], "down")
        found = check_domain("example.org", selector="s1", resolver=Fake(down, "down"))
        assert {one.verdict for one in found.records} == {"unreachable"}

    @pytest.mark.parametrize(
        ("record", "verdict"),
        [("v=spf1 mx -all", "ok"), ("v=spf1 redirect=_spf.example.net", "ok"), ("v=spf1 +all", "weak"), ("v=spf1 all", "weak"), ("v=spf1 ?all", "weak"), ("v=spf1 mx", "weak"),
         ("v=spf1 " + "include:x.example " * 11 + "-all", "weak"), ("spf2.0/pra", "missing")],
    )  # fmt: skip
    def test_spf(self, record, verdict):
        assert verdict_of("spf", records={"example.org": [record]}) == verdict

    def test_two_spf_records_are_none(self):
        assert verdict_of("spf", records={"example.org": ["v=spf1 -all", "v=spf1 mx -all"]}) == "weak"

    @pytest.mark.parametrize(
        ("record", "verdict"),
        [(f"v=DKIM1; p={KEY_2048}", "ok"), ("v=DKIM1; k=ed25519; p=" + base64.b64encode(bytes(32)).decode(), "ok"), (f"p={KEY_1024}", "weak"), ("v=DKIM1; p=", "weak"), ("v=DKIM1; p=!!!", "weak"),
         ("v=DKIM1; p=AAAA", "weak"), (f"v=DKIM1; t=y; p={KEY_2048}", "weak")],
    )  # fmt: skip
    def test_dkim(self, record, verdict):
        assert verdict_of("dkim", records={"s1._domainkey.example.org": [record]}) == verdict

    @pytest.mark.parametrize("selector", ["", "bad selector", "a/b"])
    def test_dkim_without_a_selector_is_not_asked(self, selector):
        fake = Fake(GOOD)
        assert check_domain("example.org", selector=selector, resolver=fake).dkim.verdict == "missing"
        assert not any("_domainkey" in name for name in fake.asked)

    @pytest.mark.parametrize(
        ("record", "verdict"),
        [("v=DMARC1; p=reject", "ok"), ("v=DMARC1; p=none", "weak"), ("v=DMARC1; p=reject; pct=20", "weak"), ("v=DMARC1", "weak")],
    )  # fmt: skip
    def test_dmarc(self, record, verdict):
        assert verdict_of("dmarc", records={"_dmarc.example.org": [record]}) == verdict

    def test_dmarc_of_the_parent_speaks_for_the_child(self):
        found = check_domain(
            "help.example.org", resolver=Fake({"_dmarc.example.org": ["v=DMARC1; p=reject; sp=none"]})
        ).dmarc
        assert (found.name, found.verdict) == ("_dmarc.example.org", "weak")

    def test_a_domain_that_takes_no_mail(self):
        assert check_domain("example.org", resolver=Fake(GOOD, [(0, ".")])).mx.verdict == "weak"

    @pytest.mark.parametrize("domain", ["", "no-dots", "a b.com", "x" * 300 + ".com", "例子"])
    def test_what_is_no_domain_is_not_asked(self, domain):
        fake = Fake(GOOD)
        assert {one.verdict for one in check_domain(domain, resolver=fake).records} == {
            "missing"
        } and not fake.asked

    def test_international_domains_are_asked_in_ascii(self):
        fake = Fake()
        check_domain("例子.中国", resolver=fake)
        assert "xn--fsqu00a.xn--fiqs8s" in fake.asked


class TestDefaultResolver:
    def test_without_a_network_it_says_so_in_time(self):
        with pytest.raises((Unreachable, NoRecord)):
            DnsResolver(timeout=0.2).txt("example.invalid")
