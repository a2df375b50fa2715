"""The roles that a document names: one that the organisation does not have is made where it is missed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext as _

from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotFound
from shounuo.policy import labels
from shounuo.policy import queries as policy
from shounuo.policy.models import PolicyVersion
from shounuo.staff.permissions import MANAGE
from shounuo.staff.services import role_create
from shounuo.web.context import actor_of
from shounuo.web.guard import done, staff_page
from shounuo.web.policies.showing import documents

MAKING = ("draft", "in_review", "approved")
ASKED_ROLE = ("duties.work", "policy.view")


def looked_after(rows: Sequence[PolicyVersion], at: datetime) -> PolicyVersion:
    """The version whose roles are looked after: the one in the making, else the one in force."""
    return (
        rows[0]
        if rows[0].state in MAKING
        else next((v for v in rows if documents.is_in_force(v, at)), rows[0])
    )


@staff_page(MANAGE)
def make(request: HttpRequest, code: str, role: str) -> HttpResponse:
    """Makes a role that the document names and the organisation does not have; it may be asked and read what binds it, no more."""
    actor, at, back = actor_of(request), now(), f"/policy/{code}/versions/"
    if request.method != "POST":
        return redirect(back)
    rows = list(policy.visible_to(actor).filter(policy__code=code).defer("source"))
    lacking = policy.roles_lacking(looked_after(rows, at)) if rows else []
    if not any(it.code == role and not it.exists for it in lacking):
        raise NotFound(_("制度没有点名这个角色，或者它已经有了"))
    with translation.override(settings.LANGUAGE_CODE):  # a role has one name for everybody
        name = str(labels.role(role))
    role_create(code=role, name=name, permissions=ASKED_ROLE, actor=actor, at=at)
    return done(request, back, _("已建角色“%(role)s”，接着指定由谁担任") % {"role": name})
