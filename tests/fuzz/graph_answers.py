"""Microsoft Graph's answers, by every way in which they are asked for, and what is made of them."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any
from unittest import mock

from shared.domain.sign_in import seen
from shared.errors import GraphError
from shared.graph.client import GraphClient
from shared.graph.graph import Graph
from shared.settings import Settings
from shared.waiting import Waiting
from sync_inventory.apps.mobile_apps import MobileApps
from sync_inventory.devices.facts import record
from sync_inventory.policies.connectors import connector
from sync_inventory.policies.rules import read_rule
from sync_inventory.tally import Tally
from tests.fuzz.rules_on_devices import NOW
from tests.fuzz.target import Target

Asked = Callable[[Graph], Awaitable[object]]
GUID = "0d9a7c52-1f3e-4b86-8a7d-5e2b9c64f310"
MOMENT = "2026-01-31T12:00:00Z"
CONNECTOR = {
    "id": GUID,
    "partnerState": "enabled",
    "lastHeartbeatDateTime": MOMENT,
    "iosEnabled": True,
    "partnerUnresponsivenessThresholdInDays": 7,
    "androidDeviceBlockedOnMissingPartnerData": False,
}
POLICY = {
    "id": GUID,
    "@odata.type": "#microsoft.graph.iosCompliancePolicy",
    "displayName": "iPhones",
    "deviceThreatProtectionEnabled": True,
    "deviceThreatProtectionRequiredSecurityLevel": "low",
    "assignments": [
        {
            "target": {
                "@odata.type": "#microsoft.graph.groupAssignmentTarget",
                "groupId": GUID,
                "deviceAndAppManagementAssignmentFilterId": GUID,
                "deviceAndAppManagementAssignmentFilterType": "include",
            }
        }
    ],
    "scheduledActionsForRule": [
        {"scheduledActionConfigurations": [{"actionType": "block", "gracePeriodHours": 24}]}
    ],
}
MANAGED = {
    "id": GUID,
    "azureADDeviceId": GUID,
    "serialNumber": "F2LX",
    "operatingSystem": "iOS",
    "osVersion": "18.1",
    "managedDeviceOwnerType": "company",
    "enrolledDateTime": MOMENT,
}
ENTRA = {
    "deviceId": GUID,
    "extensionAttributes": {"extensionAttribute7": "mtd-ok"},
    "isManaged": True,
    "physicalIds": ["[USER-GID]:a"],
    "registrationDateTime": MOMENT,
    "trustType": "Workplace",
}
WHAT_IF = {
    "displayName": "p",
    "state": "enabled",
    "policyApplies": True,
    "analysisReasons": "notSet",
    "grantControls": {
        "operator": "OR",
        "builtInControls": ["block"],
        "authenticationStrength": {"displayName": "s"},
    },
}
APP = {
    "@odata.type": "#microsoft.graph.iosStoreApp",
    "displayName": "Mail",
    "bundleId": "org.example.mail",
    "assignments": [{"intent": "required"}],
}
FAILED = {"error": {"code": "TooManyRequests", "innerError": {"request-id": GUID, "client-request-id": GUID}}}


def targets() -> Iterator[Target]:
    """Every object and list that is asked for, and a batch."""
    for name, asked, answer in _asked():
        read = _Answered(asked)
        samples = [answer, {**answer, "@odata.nextLink": f"{Settings().graph_base_url}/next"}]
        yield Target(f"Graph: {name}", read, [json.dumps(each).encode() for each in samples], (GraphError,))


def _asked() -> Iterator[tuple[str, Asked, Mapping[str, Any]]]:
    yield "connectors", _connectors, _page(CONNECTOR)
    yield "compliance policies", _policies, _page(POLICY)
    yield "managed devices", _managed, _page(MANAGED)
    yield "Entra's devices", lambda graph: _listed(graph.entra_devices()), _page(ENTRA)
    yield "members of a group", lambda graph: _listed(graph.group_users(GUID)), _page({"id": GUID})
    yield "assignment filters", lambda graph: graph.assignment_filters(), _page({"id": GUID, "rule": "r"})
    yield "apps", _apps, _page(APP)
    yield "count of devices", lambda graph: graph.device_count(), {"enrolledDeviceCount": 7}
    yield (
        "export job",
        lambda graph: graph.export("job"),
        {"id": "j", "status": "completed", "url": "https://a"},
    )
    yield "device", _device, ENTRA
    yield "What If", _what_if, {"value": [WHAT_IF]}
    yield "batch of tags", lambda graph: graph.tags([GUID, GUID, GUID]), _batch(ENTRA)
    yield (
        "batch of owners",
        lambda graph: graph.registered_owners([GUID, GUID]),
        _batch({"value": [{"id": GUID}]}),
    )
    yield "batch of UDIDs", lambda graph: graph.udids([GUID, GUID]), _batch({"udid": "u"})


def _page(item: Mapping[str, object]) -> Mapping[str, object]:
    return {"value": [item, {**item, "id": "another"}]}


def _batch(item: Mapping[str, object]) -> Mapping[str, object]:
    failed = {"status": 429, "headers": {"Retry-After": "3"}, "body": FAILED}
    return {"responses": [{"id": "0", "status": 200, "headers": {}, "body": item}, {"id": "1", **failed}]}


class _Answered:
    """Asks a Graph that answers everything alike."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def __call__(self, content: bytes) -> None:
        async def answer(*_: object) -> bytes:
            return content

        async def at_once(_: float) -> None:
            return None

        graph = Graph(Settings(), Waiting(sleep=at_once, now=lambda: NOW))
        with mock.patch.object(GraphClient, "_send", answer):
            asyncio.run(_finished(self._asked(graph)))


async def _finished(asked: Awaitable[object]) -> None:
    await asked


async def _listed(pages: Any) -> list[Any]:
    return [item async for item in pages]


async def _connectors(graph: Graph) -> None:
    for answer in await graph.connectors():
        connector(answer, NOW).model_dump_json().encode()


async def _policies(graph: Graph) -> None:
    for policy in (await graph.compliance_policies()).policies:
        rule = read_rule(policy, Tally())
        if rule is not None:
            rule.model_dump_json().encode()


async def _managed(graph: Graph) -> None:
    for answer in await _listed(graph.managed_devices()):
        record(answer).facts.model_dump_json().encode()


async def _apps(graph: Graph) -> None:
    await MobileApps.read(mock.Mock(graph=graph))


async def _device(graph: Graph) -> None:
    entra = await graph.entra_device(GUID)
    json.dumps({**entra.device_info, **entra.attributes}).encode()


async def _what_if(graph: Graph) -> None:
    for each in await graph.what_if(GUID, "app", {}):
        seen(each.name, each.state, each.grant.controls, each.grant.operator, compliant=True)
