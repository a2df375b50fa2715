"""What a password must be. Django's checks with our words; named in settings, asked by `people.password_set`."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import password_validation as django
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

ABOUT_ONESELF = ("login", "name", "mail", "phone")


class LongEnough(django.MinimumLengthValidator):
    """At least `min_length` characters."""

    def get_error_message(self) -> str:
        return ngettext("密码太短，至少要 %(n)s 位。", "密码太短，至少要 %(n)s 位。", self.min_length) % {
            "n": self.min_length
        }


class NotCommon(django.CommonPasswordValidator):
    """None of those that everybody tries first."""

    def get_error_message(self) -> str:
        return _("这个密码太常见，别人一试就中。")


class NotOneself(django.UserAttributeSimilarityValidator):
    """Not the login, name, mail address or telephone number of the person, nor nearly so."""

    def __init__(self, **options: Any) -> None:
        super().__init__(user_attributes=ABOUT_ONESELF, **options)

    def get_error_message(self) -> str:
        return _("密码和您的登录名、姓名、邮箱或手机太像。")
