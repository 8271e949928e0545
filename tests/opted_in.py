"""A world whose partners have connectors, and an admin's switches for app inventory in it."""

from contextlib import AbstractAsyncContextManager
from typing import Any

from shared.domain.connector import Connector, connector_document_id
from shared.domain.record import Platform
from tests.world import Clock, World, world

PARTNERS = ("lookout", "better_mobile")


def app_sync_world(clock: Clock | None = None, **settings: Any) -> AbstractAsyncContextManager[World]:
    """Two partners on iOS, each with a connector of its own name; fetched from Intune at each run."""
    values: dict[str, Any] = {
        "partners": {Platform.IOS: PARTNERS},
        "connector_ids": {partner: partner for partner in PARTNERS},
        "app_sync_hours": 0,
    }
    return world(clock, **{**values, **settings})


async def mirror_switches(one: World, partner: str = "lookout", **fields: Any) -> None:
    """A connector as a sync would mirror it: on, with App Sync on, unless `fields` say otherwise."""
    values: dict[str, Any] = {"state": "enabled", "enabled": {Platform.IOS}, "app_sync": True}
    connector = Connector(
        id=connector_document_id(partner),
        intune_id=partner,
        read_at=one.clock(),
        **{**values, **fields},
    )
    await one.services.store.upsert(connector)
    one.services.mirror.forget()
