"""The console script `shounuo`. Every command takes --data DIR; what a command needs is imported when it runs."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from functools import partial
from pathlib import Path
from typing import Any

from shounuo.web.ops import place
from shounuo.web.ops.place import Need

DEFAULT_PORT = 8000
DEFAULT_SMTP_PORT = 2525


def main(argv: list[str] | None = None) -> int:
    """Parses the arguments and runs one command. The exit code is 0 when it did what was asked, 2 when that cannot be asked
    or the data folder is none for it, else 1."""
    parser = _parser()
    args = parser.parse_args(argv)
    if args.data:
        os.environ["SHOUNUO_DATA"] = str(Path(args.data).resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shounuo.web.settings")
    if not hasattr(args, "run"):
        parser.print_help()
        return 2
    from shounuo.kernel.errors import Problem

    try:
        place.check(place.folder(), args.need, embedded=not os.environ.get("DATABASE_URL"))
        return int(args.run(args) or 0)
    except place.NotThere as problem:
        _make_no_keys()
        _django(args)
        print(str(problem), file=sys.stderr)
        return 2
    except Problem as problem:
        print(str(problem), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    from shounuo import __version__

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", metavar="DIR", help="data folder (default: ./var)")
    parser = argparse.ArgumentParser(prog="shounuo", description="守诺 Shounuo")
    parser.add_argument("--version", action="version", version=f"shounuo {__version__}")
    parser.set_defaults(data=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def add(
        name: str, run: Any, help: str, to: Any = commands, need: Need = Need.STANDING
    ) -> argparse.ArgumentParser:
        command = to.add_parser(name, parents=[common], help=help, description=help)
        command.set_defaults(run=run, need=need)
        return command

    def group(name: str, help: str) -> Any:
        sub = commands.add_parser(name, help=help, description=help)
        sub.set_defaults(run=partial(_help, sub), need=Need.NOTHING)
        return sub.add_subparsers(metavar="ACTION")

    serve = add(
        "serve",
        _serve,
        "web, jobs, clocks, mail listener and the embedded database in one command",
        need=Need.ANY,
    )
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=DEFAULT_PORT)
    serve.add_argument("--smtp-host", default="127.0.0.1")
    serve.add_argument("--smtp-port", type=int, default=DEFAULT_SMTP_PORT, help="0: no mail listener")
    serve.add_argument(
        "--demo", action="store_true", help="fill an empty installation with a demo department"
    )
    _of_demo(serve)
    serve.add_argument("--web-only", action="store_true", help="on several machines: workers run elsewhere")
    serve.add_argument(
        "--web-processes",
        type=int,
        metavar="N",
        help="that serve pages and API (default: one a core, at most 4)",
    )
    serve.add_argument("--concurrency", type=int, default=2, help="jobs at a time")

    worker = add("worker", _worker, "jobs and clocks only, for several machines on one DATABASE_URL")
    worker.add_argument("--concurrency", type=int, default=2)
    worker.add_argument("--smtp-host", default="127.0.0.1")
    worker.add_argument("--smtp-port", type=int, default=0, help="0: no mail listener")

    child = add("run", _run, "one process of serve, started by it")
    child.add_argument("what", choices=["web", "jobs", "clocks", "smtp"])
    child.add_argument("--host", default="127.0.0.1")
    child.add_argument("--port", type=int, default=DEFAULT_PORT)
    child.add_argument("--listener", type=int, help="of web: the descriptor of the socket that it shares")
    child.add_argument("--concurrency", type=int, default=2)

    demo = add("demo", _demo, "fill an empty installation with a demo department", need=Need.ANY)
    _of_demo(demo)

    add("migrate", _migrate, "bring the database schema up to date")

    policy = group("policy", "policy packs")
    add("import", _policy("import"), "read a pack and make a draft of it", policy).add_argument("file")
    add(
        "publish", _policy("publish"), "put the newest draft of a pack in force at once", policy
    ).add_argument("pack")
    export = add("export", _policy("export"), "write a pack's version in force as YAML", policy)
    export.add_argument("pack")
    export.add_argument("--file", help="default: standard output")
    proposing = add(
        "propose",
        _policy("propose"),
        "cut a regulation into clauses and propose rules for them",
        policy,
        need=Need.NOTHING,
    )
    proposing.add_argument(
        "file", nargs="?", help=".docx, .pdf, .md or .txt; none: how well it is measured to do"
    )
    proposing.add_argument(
        "--json", action="store_true", help="with evidence and measured precision and recall"
    )
    add(
        "check",
        _policy("check"),
        "which requirement rows are enforced, and by what",
        policy,
        need=Need.MAYBE,
    )

    metrics = group("metrics", "figures: the catalogue, one metric, making all anew")
    listed = add("list", _metrics("list"), "the catalogue", metrics)
    listed.add_argument("text", nargs="?", default="", help="part of a name, code or definition")
    shown = add("show", _metrics("show"), "one metric and its figure", metrics)
    shown.add_argument("code")
    shown.add_argument("--from", dest="from_", help="YYYY-MM-DD (default: the last 30 days)")
    shown.add_argument("--to", help="YYYY-MM-DD, included")
    shown.add_argument("--bucket", choices=["day", "week", "month"])
    shown.add_argument("--by", action="append", default=[], help="a dimension; up to four")
    shown.add_argument("--where", action="append", default=[], metavar="DIMENSION=VALUE")
    anew = add(
        "rebuild", _metrics("rebuild"), "make all observations anew, with the identical result", metrics
    )
    anew.add_argument("--source", action="append", default=[], help="only this source (may be repeated)")
    anew.add_argument("--since", help="only what something happened to from this day on (YYYY-MM-DD)")

    importer = group("import", "bring in what another system holds")
    mail = add(
        "mail", _import_mail, "mbox, Maildir or a folder of .eml; sends nothing, may be repeated", importer
    )
    mail.add_argument("path")

    token = group("token", "API tokens")
    create = add("create", _token_create, "make a token and print it, nothing else", token)
    create.add_argument("--user", required=True)
    create.add_argument("--name", default="cli")
    create.add_argument(
        "--scope", action="append", default=[], help="permission code; default: all of the user's"
    )

    audit = group("audit", "access and configuration log")
    add("verify", _audit("verify"), "check the seals over events and log", audit)
    add("seal", _audit("seal"), "seal what is not sealed yet", audit)

    events = group("events", "the log of what happened")
    add(
        "era",
        _events_era,
        "after the database was put back from an earlier copy by other means than restore: readers' positions go on",
        events,
    )

    backup = add(
        "backup", _backup, "database, files and keys (encrypted) in one archive, consistent while running"
    )
    backup.add_argument("file", nargs="?", help="default: <data>/backups/<time>.snb")
    backup.add_argument("--passphrase-file", help="or SHOUNUO_BACKUP_PASSPHRASE")
    restore = add("restore", _restore, "bring a backup into an empty data folder or database", need=Need.ANY)
    restore.add_argument("file")
    restore.add_argument("--passphrase-file", help="or SHOUNUO_BACKUP_PASSPHRASE")
    add(
        "upgrade",
        _upgrade,
        "dump and reload when the embedded PostgreSQL's major version changed, then migrate",
    )

    link = group("link", "one-time links")
    admin = add(
        "create", _link_create, "a one-time sign-in link for a person (when nobody can sign in)", link
    )
    admin.add_argument("--user", default="admin")
    return parser


def _help(parser: argparse.ArgumentParser, _args: argparse.Namespace) -> int:
    parser.print_help()
    return 2


def say(text: str) -> None:
    print(text, flush=True)


def _django(args: argparse.Namespace) -> None:
    """Django ready, the embedded database running for as long as this command needs it."""
    import django

    django.setup()


def _make_no_keys() -> None:
    """This process gets keys of its own where none are given, so that settings make none in the data folder."""
    for name in ("SHOUNUO_SECRET_KEY", "SHOUNUO_DATA_KEY"):
        os.environ.setdefault(name, secrets.token_urlsafe(48))


class _Database:
    """The embedded server for one command: started where it is not running, and stopped again by who started it. NotThere
    where the database holds no installation and the command needs one that stands."""

    def __init__(self, need: Need = Need.STANDING) -> None:
        self.need = need
        self.started: Any = None

    def __enter__(self) -> _Database:
        from django.conf import settings

        if not os.environ.get("DATABASE_URL"):
            from shounuo.web.ops.postgres import Embedded

            server = Embedded(settings.DATA / "postgres")
            self.started = server if server.start() else None
            server.ensure_database()
        from shounuo.web.ops import start

        try:
            place.check_database(self.need, str(settings.DATABASES["default"]["NAME"]))
            start.migrate(lambda _text: None)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        from django.db import connection, connections

        connections.close_all()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
        if self.started is not None:
            self.started.stop()


def _serve(args: argparse.Namespace) -> int:
    from shounuo.web.ops import serve

    _django(args)
    return serve.serve(args, say)


def _worker(args: argparse.Namespace) -> int:
    from shounuo.web.ops import serve

    _django(args)
    return serve.worker(args, say)


def _run(args: argparse.Namespace) -> int:
    from shounuo.web.ops import processes

    match args.what:
        case "web":
            processes.web(args.listener)
        case "jobs":
            processes.jobs(args.concurrency)
        case "clocks":
            processes.clocks()
        case "smtp":
            processes.smtp(args.host, args.port)
    return 0


def _migrate(args: argparse.Namespace) -> int:
    _django(args)
    with _Database(Need.ANY):  # its work on a new database of the operator's
        say("ok")
    return 0


def _of_demo(command: argparse.ArgumentParser) -> None:
    command.add_argument("--demo-cases", type=int, default=3000)
    command.add_argument("--demo-day", help="the demo's last day, YYYY-MM-DD (default: today)")
    command.add_argument(
        "--demo-packs",
        choices=["house", "all"],
        default="house",
        help="the house's own regulation, or every pack that ships, whole",
    )


def _demo(args: argparse.Namespace) -> int:
    from shounuo.web.ops import serve

    _django(args)
    with _Database(args.need):
        serve.defaults(say)
        return serve.demo(args, say)


def _policy(action: str) -> Any:
    def run(args: argparse.Namespace) -> int:
        installed = action != "propose" and place.stands(
            place.folder(), embedded=not os.environ.get("DATABASE_URL")
        )
        if not installed:
            _make_no_keys()
        _django(args)
        from shounuo.policy import cli as policy

        if action == "propose":  # needs no database
            return (
                policy.propose(Path(args.file), say, as_json=args.json) if args.file else policy.measured(say)
            )
        if action == "check":
            if not installed:
                return policy.check(say, installed=False)
            with _Database():
                return policy.check(say)
        with _Database():
            if action == "import":
                return int(policy.import_file(Path(args.file), say) or 0)
            if action == "publish":
                return int(policy.publish(args.pack, say) or 0)
            return int(policy.export(args.pack, Path(args.file) if args.file else None, say) or 0)

    return run


def _metrics(action: str) -> Any:
    def run(args: argparse.Namespace) -> int:
        _django(args)
        from django.utils.translation import gettext as _

        from shounuo.metrics import cli as metrics
        from shounuo.web.ops.progress import Progress

        with _Database():
            if action == "list":
                return metrics.show_all(say, args.text)
            if action == "show":
                given: dict[str, list[str]] = {"by": args.by}
                for name in ("from_", "to", "bucket"):
                    if getattr(args, name):
                        given[name.rstrip("_")] = [getattr(args, name)]
                for text in args.where:
                    name, _sign, value = text.partition("=")
                    given.setdefault(name, []).append(value)
                return metrics.show(args.code, given, say)
            with Progress(_("重算指标")) as progress:
                return metrics.rebuild(args.source, args.since, say, progress.step)

    return run


def _import_mail(args: argparse.Namespace) -> int:
    _django(args)
    with _Database():
        from django.utils.translation import gettext as _

        from shounuo.channels.services import import_mail
        from shounuo.kernel.actors import Actor
        from shounuo.kernel.clock import now
        from shounuo.web.ops.progress import Progress

        with Progress(_("导入邮件")) as progress:
            report = import_mail(Path(args.path), actor=Actor.system(), at=now(), progress=progress.step)
        say(str(report))
    return 0


def _token_create(args: argparse.Namespace) -> int:
    _django(args)
    with _Database():
        from shounuo.kernel.actors import Actor
        from shounuo.kernel.clock import now
        from shounuo.staff import queries, services

        person = queries.person_by_login(args.user)
        if person is None:
            print(f"no user {args.user}", file=sys.stderr)
            return 1
        _token, clear = services.token_create(
            person_id=person.pk,
            name=args.name,
            scopes=args.scope,
            expires_at=None,
            actor=Actor.system(),
            at=now(),
        )
        print(clear)
    return 0


def _audit(action: str) -> Any:
    def run(args: argparse.Namespace) -> int:
        _django(args)
        with _Database():
            from shounuo.audit import services
            from shounuo.kernel.clock import now

            if action == "seal":
                services.seal(at=now())
            report = services.verify()
            say(str(report))
            return 0 if report.intact else 1

    return run


def _events_era(args: argparse.Namespace) -> int:
    _django(args)
    from shounuo.web.ops import start

    with _Database():
        start.new_era(say)
    return 0


def _backup(args: argparse.Namespace) -> int:
    _django(args)
    from shounuo.web.ops import backup

    with _Database():
        return backup.backup(args.file, args.passphrase_file, say)


def _restore(args: argparse.Namespace) -> int:
    _make_no_keys()  # they come with the archive
    _django(args)
    from shounuo.web.ops import backup

    return backup.restore(args.file, args.passphrase_file, say)


def _upgrade(args: argparse.Namespace) -> int:
    _django(args)
    from shounuo.web.ops import backup

    return backup.upgrade(say)


def _link_create(args: argparse.Namespace) -> int:
    _django(args)
    with _Database():
        from shounuo.kernel.actors import Actor
        from shounuo.kernel.clock import now
        from shounuo.staff import queries, services

        person = queries.person_by_login(args.user)
        if person is None:
            print(f"no user {args.user}", file=sys.stderr)
            return 1
        print(services.link_create(person_id=person.pk, purpose="reset", actor=Actor.system(), at=now()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
