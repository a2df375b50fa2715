"""Addresses of the compliance pages, under /compliance/."""

from django.urls import path

from shounuo.web.compliance import views

urlpatterns = [
    path("", views.index, name="compliance"),
    path("export/", views.export, name="compliance-export"),
]
