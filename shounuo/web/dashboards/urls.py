"""Addresses of the dashboards, under /dashboards/."""

from django.urls import path

from shounuo.web.dashboards import views

urlpatterns = [
    path("", views.overview, name="dashboards"),
    path("live/", views.live, name="dashboard-live"),
    path("rest/", views.rest, name="dashboard-rest"),
    path("export/<slug:part>/", views.export, name="dashboard-export"),
]
