import base64
import quopri
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shounuo.channels.mail.headers import decode_words, read_parameters
from shounuo.channels.mail.parse import Limits, Unparseable, parse
from shounuo.kernel.html import sanitise

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def b64(data: bytes) -> bytes:
    return base64.encodebytes(data)


def word(text: str, charset: str = "utf-8", label: str = "") -> str:
    return f"=?{label or charset}?B?{base64.b64encode(text.encode(charset)).decode()}?="


def mail(
    body: bytes | str = "您好",
    *,
    headers: str = "",
    kind: str = "text/plain; charset=utf-8",
    raw: bytes = b"",
) -> bytes:
    """A plain mail; `raw` are header lines as bytes."""
    head = "From: Zhang <zhang@example.com>\r\nTo: service@example.org\r\nSubject: test\r\nDate: Fri, 02 Jan 2026 15:04:05 +0800\r\n"
    if "Subject:" in headers or b"Subject:" in raw:
        head = head.replace("Subject: test\r\n", "")
    if "From:" in headers or b"From:" in raw:
        head = head.replace("From: Zhang <zhang@example.com>\r\n", "")
    text = body.encode() if isinstance(body, str) else body
    return (
        head.encode()
        + headers.encode()
        + raw
        + f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n".encode()
        + text
    )


def part(content: bytes | str, kind: str = "text/plain; charset=utf-8", *extra: str) -> bytes:
    data = content.encode() if isinstance(content, str) else content
    return ("".join(f"{line}\r\n" for line in (f"Content-Type: {kind}", *extra)) + "\r\n").encode() + data


def file_part(content: bytes, kind: str, *extra: str) -> bytes:
    return part(b64(content), kind, "Content-Transfer-Encoding: base64", *extra)


def multi(
    *parts: bytes, sub: str = "mixed", boundary: str = "b1", headers: str = "", extra: str = ""
) -> bytes:
    body = (
        b"".join(b"--" + boundary.encode() + b"\r\n" + one + b"\r\n" for one in parts)
        + b"--"
        + boundary.encode()
        + b"--\r\n"
    )
    return mail(body, kind=f'multipart/{sub}; boundary="{boundary}"{extra}', headers=headers)


def inner(sub: str, boundary: str, *parts: bytes) -> bytes:
    body = (
        b"".join(b"--" + boundary.encode() + b"\r\n" + one + b"\r\n" for one in parts)
        + b"--"
        + boundary.encode()
        + b"--\r\n"
    )
    return part(body, f'multipart/{sub}; boundary="{boundary}"')


class TestOrdinaryMail:
    def test_all_that_a_case_needs(self):
        read = parse(
            mail(
                "设备坏了",
                headers="Message-ID: <a1@example.com>\r\nIn-Reply-To: <q@example.org>\r\n"
                "References: <p@example.org>\r\n <q@example.org>\r\nReply-To: other@example.com\r\n"
                f"Cc: {word('李四')} <li@example.com>, wang@example.com\r\nSubject: {word('设备故障')}\r\n",
            )
        )
        assert read.subject == "设备故障"
        assert (read.message_id, read.in_reply_to) == ("<a1@example.com>", "<q@example.org>")
        assert read.references == ("<p@example.org>", "<q@example.org>")
        assert read.from_ and (read.from_.name, read.from_.mail) == ("Zhang", "zhang@example.com")
        assert [str(one) for one in read.cc] == ["李四 <li@example.com>", "wang@example.com"]
        assert [one.mail for one in read.answer_to] == ["other@example.com"]
        assert read.date == datetime(2026, 1, 2, 7, 4, 5, tzinfo=UTC)
        assert (read.text, read.html, read.notes) == ("设备坏了", "", ())

    def test_text_and_html_alternatives_with_an_image_and_a_file(self):
        related = inner("related", "b3", part("<p>看图<img src='cid:i1@x'></p>", "text/html; charset=utf-8"),
                        file_part(PNG, "image/png", "Content-ID: <i1@x>"))  # fmt: skip
        read = parse(
            multi(
                inner("alternative", "b2", part("看图"), related),
                file_part(b"%PDF-1.4 x", 'application/pdf; name="a.pdf"'),
            )
        )
        assert read.text == "看图" and "cid:i1@x" in read.html
        image, pdf = read.attachments
        assert (image.cid, image.inline, image.detected_type, image.content) == (
            "i1@x",
            True,
            "image/png",
            PNG,
        )
        assert (pdf.name, pdf.inline, pdf.detected_type) == ("a.pdf", False, "application/pdf")
        assert [one.cid for one in read.inline_images()] == ["i1@x"]

    def test_apple_mail_text_between_files_stays_in_order(self):
        read = parse(
            multi(
                part("前"), file_part(PNG, "image/png; name=x.png", "Content-Disposition: inline"), part("后")
            )
        )
        assert read.text == "前\n\n后" and len(read.attachments) == 1

    def test_html_only_gets_a_text(self):
        read = parse(mail("<p>一</p><ul><li>二</ul>", kind="text/html; charset=utf-8"))
        assert read.text == "一\n\n- 二"

    def test_an_empty_subject_and_body_are_allowed(self):
        read = parse(mail("", headers="Subject:\r\n"))
        assert (read.subject, read.text, read.notes) == ("", "", ())

    def test_flowed_text_is_joined(self):
        read = parse(
            mail(
                "一段很 \r\n长的话\r\n> 引 \r\n> 用\r\n-- \r\n签名\r\n",
                kind="text/plain; charset=utf-8; format=flowed; delsp=yes",
            )
        )
        assert read.text == "一段很长的话\n> 引用\n-- \n签名"

    def test_a_text_file_is_a_file_but_a_lone_inline_one_is_the_message(self):
        both = parse(
            multi(
                part("正文"),
                part(
                    "日志",
                    "text/plain; name=log.txt; charset=utf-8",
                    "Content-Disposition: inline; filename=log.txt",
                ),
            )
        )
        assert both.text == "正文" and [one.name for one in both.attachments] == ["log.txt"]
        lone = parse(
            mail(
                "日志",
                kind="text/plain; name=log.txt; charset=utf-8",
                headers="Content-Disposition: inline\r\n",
            )
        )
        assert lone.text == "日志"

    def test_pasted_data_images_become_files_that_the_html_names(self):
        source = f'<p>图<img src="data:image/png;base64,{base64.b64encode(PNG).decode()}"></p>'
        read = parse(mail(source, kind="text/html; charset=utf-8"))
        (image,) = read.attachments
        assert image.content == PNG and f'src="cid:{image.cid}"' in read.html
        assert 'src="/files/1"' in sanitise(read.html, {image.cid: "/files/1"}).html


class TestCharsets:
    def test_gb2312_with_an_en_dash_is_not_lost(self):
        read = parse(mail("时间 9–18 点，型号镕".encode("gb18030"), kind="text/html; charset=GB2312"))
        assert "9–18" in read.html and read.text == "时间 9–18 点，型号镕"

    @pytest.mark.parametrize(
        ("codec", "label"),
        [("gbk", "gbk"), ("gb18030", "gb18030"), ("big5", "big5"), ("utf-7", "utf-7"), ("hz", "hz-gb-2312"), ("gbk", "x-unknown"),
         ("gbk", "us-ascii"), ("utf-8", "default"), ("gbk", "utf-8"), ("utf-8", "gb2312"), ("utf-16", "utf-16")],
    )  # fmt: skip
    def test_a_body_is_read_whatever_it_is_called(self, codec, label):
        text = "您好，我的設備有問題" if codec == "big5" else "您好，我们的设备有问题"
        assert parse(mail(text.encode(codec), kind=f"text/plain; charset={label}")).text == text

    def test_iso_2022_jp_and_cn(self):
        assert (
            parse(mail("設備の故障".encode("iso2022_jp"), kind="text/plain; charset=iso-2022-jp")).text
            == "設備の故障"
        )
        shifted = b"\x1b$)A\x0e" + bytes(byte & 0x7F for byte in "设备故障".encode("gb2312")) + b"\x0f\r\n"
        assert parse(mail(shifted, kind="text/plain; charset=iso-2022-cn")).text == "设备故障"

    def test_html_names_its_own_charset(self):
        source = '<meta http-equiv="Content-Type" content="text/html; charset=gb2312"><p>罕见鑫淼</p>'
        assert parse(mail(source.encode("gbk"), kind="text/html")).text == "罕见鑫淼"

    def test_an_unknown_charset_is_noted(self):
        assert (
            "charset.unknown:x-foo"
            in parse(mail("您好".encode("gbk"), kind="text/plain; charset=x-foo")).notes
        )

    def test_raw_8_bit_headers_in_gbk(self):
        head = "Subject: 设备故障报修单\r\nFrom: 张三 <z@example.com>\r\n".encode("gbk")
        read = parse(mail("正文".encode("gbk"), kind="text/plain; charset=gb2312", raw=head))
        assert read.subject == "设备故障报修单" and read.from_ and read.from_.name == "张三"

    def test_raw_headers_take_the_charset_of_the_first_text(self):
        body = b"--b\r\n" + part("текст".encode("koi8-r"), "text/plain; charset=koi8-r") + b"\r\n--b--"
        read = parse(
            mail(body, kind="multipart/mixed; boundary=b", raw="Subject: жалоба\r\n".encode("koi8-r"))
        )
        assert read.subject == "жалоба"

    def test_nul_and_control_characters_are_gone(self):
        read = parse(
            mail(b"a\x00b\x1bc\x0cd", kind="text/plain; charset=utf-8", raw=b"Subject: x\x00\x07y\r\n")
        )
        assert read.text == "abcd" and read.subject == "xy"


class TestEncodedWords:
    def test_a_character_cut_between_words(self):
        data = "客户服务".encode("gbk")
        cut = [base64.b64encode(data[:3]).decode(), base64.b64encode(data[3:]).decode()]
        assert decode_words(f"=?gb2312?B?{cut[0]}?=\r\n =?gb2312?B?{cut[1]}?=".encode()) == "客户服务"

    def test_one_base64_stream_cut_into_words(self):
        stream = base64.b64encode("设备故障报修单号".encode()).decode()
        assert (
            decode_words(f"=?utf-8?B?{stream[:10]}?= =?utf-8?B?{stream[10:]}?=".encode())
            == "设备故障报修单号"
        )

    @pytest.mark.parametrize(
        ("raw", "text"),
        [("Re: =?utf-8?Q?=E8=AE=A2_=E5=8D=95?= 12", "Re: 订 单 12"), ("=?utf-8?q?caf=e9?=", "café"), ("=?utf-8*zh?B?6K6i5Y2V?=", "订单"),
         ("=?utf-8?B?6K6i5Y2V?==?utf-8?B?5Y+3?=", "订单号"), ("=?utf-8?B?6K6i5Y2V", "订单"), ("=?utf-8?Q?What's up??=", "What's up?"),
         ("=?x-unknown?B?ta4=?=", "诞"), ("=?utf-8?B?!!!?=", ""), ("a =?b", "a =?b"), ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
         ("=?iso-2022-jp?B?GyRCRnwbKEI=?= =?iso-2022-jp?B?GyRCS1wbKEI=?=", "日本"), ("=?gb2312?Q?=C4=E3=BA=C3?=", "你好")],
    )  # fmt: skip
    def test_words_of_all_makes(self, raw, text):
        assert decode_words(raw.encode()) == text

    def test_a_subject_cannot_smuggle_a_header(self):
        assert (
            parse(mail(headers=f"Subject: {word('a' + chr(13) + chr(10) + 'Bcc: x@y')}\r\n")).subject
            == "a Bcc: x@y"
        )


class TestAddresses:
    @pytest.mark.parametrize(
        ("written", "mail_", "name"),
        [('"张三" <z@x.com>', "z@x.com", "张三"), ("z@x.com (Zhang San)", "z@x.com", "Zhang San"), ("<z@x.com>", "z@x.com", ""),
         ("Zhang San z@x.com", "z@x.com", "Zhang San"), ("'z@x.com' <z@x.com>", "z@x.com", ""), ("Zhang [mailto:z@x.com]", "z@x.com", "Zhang"),
         ("张三＜z@x.com＞", "z@x.com", "张三"), (word("张三 <z@x.com>", "gbk"), "z@x.com", "张三"), (f'"{word("李,四")}" <z@x.com>', "z@x.com", "李,四"),
         ("Zhang <z@x.com", "z@x.com", "Zhang"), ('"Zhang, San" <z@x.com>', "z@x.com", "Zhang, San"), ("<@relay:z@x.com>", "z@x.com", ""),
         ('"a \\"b\\" c" <z@x.com>', "z@x.com", 'a "b" c'), ("z@x.com.", "z@x.com", "")],
    )  # fmt: skip
    def test_from_of_all_makes(self, written, mail_, name):
        from_ = parse(mail(raw=f"From: {written}\r\n".encode())).from_
        assert from_ and (from_.mail, from_.name) == (mail_, name)

    def test_lists_groups_and_repetitions(self):
        read = parse(
            mail(
                headers="Cc: team: a@x.com, b@x.com;, A <a@x.com>; c@x.com\r\nTo: undisclosed-recipients:;\r\n"
            )
        )
        assert [one.mail for one in read.cc] == ["a@x.com", "b@x.com", "c@x.com"]
        assert [one.mail for one in read.to] == ["service@example.org"]

    def test_a_quote_that_never_closes_does_not_swallow_the_others(self):
        read = parse(mail(headers='Cc: "Zhang <a@x.com>, b@x.com\r\n'))
        assert [one.mail for one in read.cc] == ["a@x.com", "b@x.com"]

    def test_no_from_is_noted_and_sender_stands_in(self):
        read = parse(mail(headers="From: nobody at all\r\nSender: s@x.com\r\n"))
        assert read.from_ and read.from_.mail == "s@x.com" and "from.missing" in read.notes


class TestDatesAndIds:
    @pytest.mark.parametrize(
        ("written", "hour"),
        [("Fri, 2 Jan 2026 15:04:05 +0800 (CST)", 7), ("2 Jan 26 15:04 GMT", 15), ("2026-01-02T15:04:05+08:00", 7), ("2026年1月2日 下午3:04", 15),
         ("Fri, 2 Jan 2026 15.04.05 +0000", 15)],
    )  # fmt: skip
    def test_dates_of_all_makes(self, written, hour):
        date = parse(
            mail(headers="", raw=b"").replace(b"Fri, 02 Jan 2026 15:04:05 +0800", written.encode())
        ).date
        assert date is not None and (date.year, date.day, date.hour) == (2026, 2, hour)

    @pytest.mark.parametrize(
        "written",
        ["", "yesterday", "Fri, 99 Jan 2026 99:99:99 +9999", "9" * 400, "Mon, 1 Jan 1901 00:00:00 +2359"],
    )
    def test_a_date_that_is_none_is_none(self, written):
        assert parse(mail().replace(b"Fri, 02 Jan 2026 15:04:05 +0800", written.encode())).date is None

    def test_message_ids_that_were_folded_or_lost_their_brackets(self):
        read = parse(
            mail(
                headers="Message-ID: <abc\r\n def@x.com>\r\nIn-Reply-To: Your message <q@x.com> of today\r\nReferences: a@x.com b@x.com\r\n"
            )
        )
        assert (read.message_id, read.in_reply_to, read.references) == (
            "<abcdef@x.com>",
            "<q@x.com>",
            ("<a@x.com>", "<b@x.com>"),
        )

    def test_an_endless_thread_keeps_its_latest_ids(self):
        ids = " ".join(f"<{number}@x.com>" for number in range(500))
        references = parse(mail(headers=f"References: {ids}\r\n")).references
        assert len(references) == 100 and references[-1] == "<499@x.com>"


class TestAttachments:
    @pytest.mark.parametrize(
        ("disposition", "name"),
        [("filename*=utf-8''%E5%8F%91%E7%A5%A8.pdf", "发票.pdf"), ("filename*0*=gbk''%B7%A2; filename*1*=%C6%B1; filename*2=.pdf", "发票.pdf"),
         (f'filename="{word("发票.pdf", "gbk")}"', "发票.pdf"), (f'filename="{word("发")}\r\n {word("票.pdf")}"', "发票.pdf"),
         ("filename==?utf-8?B?5Y+R56WoLnBkZg==?=", "发票.pdf"), ("filename=a b.pdf", "a b.pdf"), ('filename="a;b.pdf"; size=3', "a;b.pdf"),
         ('filename="../../etc/passwd"', "passwd"), ('filename="C:\\\\temp\\\\a.pdf"', "a.pdf"), ("filename*=utf-8''a%2Fb.pdf", "b.pdf"),
         ('filename="x.pdf"; filename*=utf-8\'\'%E5%8F%91.pdf', "发.pdf"), ('filename="con.txt"', "_con.txt"), ('filename="a\u202egpj.exe"', "agpj.exe"),
         ('filename="unclosed.pdf', "unclosed.pdf"), ("filename=", "attachment-1.pdf"), ("", "attachment-1.pdf")],
    )  # fmt: skip
    def test_names_of_all_makes(self, disposition, name):
        read = parse(
            multi(
                part("x"),
                file_part(b"%PDF-1.4", "application/pdf", f"Content-Disposition: attachment; {disposition}"),
            )
        )
        assert read.attachments[0].name == name

    def test_a_raw_gbk_name(self):
        raw = multi(
            part("x"),
            file_part(b"%PDF-1.4", "application/pdf", 'Content-Disposition: attachment; filename="NAME.pdf"'),
        )
        assert (
            parse(raw.replace(b"NAME", "设备维修发票".encode("gbk"))).attachments[0].name
            == "设备维修发票.pdf"
        )

    def test_a_long_name_keeps_its_extension(self):
        read = parse(multi(part("x"), file_part(b"x", f'application/pdf; name="{"长" * 300}.pdf"')))
        name = read.attachments[0].name
        assert len(name) <= 120 and name.endswith(".pdf")

    @pytest.mark.parametrize(
        ("content", "detected"),
        [(PNG, "image/png"), (b"%PDF-1.7\n", "application/pdf"), (b"<svg onload=x>", "image/svg+xml"), (b"<?xml version='1.0'?><svg>", "image/svg+xml"),
         (b" <!DOCTYPE html><p>", "text/html"), (b"hi<script>x</script>", "text/html"), (b"MZ\x90\0", "application/x-msdownload"),
         ("您好".encode(), "text/plain"), (b"\0\1\2", "application/octet-stream"), (b"", "application/x-empty"), (b"BEGIN:VCARD", "text/vcard")],
    )  # fmt: skip
    def test_the_content_says_what_it_is(self, content, detected):
        read = parse(multi(part("x"), file_part(content, 'image/jpeg; name="x.jpg"')))
        assert (
            read.attachments[0].detected_type == detected
            and read.attachments[0].declared_type == "image/jpeg"
        )

    def test_uuencoded_files_in_prose_and_as_parts(self):
        import binascii

        data = bytes(range(100))
        lines = b"".join(binascii.b2a_uu(data[start : start + 45]) for start in range(0, 100, 45))
        block = b"begin 644 log.bin\n" + lines + b"`\nend\n"
        read = parse(mail(b"before\n" + block + b"after\n"))
        assert read.attachments[0].content == data and read.attachments[0].name == "log.bin"
        assert "before" in read.text and "after" in read.text and "begin" not in read.text
        alone = parse(
            multi(part("x"), part(block, "application/octet-stream", "Content-Transfer-Encoding: x-uuencode"))
        )
        assert (alone.attachments[0].content, alone.attachments[0].name) == (data, "log.bin")


class TestTransferEncodings:
    @pytest.mark.parametrize(
        ("label", "data"),
        [("base64", b64("您好".encode())), ("BASE64 (x)", b64("您好".encode())), ("quoted-printable ", quopri.encodestring("您好".encode())),
         ("Quoted_Printable;", quopri.encodestring("您好".encode())), ("7-bit", "您好".encode()), ("8bit", "您好".encode()), ("plain", "您好".encode()),
         ("x-nonsense", "您好".encode())],
    )  # fmt: skip
    def test_labels_of_all_makes(self, label, data):
        assert parse(mail(data, headers=f"Content-Transfer-Encoding: {label}\r\n")).text.strip() == "您好"

    def test_damaged_base64_gives_what_there_is(self):
        data = base64.b64encode("设备故障".encode())
        assert parse(mail(data[:-2], headers="Content-Transfer-Encoding: base64\r\n")).text.startswith(
            "设备故"
        )
        listed = data + b"\r\n____\r\nlist footer, with words\r\n"
        assert parse(mail(listed, headers="Content-Transfer-Encoding: base64\r\n")).text == "设备故障"

    def test_two_base64_streams_behind_one_another(self):
        data = base64.b64encode("一".encode() + b"a") + b"\r\n" + base64.b64encode("二".encode())
        assert parse(mail(data, headers="Content-Transfer-Encoding: base64\r\n")).text == "一a二"

    def test_words_under_a_base64_label_are_words(self):
        read = parse(
            mail(
                "Dear service, my device is broken.\r\nPlease help me soon.",
                headers="Content-Transfer-Encoding: base64\r\n",
            )
        )
        assert read.text.startswith("Dear service") and "base64.broken" in read.notes


class TestStructure:
    def test_a_missing_boundary_parameter_is_guessed(self):
        body = (
            b"--xyz\r\n" + part("正文") + b"\r\n--xyz\r\n" + file_part(PNG, "image/png") + b"\r\n--xyz--\r\n"
        )
        read = parse(mail(body, kind="multipart/mixed"))
        assert read.text == "正文" and len(read.attachments) == 1 and "boundary.guessed" in read.notes

    def test_a_boundary_that_never_comes_leaves_the_text(self):
        read = parse(mail("只有文字", kind='multipart/alternative; boundary="never"'))
        assert read.text == "只有文字" and "boundary.missing" in read.notes

    def test_one_boundary_that_begins_with_another(self):
        raw = multi(
            inner("alternative", "b1x", part("正文"), part("<p>正文</p>", "text/html; charset=utf-8")),
            file_part(PNG, "image/png"),
        )
        read = parse(raw)
        assert read.text == "正文" and read.html == "<p>正文</p>" and len(read.attachments) == 1

    def test_no_closing_boundary_and_words_behind_one(self):
        assert parse(multi(part("正文")).replace(b"--b1--", b"")).text.strip() == "正文"
        assert parse(multi(part("正文")).replace(b"--b1\r\n", b"--b1 ignored words\r\n")).text == "正文"

    def test_a_multipart_without_parts_or_with_empty_ones(self):
        assert parse(multi()).text == "--b1--"
        assert parse(multi(b"", b"\r\n", part(""))).text == ""

    def test_old_macintosh_line_ends(self):
        assert parse(mail("a\r\nb").replace(b"\r\n", b"\r")).text == "a\nb"

    def test_lines_wrapped_without_indentation_and_mbox_lines(self):
        raw = b"From z@x.com Fri Jan  2 15:04:05 2026\r\n" + mail(
            "正文", headers="X-Long: one\r\ntwo three\r\n"
        )
        read = parse(raw)
        assert (
            read.text == "正文"
            and read.headers.text("x-long") == "one two three"
            and "header.odd" in read.notes
        )

    def test_a_body_without_the_blank_line(self):
        read = parse(b"From: a@x.com\r\nSubject: s\r\nthis is the body\r\nreally\r\n")
        assert read.text == "this is the body\nreally" and "header.unended" in read.notes

    def test_header_only(self):
        assert parse(b"From: a@x.com\r\nSubject: s\r\n").subject == "s"

    def test_a_forwarded_mail_is_a_file_and_a_text(self):
        original = mail("原来的问题", headers=f"Subject: {word('投诉/建议')}\r\n")
        read = parse(multi(part("请处理"), part(original, "message/rfc822")))
        (file,) = read.attachments
        assert (
            file.name == "投诉_建议.eml"
            and file.content.rstrip(b"\r\n") == original
            and file.detected_type == "message/rfc822"
        )
        (forwarded,) = read.forwarded
        assert (
            (forwarded.subject, forwarded.text) == ("投诉/建议", "原来的问题")
            and forwarded.from_
            and forwarded.from_.mail == "zhang@example.com"
        )
        assert read.text == "请处理"

    def test_a_forward_in_a_forward_and_one_in_base64(self):
        deep = part(multi(part("二"), part(mail("三"), "message/rfc822"), boundary="b2"), "message/rfc822")
        assert [one.text for one in parse(multi(part("一"), deep)).forwarded] == ["二", "三"]
        assert parse(multi(part("一"), file_part(mail("二"), "message/rfc822"))).forwarded[0].text == "二"

    def test_an_invitation(self):
        ics = ("BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:CST\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:u1\r\n"
               "SUMMARY:设备\r\n 验收\\, 现场\r\nDTSTART;TZID=\"Asia/Shanghai\":20260105T140000\r\nDTEND:20260105T070000Z\r\n"
               "LOCATION:一号楼\r\nORGANIZER;CN=\"张:三\":mailto:z@x.com\r\nBEGIN:VALARM\r\nSUMMARY:no\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")  # fmt: skip
        read = parse(
            multi(
                part("请参加"), part(ics, "text/calendar; charset=utf-8; method=REQUEST"), sub="alternative"
            )
        )
        (event,) = read.calendars
        assert (event.method, event.summary, event.location, event.organiser, event.uid) == (
            "REQUEST",
            "设备验收, 现场",
            "一号楼",
            "z@x.com",
            "u1",
        )
        assert (event.start, event.end) == ("2026-01-05 14:00 (Asia/Shanghai)", "2026-01-05 07:00 UTC")
        assert read.attachments[0].declared_type == "text/calendar"

    def test_a_signed_mail_shows_its_text(self):
        read = parse(
            multi(
                part("正文"), file_part(b"0\x82", "application/pkcs7-signature; name=smime.p7s"), sub="signed"
            )
        )
        assert read.text == "正文" and read.attachments[0].name == "smime.p7s"


class TestReports:
    STATUS = ("Reporting-MTA: dns; mx.example.net\r\nOriginal-Envelope-Id: env1\r\n\r\nFinal-Recipient: rfc822; <li@example.net>\r\n"
              "Action: failed\r\nStatus: 5.1.1 (bad)\r\nDiagnostic-Code: smtp; 550 5.1.1 User\r\n unknown\r\nRemote-MTA: dns; a.example.net\r\n\r\n"
              "Final-Recipient: rfc822; wang@example.net\r\nAction: delayed\r\nStatus: 4.4.1\r\n")  # fmt: skip

    def test_a_formal_report(self):
        original = mail("x", headers="Message-ID: <sent1@example.org>\r\nSubject: our answer\r\n")
        read = parse(
            multi(
                part("Sorry"),
                part(self.STATUS, "message/delivery-status"),
                part(original, "message/rfc822"),
                sub="report",
                extra="; report-type=delivery-status",
            )
        )
        report = read.report
        assert report and report.formal and report.failed
        assert (report.original_message_id, report.original_subject, report.original_envelope_id) == (
            "<sent1@example.org>",
            "our answer",
            "env1",
        )
        failed, delayed = report.recipients
        assert (failed.recipient, failed.status, failed.diagnostic, failed.permanent) == (
            "li@example.net",
            "5.1.1",
            "550 5.1.1 User unknown",
            True,
        )
        assert (delayed.action, delayed.failed) == ("delayed", False)
        assert read.forwarded == () and read.text == "Sorry"

    def test_only_the_header_came_back(self):
        headers = part("Message-ID: <sent2@example.org>\r\nSubject: s\r\n", "text/rfc822-headers")
        report = parse(
            multi(part("x"), part(self.STATUS, "message/delivery-status"), headers, sub="report")
        ).report
        assert report and report.original_message_id == "<sent2@example.org>"

    def test_a_netease_bounce_in_prose(self):
        text = ("抱歉，您的邮件被退回来了……\n\n原邮件信息：\n主题：我们的回复\n时间：2026-01-02\n\n无法发送到 li@example.net\n"
                "退信原因：SMTP error, RCPT TO: host said: 550 5.1.1 User not found\n\nMessage-ID: <sent3@example.org>\n")  # fmt: skip
        read = parse(mail(text, headers=f"From: Postmaster@163.com\r\nSubject: {word('系统退信')}\r\n"))
        report = read.report
        assert report and not report.formal and report.failed
        assert report.recipients[0].recipient == "li@example.net" and report.recipients[0].status == "5.1.1"
        assert (report.original_message_id, report.original_subject) == ("<sent3@example.org>", "我们的回复")

    def test_an_exim_bounce_in_prose(self):
        text = "A message could not be delivered:\n\n  li@example.net\n    550 no such user\n\n------ This is a copy of the message, including all the headers. ------\n\nMessage-ID: <sent4@example.org>\nTo: other@example.net\n"
        report = parse(
            mail(
                text,
                headers="From: Mail Delivery System <Mailer-Daemon@mx.example.org>\r\nX-Failed-Recipients: li@example.net\r\n",
            )
        ).report
        assert (
            report
            and report.recipients[0].status == "5.0.0"
            and report.original_message_id == "<sent4@example.org>"
        )

    def test_an_ordinary_mail_is_no_report(self):
        assert parse(mail("Message-ID: <x@y.com> 550 5.1.1 a@b.com")).report is None


class TestOtherHeaders:
    def test_lists_marks_and_authentication(self):
        read = parse(mail(headers="List-Id: News <news.example.com>\r\nAuto-Submitted: auto-replied\r\nReturn-Path: <>\r\n"
                          "Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=x; dkim=fail (bad) header.d=x; dmarc=none\r\n"))  # fmt: skip
        assert read.list_headers["list-id"] == "News <news.example.com>"
        assert (
            read.auto_headers["auto-submitted"] == "auto-replied" and read.auto_headers["return-path"] == "<>"
        )
        assert [(one.server, one.method, one.result) for one in read.authentication] == [
            ("mx.example.org", "spf", "pass"), ("mx.example.org", "dkim", "fail"), ("mx.example.org", "dmarc", "none"),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("raw", "value", "parameters"),
        [(b'text/plain; charset="gb2312"; format=flowed', "text/plain", {"charset": "gb2312", "format": "flowed"}),
         (b"TEXT/HTML charset=gbk", "text/html", {"charset": "gbk"}), (b"; name=x", "", {"name": "x"}), (b"name=x.pdf", "", {"name": "x.pdf"}),
         (b"a/b; c=1; c=2", "a/b", {"c": "1"}), (b"a/b;;; c=1;", "a/b", {"c": "1"}), (b"", "", {})],
    )  # fmt: skip
    def test_parameters_of_all_makes(self, raw, value, parameters):
        assert read_parameters(raw) == (value, parameters)


class TestBounds:
    @pytest.mark.parametrize("raw", [b"", b"\r\n\r\n", b"\0\0\0", b"   "])
    def test_nothing_is_no_mail(self, raw):
        with pytest.raises(Unparseable) as caught:
            parse(raw)
        assert caught.value.reason == "empty"

    @pytest.mark.parametrize(
        "raw",
        [
            b"just some words\nwithout a header",
            b"\x89PNG\r\n\x1a\n" + bytes(200),
            b"<html><body>x</body></html>",
        ],
    )
    def test_no_header_is_no_mail(self, raw):
        with pytest.raises(Unparseable) as caught:
            parse(raw)
        assert caught.value.reason == "no_header" and str(caught.value)

    def test_depth_is_bounded(self):
        raw = part("innermost")
        for level in range(60):
            raw = inner("mixed", f"level{level}x", raw)
        read = parse(b"From: a@x.com\r\n" + raw)
        assert "depth.limit" in read.notes and len(read.attachments) == 1
        message = mail("innermost")
        for level in range(60):
            message = multi(part("x"), part(message, "message/rfc822"), boundary=f"level{level}x")
        read = parse(message)
        assert "depth.limit" in read.notes and len(read.forwarded) <= 20

    def test_parts_files_text_and_decoding_are_bounded(self):
        tight = Limits(parts=20, attachments=5, text_chars=50, decoded_bytes=10_000, html_chars=50)
        read = parse(multi(*[file_part(b"x", "application/pdf") for _number in range(100)]), limits=tight)
        assert len(read.attachments) == 5 and {"parts.limit", "attachments.limit"} <= set(read.notes)
        read = parse(mail("长" * 100), limits=tight)
        assert len(read.text) == 50 and "text.limit" in read.notes
        read = parse(multi(part("x"), file_part(b"y" * 50_000, "application/pdf")), limits=tight)
        assert len(read.attachments[0].content) < 10_000 and "decoded.limit" in read.notes
        assert "html.limit" in parse(mail("<p>" * 60, kind="text/html"), limits=tight).notes

    @pytest.mark.parametrize(
        "raw",
        [b"A: b\r\n" * 200_000, b"Subject: " + b"=?utf-8?Q?x" * 100_000, b"Subject: x\r\n" + b" y\r\n" * 200_000, b"To: " + b"a@b.c," * 100_000,
         b"To: " + b"(" * 100_000, b"To: " + b'"' * 100_001, b"To: " + b":a=" * 50_000, b"To: <" + b" " * 100_000 + b">x",
         b"References: " + b"<" * 100_000, b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n" * 200_000,
         b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--ab\r\n" * 200_000, b"Content-Type: multipart/mixed\r\n\r\n" + b"\n--a b c" * 200_000,
         b"Content-Type: text/plain; " + b"a*1*=b;" * 50_000, b'Content-Type: text/plain; x="' + b"\\" * 100_000,
         b"From: a@b\r\n\r\n" + b"begin 644 a\nM\n" * 50_000 + b"\nend\n", b"From: a@b\r\nContent-Type: text/html\r\n\r\n" + b"<div>" * 200_000,
         b"From: a@b\r\nContent-Type: text/html\r\n\r\n" + b"<img src=data:image/png;base64,AAAA " * 20_000,
         b"From: mailer-daemon@b\r\n\r\n" + b"a" * 500_000 + b"@" * 1000, b"Date: " + b"1 " * 50_000],
        ids=lambda raw: repr(raw[:24]),
    )  # fmt: skip
    def test_hostile_mails_cost_little(self, raw):
        begun = time.process_time()
        parse(raw)
        assert time.process_time() - begun < 3

    @given(st.binary(max_size=600))
    def test_any_bytes_are_read_or_refused(self, raw):
        try:
            parse(raw)
        except Unparseable as refused:
            assert refused.reason in {"empty", "no_header"}

    @given(
        st.lists(
            st.sampled_from(
                [b"From: a@b.c\r\n", b"Subject: =?gb2312?B?xOM=?=\r\n", b"Content-Type: multipart/mixed; boundary=b\r\n", b"Content-Type: text/html; charset=gbk\r\n",
                 b"Content-Type: message/rfc822\r\n", b"Content-Type: message/delivery-status\r\n", b"Content-Type: text/calendar\r\n", b"Content-Type: application/ms-tnef\r\n",
                 b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: x-uuencode\r\n", b"Content-Disposition: attachment; filename*0*=gbk''%\r\n", b"\r\n", b"--b\r\n", b"--b--\r\n",
                 b"begin 644 x\r\n", b"end\r\n", b"BEGIN:VEVENT\r\n", b"\x78\x9f\x3e\x22\x01\x00\x01\x0f\x80\x02\x00\xff\xff\xff\xff", b"\xc4\xe3\xba", b"\x1b$)A\x0e", b"<b>&#x;</b>", b"\0", b" "]
            ),
            max_size=25,
        )
    )  # fmt: skip
    def test_any_mixture_of_mail_is_read_or_refused(self, pieces):
        raw = b"".join(pieces)
        try:
            read = parse(raw)
        except Unparseable:
            return
        for text in (read.subject, read.text, read.html, *(one.name for one in read.attachments)):
            assert "\x00" not in text
            text.encode("utf-8")

    def test_an_ordinary_mail_is_read_quickly(self):
        received = "".join(
            f"Received: from mx{number}.example.com (mx{number}.example.com [192.0.2.{number}]) by a with ESMTP id {number}; Fri, 2 Jan 2026 15:04:05 +0800\r\n"
            for number in range(6)
        )
        text = "您好，设备开机后没有反应，请尽快安排人员处理。\r\n" * 12
        html = "<div><p>" + "您好，设备开机后没有反应，请尽快安排人员处理。</p><p>" * 12 + "</p></div>"
        raw = multi(part(b64(text.encode()), "text/plain; charset=utf-8", "Content-Transfer-Encoding: base64"),
                    part(b64(html.encode()), "text/html; charset=utf-8", "Content-Transfer-Encoding: base64"), sub="alternative",
                    headers=received + f"Subject: {word('设备故障报修')}\r\nMessage-ID: <x@y.com>\r\n")  # fmt: skip
        assert 3_500 < len(raw) < 5_500
        parse(raw)
        best = 1.0
        for _round in range(10):  # the best of ten: other work on the machine is not the parser's
            begun = time.process_time()
            for _mail in range(10):
                parse(raw)
            best = min(best, (time.process_time() - begun) / 10)
        assert best < 0.002
