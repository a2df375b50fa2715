"""Addresses of the reports, under /reports/."""

from django.urls import path

from shounuo.web.reports import views

urlpatterns = [
    path("", views.index, name="reports"),
    path("make/", views.make, name="report-make"),
    path("plans/", views.plans, name="report-plans"),
    path("<int:report_id>/", views.one, name="report"),
    path("<int:report_id>/xlsx/", views.xlsx, name="report-xlsx"),
    path("<int:report_id>/pdf/", views.pdf, name="report-pdf"),
    path("<int:report_id>/comments/", views.comment, name="report-comment"),
]
