"""The peer that reads managed devices by msgraph's typed models reads what we read."""

import pytest

from benchmarks import reading
from benchmarks.large_tenant import stand_ins
from benchmarks.processes import settings
from benchmarks.tenant import intune_id

DEVICES = 30


async def test_both_read_every_device_of_the_same_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stand_ins() as there:
        await there.fill(DEVICES, 0)
        for name, value in settings(there.cosmos, there.graph).items():
            monkeypatch.setenv(name, value)
        ours = [each async for each in reading._ours()]
        typed = [each async for each in reading._typed()]
    expected = [intune_id(number) for number in range(DEVICES)]
    assert [each.facts.intune_id for each in ours] == expected
    assert [each.id for each in typed] == expected
    assert {type(each).__name__ for each in typed} == {"ManagedDevice"}
    assert [each.serial_number for each in typed] == [each.facts.serial for each in ours]
