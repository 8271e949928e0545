"""The two Conditional Access policies, filled in from their templates. Both come out report-only."""

import json
import pathlib
import re
from collections.abc import Sequence
from typing import Any

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "conditional-access"
BLOCK, REQUIRE = "block-by-tag.json", "require-compliant.json"
EXCHANGE_ONLINE = "00000002-0000-0ff1-ce00-000000000000"
SHAREPOINT_ONLINE = "00000003-0000-0ff1-ce00-000000000000"
APPLICATIONS = (EXCHANGE_ONLINE, SHAREPOINT_ONLINE)
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def policies(break_glass: str, applications: Sequence[str], attribute: int) -> list[dict[str, Any]]:
    """The blocking policy and its companion. ValueError where a parameter makes no sense."""
    if not GUID.fullmatch(break_glass):
        raise ValueError(f"break-glass group {break_glass!r}: expected the object id of a group")
    for application in applications:
        if not GUID.fullmatch(application) and application not in {"Office365", "All"}:
            raise ValueError(f"app {application!r}: expected an application id, Office365 or All")
    if not 1 <= attribute <= 15:
        raise ValueError(f"attribute {attribute}: expected 1 to 15")
    filled = []
    for name in (BLOCK, REQUIRE):
        policy = template(name)
        conditions = policy["conditions"]
        conditions["users"]["excludeGroups"] = [break_glass]
        conditions["applications"]["includeApplications"] = list(applications)
        if "devices" in conditions:
            conditions["devices"]["deviceFilter"]["rule"] = (
                f'device.extensionAttribute{attribute} -startsWith "mtd-block"'
            )
        filled.append(policy)
    return filled


def template(name: str) -> dict[str, Any]:
    """A policy as it is shipped, with placeholders."""
    policy: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return policy
