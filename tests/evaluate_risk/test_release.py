"""Every block of ours taken back, for whoever leaves mode `enforce`."""

from collections.abc import AsyncIterator

import pytest

from evaluate_risk import release as releasing
from evaluate_risk.decide import change
from evaluate_risk.evaluation import evaluate
from evaluate_risk.release import release
from shared.cosmos import Found
from shared.domain.level import Level
from shared.domain.mode import Mode
from shared.domain.model import Device, TagState
from shared.errors import BadRequest, GraphUnavailable
from shared.services import Services
from tests.evaluate_risk.stories import feed, put_phone
from tests.evaluate_risk.test_enforce import set_entra
from tests.sync_inventory.tenant import spoil
from tests.world import World, a_threat

COUNT = 25


@pytest.fixture
async def reporting(tenant_world: World) -> AsyncIterator[Services]:
    """Twenty-five blocked phones, and the app back in mode `report`."""
    await tenant_world.put_rule(Level.LOW)
    reports = []
    for number in range(COUNT):
        await put_phone(
            tenant_world, entra_id=f"entra-{number}", intune_id=f"intune-{number}", serial=f"S{number}"
        )
        reports.append(a_threat(device=f"agent-{number}", mdm_device_id=f"intune-{number}"))
    await evaluate(tenant_world.services, feed(*reports))
    settings = tenant_world.services.settings.model_copy(update={"mode": Mode.REPORT})
    services = Services.of(settings, tenant_world.clock)
    yield services
    await services.close()


async def test_every_block_is_taken_back_and_recorded(tenant_world: World, reporting: Services) -> None:
    done = await release(reporting, "ada", "end of the trial")
    assert (done.released, done.failed, done.remaining) == (COUNT, 0, False)
    assert {tenant_world.entra_tag(f"entra-{number}") for number in range(COUNT)} == {"mtd-ok"}
    device = await tenant_world.device("entra-3")
    assert (device.tag.applied, device.tag.state) == ("mtd-ok", TagState.NONE)
    assert device.history[0].what == "block taken back by ada: end of the trial"
    assert (await release(reporting, "ada", "again")).released == 0


async def test_a_device_that_cannot_be_read_is_counted_and_keeps_no_other_blocked(
    tenant_world: World, reporting: Services
) -> None:
    await spoil(tenant_world, "entra-3", slots="nonsense")
    done = await release(reporting, "ada", "end of the trial")
    assert (done.released, done.failed, done.remaining) == (COUNT - 1, 1, False)
    assert tenant_world.entra_tag("entra-3") == "mtd-block-high"


async def test_a_device_that_is_gone_meanwhile_has_not_failed(
    reporting: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = reporting.store.read

    async def gone(kind: type[Device], id_: str, partition: str | None = None) -> Found[Device] | None:
        return None if id_ == "entra-3" else await read(kind, id_, partition)

    monkeypatch.setattr(reporting.store, "read", gone)
    done = await release(reporting, "ada", "end of the trial")
    assert (done.released, done.failed) == (COUNT - 1, 0)


async def test_back_in_enforce_the_same_devices_are_blocked_again(
    tenant_world: World, reporting: Services
) -> None:
    await release(reporting, "ada", "end of the trial")
    await change(reporting, "entra-3")
    found = await change(tenant_world.services, "entra-3")
    assert found is not None
    assert found.document.tag.state is TagState.PENDING


async def test_somebody_elses_value_is_left_alone(tenant_world: World, reporting: Services) -> None:
    set_entra(tenant_world, "cost-centre-7", "entra-0")
    done = await release(reporting, "ada", "end of the trial")
    assert done.released == COUNT - 1
    assert tenant_world.entra_tag("entra-0") == "cost-centre-7"


async def test_what_graph_refuses_is_counted_and_can_be_asked_for_again(
    tenant_world: World, reporting: Services
) -> None:
    tenant_world.graph_faults.fail(403, 1, "PATCH", "entra-4")
    done = await release(reporting, "ada", "end of the trial")
    assert (done.released, done.failed) == (COUNT - 1, 1)
    assert (await release(reporting, "ada", "once more")).released == 1


async def test_time_that_runs_out_is_reported(reporting: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releasing, "SECONDS", 0.0)
    done = await release(reporting, "ada", "end of the trial")
    assert (done.released, done.remaining) == (0, True)


async def test_in_enforce_it_is_refused(tenant_world: World) -> None:
    with pytest.raises(BadRequest, match="enforce"):
        await release(tenant_world.services, "ada", "why")


async def test_a_block_whose_writing_was_never_answered_is_taken_back_too(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tenant_world.put_rule(Level.LOW)
    await put_phone(tenant_world)
    write = tenant_world.services.graph.write_tag

    async def outcome_unknown(entra_id: str, value: str) -> None:
        await write(entra_id, value)
        raise GraphUnavailable("the answer was lost")

    monkeypatch.setattr(tenant_world.services.graph, "write_tag", outcome_unknown)
    await evaluate(tenant_world.services, feed(a_threat()))
    assert tenant_world.entra_tag() == "mtd-block-high"
    settings = tenant_world.services.settings.model_copy(update={"mode": Mode.REPORT})
    reporting = Services.of(settings, tenant_world.clock)
    assert (await release(reporting, "ada", "end of the trial")).released == 1
    await reporting.close()
    assert tenant_world.entra_tag() == "mtd-ok"
