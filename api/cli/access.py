"""`cogmill client`: who may ask."""

from typing import Annotated

import typer

from api.cli.output import OUT, AsJson, print_json, print_table, run
from api.settings import load_settings

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
    from api.cli.clients import make_client

    made = run(make_client(load_settings(), name))
    if as_json:
        print_json({"client_id": made.client.id, "client_secret": made.secret})
        return
    OUT.print(f"client id      [bold]{made.client.id}[/]")
    OUT.print(f"client secret  [bold]{made.secret}[/]")
    OUT.print("The secret is not shown again.", style="dim")


@client.command("list")
def list_clients(*, as_json: AsJson = False) -> None:
    """List the clients there are, without their secrets.

    [bold]Example[/]  cogmill client list
    """
    from api.cli.clients import all_clients

    rows = [
        {
            "client_id": one.id,
            "name": one.name,
            "scopes": " ".join(one.scopes),
            "created": one.created.isoformat(timespec="seconds"),
        }
        for one in run(all_clients(load_settings()))
    ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(["client id", "name", "scopes", "created"], [[*row.values()] for row in rows])
    else:
        OUT.print("no clients yet; make one: cogmill client create NAME")


@client.command("remove")
def remove(client_id: Annotated[str, typer.Argument(help="The client's id.")]) -> None:
    """Remove a client; tokens that it holds still read until they expire.

    [bold]Example[/]  cogmill client remove 1f0c2a6e-…
    """
    from api.cli.clients import remove_client

    run(remove_client(load_settings(), client_id))
    OUT.print(f"removed {client_id}", markup=False)
