from django.urls import path

from shounuo.web.desk import small, views
from shounuo.web.desk.forms import ACTS, PLAIN

urlpatterns = [
    path("", views.desk, name="desk"),
    path("filter/", small.narrow, name="desk-filter"),
    path("saved/<int:view_id>/delete/", small.unsave, name="desk-unsave"),
    path("bulk/<slug:what>/", views.bulk, name="desk-bulk"),
    path("<int:number>/", views.desk, name="case"),
    path("<int:number>/row/", views.row, name="case-row"),
    path("<int:number>/timeline/", views.timeline, name="case-timeline"),
    path("<int:number>/send/", views.send, name="case-send"),
    path("<int:number>/draft/", views.draft, name="case-draft"),
    path("<int:number>/seen/", views.seen, name="case-seen"),
    path("<int:number>/events.csv", views.history, name="case-history"),
    path("<int:number>/colleagues/", small.colleagues, name="case-colleagues"),
    path("<int:number>/texts/", small.texts, name="case-texts"),
    path("<int:number>/upload/", small.upload, name="case-upload"),
    path("<int:number>/messages/<int:id>/", small.message, name="case-message"),
    path("<int:number>/messages/<int:id>/raw/", small.raw, name="case-message-raw"),
    path("<int:number>/messages/<int:id>/resend/", small.resend, name="case-resend"),
    path("<int:number>/unmerge/<int:merge_id>/", small.unmerge, name="case-unmerge"),
    path("<int:number>/clocks/<int:clock_id>/", views.ledger, name="case-ledger"),
    path("<int:number>/clocks/<int:clock_id>/rebase/", small.rebase, name="case-rebase"),
    *[path(f"<int:number>/{what}/", views.plain, {"what": what}, name=f"case-{what}") for what in PLAIN],
    *[path(f"<int:number>/{what}/", views.act, {"what": what}, name=f"case-{what}") for what in ACTS],
]
