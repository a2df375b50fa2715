"""All addresses, one include per part."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from shounuo.web import api, live
from shounuo.web.approvals import letters
from shounuo.web.desk import pickers
from shounuo.web.desk import views as desk
from shounuo.web.ops import metrics
from shounuo.web.portal.views import following

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls()),
    path("", desk.home, name="home"),
    path("", include("shounuo.web.account.urls")),
    path("cases/new/", include("shounuo.web.phone.urls")),
    path("cases/", include("shounuo.web.desk.urls")),
    path("approvals/", include("shounuo.web.approvals.urls")),
    path("approve/<str:token>/", letters.letter, name="approve"),
    path("duties/", include("shounuo.web.duties.urls")),
    path("customers/", include("shounuo.web.people.urls")),
    path("help/", include("shounuo.web.portal.urls")),
    path("t/<str:token>/", following.short),
    path("process/", include("shounuo.web.process.urls")),
    path("board/", include("shounuo.web.board.urls")),
    path("alarms/", include("shounuo.web.alarms.urls")),
    path("agreements/", include("shounuo.web.agreements.urls")),
    path("compliance/", include("shounuo.web.compliance.urls")),
    path("data/", include("shounuo.web.figures.urls")),
    path("dashboards/", include("shounuo.web.dashboards.urls")),
    path("reports/", include("shounuo.web.reports.urls")),
    path("policy/maturity/", include("shounuo.web.maturity.urls")),
    path("policy/", include("shounuo.web.supervision.urls")),
    path("policy/", include("shounuo.web.policies.urls")),
    path("search/", pickers.palette, name="search"),
    path("live", live.live, name="live"),
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
