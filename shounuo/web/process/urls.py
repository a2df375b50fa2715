"""Addresses of the runs, under /process/."""

from django.urls import path

from shounuo.web.process import views

urlpatterns = [
    path("", views.runs, name="runs"),
    path("new/", views.new, name="run-new"),
    path("<int:run>/", views.run, name="run"),
    path("<int:run>/choose/", views.choose, name="run-choose"),
    path("<int:run>/cancel/", views.cancel, name="run-cancel"),
]
