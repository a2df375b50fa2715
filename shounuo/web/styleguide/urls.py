"""Addresses of the style guide; included by the root only where DEBUG is on."""

from django.urls import path

from shounuo.web.styleguide import views

app_name = "styleguide"
urlpatterns = [path("", views.components, name="components"), path("<slug:page>/", views.page, name="page")]
