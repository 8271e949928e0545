"""Decisions that a changed rule or switch, or the passing of time, makes due."""

from evaluate_risk.decide import decide_again, policy
from shared.cosmos import DEVICES_TO_DECIDE
from shared.domain.model import Device
from shared.domain.moment import iso_utc
from shared.services import Services
from sync_inventory.side_by_side import side_by_side
from sync_inventory.tags import Tags
from sync_inventory.tally import Tally


async def redecide(services: Services, tally: Tally) -> None:
    """Decide every due device again and enforce what follows.

    A decided device is due no longer: a run that is cut off goes on where it stopped when the next one asks.
    """
    version = (await policy(services)).version
    ids = services.store.ids(
        Device.container, DEVICES_TO_DECIDE, version=version, now=iso_utc(services.now())
    )
    due = [id_ async for id_ in ids]
    tally.add("due", len(due))

    async with Tags(services, tally) as tags:

        async def one(id_: str) -> None:
            found = await decide_again(services, id_)
            if found is not None:
                tally.add("decided")
                await tags.bring(found)

        await side_by_side(due, one, tally)
