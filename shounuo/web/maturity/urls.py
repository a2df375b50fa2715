"""Addresses of the self-assessment, under /policy/maturity/."""

from django.urls import path

from shounuo.web.maturity import views

urlpatterns = [
    path("", views.index, name="maturity"),
    path("start/", views.start, name="maturity-start"),
    path("<int:id>/", views.one, name="assessment"),
    path("<int:id>/refresh/", views.refresh, name="assessment-refresh"),
    path("<int:id>/finish/", views.finish, name="assessment-finish"),
    path("<int:id>/export/", views.export, name="assessment-export"),
    path("<int:id>/processes/<int:rating_id>/", views.rate, name="assessment-rate"),
    path("<int:id>/processes/<int:rating_id>/improve/", views.improve, name="assessment-improve"),
]
