"""The identity is granted in Microsoft Graph what the options in force need, where granting is asked for.

Each check returns its findings.
"""

import re
from collections.abc import Iterator

from infra.grant_permissions import CHOSEN, choices, needed, options
from infra.snapshot import EVERYTHING_ON
from tests.infra.promises.wired import IDENTITY
from tests.infra.snapshots import Snapshots

GRANT = "Microsoft.Graph/appRoleAssignedTo"
PARAMETERS = {
    "groupPolicies": "groups",
    "revokeSessions": "revoke_sessions",
    "syncAfterRemediation": "sync_after_remediation",
    "appInventory": "app_inventory",
}
"""The switches of main.bicep, and the option of graph-permissions.json each stands for."""
_PERMISSION = re.compile(r"\['([\w.]+)'\]\]$")


def granted(snapshots: Snapshots) -> Iterator[str]:
    """With everything on: what the table says, to the one identity; nothing where it is not asked for."""
    for environment in snapshots:
        grants = environment.of(GRANT)
        names = [_PERMISSION.findall(str(each.at("properties.appRoleId"))) for each in grants]
        asked = environment.name == EVERYTHING_ON
        right = _needed("enforce", choices()) if asked else set()
        if sorted(names) != sorted([name] for name in right):
            yield f"{environment.name}: granted are {sorted(names)}, not {sorted(right)}"
        principal = f"[{environment.one(IDENTITY).runtime('principalId')}]"
        yield from (
            f"{each} is granted to another"
            for each in grants
            if each.at("properties.principalId") != principal
        )
        graph = {each.at("properties.resourceId") for each in grants}
        if graph != ({"[reference('graph').id]"} if asked else set()):
            yield f"{environment.name}: granted are rights of {graph}"


def switched(snapshots: Snapshots) -> Iterator[str]:
    """Each switch and each mode adds and takes away its own permissions, and no other's."""
    base = _needed("report", CHOSEN)
    for switch, change in snapshots.files["options"].items():
        name, _, value = switch.partition("=")
        mode = value.strip("'") if name == "mode" else "report"
        right = _needed(mode, set(CHOSEN) ^ ({PARAMETERS[name]} if name in PARAMETERS else set()))
        if name == "grantGraphPermissions":
            right = set()
        comes, goes = (
            {each.partition(" ")[2] for each in change[way] if each.startswith(GRANT)}
            for way in ("comes", "goes")
        )
        if (comes, goes) != (right - base, base - right):
            yield f"{switch} grants {sorted(comes)} and takes {sorted(goes)}"


def chosen(snapshots: Snapshots) -> Iterator[str]:
    """Every option of the table has its switch, and those on by themselves are on in the script as well."""
    if sorted(PARAMETERS.values()) != choices():
        yield f"main.bicep has switches for {sorted(PARAMETERS.values())}, the table options {choices()}"
    declared = snapshots.files["parameters"]
    on = {option for name, option in PARAMETERS.items() if declared[name]["defaultValue"]}
    if on != set(CHOSEN):
        yield f"{sorted(on)} are on by themselves, {sorted(CHOSEN)} in the script"


def _needed(mode: str, chosen: object) -> set[str]:
    return {row.permission for row in needed(options(mode, sorted(chosen)))}  # type: ignore[call-overload]


CHECKS = (granted, switched, chosen)
