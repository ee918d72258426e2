"""`cogmill check`, `scripts list | show`: what scripts are, and those that come with Cogmill."""

import sys
from typing import Annotated

import typer

from api.cli.output import SCRIPT_IS_WRONG, AsJson, print_json, print_table, run
from api.settings import load_settings

scripts = typer.Typer(no_args_is_help=True, help="The ready scripts that come with Cogmill.")

REMARKED = 1
"""The exit code of a strict check that has something to remark."""


def check(
    script: Annotated[str, typer.Argument(help="A script's file, or the name of a ready one.")],
    *,
    collection: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="What it reads, for a script without setup(); else any built-in collection's "
            "bands are known.",
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail where there are remarks.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a script reads and returns, its tier and why, and what looks wrong with it.

    Exit codes: 0 it runs · 1 with --strict, there are remarks · 5 it is broken

    [bold]Examples[/]

    cogmill check my-script.js --strict

    cogmill check ndvi --json
    """
    from api.cli.asking import bands_of, check_named
    from api.cli.script_text import print_check
    from api.library.checked import describe_check, describe_mistake
    from evalscripts.errors import ScriptError, ScriptTierUnavailable

    bands = run(bands_of(load_settings(), collection))
    try:
        facts = describe_check(check_named(script, bands=bands))
    except ScriptTierUnavailable:
        raise
    except ScriptError as error:
        if not as_json:
            raise
        print_json(describe_mistake(error))
        raise typer.Exit(SCRIPT_IS_WRONG) from None
    if as_json:
        print_json(facts)
    else:
        print_check(facts)
    if strict and facts["remarks"]:
        raise typer.Exit(REMARKED)


@scripts.command("list")
def list_ready(*, as_json: AsJson = False) -> None:
    """List the ready scripts.

    [bold]Example[/]  cogmill scripts list
    """
    from api.library.describe import describe_script
    from evalscripts.library import list_scripts

    described = [describe_script(script) for script in list_scripts()]
    if as_json:
        print_json(described)
        return
    rows = [
        [
            one["id"],
            one["title"],
            " + ".join([one["collection"], *([one["also"]["collection"]] if one["also"] else [])]),
            "" if one["mosaicking"] == "SIMPLE" else "all dates",
            one["description"],
        ]
        for one in described
    ]
    print_table(["id", "title", "reads", "", "what it shows"], rows)


@scripts.command("show")
def show(
    script_id: Annotated[str, typer.Argument(metavar="ID", help="A ready script.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Print the text of a ready script, to use it or to change it.

    [bold]Example[/]  cogmill scripts show ndvi > my-ndvi.js
    """
    from api.library.describe import describe_script, find_script

    found = find_script(script_id)
    if as_json:
        print_json({**describe_script(found), "text": found.text})
    else:
        sys.stdout.write(found.text)
