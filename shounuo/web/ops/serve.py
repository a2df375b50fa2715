"""`shounuo serve` and `shounuo worker`: what they bring up, in order."""

from __future__ import annotations

import argparse
import os
import socket
from collections.abc import Callable
from datetime import date

from django.conf import settings
from django.utils.translation import gettext as _

from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid, Problem
from shounuo.web.ops import start
from shounuo.web.ops.postgres import Embedded
from shounuo.web.ops.processes import BACKLOG
from shounuo.web.ops.supervisor import AlreadyRunning, Child, Supervisor, lock_data

Say = Callable[[str], None]
FIRST_DEMO_DAY = date(2020, 7, 1)  # its 90 days and the month before lie in years whose holidays are known


def serve(args: argparse.Namespace, say: Say) -> int:
    """Runs everything until a signal ends it; the first start prints the one-time link to the set-up page."""
    listener = _bound(args.host, args.port)
    if args.smtp_port and not args.web_only:
        _bound(args.smtp_host, args.smtp_port).close()
    try:
        lock = lock_data(settings.DATA)
    except AlreadyRunning as error:
        raise Problem(_("这个数据目录已经有一个守诺在运行：%(path)s") % {"path": error}) from error
    with lock, listener:
        database = start.database(say)
        try:
            start.migrate(say)
            start.static_files(say)
            link = defaults(say, mailbox=not args.demo)
            if args.demo:
                demo(args, say)
                link = None
        except BaseException:
            _close_and_stop(database)
            raise
        _close_connections()
        listener.listen(BACKLOG)
        shared = listener.fileno()
        children = [
            Child("web", ["web", "--listener", str(shared)], (shared,))
            for _n in range(args.web_processes or min(os.cpu_count() or 1, 4))
        ]
        if not args.web_only:
            children += _workers(args)
        address = f"http://{'localhost' if args.host in ('0.0.0.0', '::') else args.host}:{args.port}"  # noqa: S104
        say("")
        say(_("守诺：%(address)s") % {"address": address + "/"})
        if not link:  # until it is set up, its pages all lead to the set-up
            say(_("员工登录：%(address)s") % {"address": address + "/signin/"})
        if link:
            say(_("第一次启动：用这个一次性链接设置：%(link)s") % {"link": address + link})
        say(_("Ctrl-C 停止"))
        return Supervisor(children, database if isinstance(database, Embedded) else None, say).run()


def worker(args: argparse.Namespace, say: Say) -> int:
    """Jobs and clocks on a machine of their own; needs DATABASE_URL."""
    start.migrate(say)
    _close_connections()
    return Supervisor(_workers(args), None, say).run()


def _workers(args: argparse.Namespace) -> list[Child]:
    children = [Child("jobs", ["jobs", "--concurrency", str(args.concurrency)]), Child("clocks", ["clocks"])]
    if args.smtp_port:
        children.append(Child("smtp", ["smtp", "--host", args.smtp_host, "--port", str(args.smtp_port)]))
    return children


def defaults(say: Say, *, mailbox: bool = False) -> str | None:
    """What every installation has: calendars, roles, the organisation, `admin`, and with `mailbox` one that takes any mail
    until the set-up. Returns the set-up link while it is open."""
    from shounuo.web.ops import first

    link = first.ensure(now(), Actor.system())
    if link and mailbox:
        first.mailbox_ensure(now(), Actor.system())
    return link


def demo(args: argparse.Namespace, say: Say) -> int:
    """The demo department, once, in an installation that has no cases. Raises Invalid for a day that cannot be its last
    and for a number of cases that says nothing."""
    from shounuo.web.demo import build, world

    today = now().astimezone(world.ZONE).date()
    try:
        day = date.fromisoformat(args.demo_day) if args.demo_day else today
    except ValueError:
        raise Invalid(_("--demo-day 应为日期，例如 2026-10-09")) from None
    if not FIRST_DEMO_DAY <= day <= today:
        raise Invalid(
            _("--demo-day 应在 %(first)s 与今天 %(today)s 之间") % {"first": FIRST_DEMO_DAY, "today": today}
        )
    if args.demo_cases < 1:
        raise Invalid(_("--demo-cases 至少是 1"))
    return build.run(cases=args.demo_cases, day=day, say=say, all_packs=args.demo_packs == "all")


def _bound(host: str, port: int) -> socket.socket:
    """A socket on that address that does not listen yet; Problem where the port is taken or not allowed."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except (OSError, OverflowError) as error:  # the latter: beyond 65535
        bound.close()
        raise Problem(
            _("端口 %(port)s 已被占用或不许使用（%(why)s）；用 --port 或 --smtp-port 换一个")
            % {"port": port, "why": getattr(error, "strerror", None) or error}
        ) from error
    return bound


def _close_connections() -> None:
    from django.db import connection, connections

    connections.close_all()
    if hasattr(connection, "close_pool"):
        connection.close_pool()


def _close_and_stop(database: object | None) -> None:
    _close_connections()
    if isinstance(database, Embedded):
        database.stop()
