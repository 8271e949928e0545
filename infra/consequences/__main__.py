"""Consequences of a tag beyond sign-in (docs/consequences.md), with the administrator's own token.

    python -m infra.consequences render      print all of it, for an import by hand
    python -m infra.consequences show        what stands, and what is wrong with it
    python -m infra.consequences create      create what is missing, assigned to nobody
    python -m infra.consequences off         take the policies' assignments back

No command assigns anything: that is the administrator's own step, in Intune. `--attribute` is TAG_ATTRIBUTE
of the connector. With `--grace-hours 0` a phone that gets a policy is not compliant at once; else it is in
its grace period for as long, and stays compliant.
"""

import argparse
import json
import sys
from collections.abc import Sequence

from infra import commands
from infra.commands import Command, say
from infra.consequences import tenant
from infra.consequences.templates import MAX_GRACE_HOURS, Wanted, wanted
from infra.graph_session import GraphError, GraphSession, token

READ = ("Group.Read.All", "DeviceManagementConfiguration.Read.All", "DeviceManagementServiceConfig.Read.All")
CREATE = (
    "Group.ReadWrite.All",
    "DeviceManagementConfiguration.ReadWrite.All",
    "DeviceManagementServiceConfig.ReadWrite.All",
)
"""The last one: Graph's page on messages names it in older copies, the one before in newer ones."""
BY_HAND = "take the assignments back in Intune: Devices, Compliance"
LEFT = (
    "left as they are: the group, and the profiles that exclude it; each profile comes back where you take "
    "the exclusion out, all of them where you delete the group"
)


def render(given: argparse.Namespace) -> int:
    """Print every body and where it is posted, as JSON; asks nobody."""
    wanted_ = _wanted(given)
    texts = f"{tenant.MESSAGES}/<MESSAGE-ID>/localizedNotificationMessages"
    bodies = [
        ("v1.0" + tenant.GROUPS, wanted_.group),
        ("v1.0" + tenant.MESSAGES, wanted_.message),
        *(("v1.0" + texts, text) for text in wanted_.messages),
        *(("beta" + tenant.POLICIES, policy) for policy in wanted_.policies),
    ]
    json.dump([{"post": path, "body": body} for path, body in bodies], sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 0


def show(given: argparse.Namespace) -> int:
    """What stands, to whom it is assigned, and what is wrong; changes nothing. 1 where something is."""
    found = tenant.existing(_sessions(given, READ), _wanted(given))
    absent, faults = tenant.missing(found), tenant.faults(found)
    for policy in found.policies.values():
        assigned = len(tenant.targets(policy))
        say(f"{policy['displayName']}: stands, assigned to {assigned or 'nobody'}")
    for name in absent:
        say(f"{name}: missing")
    for fault in faults:
        say(f"WRONG: {fault}")
    return 1 if absent or faults else 0


def create(given: argparse.Namespace) -> int:
    """Create what is missing, assigned to nobody. What stands already is left as it is, and shown."""
    sessions = _sessions(given, CREATE)
    found = tenant.existing(sessions, _wanted(given))
    for name in tenant.create_missing(sessions, found):
        say(f"{name}: created, assigned to nobody")
    faults = tenant.faults(found)
    for fault in faults:
        say(f"WRONG, left as it is: {fault}")
    return 1 if faults else 0


def off(given: argparse.Namespace) -> int:
    """Take back every assignment of the policies; one that cannot be holds up no other."""
    sessions = _sessions(given, CREATE)
    done = True
    for policy in tenant.to_unassign(sessions, _wanted(given)):
        try:
            if tenant.targets(policy):
                tenant.unassign(sessions, policy)
            say(f"{policy['displayName']}: assigned to nobody")
        except GraphError as error:
            done = False
            say(f"{policy['displayName']}: STILL ASSIGNED: {error}")
    say(LEFT if done else f"try again, or {BY_HAND}")
    return 0 if done else 2


COMMANDS: dict[str, Command] = {each.__name__: each for each in (render, show, create, off)}


def _wanted(given: argparse.Namespace) -> Wanted:
    return wanted(given.attribute, given.grace_hours)


def _sessions(given: argparse.Namespace, scopes: Sequence[str]) -> tenant.Sessions:
    credential = token(scopes, device_code=given.device_code)
    beta = f"{given.graph.removesuffix('/v1.0')}/beta"
    return tenant.Sessions(GraphSession(credential, given.graph, say), GraphSession(credential, beta, say))


def _options(_name: str, one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--grace-hours",
        type=int,
        default=MAX_GRACE_HOURS,
        help="until a phone that has a policy is not compliant; 0: at once; default: %(default)s",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 2 where a parameter makes no sense or Graph refuses, in one line."""
    description = "Consequences of a tag beyond sign-in."
    return commands.main("infra.consequences", description, COMMANDS, _options, arguments)


if __name__ == "__main__":
    sys.exit(main())
