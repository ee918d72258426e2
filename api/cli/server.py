"""`run_server`: uvicorn over a socket of our own, until it is told to stop."""

import gc
import socket
import sys
import time
from contextlib import suppress
from importlib import import_module

import uvicorn

from api.cli.output import ERR, OUT
from api.cli.processes import run_processes
from api.cli.protocol import BoundedHttp
from api.settings import Settings, publish
from engine.run.warm import warm_kernels

SILENCE_SECONDS = 20.0
"""A server process that shows no sign of life for so long is replaced."""


def run_server(settings: Settings) -> None:
    """Serve until a signal says stop; raises OSError where the address cannot be had.

    The socket is bound first: what is printed is true, and who connects early waits in line.
    """
    started = time.perf_counter()
    with listen(settings.host, settings.port) as listener:
        port = int(listener.getsockname()[1])
        publish(settings.model_copy(update={"port": port}))
        # Here and not only in each server process, so that several find the kernels compiled.
        with ERR.status("compiling kernels (only the first start takes long)…"):
            warm_kernels()
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        address = f"http://{host}:{port}/"
        seconds = time.perf_counter() - started
        OUT.print(f"Cogmill is at [bold link={address}]{address}[/]  (ready in {seconds:.1f} s)")
        OUT.print("Ctrl-C ends it.", style="dim")
        sys.stdout.flush()
        config = uvicorn.Config(
            # Here, and not when a process starts, so that all of them find it imported.
            import_module("api.app").create_app,
            factory=True,
            http=BoundedHttp,
            workers=settings.workers,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=settings.shutdown_seconds,
            server_header=False,
        )
        gc.collect()
        # What is there stays: looking through it takes 80 ms, and copies it into every process.
        gc.freeze()
        if settings.workers > 1:
            run_processes(config, listener, silence=SILENCE_SECONDS)
        else:
            # uvicorn raises the signal once more when all is closed.
            with suppress(KeyboardInterrupt):
                uvicorn.Server(config).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on ``port``, 0 for a free one.

    Raises OSError with a message that names the address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Of a protocol that is named, asyncio knows that small pieces should not wait for more.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        message = f"cannot listen on {host}, port {port}: {error.strerror or error}"
        raise OSError(message) from error
    listener.set_inheritable(True)
    return listener


def free_port(host: str, *, wanted: int) -> int:
    """Return ``wanted`` where nobody listens there, else 0."""
    try:
        listen(host, wanted).close()
    except OSError:
        return 0
    return wanted
