"""What every installation has before anyone signs in: calendars, roles, the organisation, `admin`."""

from __future__ import annotations

from datetime import datetime

from shounuo.kernel.actors import Actor
from shounuo.staff import queries as staff_queries
from shounuo.staff import services as staff

ADMIN = "admin"


def ensure(at: datetime, actor: Actor) -> str | None:
    """Makes what is missing, changes nothing that is there; returns the one-time set-up link until set-up is done."""
    from shounuo.calendars import services as calendars

    organisation = staff_queries.organisation()
    staff.roles_sync(at=at)
    calendars.ensure_defaults(zone=organisation.zone, actor=actor, at=at)
    admin = staff_queries.person_by_login(ADMIN)
    if admin is None:
        from django.utils.translation import gettext as _

        admin = staff.person_create(login=ADMIN, name=_("管理员"), roles=["admin"], actor=actor, at=at)
    if organisation.set_up_at is not None:
        return None
    return staff.link_create(person_id=admin.pk, purpose="setup", actor=actor, at=at)
