"""The mail library on public material that is not part of the project: `SHOUNUO_SAMPLES=<folder> pytest -m
samples`.
"""

import time

import pytest

from shounuo.channels.mail.classify import kind_of
from shounuo.channels.mail.mailbox_files import iter_mailbox
from shounuo.channels.mail.parse import Unparseable, parse
from shounuo.channels.mail.quote import split_html, split_text
from shounuo.kernel.html import sanitise
from shounuo.kernel.tests.test_html import assert_safe

pytestmark = pytest.mark.samples

# How many lines of each reply are new, as the collections' own tests say or, where those are silent, as a
# reader does.
NEW_LINES = {
    "crisp_reply/fixtures": {
        1: "correct_sig email_19 email_20 email_2_1 email_4 email_blackberry email_custom_quote_header "
        "email_customer_quote_header_2 email_iphone email_multi_word_sent_from_my_mobile_device email_sent_from "
        "email_thread email_tricky_11_double_signature email_tricky_17_forward_header email_tricky_9_nested_quotes "
        "email_unquoted_reply sig_no_empty_line",
        2: "email_zoho",
        3: "email_6 email_customer_quote_header_3 email_sent_from_my_not_signature email_tricky_20_html_entities",
        4: "email_tricky_16_unicode_signatures email_with_from_headers",
        5: "email_10 email_11 email_12 email_13 email_14 email_15 email_16 email_17 email_18 email_22 email_23 "
        "email_24 email_25 email_26 email_3 email_7 email_8 email_9 email_danish_dash_separator "
        "email_en_multiline_2 email_finnish email_fr_multiline email_french_2 email_french_dash_separator "
        "email_german email_german_2 email_german_3 email_german_outlook email_gmail_split_line_from "
        "email_ios_outlook email_ios_outlook_fr email_italian email_msn email_norwegian_gmail email_one_is_not_on "
        "email_original_message email_original_message_2 email_outlook_split_line_from email_portuguese "
        "email_russian email_tricky_10_special_chars_in_name email_tricky_12_no_space_after_header "
        "email_tricky_14_long_quote_header email_tricky_15_original_message_variations "
        "email_tricky_2_url_with_wrote email_tricky_4_from_in_body email_tricky_5_mixed_languages "
        "email_tricky_8_sent_from_in_content email_with_date_headers email_with_regards",
        6: "email_tricky_1_on_false_positive",
        7: "email_1 email_emoji email_tricky_6_regards_in_sentence",
        9: "email_bullets email_tricky_13_timestamp_variations",
        10: "email_not_a_signature_2",
        11: "email_reply_header",
        12: "email_tricky_18_inline_reply email_tricky_19_quote_without_header email_tricky_3_code_block",
        15: "email_5 email_tricky_7_multiple_dashes",
        16: "email_not_a_signature",  # we fold "Sincerely, ..." as we fold "Regards, ..."
        34: "email_2",
        638: "email_21",
    },
    "github_reply/emails": {
        1: "correct_sig email_1_4 email_1_6 email_1_7 email_2_1 email_2_2 email_2_3 email_BlackBerry email_iPhone "
        "email_multi_word_sent_from_my_mobile_device",
        2: "pathological",
        3: "email_sent_from_my_not_signature",
        5: "email_1_3 email_one_is_not_on",
        6: "greedy_on",
        7: "email_1_1 email_sig_delimiter_in_middle_of_line",
        9: "email_bullets",
        10: "email_long_quote",
        15: "email_1_5",
        19: "email_1_8",
        34: "email_1_2",
    },
}


def test_every_sample_mail_is_read_or_refused_with_a_reason(samples):
    read = refused = 0
    spent = 0.0
    for path in sorted((samples / "mail").rglob("*")):
        if not path.is_file() or "_reply" in str(path):
            continue
        raw = path.read_bytes()
        begun = time.process_time()
        try:
            mail = parse(raw)
        except Unparseable as problem:
            assert problem.reason in {"empty", "no_header"}, path
            refused += 1
            continue
        finally:
            spent += time.process_time() - begun
        read += 1
        for text in (mail.subject, mail.text, mail.html, *(one.name for one in mail.attachments)):
            assert "\x00" not in text and text.encode("utf-8") is not None
        assert_safe(sanitise(mail.html, {one.cid: "/files/1" for one in mail.attachments if one.cid}).html)
        for split, source in ((split_text, mail.text), (split_html, mail.html)):
            parts = split(source)
            assert parts.visible + parts.folded == source
        assert str(kind_of(mail).reason)
    print(f"{read} read, {refused} refused, {spent * 1000 / max(1, read):.2f} ms each")  # noqa: T201
    assert read >= 500 and refused <= 5


def test_the_sample_mailboxes_give_their_mails(samples):
    found = list(
        iter_mailbox(
            samples / "mail" / "mime4j" / "mbox" / "src" / "test" / "resources" / "test-1" / "mbox.rlug"
        )
    )
    assert len(found) == 5 and all(parse(raw).from_ for _key, raw in found)


def test_replies_are_divided_where_a_reader_would(samples):
    wrong, total = [], 0
    for folder, labels in NEW_LINES.items():
        for lines, names in labels.items():
            for name in names.split():
                text = (
                    (samples / "mail" / folder / f"{name}.txt")
                    .read_bytes()
                    .decode("utf-8", "replace")
                    .replace("\r\n", "\n")
                )
                split = split_text(text)
                assert split.visible + split.folded == text
                total += 1
                if len(split.visible.rstrip("\n").split("\n")) != lines:
                    wrong.append(f"{folder}/{name}")
    print(f"{total - len(wrong)} of {total} replies divided right; not: {wrong}")  # noqa: T201
    assert len(wrong) <= 1, wrong
