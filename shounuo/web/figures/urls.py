"""Addresses of the pages of figures, under /data/."""

from django.urls import path

from shounuo.web.figures import views

urlpatterns = [
    path("", views.home, name="data"),
    path("metrics/", views.library, name="metrics"),
    path("metrics/values/<slug:group>/", views.values, name="metric-values"),
    path("metrics/<slug:code>/", views.metric, name="metric"),
    path("metrics/<slug:code>/export/", views.export, name="metric-export"),
    path("metrics/<slug:code>/subjects/", views.behind, name="metric-subjects"),
]
