import email
import email.policy
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shounuo.channels.mail.classify import kind_of
from shounuo.channels.mail.compose import Outgoing, OutgoingFile, compose, envelope_to
from shounuo.channels.mail.headers import Address
from shounuo.channels.mail.parse import parse
from shounuo.channels.mail.tokens import make_message_id
from shounuo.kernel.errors import Invalid

AT = datetime(2026, 1, 2, 7, 4, 5, tzinfo=UTC)
MID = make_message_id(48217, 99, "example.org", b"k")


def outgoing(**changes) -> Outgoing:
    values = {
        "message_id": MID,
        "from_": Address("service@example.org", "守诺客服"),
        "to": [Address("zhang@example.com", "张三")],
        "subject": "关于您的设备",
        "text": "您好",
        "date": AT,
        "instance": "help.example.org",
        "auto_submitted": "no",
    }
    return Outgoing(**{**values, **changes})


class TestCompose:
    def test_what_is_written_is_read_again(self):
        files = [
            OutgoingFile("维修说明（第二版）.pdf", b"%PDF-1.4", "application/pdf"),
            OutgoingFile("图.png", b"\x89PNG\r\n\x1a\n", "image/png", cid="i1@x"),
        ]
        raw = compose(outgoing(html='<p>您好<img src="cid:i1@x"></p>', cc=[Address("li@example.com")], reply_to=[Address("service+c1@example.org")], files=files,
                               in_reply_to="<q@x.com>", references=["<p@x.com>", "<q@x.com>"]))  # fmt: skip
        read = parse(raw)
        assert (read.subject, read.message_id, read.in_reply_to, read.references) == (
            "关于您的设备",
            MID,
            "<q@x.com>",
            ("<p@x.com>", "<q@x.com>"),
        )
        assert read.from_ == Address("service@example.org", "守诺客服") and read.to == (
            Address("zhang@example.com", "张三"),
        )
        assert [one.mail for one in read.cc] == ["li@example.com"] and read.reply_to[
            0
        ].mail == "service+c1@example.org"
        assert read.date == AT and read.text == "您好" and "cid:i1@x" in read.html and read.notes == ()
        assert sorted((one.name, one.cid, one.content) for one in read.attachments) == [
            ("图.png", "i1@x", b"\x89PNG\r\n\x1a\n"), ("维修说明（第二版）.pdf", "", b"%PDF-1.4")]  # fmt: skip

    def test_the_standard_library_reads_the_same(self):
        raw = compose(
            outgoing(subject="长" * 120, references=[f"<{'r' * 90}{number}@x.com>" for number in range(3)])
        )
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert message["subject"] == "长" * 120 and message["from"].addresses[0].display_name == "守诺客服"
        assert message["references"].split() == [f"<{'r' * 90}{number}@x.com>" for number in range(3)]
        assert not message.defects and all(not part.defects for part in message.walk())

    def test_lines_are_short_ascii_and_end_with_crlf(self):
        raw = compose(
            outgoing(
                subject="关于 order " * 40,
                to=[Address(f"a{number}@example.com", "很长的名字" * 10) for number in range(30)],
                text="长" * 5000,
            )
        )
        raw.decode("ascii")
        assert b"\n" not in raw.replace(b"\r\n", b"") and max(map(len, raw.split(b"\r\n"))) <= 100

    def test_a_long_message_id_is_never_encoded_or_cut(self):
        long_id = "<" + "x" * 200 + "@mail.example.com>"
        raw = compose(outgoing(in_reply_to=long_id, references=[long_id]))
        assert raw.count(long_id.encode()) == 2

    def test_references_keep_the_first_and_the_latest(self):
        ids = [f"<{number}@x.com>" for number in range(60)]
        references = parse(compose(outgoing(references=ids, in_reply_to="<new@x.com>"))).references
        assert (
            references[0] == "<0@x.com>"
            and references[-2:] == ("<59@x.com>", "<new@x.com>")
            and len(references) <= 21
        )

    def test_a_receipt_says_that_it_is_automatic_and_a_persons_answer_that_it_is_not(self):
        receipt, answer = parse(compose(outgoing(auto_submitted="auto-replied"))), parse(compose(outgoing()))
        assert (
            receipt.headers.text("auto-submitted") == "auto-replied"
            and "x-auto-response-suppress" in receipt.headers
        )
        assert (
            answer.headers.text("auto-submitted") == "no" and "x-auto-response-suppress" not in answer.headers
        )
        assert "list-unsubscribe" not in receipt.headers

    def test_our_own_mail_is_known_when_it_returns(self):
        assert kind_of(parse(compose(outgoing())), instance="help.example.org").kind == "loop"

    def test_bcc_is_in_the_envelope_only(self):
        one = outgoing(bcc=[Address("boss@example.org")], cc=[Address("Zhang@Example.com")])
        assert envelope_to(one) == ["zhang@example.com", "boss@example.org"]
        assert b"boss" not in compose(one)

    def test_html_alone_gets_a_text(self):
        assert parse(compose(outgoing(text="", html="<p>一</p><p>二</p>"))).text == "一\n\n二"

    def test_international_domains(self):
        assert b"xn--fsqu00a" in compose(outgoing(to=[Address("z@例子.com")]))

    @pytest.mark.parametrize(
        "mail",
        [
            "",
            "no at",
            "a@b.com\r\nBcc: x@y.com",
            "张三@example.com",
            "a b@c.com",
            "a@b.com,c@d.com",
            "<a@b.com>, x@y.com",
        ],
    )
    def test_an_unusable_address_is_refused(self, mail):
        with pytest.raises(Invalid) as caught:
            compose(outgoing(to=[Address(mail)]))
        assert caught.value.code == "mail_address" and str(caught.value)

    @pytest.mark.parametrize("mid", ["", "x", "<a@b>\r\nBcc: x@y.com", "<a b@c>", "<a@b"])
    def test_an_unusable_message_id_is_refused(self, mid):
        with pytest.raises(Invalid):
            compose(outgoing(message_id=mid))

    @pytest.mark.parametrize(
        "evil",
        [
            "x\r\nBcc: evil@x.com",
            "x\nBcc: evil@x.com",
            "x\rBcc: evil@x.com",
            "x\x0bBcc: evil@x.com",
            "x\u2028Bcc: evil@x.com",
            "=?utf-8?Q?x=0D=0ABcc:_evil@x.com?=",
            '"\r\nBcc: evil@x.com',
            "x\x85Bcc: e@x.com",
        ],
    )
    def test_no_value_can_become_a_header(self, evil):
        raw = compose(outgoing(subject=evil, from_=Address("service@example.org", evil), to=[Address("z@x.com", evil)], in_reply_to=evil, references=[evil], instance=evil,
                               files=[OutgoingFile(evil, b"x", evil, cid=evil)], html="<p>x</p>"))  # fmt: skip
        message = email.message_from_bytes(raw)
        assert message["bcc"] is None and all(part["bcc"] is None for part in message.walk())
        assert parse(raw).to == (Address("z@x.com", parse(raw).to[0].name),)

    @given(st.text(max_size=150), st.text(max_size=60), st.text(max_size=200), st.text(max_size=30))
    def test_any_text_arrives(self, subject, name, text, file_name):
        raw = compose(
            outgoing(
                subject=subject,
                from_=Address("service@example.org", name),
                text=text,
                files=[OutgoingFile(file_name, b"data")],
            )
        )
        names = [key.lower() for key, _value in email.message_from_bytes(raw).items()]
        assert sorted(names) == sorted(
            [
                "from",
                "to",
                "subject",
                "date",
                "message-id",
                "auto-submitted",
                "x-shounuo",
                "content-type",
                "mime-version",
            ]
        )
        read = parse(raw)
        assert (
            read.from_
            and read.from_.mail == "service@example.org"
            and len(read.attachments) == 1
            and read.attachments[0].content == b"data"
        )

    @given(st.text(alphabet="客服设备 a-Z09,:;()<>@\"'=?_", max_size=120))
    def test_subjects_arrive_as_written(self, subject):
        assert parse(compose(outgoing(subject=subject))).subject == " ".join(subject.split())
