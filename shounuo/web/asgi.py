"""The ASGI application."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shounuo.web.settings")

import django

django.setup(set_prefix=False)

from shounuo.web.handler import Handler  # noqa: E402  Django must be set up before

application = Handler()
