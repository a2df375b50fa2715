"""Addresses of the customer's pages, under /help/. The pages of a case stand twice: behind a link, behind a sign-in."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from shounuo.web.portal.pages import by_link, signed_in
from shounuo.web.portal.views import agreements, asking, following, home, promises, signing


def _case(door: Callable[..., Callable[..., HttpResponse]]) -> list[URLPattern | URLResolver]:
    return [
        path("", door(following.progress)),
        path("reply/", door(following.reply)),
        path("choose/", door(following.choose)),
        path("confirm/", door(following.confirm)),
        path("dispute/", door(following.dispute)),
        path("files/<int:file_id>/", door(following.file)),
    ]


urlpatterns = [
    path("", home.home, name="help"),
    path("find/", home.find),
    path("promises/", promises.promises),
    path("language/<slug:code>/", home.language),
    path("new/", asking.new),
    path("new/fields/", asking.own_fields),
    path("upload/", asking.upload),
    path("sign-in/", signing.sign_in),
    path("sign-in/code/", signing.code),
    path("sign-out/", signing.sign_out),
    path("agreements/<str:token>/", agreements.agreement, name="agreement-answer"),
    path("cases/", following.mine),
    path("cases/<int:number>/", include(_case(signed_in))),
    path("c/<str:token>/", include([*_case(by_link), path("received/", asking.received)])),
]
