"""What else belongs into the log: changes of people, rights, settings and policies, which are events
already.
"""

from __future__ import annotations

from datetime import datetime

from shounuo.audit import services
from shounuo.audit.models import Entry
from shounuo.events import registry
from shounuo.events.services import Published

# By the first part of the kind's name.
CONFIGURATION = frozenset(
    "calendar channel company delegation grant hold link mailbox organisation password person policy quiet recovery_code "
    "recovery_codes relay report_plan retention role shift team token totp way webhook".split()
)
# Written where they happen, with the address they came from, or too many to tell anything.
ELSEWHERE = frozenset({"person.signed_in", "person.sign_in_failed", "mailbox.failing", "mailbox.recovered"})


def configuration_kinds() -> list[str]:
    """The declared kinds that are written into the log."""
    return [k for k in registry.kinds() if k.partition(".")[0] in CONFIGURATION and k not in ELSEWHERE]


def configuration_changed(event: Published, at: datetime) -> None:
    """Writes the event into the log, once, at its own time; its payload holds codes and ids only."""
    kind, id = event.subject
    of_it = Entry.objects.filter(target_kind=kind, target_id=str(id), action=event.kind)
    if of_it.filter(detail__event=event.id).exists():
        return
    services.record(
        action=event.kind,
        target=event.subject,
        detail={**event.payload, "event": event.id},
        actor=event.actor,
        at=event.at,
    )
