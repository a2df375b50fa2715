"""All addresses, one include per part."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []

handler400 = "shounuo.web.errors.bad_request"
handler403 = "shounuo.web.errors.permission_denied"
handler404 = "shounuo.web.errors.not_found"
