"""Addresses under /cases/new/: phone and visit."""

from django.urls import URLPattern, path

from shounuo.web.phone import views


def _of(channel: str) -> list[URLPattern]:
    known = {"channel": channel}
    return [
        path(f"{channel}/", views.intake, known, name=f"new-{channel}"),
        path(f"{channel}/match/", views.match, known),
        path(f"{channel}/pick/", views.pick, known),
        path(f"{channel}/preview/", views.preview, known),
        path(f"{channel}/draft/", views.draft, known),
        path(f"{channel}/discard/", views.discard, known),
    ]


urlpatterns = [*_of("phone"), *_of("visit")]
