"""The Conditional Access policies, from the templates to the tenant, with the administrator's own token.

    python -m infra.access render  --break-glass <group id>    print the set, for an import by hand
    python -m infra.access preview --break-glass <group id>    what stands, and what would be created
    python -m infra.access create  --break-glass <group id>    create what is missing, report-only
    python -m infra.access off                                 roll back: switch them all off

No command turns a policy on: that is the administrator's own step, in the portal, after the app has asked
What If (GET /devices/{id}/what-if).
`--app` (application id, Office365 or All; may be repeated), `--attribute` (TAG_ATTRIBUTE of the connector),
`--require compliant` (phones have to be compliant; a protected app does not do instead).
"""

import argparse
import json
import sys
from collections.abc import Sequence

from infra import commands
from infra.access import tenant
from infra.access.templates import (
    APPLICATIONS,
    COMPANIONS,
    DEFAULT_COMPANION,
    SHIPPED,
    policies,
    template,
)
from infra.commands import Command, say
from infra.graph_session import GraphError, GraphSession, token

READ = ("Policy.Read.All",)
CHECK_GROUP = ("GroupMember.Read.All",)
WRITE = ("Policy.ReadWrite.ConditionalAccess", "Application.Read.All")

BY_HAND = "switch them off in the Entra portal: Protection, Conditional Access, Policies"


def render(given: argparse.Namespace) -> int:
    """Print the policies as JSON; asks nobody."""
    json.dump(_wanted(given), sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 0


def preview(given: argparse.Namespace) -> int:
    """What `create` would do; changes nothing. 1 where something is missing or stands otherwise."""
    session = _session(given, READ + CHECK_GROUP)
    tenant.check_break_glass(session, given.break_glass)
    found = tenant.imported(session, _wanted(given))
    _show_imported(found)
    return 1 if any(each.found is None or each.differences for each in found) else 0


def create(given: argparse.Namespace) -> int:
    """Create what is missing, report-only. What stands already is left as it is, and shown."""
    session = _session(given, READ + CHECK_GROUP + WRITE)
    tenant.check_break_glass(session, given.break_glass)
    found = tenant.imported(session, _wanted(given))
    _show_imported([each for each in found if each.found is not None])
    for name in tenant.create_missing(session, found):
        say(f"{name}: created, report-only")
    return 1 if any(each.differences for each in found) else 0


def off(given: argparse.Namespace) -> int:
    """Switch every policy of ours off, whatever its state and name; one that cannot be holds up no other."""
    session = _session(given, READ + WRITE)
    names = [str(template(name)["displayName"]) for name in SHIPPED]
    try:
        found = tenant.ours(session, names)
    except GraphError as error:
        raise GraphError(f"{error}\nnothing was switched off: {BY_HAND}") from error
    for name in names:
        if not any(policy["displayName"] == name for policy in found):
            say(f"{name}: missing")
    done = []
    for policy in found:
        outcome = tenant.switch_off(session, policy)
        say(f"{policy['displayName']}: {outcome.in_words}")
        done.append(outcome.done)
    if not all(done):
        say(f"try again, or {BY_HAND}")
    return 0 if all(done) else 2


COMMANDS: dict[str, Command] = {each.__name__: each for each in (render, preview, create, off)}


def _wanted(given: argparse.Namespace) -> list[tenant.Policy]:
    return list(policies(given.break_glass, given.app or APPLICATIONS, given.attribute, given.require))


def _session(given: argparse.Namespace, scopes: Sequence[str]) -> GraphSession:
    return GraphSession(token(scopes, device_code=given.device_code), given.graph, say)


def _show_imported(found: Sequence[tenant.ImportedPolicy]) -> None:
    for each in found:
        if each.found is None:
            say(f"{each.name}: would be created, report-only")
        elif each.differences:
            say(f"{each.name}: stands, {each.state}, left as it is; differs in {', '.join(each.differences)}")
        else:
            say(f"{each.name}: stands as it should, {each.state}")


def _options(name: str, one: argparse.ArgumentParser) -> None:
    one.add_argument("--app", action="append", help="application id, Office365 or All; may be repeated")
    one.add_argument(
        "--require", choices=COMPANIONS, default=DEFAULT_COMPANION, help="what phones have to bring along"
    )
    if name in {"render", "preview", "create"}:
        one.add_argument("--break-glass", required=True, help="object id of the group never blocked")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 2 where a parameter makes no sense or Graph refuses, in one line."""
    description = "The Conditional Access policies."
    return commands.main("infra.access", description, COMMANDS, _options, arguments)


if __name__ == "__main__":
    sys.exit(main())
