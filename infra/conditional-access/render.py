#!/usr/bin/env python3
"""Fill in the Conditional Access templates and print the policies, as JSON, for an admin to import.

    python infra/conditional-access/render.py --break-glass <group id> [--app <app id> ...] [--attribute 7]

Both policies come out report-only; turning them on is the admin's own step.
"""

import argparse
import json
import pathlib
import re
import sys
from typing import Any

HERE = pathlib.Path(__file__).resolve().parent
TEMPLATES = ("block-by-tag.json", "require-compliant.json")
EXCHANGE_ONLINE = "00000002-0000-0ff1-ce00-000000000000"
SHAREPOINT_ONLINE = "00000003-0000-0ff1-ce00-000000000000"
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def policies(break_glass: str, apps: list[str], attribute: int) -> list[dict[str, Any]]:
    """Both policies with their parameters filled in. ValueError where one makes no sense."""
    if not GUID.fullmatch(break_glass):
        raise ValueError(f"break-glass group {break_glass!r}: expected the object id of a group")
    for app in apps:
        if not GUID.fullmatch(app) and app not in {"Office365", "All"}:
            raise ValueError(f"app {app!r}: expected an application id, Office365 or All")
    if not 1 <= attribute <= 15:
        raise ValueError(f"attribute {attribute}: expected 1 to 15")
    filled = []
    for name in TEMPLATES:
        policy = json.loads((HERE / name).read_text(encoding="utf-8"))
        conditions = policy["conditions"]
        conditions["users"]["excludeGroups"] = [break_glass]
        conditions["applications"]["includeApplications"] = apps
        if "devices" in conditions:
            conditions["devices"]["deviceFilter"]["rule"] = (
                f'device.extensionAttribute{attribute} -startsWith "mtd-block"'
            )
        filled.append(policy)
    return filled


def main() -> int:
    ask = argparse.ArgumentParser(description="Fill in the Conditional Access templates.")
    ask.add_argument("--break-glass", required=True, help="object id of the group that is never blocked")
    ask.add_argument("--app", action="append", help="application id, Office365 or All; may be repeated")
    ask.add_argument("--attribute", type=int, default=7, help="TAG_ATTRIBUTE of the connector")
    given = ask.parse_args()
    apps = given.app or [EXCHANGE_ONLINE, SHAREPOINT_ONLINE]
    try:
        filled = policies(given.break_glass, apps, given.attribute)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    json.dump(filled, sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
