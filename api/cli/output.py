"""What the command prints: tables for people, JSON for programs, progress for the patient."""

import asyncio
import json
import sys
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Protocol, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

T = TypeVar("T")

OUT = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 400)
"""Results; where no terminal reads them, a row of a table is one line."""
ERR = Console(stderr=True, highlight=False, soft_wrap=True)
"""Progress, warnings and errors, so that results can be piped."""

SCRIPT_IS_WRONG = 5
"""The exit code for a script that is broken, or that threw."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


class OnProgress(Protocol):
    """Told after each step of long work."""

    def __call__(self, done: int, total: int, name: str) -> None:
        """``done`` of ``total`` steps are finished; ``name`` was the last one."""
        ...


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return what ``coroutine`` returns, in an event loop of its own."""
    return asyncio.run(coroutine)


def print_json(value: Any) -> None:
    """Print ``value`` as indented JSON on standard output."""
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False, default=str)
    sys.stdout.write("\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows under column names; nothing is cut off."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*["" if cell is None else str(cell) for cell in row])
    OUT.print(table)


def print_facts(facts: Mapping[str, Any]) -> None:
    """Print names and values in two columns."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(name, str(value))
    OUT.print(table)


def warn(text: str) -> None:
    """Print a warning line on standard error."""
    ERR.print("[yellow]warning:[/] ", end="")
    ERR.print(text, markup=False)


def print_error(message: str, *, excerpt: str | None = None) -> None:
    """Print an error line on standard error, and below it the place in a script."""
    if message:
        ERR.print("[bold red]error:[/] ", end="")
        ERR.print(message, markup=False)
    if excerpt:
        ERR.print(excerpt, markup=False)


@contextmanager
def progress(title: str) -> Iterator[OnProgress]:
    """Show a bar on standard error while inside; hidden where that is not a terminal."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[name]}"),
        console=ERR,
        transient=True,
        disable=not ERR.is_terminal,
    ) as bar:
        task = bar.add_task(title, total=None, name="")

        def step(done: int, total: int, name: str) -> None:
            bar.update(task, completed=done, total=total, name=escape(name))

        yield step
