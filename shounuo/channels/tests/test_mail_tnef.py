import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shounuo.channels.mail.parse import parse
from shounuo.channels.mail.tnef import read_tnef


def attribute(level: int, name: int, data: bytes) -> bytes:
    return struct.pack("<BHHI", level, name, 6, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def prop(key: int, data: bytes, kind: int = 0x001F) -> bytes:
    return struct.pack("<HHII", kind, key, 1, len(data)) + data + b"\0" * (-len(data) % 4)


def props(*values: bytes) -> bytes:
    return struct.pack("<I", len(values)) + b"".join(values)


def utf16(text: str) -> bytes:
    return (text + "\0").encode("utf-16-le")


def winmail(*attributes: bytes) -> bytes:
    return (
        struct.pack("<IH", 0x223E9F78, 1)
        + attribute(1, 0x9007, struct.pack("<II", 936, 0))
        + b"".join(attributes)
    )


FILE = (attribute(2, 0x9002, bytes(14)) + attribute(2, 0x8010, "发票~1.PDF".encode("gbk") + b"\0") + attribute(2, 0x800F, b"%PDF-1.4 \0\0\0")
        + attribute(2, 0x9005, props(prop(0x3707, utf16("维修发票.pdf")), prop(0x370E, utf16("application/pdf")))))  # fmt: skip


def as_mail(data: bytes, name: str = "winmail.dat", text: str = "正文") -> bytes:
    import base64

    return (f'From: a@x.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n'
            f'--b\r\nContent-Type: application/ms-tnef; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n').encode() + base64.encodebytes(data) + b"\r\n--b--"  # fmt: skip


class TestWinmail:
    def test_files_are_unpacked_whole_with_their_long_names(self):
        read = parse(as_mail(winmail(FILE)))
        (file,) = read.attachments
        assert (file.name, file.declared_type, file.content) == (
            "维修发票.pdf",
            "application/pdf",
            b"%PDF-1.4 \0\0\0",
        )
        assert read.text == "正文" and read.notes == ()

    def test_its_body_stands_in_where_the_mail_has_none(self):
        page = (struct.pack("<HHI", 0x0003, 0x3FDE, 65001), prop(0x1013, "<p>网页</p>".encode(), 0x0102))
        html = attribute(1, 0x9003, props(*page))
        text = attribute(1, 0x800C, "文字".encode("gbk") + b"\0")
        both = parse(as_mail(winmail(text, html), text=""))
        assert (both.text, both.html) == ("文字", "<p>网页</p>")
        assert parse(as_mail(winmail(html), text="")).text == "网页"

    def test_a_message_in_the_message_gives_its_words_and_files(self):
        embedded = b"\x07\x03\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46" + winmail(
            attribute(1, 0x800C, "内层".encode("gbk")), FILE
        )
        outer = attribute(2, 0x9002, bytes(14)) + attribute(
            2, 0x9005, props(prop(0x3001, utf16("原邮件")), prop(0x3701, embedded, 0x000D))
        )
        names = sorted(one.name for one in parse(as_mail(winmail(outer))).attachments)
        assert names == ["原邮件.txt", "维修发票.pdf"]

    @pytest.mark.parametrize("data", [b"not tnef at all", b"", winmail(FILE)[:60]])
    def test_what_cannot_be_unpacked_is_kept_as_it_is(self, data):
        read = parse(as_mail(data))
        assert [one.name for one in read.attachments] == (["winmail.dat"])
        assert "tnef.broken" in read.notes

    def test_hostile_counts_cost_nothing(self):
        many = attribute(1, 0x9003, struct.pack("<I", 0xFFFFFFFF))
        multi = attribute(1, 0x9003, struct.pack("<IHHI", 1, 0x1002, 0x1000, 0xFFFFFFFF))
        tiny = attribute(1, 0x8006, b"") * 50_000
        for data in (winmail(many), winmail(multi), winmail(tiny)):
            assert read_tnef(data) is not None

    @given(st.binary(max_size=200), st.integers(0, 400))
    def test_any_damage_is_survived(self, junk, cut):
        whole = winmail(FILE, attribute(1, 0x9003, junk), attribute(2, 0x9005, junk))
        read_tnef(whole[:cut])
        read_tnef(whole[:cut] + junk)
