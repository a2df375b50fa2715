import pytest
from hypothesis import given
from hypothesis import strategies as st

from shounuo.channels.mail.tokens import (
    make_message_id,
    make_plus_address,
    make_subject_tag,
    read_message_id,
    read_plus_address,
    read_subject_tag,
)

KEY, OLD, OTHER = b"new key", b"old key", b"someone else's"
NUMBERS = st.integers(0, 2**63 - 1)


class TestMessageIds:
    @given(NUMBERS, NUMBERS)
    def test_what_is_made_is_read(self, case_number, interaction_id):
        mid = make_message_id(case_number, interaction_id, "mail.example.org", KEY)
        assert read_message_id(mid, [KEY]) == (case_number, interaction_id)
        assert len(mid) < 120

    def test_keys_rotate(self):
        mid = make_message_id(1, 2, "example.org", OLD)
        assert read_message_id(mid, [KEY, OLD]) == (1, 2)
        assert read_message_id(mid, [KEY]) is None and read_message_id(mid, []) is None

    def test_programs_that_change_case_or_brackets_do_no_harm(self):
        mid = make_message_id(48217, 9, "example.org", KEY)
        assert read_message_id(mid.upper(), [KEY]) == (48217, 9)
        assert read_message_id(f"  {mid.strip('<>')} ", [KEY]) == (48217, 9)

    def test_a_changed_number_or_signature_is_no_proof(self):
        mid = make_message_id(48217, 9, "example.org", KEY)
        first, rest = mid.split(".", 1)
        assert read_message_id(f"{first}.{rest.replace('117d', '117e', 1)}", [KEY]) is None
        for place, letter in enumerate(mid):
            if letter.isalnum() and place < mid.index("@") and place > 3:
                changed = mid[:place] + ("b" if letter != "b" else "c") + mid[place + 1 :]
                assert read_message_id(changed, [KEY]) is None
        assert read_message_id(mid, [OTHER]) is None

    @given(st.text(max_size=200))
    def test_any_text_is_read_without_harm(self, text):
        assert read_message_id(text, [KEY]) is None
        assert read_plus_address(text, [KEY]) is None
        read_subject_tag(text)

    @pytest.mark.parametrize("domain", ["", "a b", "x>\r\nBcc: y", "-x.org"])
    def test_a_domain_must_be_one(self, domain):
        with pytest.raises(ValueError):
            make_message_id(1, 2, domain, KEY)


class TestPlusAddresses:
    @given(NUMBERS)
    def test_what_is_made_is_read(self, number):
        address = make_plus_address("service@example.org", number, KEY)
        assert read_plus_address(f"Service <{address.upper()}>", [OLD, KEY]) == number
        assert len(address.partition("@")[0]) <= 64 and read_plus_address(address, [OTHER]) is None

    def test_a_token_is_replaced_not_stacked(self):
        once = make_plus_address("service@example.org", 1, KEY)
        assert read_plus_address(make_plus_address(once, 2, KEY), [KEY]) == 2

    def test_a_token_of_one_kind_is_no_proof_of_the_other(self):
        signature = make_plus_address("s@x.org", 5, KEY).partition(".")[2].partition("@")[0]
        assert read_message_id(f"<sn.5.5.{signature}@x.org>", [KEY]) is None

    def test_a_mailbox_too_long_for_it_is_refused(self):
        with pytest.raises(ValueError):
            make_plus_address("a" * 50 + "@example.org", 5, KEY)


class TestSubjectTags:
    @pytest.mark.parametrize(
        ("subject", "number"),
        [("Re: [#48217] 设备", 48217), ("回复：【#48217】设备", 48217), ("［＃48217］", 48217), ("[ # 7 ]", 7), ("[#1] Re: [#2]", 2), ("#48217", None), ("[48217]", None), ("", None), ("[#" + "9" * 30 + "]", None)],
    )  # fmt: skip
    def test_tags_of_all_makes(self, subject, number):
        assert read_subject_tag(subject) == number

    def test_what_is_made_is_read(self):
        assert make_subject_tag(48217) == "[#48217]" and read_subject_tag(make_subject_tag(48217)) == 48217
