"""Addresses of the policy pages, under /policy/."""

from django.urls import path

from shounuo.web.policies import uploads, views

urlpatterns = [
    path("", views.index, name="policies"),
    path("import/", views.bring, name="policy-import"),
    path("documents/", uploads.index, name="policy-documents"),
    path("documents/<int:document_id>/", uploads.review, name="policy-document"),
    path("documents/<int:document_id>/<slug:what>/", uploads.act, name="policy-document-act"),
    path("proposals/<int:proposal_id>/edit/", uploads.edit, name="policy-proposal-edit"),
    path("proposals/<int:proposal_id>/<slug:what>/", uploads.decide, name="policy-proposal-act"),
    path("clauses/<str:code>/", views.clause, name="clause"),
    path("clauses/<str:code>/breaches/", views.breaches, name="clause-breaches"),
    path("causes/<int:clock_id>/", views.cause, name="breach-cause"),
    path("<slug:code>/", views.document, name="policy"),
    path("<slug:code>/export/", views.export, name="policy-export"),
    path("<slug:code>/versions/", views.versions, name="policy-versions"),
    path("<slug:code>/versions/<int:version_id>/changes/", views.changes, name="policy-changes"),
    path("<slug:code>/versions/<int:version_id>/<slug:what>/", views.act, name="policy-act"),
]
