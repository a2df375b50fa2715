"""Addresses of the alarms, under /alarms/."""

from django.urls import path

from shounuo.web.alarms import views

urlpatterns = [
    path("", views.board, name="alarms"),
    path("<int:alarm>/", views.one, name="alarm"),
    path("targets/<int:goal>/", views.target, name="alarm-target"),
    path("<int:alarm>/acknowledge/", views.acknowledge, name="alarm-acknowledge"),
    path("<int:alarm>/close/", views.close, name="alarm-close"),
]
