"""Addresses of the policy pages, under /policy/."""

from django.urls import path

from shounuo.web.policies import editor, life, roles, uploads, views

urlpatterns = [
    path("", views.index, name="policies"),
    path("new/", editor.begin_new, name="policy-new"),
    path("import/", views.bring, name="policy-import"),
    path("documents/", uploads.index, name="policy-documents"),
    path("documents/<int:document_id>/", uploads.review, name="policy-document"),
    path("documents/<int:document_id>/<slug:what>/", uploads.act, name="policy-document-act"),
    path("proposals/<int:proposal_id>/edit/", uploads.edit, name="policy-proposal-edit"),
    path("proposals/<int:proposal_id>/<slug:what>/", uploads.decide, name="policy-proposal-act"),
    path("clauses/<str:code>/", views.clause, name="clause"),
    path("clauses/<str:code>/breaches/", views.breaches, name="clause-breaches"),
    path("clauses/<str:code>/promise/", life.promise, name="clause-promise"),
    path("clauses/<str:code>/deviation/", life.deviation, name="clause-deviation"),
    path("reviews/<int:version_id>/", life.review_by_id, name="policy-review-by-id"),
    path("comments/<int:comment_id>/<slug:what>/", life.comment_act, name="policy-comment-act"),
    path("<int:policy_id>/", life.by_id, name="policy-by-id"),
    path("causes/<int:clock_id>/", views.cause, name="breach-cause"),
    path("<slug:code>/", views.document, name="policy"),
    path("<slug:code>/export/", views.export, name="policy-export"),
    path("<slug:code>/versions/", views.versions, name="policy-versions"),
    path("<slug:code>/breaches/", life.breaches, name="policy-breaches"),
    path("<slug:code>/sign/", life.sign, name="policy-sign"),
    path("<slug:code>/remind/", life.remind, name="policy-remind"),
    path("<slug:code>/roles/<slug:role>/", roles.make, name="policy-role"),
    path("<slug:code>/review-date/", life.review_date, name="policy-review-date"),
    path("<slug:code>/retire/", life.retire, name="policy-retire"),
    path("<slug:code>/versions/<int:version_id>/review/", life.review, name="policy-review"),
    path("<slug:code>/versions/<int:version_id>/return/", life.send_back, name="policy-return"),
    path("<slug:code>/versions/<int:version_id>/questions/", life.questions, name="policy-questions"),
    path("<slug:code>/versions/<int:version_id>/comments/<str:clause>/", life.comment, name="policy-comment"),
    path("<slug:code>/draft/", editor.begin, name="policy-draft"),
    *(
        path(f"<slug:code>/versions/<int:version_id>/edit/{rest}", view, name=name)
        for rest, view, name in (
            ("", editor.overview, "policy-edit"),
            ("head/", editor.head, "policy-edit-head"),
            ("undo/", editor.undo, "policy-edit-undo"),
            ("clauses/new/", editor.clause_new, "policy-edit-clause-new"),
            ("clauses/<str:clause>/", editor.clause, "policy-edit-clause"),
            ("clauses/<str:clause>/rules/new/<slug:kind>/", editor.rule_new, "policy-edit-rule-new"),
            ("clauses/<str:clause>/rules/<slug:seen>/", editor.rule, "policy-edit-rule"),
            ("clauses/<str:clause>/rules/<slug:seen>/<slug:what>/", editor.rule_act, "policy-edit-rule-act"),
            ("clauses/<str:clause>/<slug:what>/", editor.clause_act, "policy-edit-clause-act"),
        )
    ),
    path("<slug:code>/versions/<int:version_id>/changes/", views.changes, name="policy-changes"),
    path("<slug:code>/versions/<int:version_id>/<slug:what>/", views.act, name="policy-act"),
]
