"""`cogmill serve` and `cogmill demo`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.output import ERR
from api.settings import load_settings

Host = Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0: a free one.")]

DEMO_PORT = 8000
"""Taken by the demo where nobody listens there, else any free one."""


def serve(
    *,
    host: Host = None,
    port: Port = None,
    workers: Annotated[int | None, typer.Option(help="Server processes.")] = None,
) -> None:
    """Serve the APIs and the page.

    Every other choice is a setting: see cogmill info --settings. Ctrl-C ends it, after the
    requests in flight.

    [bold]Example[/]  COGMILL_DATA_ROOTS=/data cogmill serve --port 8000 --workers 2
    """
    from api.cli.server import run_server

    chosen: dict[str, Any] = {"host": host, "port": port, "workers": workers}
    settings = load_settings(**{name: value for name, value in chosen.items() if value is not None})
    if not settings.data_roots and not settings.data_hosts:
        ERR.print(
            "No data may be read yet: name folders in COGMILL_DATA_ROOTS or hosts in "
            "COGMILL_DATA_HOSTS.",
            style="dim",
        )
    run_server(settings)


def demo(
    *,
    folder: Annotated[
        Path, typer.Option(help="Where scenes and catalog are kept; made if it is not there.")
    ] = Path("cogmill-demo"),
    port: Port = None,
    pixels: Annotated[
        int | None,
        typer.Option(help="Columns and rows of a scene at 10 m, a multiple of 6.", min=60),
    ] = None,
) -> None:
    """Make sample scenes, register them and serve them on 127.0.0.1.

    A second start finds everything made. Ctrl-C ends it.

    [bold]Example[/]  cogmill demo --port 8000
    """
    from api.cli.samples import prepare_demo
    from api.cli.server import free_port, run_server

    settings = prepare_demo(folder.absolute(), pixels=pixels)
    chosen = free_port(settings.host, wanted=DEMO_PORT) if port is None else port
    run_server(settings.model_copy(update={"port": chosen}))
