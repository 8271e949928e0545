"""The Conditional Access policies of the set, filled in from their templates. All come out report-only.

The first refuses by the tag. The others close the ways round it: a phone that is not registered, a browser
that does not say on which device it runs, a sign-in that was made on another device.
"""

import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain.access_words import APPS, GROUPS_OF_APPS
from shared.environment import GUID

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "conditional-access"
BLOCK, REQUIRE, REQUIRE_DEVICE = "block-by-tag.json", "require-compliant.json", "require-compliant-only.json"
BROWSERS, FLOWS = "require-compliant-in-browsers.json", "block-transferred-sign-ins.json"
COMPANIONS: Mapping[str, str] = {"compliant-or-protected-app": REQUIRE, "compliant": REQUIRE_DEVICE}
"""What phones can be required to bring along, and the template that asks for it."""
DEFAULT_COMPANION = "compliant-or-protected-app"
SHIPPED = (BLOCK, *COMPANIONS.values(), BROWSERS, FLOWS)
"""Every template, also those of which a set takes one or the other."""
APPLICATIONS = tuple(APPS)


def policies(
    break_glass: str, applications: Sequence[str], attribute: int, companion: str = DEFAULT_COMPANION
) -> list[dict[str, Any]]:
    """The set: the blocking policy, its companion, browsers, and transferred sign-ins. ValueError where a
    parameter makes no sense."""
    if not GUID.fullmatch(break_glass):
        raise ValueError(f"break-glass group {break_glass!r}: expected the object id of a group")
    for application in applications:
        if not GUID.fullmatch(application) and application not in GROUPS_OF_APPS:
            raise ValueError(f"app {application!r}: expected an application id, Office365 or All")
    if not 1 <= attribute <= 15:
        raise ValueError(f"attribute {attribute}: expected 1 to 15")
    filled = []
    for name in (BLOCK, COMPANIONS[companion], BROWSERS, FLOWS):
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
