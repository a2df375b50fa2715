"""Addresses of the desk, under /cases/."""

from django.urls import path

from shounuo.web.desk import filters, messages, pickers, views, writing
from shounuo.web.desk.acts import ACTS, PLAIN

urlpatterns = [
    path("", views.desk, name="desk"),
    path("ids/", views.ids, name="desk-ids"),
    path("filter/", filters.narrow, name="desk-filter"),
    path("saved/<int:view_id>/delete/", filters.forget, name="desk-forget"),
    path("bulk/<slug:what>/", views.bulk, name="desk-bulk"),
    path("<int:number>/", views.desk, name="case"),
    path("<int:number>/row/", views.row, name="case-row"),
    path("<int:number>/timeline/", views.timeline, name="case-timeline"),
    path("<int:number>/events.csv", views.history, name="case-history"),
    path("<int:number>/clocks/<int:clock_id>/", views.ledger, name="case-ledger"),
    path("<int:number>/clocks/<int:clock_id>/rebase/", views.rebase, name="case-rebase"),
    path("<int:number>/send/", writing.send, name="case-send"),
    path("<int:number>/draft/", writing.draft, name="case-draft"),
    path("<int:number>/seen/", writing.seen, name="case-seen"),
    path("<int:number>/unmerge/<int:merge_id>/", writing.unmerge, name="case-unmerge"),
    path("<int:number>/colleagues/", pickers.colleagues, name="case-colleagues"),
    path("<int:number>/texts/", pickers.texts, name="case-texts"),
    path("<int:number>/upload/", pickers.upload, name="case-upload"),
    path("<int:number>/messages/<int:id>/", messages.message, name="case-message"),
    path("<int:number>/messages/<int:id>/frame/", messages.frame, name="case-message-frame"),
    path("<int:number>/messages/<int:id>/raw/", messages.raw, name="case-message-raw"),
    path("<int:number>/messages/<int:id>/resend/", messages.resend, name="case-resend"),
    *[path(f"<int:number>/{what}/", writing.plain, {"what": what}, name=f"case-{what}") for what in PLAIN],
    *[path(f"<int:number>/{what}/", writing.act, {"what": what}, name=f"case-{what}") for what in ACTS],
]
