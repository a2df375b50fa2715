"""One's own profile: presence, language, look, password, second factor."""

from __future__ import annotations

import io
from typing import Any

import segno
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotFound, Problem
from shounuo.staff import services, signin, throttle
from shounuo.staff.models import Person
from shounuo.staff.queries import needs_factor
from shounuo.staff.services.factors import otp_address
from shounuo.web.account.forms import ChangePasswordForm, CodeForm, PasswordForm, ProfileForm
from shounuo.web.account.views.signing import keep, keep_language
from shounuo.web.console.pages import refuse
from shounuo.web.context import actor_of
from shounuo.web.guard import done, staff_page


def me_of(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


def page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A page under /me/ with the list of them beside it."""
    places = [
        ("/me/", "user", _("我的资料")),
        ("/me/security/", "shield-lock", _("密码与两步验证")),
        ("/me/tokens/", "key", _("接口令牌")),
        ("/me/notices/", "bell", _("通知")),
    ]
    items = [
        {"url": url, "icon": icon, "label": label, "active": request.path == url}
        for url, icon, label in places
    ]
    return render(request, template, {"sections": [{"title": "", "items": items}], **context}, status=status)


@staff_page()
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    person = me_of(request)
    initial = {
        "presence": person.presence,
        "language": person.language,
        "theme": person.theme,
        "mail_notices": person.preferences.get("mail_notices", "urgent"),
    }
    form = ProfileForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given, actor, at = form.cleaned_data, actor_of(request), now()
        try:
            services.profile_change(
                person_id=person.pk,
                language=given["language"],
                theme=given["theme"],
                preferences={"mail_notices": given["mail_notices"]},
                actor=actor,
                at=at,
            )
            services.presence_set(person_id=person.pk, presence=given["presence"], actor=actor, at=at)
        except Problem as problem:
            refuse(form, problem)
        else:
            return done(request, "/me/", _("资料已保存"))
    teams = list(person.teams.order_by("name").values_list("name", flat=True))
    roles = list(person.roles.order_by("name").values_list("name", flat=True))
    context = {"title": _("我的资料"), "form": form, "person": person, "teams": teams, "roles": roles}
    return page(request, "account/profile.html", context, status=422 if form.errors else 200)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark or as the system: kept in the profile, for readers who are not signed in in a cookie."""
    wanted = request.POST.get("theme", "")
    if wanted not in ("auto", "light", "dark"):
        raise NotFound(_("没有这种外观"))
    if request.user.is_authenticated:
        services.profile_change(person_id=me_of(request).pk, theme=wanted, actor=actor_of(request), at=now())
    response = HttpResponse(status=204)
    keep(response, "shounuo_theme", wanted)
    return response


@require_POST
def language(request: HttpRequest, code: str) -> HttpResponse:
    """The language of pages, from one's own menu."""
    if request.user.is_authenticated:
        services.profile_change(person_id=me_of(request).pk, language=code, actor=actor_of(request), at=now())
    response = HttpResponseRedirect("/" if request.user.is_authenticated else "/signin/")
    keep_language(response, code)
    return response


@staff_page()
@require_POST
def presence(request: HttpRequest) -> HttpResponse:
    """Online, busy or away."""
    wanted = request.POST.get("presence", "")
    services.presence_set(person_id=me_of(request).pk, presence=wanted, actor=actor_of(request), at=now())
    return done(request, "/me/")


@staff_page()
@never_cache
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    return _security(request)


def _security(request: HttpRequest, *, status: int = 200, **forms: Any) -> HttpResponse:
    person = Person.objects.get(pk=me_of(request).pk)
    context = {
        "title": _("密码与两步验证"),
        "person": person,
        "is_on": person.totp_confirmed_at is not None,
        "is_needed": needs_factor(person.pk),
        "otp": otp_address(person),
        "secret": _grouped(otp_address(person)),
        "codes_left": len(person.recovery_codes),
        "password_form": ChangePasswordForm(),
        "code_form": CodeForm(),
        "off_form": PasswordForm(auto_id="off_%s"),
        **forms,
    }
    return page(request, "account/security.html", context, status=status)


@staff_page()
@sensitive_post_parameters("old", "password", "again")
@require_POST
def password(request: HttpRequest) -> HttpResponse:
    """A new password for who knows the old one; other sessions end, this one goes on."""
    form = ChangePasswordForm(request.POST)
    if form.is_valid():
        given, person = form.cleaned_data, me_of(request)
        try:
            _count_guess(person)
            changed = services.password_change(
                person_id=person.pk,
                password=given["password"],
                old=given["old"],
                actor=actor_of(request),
                at=now(),
            )
        except Problem as problem:
            refuse(form, problem)
        else:
            update_session_auth_hash(request, changed)
            return done(request, "/me/security/", _("密码已更换，其他设备上的登录已退出"))
    return _security(request, status=422, password_form=form)


@staff_page()
@require_POST
def factor_begin(request: HttpRequest) -> HttpResponse:
    services.totp_begin(person_id=me_of(request).pk, actor=actor_of(request), at=now())
    return done(request, "/me/security/")


@staff_page()
@sensitive_post_parameters("code")
@require_POST
def factor_confirm(request: HttpRequest) -> HttpResponse:
    """Switches the second factor on and shows the recovery codes, this once."""
    form, person = CodeForm(request.POST), me_of(request)
    if form.is_valid():
        try:
            _count_guess(person)
            codes = services.totp_confirm(
                person_id=person.pk, code=form.cleaned_data["code"], actor=actor_of(request), at=now()
            )
        except Problem as problem:
            refuse(form, problem)
        else:
            return page(request, "account/codes.html", {"title": _("备用码"), "codes": codes})
    return _security(request, status=422, code_form=form)


@staff_page()
@sensitive_post_parameters("password")
@require_POST
def factor_off(request: HttpRequest) -> HttpResponse:
    form, person = PasswordForm(request.POST, auto_id="off_%s"), me_of(request)
    if form.is_valid():
        try:
            _count_guess(person)
            services.totp_disable(
                person_id=person.pk,
                password=form.cleaned_data["password"],
                actor=actor_of(request),
                at=now(),
            )
        except Problem as problem:
            refuse(form, problem)
        else:
            return done(request, "/me/security/", _("两步验证已停用"))
    return _security(request, status=422, off_form=form)


@staff_page()
@require_POST
def factor_codes(request: HttpRequest) -> HttpResponse:
    """Fresh recovery codes in place of the old ones, shown this once."""
    codes = services.recovery_codes_make(person_id=me_of(request).pk, actor=actor_of(request), at=now())
    return page(request, "account/codes.html", {"title": _("备用码"), "codes": codes})


@staff_page()
@never_cache
@require_safe
def factor_qr(request: HttpRequest) -> HttpResponse:
    """The QR code of a secret being set up, as an image of its own; gone once it is confirmed."""
    person = Person.objects.get(pk=me_of(request).pk)
    if not (address := otp_address(person)):
        raise NotFound(_("没有正在设置的两步验证"))
    image = io.BytesIO()
    segno.make(address, error="m").save(image, kind="svg", scale=5, border=3, light="#fff", svgclass=None)
    return HttpResponse(image.getvalue(), content_type="image/svg+xml")


def _count_guess(person: Person) -> None:
    """Who sits at another's open page may not try out passwords and codes for ever."""
    key = throttle.key_of("guess", person.pk)
    throttle.hit(key, signin.CODES_PER_PERSON, signin.PER, now())


def _grouped(address: str) -> str:
    """The secret for typing, in groups of four."""
    secret = address.partition("secret=")[2].partition("&")[0]
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
