"""Administration, under /settings/."""

from django.urls import path

from shounuo.web.console import organisation, start, tokens

urlpatterns = [
    path("", start.page),
    path("organisation/", organisation.organisation),
    path("people/", organisation.people),
    path("people/new/", organisation.person_new),
    path("people/<int:id>/", organisation.person_edit),
    path("people/<int:id>/gone/", organisation.person_gone),
    path("people/<int:id>/back/", organisation.person_gone, {"back": True}),
    path("people/<int:id>/factor/", organisation.person_factor),
    path("people/<int:id>/link/", organisation.person_link),
    path("teams/", organisation.teams),
    path("teams/new/", organisation.team_edit),
    path("teams/<int:id>/", organisation.team_edit),
    path("roles/", organisation.roles),
    path("roles/new/", organisation.role_edit),
    path("roles/<int:id>/", organisation.role_edit),
    path("tokens/", tokens.tokens),
    path("tokens/new/", tokens.token_new),
    path("tokens/<int:id>/revoke/", tokens.token_revoke),
]
