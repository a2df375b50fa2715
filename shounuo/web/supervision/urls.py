"""Addresses of supervision, under /policy/: they stand before those of the policies' codes."""

from django.urls import path

from shounuo.web.supervision import findings, views

urlpatterns = [
    path("inspections/", views.index, name="inspections"),
    path("inspections/new/", views.new, name="inspection-new"),
    path("inspections/<int:id>/", views.one, name="inspection"),
    path("inspections/<int:id>/judge/", views.judge, name="inspection-judge"),
    path("inspections/<int:id>/finish/", views.finish, name="inspection-finish"),
    path("inspections/<int:id>/cancel/", views.cancel, name="inspection-cancel"),
    path("inspections/<int:id>/export/", views.export, name="inspection-export"),
    path("inspections/<int:id>/findings/new/", findings.new, name="finding-new"),
    path("findings/<int:id>/", findings.one, name="finding"),
    path("findings/<int:id>/verify/", findings.verify, name="finding-verify"),
    path("findings/<int:id>/return/", findings.back, name="finding-return"),
]
