"""All addresses, one include per part."""

from django.urls import URLPattern, URLResolver, include, path

from shounuo.web import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls()),
    path("", include("shounuo.web.account.urls")),
    path("files/", include("shounuo.files.urls")),
    path("settings/", include("shounuo.web.console.urls")),
    path("setup/", include("shounuo.web.setup.urls")),
]

handler400 = "shounuo.web.errors.bad_request"
handler403 = "shounuo.web.errors.permission_denied"
handler404 = "shounuo.web.errors.not_found"
