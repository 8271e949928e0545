"""Where a device stands after the sweep: swept, merely missed, gone, or another by now."""

from shared.domain.model import DeviceFacts, Ownership
from shared.domain.record import Platform
from sync_inventory.apps.eligibility import Eligibilities, Eligibility
from sync_inventory.devices.facts import Record
from sync_inventory.devices.sweep import MirroredDevice, Sweep
from sync_inventory.policies.groups import Groups
from sync_inventory.scratch import Scratch
from tests.world import START, World

COMPANY, PERSONAL = Ownership.COMPANY, Ownership.PERSONAL
GONE, AS_IT_WAS = Eligibility(there=False), Eligibility(there=True)


def _facts(
    number: int, ownership: Ownership = COMPANY, platform: Platform = Platform.IOS, entra: bool = True
) -> DeviceFacts:
    return DeviceFacts(
        intune_id=f"i-{number}",
        entra_id=f"e-{number}" if entra else None,
        platform=platform,
        ownership=ownership,
    )


def _swept(world: World, scratch: Scratch) -> Sweep:
    """Device 1 stays, 2 changes hands, 3 is missed, 4 was gone, 5 replaced, 6 is registered in Entra now."""
    sweep = Sweep(scratch, Groups(world.services, scratch))
    for number in (1, 2, 3):
        sweep.know(MirroredDevice(id=f"e-{number}", facts=_facts(number)))
    sweep.know(MirroredDevice(id="e-4", facts=_facts(4), gone_at=START))
    sweep.know(MirroredDevice(id="e-5", facts=_facts(5), replaced_by="e-1"))
    sweep.know(MirroredDevice(id="intune:i-6", facts=_facts(6, entra=False)))
    for facts in (_facts(1), _facts(2, PERSONAL), _facts(6), _facts(7, platform=Platform.ANDROID)):
        sweep.add(Record(facts, START))
    sweep.arrange()
    return sweep


async def test_a_device_stands_as_the_sweep_found_it(tenant_world: World) -> None:
    with Scratch() as scratch:
        sweep = _swept(tenant_world, scratch)
        eligibilities = Eligibilities(scratch)
        assert eligibilities.known
        assert eligibilities.of("e-1") == Eligibility(there=True, ownership=COMPANY)
        assert eligibilities.of("e-2") == Eligibility(there=True, ownership=PERSONAL)
        assert eligibilities.of("e-3") == AS_IT_WAS
        assert [eligibilities.of(id_) for id_ in ("e-4", "e-5", "intune:i-6", "never")] == [GONE] * 4
        assert eligibilities.of("e-6") == Eligibility(there=True, ownership=COMPANY)
        assert not eligibilities.of("e-7").there
        sweep.gone("e-3", START)
        assert eligibilities.of("e-3") == GONE


async def test_the_devices_of_which_less_may_be_known_are_named(tenant_world: World) -> None:
    with Scratch() as scratch:
        sweep = _swept(tenant_world, scratch)
        eligibilities = Eligibilities(scratch)
        assert set(eligibilities.less_known()) == {"e-2", "intune:i-6"}
        sweep.gone("e-3", START)
        assert set(eligibilities.less_known()) == {"e-2", "intune:i-6", "e-3"}


async def test_what_a_sweep_found_changed_outlasts_the_next_one_of_its_run(tenant_world: World) -> None:
    with Scratch() as scratch:
        _swept(tenant_world, scratch).gone("e-3", START)
        again = Sweep(scratch, Groups(tenant_world.services, scratch))
        again.know(MirroredDevice(id="e-2", facts=_facts(2, PERSONAL)))
        again.add(Record(_facts(2, PERSONAL), START))
        again.arrange()
        assert set(Eligibilities(scratch).less_known()) == {"e-2", "intune:i-6", "e-3"}


def test_without_a_sweep_every_device_stands_as_it_did() -> None:
    with Scratch() as scratch:
        eligibilities = Eligibilities(scratch)
        assert not eligibilities.known
        assert eligibilities.of("e-1") == AS_IT_WAS
        assert list(eligibilities.less_known()) == []
