"""A department as the stories need it: people, a mailbox, a regulation in force, and a clock that the story sets.

Mail comes in and goes out as bytes, jobs run as a worker runs them, clocks as their loop does; `house.at` is the time of
day everywhere, also on the pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from django.test import Client

from shounuo.cases.models import Case
from shounuo.cases.queries import by_number
from shounuo.channels import services as channels
from shounuo.channels.models import Mailbox, RawMessage
from shounuo.channels.testing import make_mail, make_mailbox
from shounuo.commitments import loop, queries
from shounuo.commitments.models import Clock
from shounuo.events.models import Event
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.metrics.testing import observe_all
from shounuo.notices.models import Notice
from shounuo.notices.testing import outbox, parsed
from shounuo.policy.testing import make_in_force, make_shipped
from shounuo.staff.models import Person
from shounuo.staff.queries import actor_for
from shounuo.staff.testing import Cast, make_cast, set_up_organisation, sign_in_client

SHANGHAI = ZoneInfo("Asia/Shanghai")
CUSTOMER = "song@example.cn"
OUR_ADDRESS = "kefu@shounuo.test"


def moment(text: str) -> datetime:
    """A wall time in Shanghai: `10-10 10:00` of 2026, or with its year in front."""
    return datetime.strptime(text if text.startswith("20") else f"2026-{text}", "%Y-%m-%d %H:%M").replace(
        tzinfo=SHANGHAI
    )


@dataclass
class House:
    """The department of the story. `agent` and `supervisor` are of the team to which the mailbox belongs."""

    at: datetime
    cast: Cast = field(init=False)
    mailbox: Mailbox = field(init=False)

    def open(self, *, receipt: bool = False) -> House:
        """Before opening hours nothing is there; afterwards people and a mailbox. `receipt`: mails are confirmed by
        themselves."""
        outbox.clear()
        set_up_organisation(at=self.at)
        self.cast = make_cast(at=self.at)
        self.mailbox = make_mailbox(OUR_ADDRESS, team_id=self.cast.team.pk, receipt=receipt, at=self.at)
        return self

    # ---- time

    def later(self, minutes: float) -> datetime:
        """So much later, with everything done that falls due meanwhile."""
        return self.until(self.at + timedelta(minutes=minutes))

    def until(self, when: str | datetime) -> datetime:
        """The time goes on to `when`: clocks fire at their moments, jobs run."""
        self.at = moment(when) if isinstance(when, str) else when
        loop.fire_due(self.at)
        self.work()
        return self.at

    def work(self) -> int:
        """The worker does what is queued."""
        return run_jobs(self.at)

    def count(self) -> None:
        """Figures of promises are brought up to what is stored."""
        observe_all(self.at, sources=["clock"])

    # ---- people

    @property
    def agent(self) -> Actor:
        return actor_for(self.cast.agent)

    @property
    def outsider(self) -> Actor:
        return actor_for(self.cast.outsider)

    @property
    def supervisor(self) -> Actor:
        return actor_for(self.cast.supervisor)

    @property
    def manager(self) -> Actor:
        return actor_for(self.cast.manager)

    @property
    def admin(self) -> Actor:
        return actor_for(self.cast.admin)

    def told(self, person: Person, *, clause: str = "") -> list[str]:
        """The kinds of what the bell told this person, oldest first; `clause`: only of this clause's clocks."""
        rows = Notice.objects.filter(person=person).order_by("id")
        if clause:
            rows = rows.filter(params__clause=clause)
        return list(rows.values_list("kind", flat=True))

    def browser(self, person: Person | None = None) -> Client:
        """A browser, with this person signed in."""
        client = Client()
        if person is not None:
            sign_in_client(client, person)
        return client

    # ---- the regulation

    def regulation(self, pack: str = "livestock") -> None:
        """A shipped regulation is in force from now on, and has been told to those who sign it."""
        make_shipped(pack, at=self.at)
        run_jobs(self.at)
        Notice.objects.filter(kind="policy.to_sign").delete()

    def promise(self, rules: str, *, version: str = "1", calendar: str = "always") -> None:
        """A regulation of one clause, H-1, with these rules is in force from now on."""
        lines = "\n".join("      " + line for line in rules.strip("\n").split("\n"))
        make_in_force(
            f'pack: house\ntitle: 本店规定\nversion: "{version}"\ndefault_calendar: {calendar}\nclauses:\n'
            f"  - id: H-1\n    title: 回应\n    wording: 说到做到。\n    rules:\n{lines}\n",
            at=self.at,
        )

    # ---- mail

    def mail(
        self,
        text: str = "饲料开袋后有结块，请问能不能换货？",
        *,
        answers: EmailMessage | None = None,
        to: Sequence[str] = (OUR_ADDRESS,),
        sender: str = f"宋建国 <{CUSTOMER}>",
        subject: str = "饲料结块",
        raw: bytes | None = None,
        envelope_from: str = CUSTOMER,
        **headers: str,
    ) -> RawMessage:
        """A mail comes to the listener and is worked on. `answers`: as a mail program writes an answer to that mail."""
        if answers is not None:
            subject = f"回复：{answers['Subject']}"
            headers |= {"In_Reply_To": answers["Message-ID"], "References": answers["Message-ID"]}
        content = raw or make_mail(
            text, sender=sender, to=to[0], subject=subject, date=self.at.astimezone(UTC), **headers
        )
        row = channels.mail_accept(
            raw=content,
            via="smtp",
            source_key=f"story:{RawMessage.objects.count()}",
            envelope_from=envelope_from,
            envelope_to=to,
            at=self.at,
        )
        self.work()
        row.refresh_from_db()
        return row

    def mails_to(self, address: str = CUSTOMER) -> list[EmailMessage]:
        """The mails that have left for this address, oldest first."""
        return [parsed(sent) for sent in outbox if address in sent.recipients]

    # ---- what is there

    def case_of(self, row: RawMessage) -> Case:
        assert row.case_id is not None, (row.state, row.reason)
        return Case.objects.get(pk=row.case_id)

    def seen(self, case: Case) -> Case:
        """The case as it is now."""
        found = by_number(case.number)
        assert found is not None
        return found

    def clocks(self, case: Case) -> dict[str, Clock]:
        """The case's clocks by commitment, the latest of each."""
        return {c.commitment: c for c in queries.of_subjects("case", [case.pk])[case.pk]}

    def clock(self, case: Case, commitment: str) -> Clock:
        return Clock.objects.filter(subject_id=case.pk, commitment=commitment).latest("id")

    def history(self, case: Case) -> list[str]:
        """The kinds of the case's events in their order, without what its clocks and the records demanded of it say."""
        ours = ("record.checked", "record.filled")
        return [k for k in self._kinds(case) if not k.startswith("clock.") and k not in ours]

    def of_clock(self, clock: Clock) -> list[str]:
        """What a clock has done, in order: started, warned, breached …"""
        kinds = Event.objects.filter(kind__startswith="clock.", payload__clock=clock.pk).order_by("seq")
        return [k.removeprefix("clock.") for k in kinds.values_list("kind", flat=True)]

    @staticmethod
    def _kinds(case: Case) -> list[str]:
        rows = Event.objects.filter(subject_kind="case", subject_id=case.pk).order_by("seq")
        return list(rows.values_list("kind", flat=True))
