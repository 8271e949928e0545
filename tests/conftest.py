"""Fixtures every room's tests use."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Generator
from types import SimpleNamespace

import pytest
from azure.core.pipeline.transport import AioHttpTransport
from azure.cosmos.aio import _retry_utility_async as cosmos_retry
from hypothesis import Phase, settings

from local.ports import free_port
from tests.infra.loud import unchecked
from tests.world import World, world

# A hundred examples of each property, the library's default, take the suite beyond its time.
settings.register_profile("suite", max_examples=30, deadline=None)
settings.load_profile("suite")
settings.register_profile(
    "mutants",
    max_examples=10,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    derandomize=True,
    database=None,
)
"""For `make mutants`: few examples, the same each time, and none is made smaller once one has failed."""


FIRST = (
    "end_to_end/test_scenario.py",
    "histories/test_histories.py",
    "infra/test_compiler.py",
    "infra/test_package.py",
    "soak/test_kills.py",
)
"""The longest tests begin first, or one process is left with one of them when the others have done."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than processors: the longest tests wait for most of their time."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays to the end: no garbage is looked for meanwhile, nor among it afterwards."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.path.as_posix().endswith(FIRST))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Whatever is captured, and whoever runs the tests: what this machine could not check is said at the
    end."""
    for line in unchecked(terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(line, yellow=True, bold=True)


@pytest.fixture(autouse=True)
def impatient_sdks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Azure's libraries wait before they try again takes no time: how often they do is theirs."""

    async def at_once(*_: object) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(cosmos_retry, "asyncio", SimpleNamespace(sleep=at_once))
    monkeypatch.setattr(AioHttpTransport, "sleep", at_once)


@pytest.fixture
def unused_tcp_port() -> int:
    """Nothing comes to listen there by chance, as it may at a port of pytest-asyncio's own fixture."""
    return free_port()


@pytest.fixture
async def tenant_world() -> AsyncIterator[World]:
    """A world whose tenant enforces: Lookout on iOS, Zimperium on Android."""
    async with world() as one:
        yield one
