"""All addresses, one include per part."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from shounuo.web import api, live
from shounuo.web.desk import small
from shounuo.web.desk import views as desk
from shounuo.web.ops import health, metrics

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls()),
    path("", desk.home, name="home"),
    path("", include("shounuo.web.account.urls")),
    path("cases/", include("shounuo.web.desk.urls")),
    path("board/", include("shounuo.web.board.urls")),
    path("policy/", include("shounuo.web.policies.urls")),
    path("search/", small.palette, name="search"),
    path("live", live.live, name="live"),
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("healthz", health.healthz),
    path("metrics", metrics.metrics),
    path("files/", include("shounuo.files.urls")),
    path("settings/", include("shounuo.web.console.urls")),
    path("setup/", include("shounuo.web.setup.urls")),
]

if settings.DEBUG:
    urlpatterns.append(path("styleguide/", include("shounuo.web.styleguide.urls")))

handler400 = "shounuo.web.errors.bad_request"
handler403 = "shounuo.web.errors.permission_denied"
handler404 = "shounuo.web.errors.not_found"
handler500 = "shounuo.web.errors.server_error"
