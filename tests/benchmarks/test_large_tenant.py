"""The benchmark of a large tenant, run small: it measures what it says, and leaves nothing behind."""

import pathlib
import tempfile

import pytest

from benchmarks.large_tenant import measure
from benchmarks.peak import MIB
from benchmarks.tenant import least_calls, rest

DEVICES, APPS = 60, 5


async def test_a_small_tenant_is_synced_twice_and_the_second_run_writes_nothing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    tenant = await measure(DEVICES, APPS, lambda _: None)
    first, second = tenant.first, tenant.second
    assert first.run.ok
    assert second.run.ok
    assert (first.count("written"), first.count("rows"), first.refused) == (DEVICES, DEVICES * APPS, 0)
    assert first.writes == DEVICES * (1 + 3 + 1)  # the device, its three links, its inventory
    assert (second.writes, second.count("unchanged"), second.count("rows")) == (0, DEVICES, DEVICES * APPS)
    assert least_calls(DEVICES) < second.calls < least_calls(DEVICES) + 20
    assert MIB < second.peak_bytes < 1000 * MIB
    assert 0 < tenant.floor < second.cpu
    assert _left(tmp_path) == []


def _left(folder: pathlib.Path) -> list[pathlib.Path]:
    return list(folder.iterdir())


def test_the_fewest_calls_are_the_pages_the_order_and_one_poll() -> None:
    assert [least_calls(count) for count in (1, 999, 1000, 1001, 100_000)] == [4, 4, 5, 6, 203]


def test_the_tenant_is_opted_in_to_everything() -> None:
    [connector] = [document for what, document in rest(APPS) if what == "connectors"]
    assert isinstance(connector, dict)
    assert connector["allowPartnerToCollectIOSPersonalApplicationMetadata"] is True
