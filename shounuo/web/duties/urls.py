"""Addresses of the duties' pages, under /duties/."""

from django.urls import path

from shounuo.web.duties import views

urlpatterns = [
    path("", views.inbox, name="duties"),
    path("new/", views.new, name="duty_new"),
    path("done/", views.done_many, name="duties_done"),
    path("<int:id>/", views.duty, name="duty"),
    path("<int:id>/take/", views.take, name="duty_take"),
    path("<int:id>/release/", views.release, name="duty_release"),
    path("<int:id>/assign/", views.assign, name="duty_assign"),
    path("<int:id>/snooze/", views.snooze, name="duty_snooze"),
    path("<int:id>/done/", views.finish, name="duty_done"),
    path("<int:id>/cancel/", views.cancel, name="duty_cancel"),
    path("<int:id>/miss/", views.miss, name="duty_miss"),
    path("<int:id>/reopen/", views.reopen, name="duty_reopen"),
    path("<int:id>/clocks/<int:clock_id>/", views.ledger, name="duty_ledger"),
]
