"""A day that somebody names in a form."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

FIRST: Final = date(1970, 1, 1)
LAST: Final = date(2199, 12, 31)
_OUT_OF_REACH: Final = _("日期须在 1970 年到 2199 年之间")


class DayField(forms.DateField):
    """A day that has a next one in every zone: of a year far away neither calendars nor the database make a moment."""

    def __init__(self, **kwargs: Any) -> None:
        drawn = {"type": "date", "min": FIRST.isoformat(), "max": LAST.isoformat()}
        super().__init__(widget=forms.DateInput(attrs=drawn, format="%Y-%m-%d"), **kwargs)
        self.validators += [
            MinValueValidator(FIRST, _OUT_OF_REACH),
            MaxValueValidator(LAST, _OUT_OF_REACH),
        ]
