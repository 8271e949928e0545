"""The listing and the explanation of a device."""

import pytest

from evaluate_risk.evaluation import evaluate
from serve_console.devices import explain, listing
from shared.domain.level import Level
from shared.domain.model import Link, Report, TagState, Verdict, link_id
from shared.domain.record import DeviceStateRecord
from shared.errors import BadRequest, NotThere
from tests.world import ENTRA_ID, INTUNE_ID, START, World, a_threat


async def _blocked(world: World) -> None:
    await world.put_device()
    await world.services.store.upsert(Link(id=link_id("intune", INTUNE_ID), device=ENTRA_ID))
    await world.put_rule(Level.LOW)
    report = a_threat(threat_name="Evil twin", details_url="https://partner.example/1")
    await world.services.store.create(report)
    await evaluate(world.services, [report.model_dump(mode="json")])


async def test_a_blocked_device_is_explained_by_report_rule_and_tag(tenant_world: World) -> None:
    await _blocked(tenant_world)
    explained = await explain(tenant_world.services, ENTRA_ID.upper())
    assert explained.decision is not None
    assert explained.decision.verdict is Verdict.BLOCK
    assert explained.decision.rule == "rule-ios"
    assert any("Evil twin" in reason for reason in explained.decision.reasons)
    assert [(seen.partner, seen.details_url) for seen in explained.reports] == [
        ("lookout", "https://partner.example/1")
    ]
    assert (explained.tag.applied, explained.tag.applied_at) == ("mtd-block-high", tenant_world.clock())
    assert (explained.entra_attribute.attribute, explained.entra_attribute.value) == (
        "extensionAttribute7",
        "mtd-block-high",
    )
    assert [entry.what for entry in explained.history if "mtd-block-high" in entry.what]


async def test_a_partners_own_word_on_the_device_is_listed_with_its_report(tenant_world: World) -> None:
    await _blocked(tenant_world)
    record = DeviceStateRecord(
        partner="lookout",
        index=0,
        report_id="snapshot-1",
        partner_device_id="agent-1",
        severity=Level.HIGH,
        detected_at=START,
    )
    report = Report.of(record, "agent-1", START)
    await tenant_world.services.store.create(report)
    await evaluate(tenant_world.services, [report.model_dump(mode="json")])
    explained = await explain(tenant_world.services, ENTRA_ID)
    assert {seen.report_id for seen in explained.reports if seen.record == "device_state"} == {"snapshot-1"}
    assert explained.decision is not None
    assert "lookout itself rates the device high" in explained.decision.reasons


async def test_what_entra_does_not_tell_is_said_to_be_unknown(tenant_world: World) -> None:
    await _blocked(tenant_world)
    tenant_world.graph_faults.fail(500, 1)
    explained = await explain(tenant_world.services, ENTRA_ID)
    assert explained.entra_attribute.value is None
    assert explained.entra_attribute.trouble is not None


@pytest.mark.parametrize(
    "id_",
    [
        "no-such-device",
        "a/b",
        "x" * 300,
        "",
        "a b",
        ".",
        "..",
        "a?b",
        "a#b",
        "a\\b",
        "\0",
        "serial:",
        "serial:..",
    ],
)
async def test_an_unknown_device_is_not_there(tenant_world: World, id_: str) -> None:
    with pytest.raises(NotThere):
        await explain(tenant_world.services, id_)


@pytest.mark.parametrize("name", [f" {ENTRA_ID} ", f"INTUNE:{INTUNE_ID}", "serial:sn-test-1"])
async def test_a_device_is_explained_by_any_of_its_names(tenant_world: World, name: str) -> None:
    await _blocked(tenant_world)
    await tenant_world.services.store.upsert(Link(id=link_id("serial", "SN-TEST-1"), device=ENTRA_ID))
    assert (await explain(tenant_world.services, name)).id == ENTRA_ID


async def test_a_name_of_two_devices_explains_neither(tenant_world: World) -> None:
    await _blocked(tenant_world)
    await tenant_world.services.store.upsert(Link(id=link_id("serial", "SN-1"), ambiguous=True))
    with pytest.raises(BadRequest, match="more than one device"):
        await explain(tenant_world.services, "serial:SN-1")


async def test_the_listing_goes_on_from_its_token(tenant_world: World) -> None:
    for number in range(5):
        await tenant_world.put_device(entra_id=f"0000000{number}-0000-4000-8000-000000000000")
    first = await listing(tenant_world.services, "3", None)
    assert len(first.devices) == 3
    second = await listing(tenant_world.services, "3", first.token)
    ids = [row.id for row in (*first.devices, *second.devices)]
    assert len(set(ids)) == 5
    assert second.token is None


async def test_a_device_without_a_decision_is_listed_as_undecided(tenant_world: World) -> None:
    await tenant_world.put_device()
    (row,) = (await listing(tenant_world.services, None, None)).devices
    assert (row.verdict, row.tag_state) == (Verdict.UNDECIDED, TagState.NONE)


@pytest.mark.parametrize("top", ["0", "1001", "-1", "x", "1e3", "٣"])
async def test_a_senseless_page_size_is_refused(tenant_world: World, top: str) -> None:
    with pytest.raises(BadRequest):
        await listing(tenant_world.services, top, None)


@pytest.mark.parametrize("token", ["nonsense", "a\nb", "\u0663"])
async def test_a_senseless_token_is_refused(tenant_world: World, token: str) -> None:
    with pytest.raises(BadRequest):
        await listing(tenant_world.services, None, token)


async def test_a_device_no_tag_can_reach_is_shown_before_it_matters(tenant_world: World) -> None:
    await tenant_world.put_device()
    assert not (await explain(tenant_world.services, ENTRA_ID)).entra_attribute.restricted
    tenant_world.tenant.put_entra_device({"deviceId": ENTRA_ID, "isManagementRestricted": True})
    assert (await explain(tenant_world.services, ENTRA_ID)).entra_attribute.restricted
