"""The figures a run logs are those GET /devices lists."""

from collections import Counter

import pytest

from evaluate_risk.evaluation import evaluate
from serve_console.devices import listing
from shared.domain.level import Level
from tests.sync_inventory.tenant import put_phone, put_policy, run
from tests.world import World, a_threat, world


def _logged(caplog: pytest.LogCaptureFixture) -> dict[str, str]:
    line = next(each for each in reversed(caplog.messages) if each.startswith("devices_counted "))
    return dict(word.split("=") for word in line.split()[1:])


async def test_devices_are_counted_as_they_are_listed(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    put_policy(tenant_world, "low")
    put_phone(tenant_world)
    for number in range(3):
        entra_id = f"aaaaaaaa-0000-4000-8000-00000000000{number}"
        put_phone(
            tenant_world, f"intune-{number}", entra_id, serialNumber=f"SN-{number}", operatingSystem="Android"
        )
    await run(tenant_world)
    await evaluate(tenant_world.services, [a_threat(severity=Level.HIGH).model_dump(mode="json")])
    with caplog.at_level("INFO", logger="mtd"):
        await run(tenant_world)
    listed = (await listing(tenant_world.services, None, None)).devices
    verdicts = Counter(str(row.verdict) for row in listed)
    logged = _logged(caplog)
    assert logged["devices"] == str(len(listed)) == "4"
    assert logged["blocked"] == str(verdicts["block"]) == "1"
    assert logged["allowed"] == str(verdicts["allow"])
    assert logged["undecided"] == str(verdicts["undecided"]) == "3"
    assert logged["applied"] == str(sum(row.tag_state == "applied" for row in listed)) == "1"
    assert logged["mode"] == "enforce"


async def test_a_block_that_waits_for_an_approval_is_counted_as_waiting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with world(guard_devices=0, guard_percent=0) as tenant:
        put_policy(tenant, "low")
        put_phone(tenant)
        await run(tenant)
        await evaluate(tenant.services, [a_threat(severity=Level.HIGH).model_dump(mode="json")])
        with caplog.at_level("INFO", logger="mtd"):
            await run(tenant)
    logged = _logged(caplog)
    assert (logged["blocked"], logged["waiting"], logged["pending"], logged["applied"]) == (
        "1",
        "1",
        "0",
        "0",
    )


async def test_an_empty_tenant_counts_nothing(tenant_world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="mtd"):
        await run(tenant_world)
    assert set(_logged(caplog).values()) == {"0", "enforce"}
