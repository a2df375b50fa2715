"""Every mail of the sample material goes through the whole intake: each is kept, handled, and counted."""

from collections import Counter

import pytest

from shounuo.cases.models import Interaction
from shounuo.channels import services
from shounuo.channels.models import RawMessage
from shounuo.channels.services import shown_html
from shounuo.channels.testing import AT, make_mailbox
from shounuo.events.testing import run_jobs
from shounuo.files.models import File
from shounuo.notices.testing import clear_outbox, outbox
from shounuo.staff.testing import set_up_organisation

pytestmark = [pytest.mark.django_db, pytest.mark.samples, pytest.mark.slow]
# Reply bodies and expected outputs lie among the mails; they are no mails, and taken as such all the same.
FOLDERS = ("mime4j", "mikel_mail", "enmime", "imap_tools", "php_mime_mail_parser", "nodemailer", "cpython_test_email",
           "django_helpdesk")  # fmt: skip
FORBIDDEN = ("<script", "<iframe", "<object", "<form", "javascript:", "onerror=", "onload=")


def test_each_sample_mail_ends_in_exactly_one_state(samples, record_property):
    set_up_organisation()
    clear_outbox()
    make_mailbox(catch_all=True)
    files = [f for name in FOLDERS for f in sorted((samples / "mail" / name).rglob("*")) if f.is_file()]
    assert len(files) > 400
    for n, file in enumerate(files):
        row = services.mail_accept(
            raw=file.read_bytes(), via="smtp", source_key=f"sample:{n}", envelope_from="someone@example.org",
            envelope_to=["kefu@shounuo.test"], at=AT,
        )  # fmt: skip
        services.mail_handle(raw_id=row.pk, at=AT)
    run_jobs(AT)
    states = Counter(RawMessage.objects.values_list("state", flat=True))
    record_property("states", dict(states))
    ended = ("case", "duplicate", "bounce", "auto", "loop", "quarantined")
    assert sum(states[s] for s in ended) == len(files) == sum(states.values())
    assert states["quarantined"] < len(files) / 10 and states["case"] > len(files) / 2
    assert RawMessage.objects.filter(state="case", interaction_id=None).count() == 0
    assert Interaction.objects.filter(direction="in").count() >= states["case"]
    assert len({(s.message_id, s.recipients) for s in outbox}) == len(outbox)
    for message in Interaction.objects.exclude(html=""):
        attached = File.objects.filter(ref=message.pk).select_related("blob")
        shown = shown_html(message, attached).lower()
        assert not any(bad in shown for bad in FORBIDDEN), message.pk
