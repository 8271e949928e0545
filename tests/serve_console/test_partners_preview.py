"""What another set of partners would change, before it does."""

from datetime import timedelta
from typing import Any

import pytest

from evaluate_risk.decide import change
from evaluate_risk.evaluation import evaluate
from serve_console.partners_preview import PartnersPreview, preview_partners
from shared.domain.level import Level
from shared.domain.model import Device, Verdict
from shared.domain.record import Platform
from shared.errors import BadRequest
from tests.evaluate_risk.stories import OTHER_ENTRA_ID, OTHER_INTUNE_ID, feed, put_other_phone, put_phone
from tests.sync_inventory.tenant import put_connector, run, writes
from tests.world import ENTRA_ID, START, World, a_threat, world

IOS = Platform.IOS


async def _decided(one: World, *ids: str) -> None:
    for id_ in ids:
        await change(one.services, id_)


async def _phones(one: World, **rule: Any) -> None:
    """One with an agent of Lookout, which has a low threat, and one of Zimperium's too."""
    await put_phone(one)
    await put_other_phone(one)
    await one.put_rule(Level.LOW, **rule)
    both: dict[str, Any] = {"device": "agent-2", "mdm_device_id": OTHER_INTUNE_ID}
    reports = (
        a_threat(severity=Level.LOW),
        a_threat(severity=Level.LOW, **both),
        a_threat(severity=Level.LOW, partner="zimperium", **both),
    )
    await evaluate(one.services, feed(*reports))
    await _decided(one, ENTRA_ID, OTHER_ENTRA_ID)


def _agents(seen: PartnersPreview) -> tuple[int, int, int]:
    return seen.with_every_agent, seen.with_some_agents, seen.with_no_agent


async def test_a_second_partner_would_block_whom_it_has_not_scanned_and_nothing_is_written() -> None:
    async with world() as one:
        await _phones(one)
        before = await one.device()
        one.operations.clear()
        seen = await preview_partners(one.services, ios="lookout,zimperium")
        assert (seen.looked_at, seen.would_be_blocked, seen.would_be_let_in) == (2, 1, 0)
        assert _agents(seen) == (1, 1, 0)
        [changed] = seen.changes
        assert (changed.device, changed.verdict, changed.would_be) == (ENTRA_ID, Verdict.ALLOW, Verdict.BLOCK)
        assert (changed.tag, changed.at) == ("mtd-block-nodata", None)
        assert "zimperium has not reported" in changed.why[0]
        assert await one.device() == before
        assert writes(one) == {}


async def test_where_any_is_enough_nobody_would_be_blocked() -> None:
    async with world() as one:
        await _phones(one)
        seen = await preview_partners(one.services, ios=" Lookout zimperium", ios_mode="any")
        assert (seen.changes, _agents(seen)) == ([], (1, 1, 0))
        assert seen.tried[IOS].model_dump() == {
            "partners": ["lookout", "zimperium"],
            "mode": "any",
            "switched_off": [],
        }


async def test_a_partner_taken_out_lets_in_whom_it_alone_blocked() -> None:
    async with world(partners={IOS: ("lookout", "zimperium")}) as one:
        await _phones(one)
        seen = await preview_partners(one.services, ios="lookout")
        assert (seen.would_be_blocked, seen.would_be_let_in) == (0, 1)
        assert [each.device for each in seen.changes] == [ENTRA_ID]
        of_mode = await preview_partners(one.services, ios_mode="any")
        assert of_mode.would_be_let_in == 1


async def test_the_preferred_partner_is_not_preferred_in_a_set_that_is_tried() -> None:
    both = {IOS: ("lookout", "zimperium")}
    async with world(partners=both, preferred_partner={IOS: "lookout"}) as one:
        await _phones(one)
        assert (await preview_partners(one.services, ios="lookout,zimperium")).would_be_blocked == 1


async def test_who_would_be_blocked_once_a_grace_has_ended_is_said_with_the_time() -> None:
    async with world() as one:
        await _phones(one, grace_hours=24)
        [changed] = (await preview_partners(one.services, ios="lookout,zimperium")).changes
        assert (changed.verdict, changed.would_be) == (Verdict.ALLOW, Verdict.BLOCK)
        assert changed.at == START + timedelta(hours=24)


async def test_partners_whose_connectors_are_off_count_when_tried_and_are_named() -> None:
    async with world(connector_ids={"zimperium": "connector-1"}) as one:
        put_connector(one, iosEnabled=False)
        await run(one)
        await _phones(one)
        seen = await preview_partners(one.services, ios="lookout,zimperium")
        assert seen.tried[IOS].switched_off == ["zimperium"]
        assert seen.would_be_blocked == 1


async def test_devices_of_the_platforms_that_are_tried_are_looked_at_by_pages() -> None:
    async with world() as one:
        await _phones(one)
        android = await one.put_device(
            platform=Platform.ANDROID, entra_id="an-android", intune_id="i-android", serial="A-1"
        )
        assert isinstance(android, Device)
        assert (await preview_partners(one.services, android="zimperium")).looked_at == 1
        assert (await preview_partners(one.services, ios="lookout", android="zimperium")).looked_at == 3
        first = await preview_partners(one.services, ios="lookout,zimperium", top="1")
        assert first.token is not None
        rest = await preview_partners(one.services, ios="lookout,zimperium", top="5", token=first.token)
        assert first.looked_at + rest.looked_at == 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "expected ios or android"),
        ({"ios": ""}, "ios: expected partners of "),
        ({"ios": " , "}, "ios: expected partners of "),
        ({"android": "lookout,norton"}, "android: expected partners of "),
        ({"ios": "lookout", "ios_mode": "some"}, "ios_mode: expected all or any"),
        ({"ios": "lookout", "android_mode": ""}, "android_mode: expected all or any"),
    ],
)
async def test_what_makes_no_sense_is_refused(tenant_world: World, asked: dict[str, str], said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        await preview_partners(tenant_world.services, **asked)
