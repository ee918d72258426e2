"""`cogmill client`: who may ask."""

from typing import Annotated

import typer

from api.cli.output import OUT, AsJson, print_json, print_table, run
from api.settings import load_settings
from engine.database.clients import ClientStore
from engine.database.connection import open_database

client = typer.Typer(no_args_is_help=True, help="OAuth clients: who may ask for pixels.")


@client.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the client is for.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Make a client; its secret is shown once and kept only as a hash.

    [bold]Example[/]  cogmill client create "field team"
    """

    async def make() -> tuple[str, str]:
        database = await open_database(load_settings().database)
        try:
            made = await ClientStore(database).create(name)
        finally:
            await database.close()
        return made.client.id, made.secret

    client_id, secret = run(make())
    if as_json:
        print_json({"client_id": client_id, "client_secret": secret})
        return
    OUT.print(f"client id      [bold]{client_id}[/]")
    OUT.print(f"client secret  [bold]{secret}[/]")
    OUT.print("The secret is not shown again.", style="dim")


@client.command("list")
def list_clients(*, as_json: AsJson = False) -> None:
    """List the clients there are, without their secrets."""

    async def read() -> list[dict[str, str]]:
        database = await open_database(load_settings().database)
        try:
            found = await ClientStore(database).list()
        finally:
            await database.close()
        return [
            {"client_id": one.id, "name": one.name, "created": one.created.isoformat()}
            for one in found
        ]

    rows = run(read())
    if as_json:
        print_json(rows)
    else:
        print_table(["client id", "name", "created"], [list(row.values()) for row in rows])


@client.command("remove")
def remove(client_id: Annotated[str, typer.Argument(help="The client's id.")]) -> None:
    """Remove a client; tokens it holds work until they expire."""

    async def drop() -> None:
        database = await open_database(load_settings().database)
        try:
            await ClientStore(database).remove(client_id)
        finally:
            await database.close()

    run(drop())
    OUT.print(f"removed {client_id}")
