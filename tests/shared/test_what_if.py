"""What What If is asked with: no more than Conditional Access sees of a sign-in."""

from collections.abc import Mapping
from typing import Any

import pytest

from shared.domain.model import Device
from shared.domain.sign_in import Circumstances
from shared.graph.wire import WhatIfAnswer
from shared.what_if import ask, registered
from tests.evaluate_risk.stories import put_phone
from tests.world import ENTRA_ID, World

MANAGED: Mapping[str, Any] = {"isManaged": True, "isCompliant": True, "deviceOwnership": "company"}
UNMANAGED: Mapping[str, Any] = {"isManaged": False, "isCompliant": False}


async def _asked_with(
    one: World, monkeypatch: pytest.MonkeyPatch, facts: Mapping[str, Any], circumstances: Circumstances
) -> Mapping[str, Any]:
    asked: list[Mapping[str, Any]] = []

    async def what_if(user_id: str, app: str, conditions: Mapping[str, Any]) -> tuple[WhatIfAnswer, ...]:
        asked.append(conditions)
        return ()

    monkeypatch.setattr(one.services.graph, "what_if", what_if)
    await put_phone(one)
    one.tenant.put_entra_device({"deviceId": ENTRA_ID, **facts})
    found = await one.services.store.read(Device, ENTRA_ID)
    assert found is not None
    entra = await registered(one.services, found.document)
    await ask(one.services, found.document, entra, "an app", "mtd-block-high", circumstances)
    return asked[0]


async def test_from_an_app_on_a_managed_phone_it_is_the_phone_with_its_tag(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await _asked_with(tenant_world, monkeypatch, MANAGED, Circumstances())
    assert (asked["devicePlatform"], asked["clientAppType"]) == ("iOS", "mobileAppsAndDesktopClients")
    assert "authenticationFlow" not in asked
    assert (
        asked["deviceInfo"].items()
        >= {
            "deviceId": ENTRA_ID,
            "isCompliant": True,
            "ownership": "company",
            "extensionAttribute7": "mtd-block-high",
        }.items()
    )
    assert not {"isManaged", "deviceOwnership", "isManagementRestricted"} & {*asked["deviceInfo"]}


async def test_of_a_phone_nobody_manages_the_attributes_are_kept_back(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await _asked_with(tenant_world, monkeypatch, UNMANAGED, Circumstances())
    assert asked["deviceInfo"]["deviceId"] == ENTRA_ID
    assert not any(name.startswith("extensionAttribute") for name in asked["deviceInfo"])


async def test_a_sign_in_that_shows_no_device_is_asked_about_without_one(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = Circumstances("browser", "macOS", "deviceCodeFlow", shows_device=False)
    assert await _asked_with(tenant_world, monkeypatch, MANAGED, hidden) == {
        "devicePlatform": "macOS",
        "clientAppType": "browser",
        "authenticationFlow": {"transferMethod": "deviceCodeFlow"},
    }
