"""The listing of agents, and what it shows a person who looks for the device."""

import pytest

from evaluate_risk.evaluation import evaluate
from serve_console.agents import ABOUT_EMAIL, listing
from shared.domain.level import Level
from shared.domain.model import Agent, Link, link_id
from shared.domain.record import Platform, Status
from shared.errors import BadRequest
from tests.evaluate_risk.stories import AGENT_ID, feed
from tests.serve_console.hands import WHO, linked, reported, unlinked
from tests.world import ENTRA_ID, START, World, a_threat


async def test_an_unlinked_agent_is_listed_with_its_ids_threats_and_times(tenant_world: World) -> None:
    ids = {"mdm_device_id": None, "serial": "SN-9", "platform": Platform.IOS}
    await reported(
        tenant_world,
        a_threat("t1", severity=Level.MEDIUM, **ids),  # type: ignore[arg-type]
        a_threat("t2", severity=Level.HIGH, **ids),  # type: ignore[arg-type]
        a_threat("t3", severity=Level.HIGH, status=Status.RESOLVED, **ids),  # type: ignore[arg-type]
    )
    page = await listing(tenant_world.services, None, None, None)
    (row,) = page.agents
    assert (row.id, row.partner, row.partner_device_id) == (AGENT_ID, "lookout", "agent-1")
    assert (row.platform, row.serial, row.mdm_device_id, row.udid) == ("ios", "SN-9", None, None)
    assert (row.open_threats, row.highest) == (2, Level.HIGH)
    assert (row.first_received_at, row.last_received_at, row.device) == (START, START, None)
    assert row.hints == ["no device of Intune bears the ids its partner gave"]
    assert page.note == ABOUT_EMAIL


async def test_linked_agents_are_listed_only_where_all_are_asked_for(tenant_world: World) -> None:
    await reported(tenant_world)
    await linked(tenant_world)
    assert (await listing(tenant_world.services, None, None, None)).agents == []
    assert (await listing(tenant_world.services, "false", None, None)).agents == []
    (row,) = (await listing(tenant_world.services, "true", None, None)).agents
    assert (row.device, row.linked_by) == (ENTRA_ID, f"agent:{AGENT_ID}")
    assert row.hints == [f"linked by hand by {WHO} at 2026-06-01 12:00 UTC: read off the phone"]


async def test_an_agent_kept_apart_says_who_did_it_and_why(tenant_world: World) -> None:
    await reported(tenant_world)
    await linked(tenant_world)
    await unlinked(tenant_world)
    (row,) = (await listing(tenant_world.services, None, None, None)).agents
    (hint,) = row.hints
    assert hint.startswith(f"kept apart by hand (it was device {ENTRA_ID}) by {WHO}")
    assert hint.endswith("it was another phone")


async def test_without_any_id_a_person_is_asked_to_link_by_hand(tenant_world: World) -> None:
    await reported(tenant_world)
    (row,) = (await listing(tenant_world.services, None, None, None)).agents
    assert row.hints == ["its partner gave no id that Intune or Entra knows: link it by hand"]


async def test_an_ambiguous_id_is_a_hint(tenant_world: World) -> None:
    await reported(tenant_world, a_threat(mdm_device_id=None, serial="SN-9", udid="U-9"))
    await tenant_world.services.store.upsert(Link(id=link_id("serial", "SN-9"), ambiguous=True))
    await tenant_world.services.store.upsert(Link(id=link_id("udid", "U-9"), device=ENTRA_ID))
    (row,) = (await listing(tenant_world.services, None, None, None)).agents
    assert row.hints == [
        "serial:sn-9 names more than one device, and so none",
        f"udid:u-9 names device {ENTRA_ID}",
    ]


async def test_an_agent_that_has_not_reported_is_listed_as_such(tenant_world: World) -> None:
    await tenant_world.services.store.create(Agent(id="sophos:x", partner="sophos", partner_device_id="x"))
    (row,) = (await listing(tenant_world.services, None, None, None)).agents
    assert (row.first_received_at, row.open_threats, row.highest) == (None, 0, Level.SECURED)
    assert row.hints[0] == "it has not reported yet"


async def test_the_listing_goes_on_from_its_token(tenant_world: World) -> None:
    reports = [a_threat(device=f"agent-{number}", mdm_device_id=None) for number in range(5)]
    await evaluate(tenant_world.services, feed(*reports))
    first = await listing(tenant_world.services, None, "3", None)
    second = await listing(tenant_world.services, None, "3", first.token)
    assert len({row.id for row in (*first.agents, *second.agents)}) == 5
    assert second.token is None


@pytest.mark.parametrize(
    ("every", "top", "token"),
    [("yes", None, None), (None, "0", None), (None, "x", None), (None, None, "nonsense")],
)
async def test_a_senseless_listing_is_refused(
    tenant_world: World, every: str | None, top: str | None, token: str | None
) -> None:
    with pytest.raises(BadRequest):
        await listing(tenant_world.services, every, top, token)
