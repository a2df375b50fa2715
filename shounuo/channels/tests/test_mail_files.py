import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shounuo.channels.mail.mailbox_files import iter_mailbox
from shounuo.channels.mail.parse import parse

ONE, TWO = (
    b"From: a@x.com\nSubject: one\n\nbody\n",
    b"From: b@x.com\nSubject: two\n\nFrom here on\n>From there\n",
)


def mbox(*mails: bytes) -> bytes:
    return b"".join(
        b"From a@x.com Fri Jan  2 15:04:05 2026\n"
        + one.replace(b"\nFrom ", b"\n>From ").replace(b"\n>From t", b"\n>>From t")
        + b"\n"
        for one in mails
    )


def collect(path, **options):
    told = []
    return list(iter_mailbox(path, on_error=lambda key, reason: told.append((key, reason)), **options)), told


class TestMbox:
    def test_mails_come_one_by_one_with_their_place(self, tmp_path):
        path = tmp_path / "Inbox"
        path.write_bytes(mbox(ONE, TWO))
        (first, second), told = collect(path)
        assert (first[0], second[0]) == ("Inbox#0", f"Inbox#{len(mbox(ONE))}") and not told
        assert parse(first[1]).subject == "one" and parse(second[1]).text == "From here on\n>From there"

    def test_it_is_lazy(self, tmp_path):
        path = tmp_path / "big.mbox"
        path.write_bytes(mbox(*[ONE] * 50))
        found = iter_mailbox(path)
        assert next(found)[0] == "big.mbox#0"

    def test_a_mail_too_large_is_told_and_the_next_one_comes(self, tmp_path):
        path = tmp_path / "x.mbox"
        path.write_bytes(mbox(b"From: a@x.com\n\n" + b"x" * 5000 + b"\n", ONE))
        found, told = collect(path, message_limit=1000)
        assert [parse(raw).subject for _key, raw in found] == ["one"] and told == [("x.mbox#0", "too_large")]

    def test_one_without_a_from_line_at_the_start(self, tmp_path):
        path = tmp_path / "x.mbox"
        path.write_bytes(ONE + b"\n" + mbox(TWO))
        assert len(collect(path)[0]) == 2

    @given(data=st.binary(max_size=400))
    def test_any_bytes_are_survived(self, data, tmp_path_factory):
        path = tmp_path_factory.mktemp("m") / "x.mbox"
        path.write_bytes(b"From a@x.com Fri Jan  2 15:04:05 2026\n" + data)
        for key, raw in iter_mailbox(path):
            assert key.startswith("x.mbox#") and raw.strip()


class TestMaildir:
    def test_new_and_read_mails_of_all_folders_with_stable_keys(self, tmp_path):
        for folder in ("", ".Sent"):
            for part in ("cur", "new", "tmp"):
                (tmp_path / folder / part).mkdir(parents=True)
        (tmp_path / "new" / "1.a.host").write_bytes(ONE)
        (tmp_path / "cur" / "2.b.host:2,S").write_bytes(TWO)
        (tmp_path / "tmp" / "3.c.host").write_bytes(ONE)
        (tmp_path / ".Sent" / "cur" / "4.d.host:2,RS").write_bytes(ONE)
        (tmp_path / "dovecot.index").write_bytes(b"From x 2026")
        before = {key for key, _raw in collect(tmp_path)[0]}
        assert before == {"1.a.host", "2.b.host", ".Sent/4.d.host"}
        os.rename(tmp_path / "new" / "1.a.host", tmp_path / "cur" / "1.a.host:2,S")
        assert {key for key, _raw in collect(tmp_path)[0]} == before


class TestFolders:
    def test_eml_files_at_any_depth_in_a_stable_order(self, tmp_path):
        (tmp_path / "2025" / "一月").mkdir(parents=True)
        (tmp_path / "b.eml").write_bytes(ONE)
        (tmp_path / "a.EML").write_bytes(TWO)
        (tmp_path / "2025" / "一月" / "发票.eml").write_bytes(ONE)
        (tmp_path / "2025" / "archive").write_bytes(mbox(ONE, TWO))
        (tmp_path / "readme.txt").write_bytes(b"not a mail")
        keys = [key for key, _raw in collect(tmp_path)[0]]
        assert keys == [
            "2025/archive#0",
            f"2025/archive#{len(mbox(ONE))}",
            "2025/一月/发票.eml",
            "a.EML",
            "b.eml",
        ]

    def test_links_are_not_followed(self, tmp_path):
        (tmp_path / "box").mkdir()
        (tmp_path / "secret.eml").write_bytes(ONE)
        (tmp_path / "box" / "x.eml").symlink_to(tmp_path / "secret.eml")
        (tmp_path / "box" / "loop").symlink_to(tmp_path / "box")
        assert collect(tmp_path / "box") == ([], [])

    def test_what_cannot_be_read_is_told(self, tmp_path):
        (tmp_path / "ok.eml").write_bytes(ONE)
        (tmp_path / "big.eml").write_bytes(b"x" * 2000)
        found, told = collect(tmp_path, message_limit=1000)
        assert [key for key, _raw in found] == ["ok.eml"] and told == [("big.eml", "too_large")]
        assert collect(tmp_path / "missing.eml") == ([], [("missing.eml", "unreadable")])

    def test_apple_mails_files(self, tmp_path):
        path = tmp_path / "1.emlx"
        path.write_bytes(str(len(ONE)).encode() + b"     \n" + ONE + b"<?xml version='1.0'?><plist/>")
        assert collect(path)[0] == [("1.emlx", ONE)]

    @pytest.mark.parametrize("name", [b"\xff\xfe.eml", b"a\nb.eml"])
    def test_odd_file_names(self, tmp_path, name):
        (tmp_path / os.fsdecode(name)).write_bytes(ONE)
        ((key, _raw),) = collect(tmp_path)[0]
        key.encode("utf-8")
