"""Give the app's identity exactly the Microsoft Graph permissions its options need, and take back the others.

    python -m infra.grant_permissions --principal <object id> --mode report [--options …] [--apply]

For tenants whose deployer may not grant them (grantGraphPermissions=false). Without --apply it shows what
it would do. The administrator needs the role Privileged Role Administrator, or Global Administrator. The
table is infra/graph-permissions.json; the object id is MTD_IDENTITY_PRINCIPAL_ID of `azd env get-values`.
"""

import argparse
import json
import pathlib
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from infra.graph_session import GRAPH, GraphError, GraphSession, token

TABLE = pathlib.Path(__file__).with_name("graph-permissions.json")
MICROSOFT_GRAPH = "00000003-0000-0000-c000-000000000000"
CHOSEN = ("groups",)
"""Options that are on unless the administrator says otherwise, here as in main.bicep."""
SCOPES = ("AppRoleAssignment.ReadWrite.All", "Application.Read.All")


@dataclass(frozen=True)
class Permission:
    """One row of the table."""

    permission: str
    option: str
    reason: str
    source: str
    """What names it as the least."""
    page: str
    """The address of that page."""
    wider: str | None = None
    """What allows the same and more, for a tenant whose Graph does not know it yet; only on demand."""


@dataclass(frozen=True)
class Plan:
    """What stands and what must change. `roles`: id of each permission; `assignments`: of what is granted."""

    graph: str
    roles: dict[str, str]
    assignments: dict[str, str]
    wanted: tuple[Permission, ...]
    unknown: tuple[Permission, ...] = ()
    """Needed, and not known to this tenant's Graph: they stop none of the others."""

    @property
    def to_grant(self) -> list[Permission]:
        """Needed and not there."""
        return [row for row in self.wanted if row.permission not in self.assignments]

    @property
    def to_take_back(self) -> list[str]:
        """There and not needed."""
        needed = {row.permission for row in self.wanted} | {row.wider for row in self.unknown}
        return sorted(self.assignments.keys() - needed)


def table() -> tuple[Permission, ...]:
    """Every permission some option needs, with the option and the reason."""
    return tuple(Permission(**row) for row in json.loads(TABLE.read_text(encoding="utf-8")))


def options(mode: str, chosen: Collection[str] = CHOSEN) -> frozenset[str]:
    """The options in force, by the names the table uses: what MODE asks for, and what is `chosen`."""
    return frozenset({*by_mode(mode), *chosen})


def by_mode(mode: str) -> frozenset[str]:
    """The options that MODE alone decides on."""
    return frozenset({"always", "enforce" if mode == "enforce" else "watch"})


def choices() -> list[str]:
    """The options an administrator chooses."""
    return sorted({row.option for row in table()} - by_mode("enforce") - by_mode("report"))


def needed(in_force: Collection[str]) -> tuple[Permission, ...]:
    """The rows of the table the options in force call for."""
    return tuple(row for row in table() if row.option in in_force)


def plan(session: GraphSession, principal: str, needed: Sequence[Permission], *, wider: bool = False) -> Plan:
    """Compare what the identity has with what it needs; with `wider`, a permission that this tenant's Graph
    does not know is replaced by the one that allows the same and more."""
    found = session.get(f"/servicePrincipals(appId='{MICROSOFT_GRAPH}')?$select=id,appRoles")
    roles = {role["value"]: role["id"] for role in found["appRoles"]}
    rows = [
        replace(row, permission=row.wider) if wider and row.permission not in roles and row.wider else row
        for row in needed
    ]
    names = {id_: value for value, id_ in roles.items()}
    granted = session.every(f"/servicePrincipals/{principal}/appRoleAssignments")
    assignments = {
        names[each["appRoleId"]]: each["id"]
        for each in granted
        if each["resourceId"] == found["id"] and each["appRoleId"] in names
    }
    known = tuple(row for row in rows if row.permission in roles)
    return Plan(found["id"], roles, assignments, known, tuple(row for row in rows if row not in known))


def apply(session: GraphSession, principal: str, change: Plan) -> None:
    """Grant what is missing, then take back what is not needed."""
    for row in change.to_grant:
        grant = {
            "principalId": principal,
            "resourceId": change.graph,
            "appRoleId": change.roles[row.permission],
        }
        session.post(f"/servicePrincipals/{principal}/appRoleAssignments", grant)
    for permission in change.to_take_back:
        assignment = change.assignments[permission]
        session.delete(f"/servicePrincipals/{principal}/appRoleAssignments/{assignment}")


def in_words(change: Plan) -> list[str]:
    """The plan, a line each."""
    granted = set(change.assignments)
    lines = [
        f"{'has  ' if row.permission in granted else 'grant'} {row.permission}: {row.reason}"
        for row in change.wanted
    ]
    for row in change.unknown:
        instead = f"; --wider grants {row.wider} instead" if row.wider else ""
        lines.append(f"not known to this tenant's Graph: {row.permission}: {row.reason}{instead}")
    return lines + [f"take back {permission}: no option needs it" for permission in change.to_take_back]


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 where all is as it should be, 1 where something is left to do, 2 where it failed."""
    ask = argparse.ArgumentParser(description="Grant the identity its Microsoft Graph permissions.")
    ask.add_argument("--principal", required=True, help="object id of the app's identity")
    ask.add_argument("--mode", choices=("off", "report", "enforce"), default="report", help="MODE of the app")
    ask.add_argument(
        "--options",
        nargs="*",
        choices=choices(),
        default=CHOSEN,
        metavar="OPTION",
        help=f"what is switched on beside the mode, of {', '.join(choices())}; default: {' '.join(CHOSEN)}",
    )
    ask.add_argument("--apply", action="store_true", help="do it; without, only show what would be done")
    ask.add_argument(
        "--wider", action="store_true", help="a wider permission where the tenant does not know the least one"
    )
    ask.add_argument("--device-code", action="store_true", help="sign in with a code, on another device")
    ask.add_argument("--graph", default=GRAPH, help="address of Microsoft Graph")
    given = ask.parse_args(arguments)
    try:
        session = GraphSession(token(SCOPES, device_code=given.device_code), given.graph, _tell)
        rows = needed(options(given.mode, given.options))
        change = plan(session, given.principal, rows, wider=given.wider)
        sys.stdout.write("\n".join(in_words(change)) + "\n")
        if given.apply:
            apply(session, given.principal, change)
            sys.stdout.write("done; it counts with the identity's next token, which may take a day\n")
            return 1 if change.unknown else 0
    except GraphError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 1 if change.to_grant or change.to_take_back or change.unknown else 0


if __name__ == "__main__":
    sys.exit(main())
