"""Django's own commands, for developers: python -m shounuo.web.manage COMMAND (starts the embedded database)."""

from __future__ import annotations

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shounuo.web.settings")
    from django.conf import settings
    from django.core.management import execute_from_command_line

    started = None
    if not os.environ.get("DATABASE_URL") and "makemigrations" not in sys.argv:
        from shounuo.web.ops.postgres import Embedded

        server = Embedded(settings.DATA / "postgres")
        started = server if server.start() else None
        server.ensure_database()
    try:
        execute_from_command_line(sys.argv)
    finally:
        if started is not None:
            started.stop()


if __name__ == "__main__":
    main()
