import pytest
from hypothesis import given
from hypothesis import strategies as st

from shounuo.kernel.text import (
    clean,
    clean_line,
    decode,
    fold_width,
    initials,
    known_charset,
    mask_mail,
    mask_phone,
    normalise_mail,
    normalise_phone,
    search_query,
    search_terms,
    sort_key,
    truncate,
)

CHARSETS = ["", None, "gb2312", "gbk", "hz-gb-2312", "big5", "euc-kr", "iso-2022-jp", "iso-2022-cn", "utf-7", "utf-8",
            "utf-16", "utf-32", "iso-8859-1", "us-ascii", "windows-1251", "koi8-r", "zlib", "punycode", "x-unknown",
            "idna", "unicode_escape", "undefined", "\udcff"]  # fmt: skip


class TestDecoding:
    def test_gb2312_is_read_by_its_superset(self):
        assert decode("联系—电话 镕 喆".encode("gb18030"), "GB2312") == "联系—电话 镕 喆"

    def test_the_euro_sign_of_code_page_936_is_kept(self):
        assert decode("价格：".encode("gbk") + b"\x80" + "100 元".encode("gbk"), "gb2312") == "价格：€100 元"

    def test_a_wrong_byte_is_replaced_and_the_rest_stays(self):
        assert decode("您好".encode("gbk") + b"\xff\n" + "谢谢".encode("gbk"), "gbk") == "您好\ufffd\n谢谢"

    def test_utf_8_under_a_gb_label_is_noticed(self):
        assert decode("您好，订单有问题".encode(), "gb2312") == "您好，订单有问题"

    def test_gbk_under_a_utf_8_label_is_noticed(self):
        assert decode("您好，我们的订单有问题".encode("gbk"), "utf-8") == "您好，我们的订单有问题"

    def test_gbk_under_a_latin_label_is_noticed(self):
        assert decode("您好，我们的订单有问题".encode("gbk"), "iso-8859-1") == "您好，我们的订单有问题"

    def test_big5_with_hong_kong_characters(self):
        assert decode("你好，嘅 啲".encode("big5hkscs"), "Big5") == "你好，嘅 啲"

    def test_unlabelled_big5_is_told_from_gbk(self):
        assert decode("我們已經收到您的來信".encode("big5")) == "我們已經收到您的來信"
        assert decode("我们已经收到您的来信".encode("gbk")) == "我们已经收到您的来信"

    def test_latin_is_code_page_1252(self):
        assert decode(b"caf\xe9 \x93quoted\x94 \x80", "iso-8859-1") == "café “quoted” €"
        assert decode("Formação crème brûlée".encode("latin-1")) == "Formação crème brûlée"

    def test_korean_is_code_page_949(self):
        assert decode("똠방각하".encode("cp949"), "ks_c_5601-1987") == "똠방각하"

    def test_iso_2022_jp_with_vendor_characters_and_half_width_kana(self):
        assert decode("日本語".encode("iso2022_jp"), "ISO-2022-JP") == "日本語"
        assert decode(b"\x1b$B-!\x1b(B / \x1b(I1\x1b(B", "iso-2022-jp") == "① / ｱ"

    def test_iso_2022_cn_which_python_does_not_know(self):
        shifted = bytes(byte & 0x7F for byte in "交换机".encode("gb2312"))
        assert decode(b"\x1b$)A\x0e" + shifted + b"\x0f: A1", "iso-2022-cn") == "交换机: A1"

    def test_iso_2022_kr(self):
        assert decode("한국".encode("iso2022_kr"), "iso-2022-kr") == "한국"

    def test_hz(self):
        assert decode("中国ABC".encode("hz"), "hz-gb-2312") == "中国ABC"
        assert decode("中国".encode("hz"), "gb2312") == "中国"

    def test_utf_7_only_when_it_can_be(self):
        assert decode("您好 a+b".encode("utf-7"), "UTF-7") == "您好 a+b"
        assert decode("您好".encode(), "utf-7") == "您好"

    def test_utf_16_with_and_without_mark(self):
        assert decode("您好".encode("utf-16"), "utf-16") == "您好"
        assert decode("订单 AB12".encode("utf-16-be"), "utf-16") == "订单 AB12"

    def test_a_cut_off_character_does_not_change_the_charset(self):
        assert decode("您好".encode()[:-1], "utf-8") == "您\ufffd"

    def test_the_hint_decides_before_guessing(self):
        text = "обращение"
        assert decode(text.encode("koi8-r"), None, hint="koi8-r") == text

    @pytest.mark.parametrize(
        ("label", "codec"),
        [("GB_2312-80", "gb18030"), ('"gbk"', "gb18030"), ("x-gbk;", "gb18030"), ("=utf-8", "utf-8"), ("utf8mb4", "utf-8"),
         ("ISO_8859-1:1987", "cp1252"), ("windows-1251", "cp1251"), ("zlib", ""), ("rot13", ""), ("../../x", ""), ("a" * 500, "")],
    )  # fmt: skip
    def test_labels(self, label, codec):
        assert known_charset(label) == codec

    @given(st.binary(max_size=300), st.sampled_from(CHARSETS), st.sampled_from(CHARSETS))
    def test_decoding_never_raises(self, data, charset, hint):
        assert isinstance(decode(data, charset, hint=hint), str)

    @given(
        st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=60)
    )
    def test_gb18030_survives_under_every_gb_label(self, text):
        for label in ("gb2312", "gbk", "gb18030", "x-cp20936"):
            read = decode(text.encode("gb18030"), label)
            assert read == text or "\ufffd" not in read


class TestCleaning:
    def test_postgres_can_take_what_is_left(self):
        assert clean("a\x00b\x1b[31mc\x9fd\r\ne\rf\ud800g\ufffe") == "ab[31mcd\ne\nf\ufffdg\ufffd"

    @given(st.text())
    def test_nothing_unsafe_is_left(self, text):
        cleaned = clean(text)
        cleaned.encode("utf-8")
        assert "\x00" not in cleaned and "\r" not in cleaned
        assert clean(cleaned) == cleaned

    def test_names_lose_line_ends_and_disguises(self):
        assert clean_line("发票\u202egpj.exe\r\nBcc: x\u200b") == "发票gpj.exe Bcc: x"

    def test_full_width_becomes_half_width(self):
        assert fold_width("ＡＢ－１２：　￥！") == "AB-12: ¥!"
        assert fold_width("您好，") == "您好,"

    def test_truncation_counts_characters_and_keeps_them_whole(self):
        assert truncate("您好世界", 4) == "您好世界"
        assert truncate("您好世界！", 4) == "您好世…"
        assert truncate("ab👍🏽cd", 4) == "ab…"
        assert truncate("e\u0301e\u0301e\u0301", 4) == "e\u0301…"

    @given(st.text(), st.integers(0, 20))
    def test_truncation_keeps_its_promise(self, text, limit):
        assert len(truncate(text, limit)) <= max(limit, 0) or len(text) <= limit


class TestContacts:
    @pytest.mark.parametrize(
        ("given_", "normal"),
        [("Zhang.San@QQ.com", "zhang.san@qq.com"), (" <mailto:a@b.com> ", "a@b.com"), ("ａ＠ｂ．com", "a@b.com"),
         ("客服@例子.中国", "客服@xn--fsqu00a.xn--fiqs8s"), ('"zhang"@x.com', "zhang@x.com"), ("a@b.com，", "a@b.com"),
         ("没有", ""), ("a b@c.com", ""), ("a@b..com", ""), ("a@@b.com", ""), ("", ""), ("a@b\r\nBcc: c@d", "")],
    )  # fmt: skip
    def test_mail_addresses_have_one_form(self, given_, normal):
        assert normalise_mail(given_) == normal

    @pytest.mark.parametrize(
        ("written", "normal"),
        [("13812346721", "13812346721"), ("+86 138 1234 6721", "13812346721"), ("0086-13812346721", "13812346721"),
         ("(+86)138-1234-6721", "13812346721"), ("8613812346721", "13812346721"), ("１３８１２３４６７２１", "13812346721"),
         ("013812346721", "13812346721"), ("17951 13812346721", "13812346721"), ("电话：13812346721，急", "13812346721"),
         ("010-62781234", "01062781234"), ("+86-10-6278 1234", "01062781234"), ("（0571）8888 8888 转 801", "057188888888-801"),
         ("010-62781234-801", "01062781234-801"), ("021-5555 6666 ext. 12", "02155556666-12"), ("0755-26001234/139 1234 5678", "075526001234"),
         ("400-800-1234", "4008001234"), ("95588", "95588"), ("12315", "12315"), ("62781234", "62781234"),
         ("+1 415 555 0123", "+14155550123"), ("00852 2345 6789", "+85223456789"), ("1381234672", ""), ("abc", ""),
         ("2026-01-02", ""), ("20260102", ""), ("订单 20260102123456", ""), ("", "")],
    )  # fmt: skip
    def test_phone_numbers_have_one_form(self, written, normal):
        assert normalise_phone(written) == normal
        assert normalise_phone(normal) == normal

    @pytest.mark.parametrize(
        "written", ["١٣٨١٢٣٤٦٧٢١", "13٨-1234-6721", "+८६ १३८ १२३४ ६७२१", "１３８１２３４６７２１"]
    )
    def test_digits_of_any_script_make_the_same_number(self, written):
        assert normalise_phone(written) == "13812346721"
        assert mask_phone(written) == "138 **** 6721"

    def test_what_only_looks_like_a_digit_makes_no_number(self):
        assert normalise_phone("1381234672²") == ""
        assert mask_phone("²³") == ""

    def test_masks_show_who_but_not_how_to_reach(self):
        assert mask_phone("+86 13812346721") == "138 **** 6721"
        assert mask_phone("010-62781234-801") == "010 **** 1234-***"
        assert mask_phone("0571-8888888") == "0571 **** 8888"
        assert mask_phone("+14155550123") == "+14 **** 0123"
        assert mask_phone("95588") == "***88"
        assert mask_phone("") == ""
        assert mask_mail("zhangsan@example.com") == "z***n@example.com"
        assert mask_mail("li@example.com") == "l***@example.com"
        assert mask_mail("垃圾") == "***"

    @given(st.text(max_size=80))
    def test_contacts_never_raise(self, text):
        normalise_mail(text)
        normalise_phone(text)
        mask_mail(text)
        mask_phone(text)


class TestNames:
    @pytest.mark.parametrize(
        ("name", "letters"),
        [("张三丰", "zsf"), ("单雄信", "sxx"), ("曾国藩", "zgf"), ("万俟卨", "mqx"), ("尉迟恭", "ycg"), ("重庆医院", "cqyy"),
         ("Tom Li", "tl"), ("北京A公司", "bja"), ("", "")],
    )  # fmt: skip
    def test_initials(self, name, letters):
        assert initials(name) == letters

    def test_names_sort_by_sound_with_the_shorter_first(self):
        names = ["张三", "李四", "李娜", "李", "王五", "Anna", "欧阳修", "曾凡"]
        assert sorted(names, key=sort_key) == ["Anna", "李", "李娜", "李四", "欧阳修", "王五", "曾凡", "张三"]

    def test_homophones_have_keys_of_their_own(self):
        assert sort_key("张三") != sort_key("章三")

    @given(st.text(max_size=40))
    def test_any_name_has_a_key_that_fits_its_column(self, name):
        assert len(sort_key(name)) <= 255 and len(initials(name)) <= 60


class TestSearch:
    def test_terms_hold_words_characters_and_pairs(self):
        terms = search_terms("客户服务部，SN-2024 坏了").split()
        assert {"客", "户", "客户", "户服", "服务", "部", "sn", "2024", "坏了"} <= set(terms)
        assert len(terms) == len(set(terms))

    def test_letters_glued_to_characters_are_found(self):
        assert {"a1", "型号", "坏"} <= set(search_terms("型号A1坏了").split())

    @pytest.mark.parametrize(
        "query", ["诺", "守诺", "守诺率", "客服投诉", "无法登录", "zhang@qq.com", "SN-2024", "Ａ１"]
    )
    def test_a_query_of_any_length_matches_the_text_that_holds_it(self, query):
        text = f"前文{query}后文，还有别的"
        terms = set(search_terms(text).split())
        asked = [term.strip("'") for term in search_query(query).split(" & ")]
        assert asked and set(asked) <= terms

    def test_words_need_not_stand_together(self):
        terms = set(search_terms("系统无法正常登录").split())
        assert {term.strip("'") for term in search_query("无法登录").split(" & ")} <= terms

    def test_a_query_is_safe_whatever_is_typed(self):
        assert search_query("a' | !b & (c):* \\") == "'a' & 'b' & 'c'"
        assert search_query("😀 ，。") == ""
        assert search_query("的") == "'的'"

    def test_terms_fit_a_tsvector(self):
        text = "".join(
            chr(0x4E00 + number % 20000) + chr(0x4E00 + number * 7 % 20000) for number in range(90_000)
        )
        assert len(search_terms(text).encode()) < 1024 * 1024

    @given(st.text(max_size=120))
    def test_every_character_run_is_found_again(self, text):
        asked = [term.strip("'") for term in search_query(text[:5]).split(" & ") if term]
        assert set(asked) <= set(search_terms(text[:5] + " " + text).split())


@pytest.mark.django_db
class TestSearchInPostgres:
    def matches(self, text: str, query: str) -> bool:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT to_tsvector('simple', %s) @@ to_tsquery('simple', %s)",
                [search_terms(text), search_query(query)],
            )
            return bool(cursor.fetchone()[0])

    @pytest.mark.parametrize(
        "query",
        [
            "诺",
            "守诺",
            "客服投诉",
            "zhang@qq.com",
            "SN-2024-001",
            "1e5",
            "0x1F",
            "3.14",
            "a_b",
            "https://x.example/a?b=1",
            "型号A1",
            "É",
            "設備",
            "テスト",
            "a' & !b",
        ],
    )
    def test_a_text_is_found_by_what_it_holds(self, query):
        assert self.matches(f"前文 {query} 后文", query)
        assert not self.matches("完全无关的内容 xyz", query)

    def test_a_very_long_text_fits(self):
        text = "".join(
            chr(0x4E00 + number % 20000) + chr(0x4E00 + number * 7 % 20000) for number in range(90_000)
        )
        assert self.matches(text, text[:4])
