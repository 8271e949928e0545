"""Fixtures every room's tests use."""

from collections.abc import AsyncIterator

import pytest

from tests.world import World, world


@pytest.fixture
async def tenant_world() -> AsyncIterator[World]:
    """A world whose tenant enforces: Lookout on iOS, Zimperium on Android."""
    async with world() as one:
        yield one
