"""All addresses, one include per part."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("files/", include("shounuo.files.urls")),
]

handler400 = "shounuo.web.errors.bad_request"
handler403 = "shounuo.web.errors.permission_denied"
handler404 = "shounuo.web.errors.not_found"
