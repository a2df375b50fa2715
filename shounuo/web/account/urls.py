"""Addresses of signing in and of one's own account."""

from django.urls import path

from shounuo.web.account.views import me, notices, signing, tokens

urlpatterns = [
    path("signin/", signing.sign_in, name="signin"),
    path("signin/code/", signing.code, name="signin_code"),
    path("signin/forgot/", signing.forgot, name="signin_forgot"),
    path("signin/forgot/done/", signing.forgot_done, name="signin_forgot_done"),
    path("signout/", signing.sign_out, name="signout"),
    path("link/<str:token>/", signing.link, name="link"),
    path("me/", me.profile, name="me"),
    path("me/theme/", me.theme, name="me_theme"),
    path("me/language/<str:code>/", me.language, name="me_language"),
    path("me/presence/", me.presence, name="me_presence"),
    path("me/security/", me.security, name="me_security"),
    path("me/password/", me.password, name="me_password"),
    path("me/factor/", me.factor_begin, name="me_factor"),
    path("me/factor/qr.svg", me.factor_qr, name="me_factor_qr"),
    path("me/factor/confirm/", me.factor_confirm, name="me_factor_confirm"),
    path("me/factor/off/", me.factor_off, name="me_factor_off"),
    path("me/factor/codes/", me.factor_codes, name="me_factor_codes"),
    path("me/tokens/", tokens.tokens, name="me_tokens"),
    path("me/tokens/<int:token_id>/revoke/", tokens.revoke, name="me_token_revoke"),
    path("me/notices/", notices.notices, name="me_notices"),
    path("me/notices/count/", notices.count, name="me_notices_count"),
    path("me/notices/read/", notices.read_all, name="me_notices_read"),
    path("me/notices/<int:notice_id>/", notices.go, name="me_notice"),
]
