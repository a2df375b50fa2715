"""Addresses of files, under /files/."""

from django.urls import path

from shounuo.files import views

urlpatterns = [
    path("<int:file_id>/", views.download, name="file"),
    path("s/<str:token>/", views.signed, name="file_signed"),
]
