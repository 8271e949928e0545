"""What the command lines over Graph have in common: a subcommand for each function, named as it is and
explained by its docstring, and one line where it cannot be done."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence

from infra.graph_session import GRAPH, GraphError

Command = Callable[[argparse.Namespace], int]
"""Does what its name says; the exit status."""


def main(
    module: str,
    description: str,
    commands: Mapping[str, Command],
    options: Callable[[str, argparse.ArgumentParser], None],
    arguments: Sequence[str] | None,
) -> int:
    """Do what `arguments` ask for; `options` adds a command's own. 2 where a parameter makes no sense or
    Graph refuses."""
    ask = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    subcommands = ask.add_subparsers(dest="command", required=True)
    for name, command in commands.items():
        summary = (command.__doc__ or "").splitlines()[0]
        one = subcommands.add_parser(name, help=summary, description=summary)
        one.add_argument("--attribute", type=int, default=7, help="TAG_ATTRIBUTE of the connector")
        options(name, one)
        one.add_argument("--device-code", action="store_true", help="sign in with a code, on another device")
        one.add_argument("--graph", default=GRAPH, help="address of Microsoft Graph")
    given = ask.parse_args(arguments)
    try:
        return commands[given.command](given)
    except (ValueError, GraphError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


def say(line: str) -> None:
    """One line to whoever runs it."""
    sys.stdout.write(f"{line}\n")
