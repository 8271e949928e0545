"""The group, the message and the policies, filled in from their templates. Nothing of it is assigned."""

import json
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "intune-consequences"
MAX_GRACE_HOURS = 8760
"""Graph: deviceComplianceActionItem, gracePeriodHours from 0 to 8760."""
MESSAGE_ID = "<MESSAGE-ID>"
TYPES: Mapping[str, str] = {
    "iosCompliancePolicy": "iOS",
    "androidWorkProfileCompliancePolicy": "Android, work profile",
    "androidDeviceOwnerCompliancePolicy": "Android, corporate",
}
"""The types of compliance policies, and what each is for. The last one is in Graph's beta alone."""

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Wanted:
    """All of it, as it is to stand."""

    group: Body
    message: Body
    messages: tuple[Body, ...]
    """The message's text, a language each."""
    policies: tuple[Body, ...]
    """With a placeholder where the message's id belongs."""


def membership_rule(attribute: int) -> str:
    """Which devices are in the group: those whose tag says high, in one attribute (Entra: "Manage rules for
    dynamic membership groups", rules for devices). ValueError where there is no such attribute."""
    if not 1 <= attribute <= 15:
        raise ValueError(f"attribute {attribute}: expected 1 to 15")
    return f'(device.extensionAttribute{attribute} -eq "mtd-block-high")'


def wanted(attribute: int, grace_hours: int) -> Wanted:
    """What the templates make of the parameters. ValueError where one makes no sense."""
    if not 0 <= grace_hours <= MAX_GRACE_HOURS:
        raise ValueError(f"grace {grace_hours}: expected 0 to {MAX_GRACE_HOURS} hours")
    return Wanted(
        group={**_read("group.json"), "membershipRule": membership_rule(attribute)},
        message=_read("message.json"),
        messages=tuple(_read("messages.json")),
        policies=tuple(_policy(kind, platform, grace_hours) for kind, platform in TYPES.items()),
    )


def with_message(policy: Body, id_: str) -> Body:
    """A policy that sends the message of this id."""
    filled: Body = json.loads(json.dumps(policy).replace(MESSAGE_ID, id_))
    return filled


def _policy(kind: str, platform: str, grace_hours: int) -> Body:
    policy = _read("policy.json")
    policy["@odata.type"] = f"#microsoft.graph.{kind}"
    policy["displayName"] = policy["displayName"].replace("<PLATFORM>", platform)
    for action in policy["scheduledActionsForRule"][0]["scheduledActionConfigurations"]:
        if action["actionType"] == "block":
            action["gracePeriodHours"] = grace_hours
    return dict(policy)


def _read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))
