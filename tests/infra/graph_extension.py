"""What can be said of the file with the Graph extension, which no parser here reads: by its text.

Each check returns its findings.
"""

import json
import pathlib
import re
from collections.abc import Callable

from infra.grant_permissions import CHOSEN, MICROSOFT_GRAPH, choices
from tests.infra.bicep import BicepFile

MODULE = "modules/graph-permissions.bicep"
PARTS = (
    "loadJsonContent('../graph-permissions.json')",
    "filter(table, row => contains(options, row.option))",
    f"appId: '{MICROSOFT_GRAPH}'",
    "[for row in wanted: {",
    "appRoleId: first(filter(graph.appRoles, role => role.value == row.permission))!.id",
    "principalId: principalId",
    "resourceId: graph.id",
)
"""What grants each permission that an option in force needs, to the one identity."""
_EXTENSION = re.compile(r"br:mcr\.microsoft\.com/.*/microsoftgraph/v1\.0:1\.0\.0")


def module(folder: pathlib.Path) -> list[str]:
    """It is read with the pinned extension, and grants what the table says for the options in force."""
    config = json.loads((folder / "bicepconfig.json").read_text(encoding="utf-8"))
    text = (folder / MODULE).read_text(encoding="utf-8")
    findings = [f"{MODULE} lacks {part}" for part in PARTS if part not in text]
    if not _EXTENSION.fullmatch(config["extensions"].get("microsoftGraphV1", "")):
        findings.append("bicepconfig.json does not pin the extension to 1.0.0")
    if not text.startswith("extension microsoftGraphV1\n"):
        findings.append(f"{MODULE} does not begin with its extension")
    made = re.findall(r"^resource \w+ '([^']+)'", text, re.MULTILINE)
    if made != ["Microsoft.Graph/servicePrincipals@v1.0", "Microsoft.Graph/appRoleAssignedTo@v1.0"]:
        findings.append(f"{MODULE} makes {made}")
    return findings


def options(folder: pathlib.Path) -> list[str]:
    """It is asked for only behind its flag, for the options the script knows; the same are on in both."""
    text = (folder / "main.bicep").read_text(encoding="utf-8")
    parameters = BicepFile(folder / "main.bicep").of("param")
    found = re.search(r"var graphOptions = \[\n(.*?)\n\]", text, re.DOTALL)
    always, by_mode, *chosen = found[1].splitlines() if found else ("", "")
    findings = []
    if (always, by_mode) != ("  'always'", "  mode == 'enforce' ? 'enforce' : 'watch'"):
        findings.append("main.bicep: not every deployment asks for what is always needed, and for its mode's")
    by_option = dict(re.findall(r"^  (\w+) \? '(\w+)' : ''$", "\n".join(chosen), re.MULTILINE))
    if sorted(by_option.values()) != choices() or len(by_option) != len(chosen):
        findings.append(f"main.bicep: its options are {sorted(by_option.values())}, not {choices()}")
    on = {option for name, option in by_option.items() if name in parameters and parameters[name].value}
    if on != set(CHOSEN):
        findings.append(f"main.bicep: {sorted(on)} are on by themselves, {sorted(CHOSEN)} in the script")
    for name, option in by_option.items():
        if not re.sub(r"([A-Z])", r"_\1", name).lower().startswith(option.rstrip("s")):
            findings.append(f"main.bicep: {option} follows {name}")
    if f"module graphPermissions '{MODULE}' = if (grantGraphPermissions)" not in text:
        findings.append("main.bicep: Graph permissions are granted without being asked for")
    return findings


CHECKS: tuple[Callable[[pathlib.Path], list[str]], ...] = (module, options)
