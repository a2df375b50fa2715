"""Addresses under /customers/."""

from django.urls import path

from shounuo.web.people import views

urlpatterns = [
    path("", views.people, name="customers"),
    path("new/", views.new),
    path("companies/", views.companies),
    path("companies/new/", views.company_new),
    path("companies/<int:id>/", views.company),
    path("companies/<int:id>/edit/", views.company_change),
    path("<int:id>/", views.card, name="customer"),
    path("<int:id>/edit/", views.change),
    path("<int:id>/reveal/<int:contact_id>/", views.reveal),
    path("<int:id>/contacts/", views.contact_add),
    path("<int:id>/contacts/<int:contact_id>/remove/", views.contact_remove),
    path("<int:id>/merge/", views.merge),
    path("<int:id>/merges/<int:merge_id>/undo/", views.merge_undo),
    path("<int:id>/export/", views.export),
    path("<int:id>/erase/", views.erase),
]
