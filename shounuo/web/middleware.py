"""What every request passes: an id and a log line, the true address, security headers, preferences, set-up, problems."""

from __future__ import annotations

import ipaddress
import logging
import secrets
import time
from collections.abc import Callable
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from shounuo.kernel.errors import Problem, Unavailable
from shounuo.web import errors, logs
from shounuo.web.ops import health

log = logging.getLogger("shounuo.web")
Handler = Callable[[HttpRequest], HttpResponse]
UNLOGGED = ("/livez", "/readyz", "/healthz", "/static/")


class RequestLog:
    """Gives the request an id (answered as X-Request-Id) and writes one line when it is done."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = secrets.token_hex(6)  # type: ignore[attr-defined]
        token = logs.request_id.set(request.id)  # type: ignore[attr-defined]
        start = time.perf_counter()
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = request.id  # type: ignore[attr-defined]
            if not request.path.startswith(UNLOGGED):
                match = request.resolver_match
                log.info(
                    "request",
                    extra={
                        "method": request.method,
                        "route": match.route if match else "",
                        "status": response.status_code,
                        "ms": round((time.perf_counter() - start) * 1000, 1),
                    },
                )
            return response
        finally:
            logs.request_id.reset(token)


class NoNul:
    """Refuses an address or a cookie with a NUL in it and leaves it out of a form: nobody types one, what is pasted may
    hold one, and the database takes none as text."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = (request.path_info, *request.COOKIES.values())
        if "%00" in request.META.get("QUERY_STRING", "") or any("\x00" in text for text in given):
            problem = Problem(_("这个请求看不懂"))
            if request.path.startswith("/api/"):
                return errors.problem_json(problem)
            return HttpResponse(str(problem), status=problem.status, content_type="text/plain; charset=utf-8")
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        if request.path.startswith("/api/"):  # its bodies are no forms, and their readers clean each text
            return
        if any("\x00" in text for _name, texts in request.POST.lists() for text in texts):
            form = request.POST.copy()
            for name, texts in request.POST.lists():
                form.setlist(name, [text.replace("\x00", "") for text in texts])
            request.POST = form  # type: ignore[assignment]


class HealthFirst:
    """Answers the health checks before anything asks the database for a session or preferences: they must answer when it
    is away."""

    VIEWS: ClassVar[dict[str, Handler]] = {
        "/livez": health.livez,
        "/readyz": health.readyz,
        "/healthz": health.healthz,
    }

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = self.VIEWS.get(request.path)
        return view(request) if view is not None else self.get_response(request)


class TrustedProxy:
    """Takes address and scheme from forwarding headers only when the peer is one of SHOUNUO_TRUSTED_PROXIES."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.trusted = [ipaddress.ip_network(p.strip()) for p in settings.SHOUNUO_TRUSTED_PROXIES]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address = request.META.get("REMOTE_ADDR", "")
        if self.trusted and self._is_trusted(address):
            chain = [a.strip() for a in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if a.strip()]
            for candidate in reversed(chain):
                if not _is_address(candidate):
                    break
                address = candidate
                if not self._is_trusted(candidate):
                    break
            if request.META.get("HTTP_X_FORWARDED_PROTO") == "https":
                request.META["wsgi.url_scheme"] = "https"
                if hasattr(request, "scope"):
                    request.scope["scheme"] = "https"
        request.address = address  # type: ignore[attr-defined]
        return self.get_response(request)

    def _is_trusted(self, address: str) -> bool:
        return _is_address(address) and any(ipaddress.ip_address(address) in net for net in self.trusted)


def _is_address(text: str) -> bool:
    """True for what can be compared and kept: a proxy may write `unknown`, or hand on what a client made up."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class SecurityHeaders:
    """A content security policy without inline script or eval; `style-src-attr` only where a view asks for it.

    A view sets `response.sn_charts = True` on pages with charts (ECharts writes style attributes).
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Content-Security-Policy" not in response:
            attributes = "; style-src-attr 'unsafe-inline'" if getattr(response, "sn_charts", False) else ""
            response["Content-Security-Policy"] = (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
                "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
                f"frame-src 'self'; manifest-src 'self'{attributes}"
            )
        response.setdefault("X-Frame-Options", "DENY")
        response.setdefault("X-Content-Type-Options", "nosniff")
        response.setdefault("Referrer-Policy", "same-origin")
        response.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if request.is_secure():
            response.setdefault("Strict-Transport-Security", "max-age=31536000")
            for cookie in response.cookies.values():
                cookie["secure"] = True
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            response.setdefault("Cache-Control", "private, no-store")
        return response


class Preferences:
    """Language and zone of the reader: the person's own, else the cookie, else what the browser asks for."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        from shounuo.staff.queries import organisation

        user = getattr(request, "user", None)
        language = getattr(user, "language", "") or request.COOKIES.get("shounuo_language", "")
        if language not in dict(settings.LANGUAGES):
            asked = translation.get_language_from_request(request)
            language = asked if "HTTP_ACCEPT_LANGUAGE" in request.META else settings.LANGUAGE_CODE
        request.organisation = organisation()  # type: ignore[attr-defined]
        with translation.override(language), timezone.override(ZoneInfo(request.organisation.zone)):  # type: ignore[attr-defined]
            request.LANGUAGE_CODE = language  # type: ignore[attr-defined]
            response = self.get_response(request)
            response.setdefault("Content-Language", language)
            return response


class SetUpFirst:
    """Until the set-up page is answered, pages lead there; the API says so; health checks work."""

    OPEN = (
        "/static/",
        "/setup/",
        "/livez",
        "/readyz",
        "/healthz",
        "/metrics",
        "/link/",
        "/signin",
        "/api/",
        "/me/",
    )

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        waiting = request.organisation.set_up_at is None  # type: ignore[attr-defined]
        if waiting and not request.path.startswith(self.OPEN) and not _set_up_by_now():
            return HttpResponseRedirect("/setup/")
        return self.get_response(request)


def _set_up_by_now() -> bool:
    """Another web process may have taken the answers while this one remembers that there were none."""
    from shounuo.staff import queries

    queries.forget_organisation()
    return queries.organisation().set_up_at is not None


class SecondFactorFirst:
    """Who holds a role that asks for the second factor is led to set it up before anything else. Customers' pages and the
    API, where nobody comes by this session, are open."""

    OPEN = (
        *(
            "/static/",
            "/me/security/",
            "/me/password/",
            "/me/factor/",
            "/me/language/",
            "/me/theme/",
            "/signin/",
        ),
        *("/signout/", "/link/", "/help/", "/t/", "/files/s/", "/api/", "/setup/", "/metrics"),
    )
    PAGE = "/me/security/"

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        from shounuo.staff.queries import owes_factor

        user = None if request.path.startswith(self.OPEN) else request.user
        if user is None or not user.is_authenticated or not owes_factor(user):
            return self.get_response(request)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=403, headers={"HX-Redirect": self.PAGE})
        return HttpResponseRedirect(self.PAGE)


class Problems:
    """Expected failures become a clear answer; unexpected ones are Django's to log and show."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Problem):
            return errors.problem_page(request, exception)
        if isinstance(exception, OperationalError | InterfaceError) and not connection.is_usable():
            log.warning("database away: %s", exception)
            connection.close()
            return errors.problem_page(
                request, Unavailable(_("数据库暂时连不上，请稍后再试；您填写的内容还在页面上"))
            )
        return None
