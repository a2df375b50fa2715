"""Addresses of the service agreements, under /agreements/."""

from django.urls import path

from shounuo.web.agreements import views

urlpatterns = [
    path("", views.index, name="agreements"),
    path("new/", views.edit, name="agreement-new"),
    path("<int:agreement>/", views.one, name="agreement"),
    path("<int:agreement>/edit/", views.edit, name="agreement-edit"),
    path("<int:agreement>/offer/", views.offer, name="agreement-offer"),
    path("<int:agreement>/end/", views.end, name="agreement-end"),
]
