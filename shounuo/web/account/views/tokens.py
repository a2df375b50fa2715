"""One's own API tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from shounuo.kernel.clock import now
from shounuo.kernel.errors import Problem
from shounuo.staff import services
from shounuo.staff.models import Token
from shounuo.staff.permissions import all_permissions
from shounuo.web.account.forms import TokenForm
from shounuo.web.account.views.me import me_of, page
from shounuo.web.console.pages import refuse
from shounuo.web.context import actor_of
from shounuo.web.guard import done, staff_page


@staff_page()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The list, the form for a new one, and, right after it was made, its clear text, this once."""
    person, actor, at = me_of(request), actor_of(request), now()
    form = TokenForm(request.POST or None, permissions=actor.permissions)
    clear = ""
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            _token, clear = services.token_create(
                person_id=person.pk,
                name=given["name"],
                scopes=given["scopes"],
                expires_at=at + timedelta(days=given["days"]) if given["days"] else None,
                actor=actor,
                at=at,
            )
        except Problem as problem:
            refuse(form, problem)
        else:
            form = TokenForm(permissions=actor.permissions)
    rows = Token.objects.filter(person=person, revoked_at=None).order_by("-id")
    context = {
        "title": _("接口令牌"),
        "form": form,
        "clear": clear,
        "tokens": [_row(token) for token in rows],
    }
    return page(request, "account/tokens.html", context, status=422 if form.errors else 200)


def _row(token: Token) -> dict[str, Any]:
    labels = all_permissions()
    return {
        "id": token.id,
        "name": token.name,
        "hint": token.hint,
        "scopes": [labels.get(code, code) for code in token.scopes],
        "created_at": token.created_at,
        "last_used_at": token.last_used_at,
        "expires_at": token.expires_at,
        "is_over": token.expires_at is not None and token.expires_at <= now(),
    }


@staff_page()
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    services.token_revoke(token_id=token_id, actor=actor_of(request), at=now())
    return done(request, "/me/tokens/", _("令牌已吊销"))
