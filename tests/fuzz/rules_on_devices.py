"""Rules on devices in Microsoft's grammar, and the Conditional Access policies that have some."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from infra.access.templates import APPLICATIONS, policies
from shared.domain.assignment_filter import read_filter, unanswered
from shared.domain.device_rule import FilterError
from shared.domain.enforcement import Wanted, judge
from shared.domain.model import DeviceFacts, Ownership
from shared.domain.record import Platform
from shared.errors import GraphError
from shared.graph.client import read_object
from shared.graph.wire import AccessPolicyAnswer
from sync_inventory.policies.enforcement import access_policy
from tests.fuzz.target import Target

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
GROUP = "0d9a7c52-1f3e-4b86-8a7d-5e2b9c64f310"
PHONE = DeviceFacts(
    intune_id="i-1",
    platform=Platform.IOS,
    ownership=Ownership.COMPANY,
    os_version="18.1.1 (a)",
    model="iPhone",
)
ANDROID = DeviceFacts(intune_id="i-2", platform=Platform.ANDROID)
FILTERS = (
    b'(device.deviceOwnership -eq "Corporate") and (device.manufacturer -in ["Apple", "Google"])',
    b'device.operatingSystemVersion -ge 1 or (device.model -notContains "a" and device.isRooted -eq $null)',
    b'device.deviceManagementType -ne "Personally-owned work profile" -or device.deviceCategory -eq $null',
)
WANTED = Wanted("extensionAttribute7", ("Office365", *APPLICATIONS))
NOTHING: dict[str, Any] = {
    "signInRiskLevels": [],
    "locations": {"includeLocations": ["All"], "excludeLocations": []},
    "clientApplications": None,
    "authenticationFlows": {"transferMethods": "none"},
}


def targets() -> Iterator[Target]:
    """Filters of assignments, and policies as Graph serves them."""
    words = (b" and ", b" or ", b" -eq ", b" -in [", b"(", b")", b'"', b"device.", b"$null", b", ")
    yield Target("assignment filter", _filter, FILTERS, (FilterError,), words)
    served = [json.dumps(_served(policy)).encode() for policy in policies(GROUP, APPLICATIONS, 7)]
    yield Target("access policy", _policy, served, (GraphError,))


def _filter(content: bytes) -> None:
    rule = content.decode("utf-8", "surrogateescape")
    unanswered(rule)
    read_filter.cache_clear()
    holds = read_filter(rule)
    for facts in (PHONE, ANDROID):
        assert holds(facts) in {True, False, None}


def _served(policy: dict[str, Any]) -> dict[str, Any]:
    return {"id": "p-1", **policy, "state": "enabled", "conditions": {**NOTHING, **policy["conditions"]}}


def _policy(content: bytes) -> None:
    policy = access_policy(read_object(AccessPolicyAnswer, content))
    first = judge([policy], WANTED, None, NOW)
    judge([policy], WANTED, first, NOW).model_dump_json().encode()
