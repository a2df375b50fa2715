"""What each child process runs."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import threading
from typing import Final

BACKLOG: Final = 2048


def web(listener: int) -> None:
    """HTTP by uvicorn: pages, API, live updates. Takes connections from a listening socket that the parent holds and all
    web processes share, so that none is refused while one of them starts anew."""
    import uvicorn

    import shounuo.web.asgi  # noqa: F401  loaded here, so that it is settled before the first request

    _settle()
    config = uvicorn.Config(
        "shounuo.web.asgi:application",
        log_config=None,
        access_log=False,
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=3,
        timeout_keep_alive=30,
        backlog=BACKLOG,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=listener)])


def jobs(concurrency: int) -> None:
    """Queued jobs and the periodic ones. Starts again by itself when the database was away."""
    import django

    django.setup()
    from procrastinate.contrib.django import app

    _settle()

    with app.replace_connector(app.connector.get_worker_connector()):  # type: ignore[attr-defined]
        asyncio.run(_work(app, concurrency))


async def _work(app, concurrency: int) -> None:  # type: ignore[no-untyped-def]
    async with app.open_async():
        await app.run_worker_async(
            concurrency=concurrency,
            delete_jobs="successful",
            fetch_job_polling_interval=1.0,
            update_heartbeat_interval=4.0,
            stalled_worker_timeout=12.0,
            shutdown_graceful_timeout=10.0,
            install_signal_handlers=True,
        )


def clocks() -> None:
    """The loop that warns, breaches and escalates when a moment comes."""
    import django

    django.setup()
    from shounuo.commitments.loop import run

    run(_stop_event())


def smtp(host: str, port: int) -> None:
    """The SMTP listener, and the fetching of IMAP mailboxes."""
    import django

    django.setup()
    from shounuo.channels import smtp as listener

    listener.serve(host, port, _stop_event())


def _settle() -> None:
    """What is loaded by now stays for good: the collector need not walk it again (measured: 15-20% of a page's time)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def _stop_event() -> threading.Event:
    """Set when the process is asked to end."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_a: stop.set())
    return stop
