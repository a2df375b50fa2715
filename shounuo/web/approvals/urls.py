"""Addresses of the approvals, under /approvals/."""

from django.urls import path

from shounuo.web.approvals import absence, asking, views

urlpatterns = [
    path("", views.approvals, name="approvals"),
    path("new/", asking.new, name="approval-new"),
    path("<int:grant>/", views.approval, name="approval"),
    path("<int:grant>/decide/", views.decide, name="approval-decide"),
    path("<int:grant>/withdraw/", views.withdraw, name="approval-withdraw"),
    path("absence/", absence.absences, name="absences"),
    path("absence/new/", absence.new, name="absence-new"),
    path("absence/<int:absence>/end/", absence.end, name="absence-end"),
]
