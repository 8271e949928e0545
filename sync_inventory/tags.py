"""Tags on their way to Entra during a sync, with an eye on how Graph is doing."""

import asyncio
from types import TracebackType
from typing import Self

from evaluate_risk.enforce import TOGETHER, enforce_all
from shared.cosmos import Found
from shared.domain.model import Device, TagState
from shared.services import Services
from sync_inventory.tally import Tally


class Tags:
    """Brings pending tags to Entra, by twenties, until Graph throttles or does not answer.

    From then on a step leaves its tags pending: they are stored, and the timer of every minute writes them,
    blocks before unblocks, at the pace Graph asks for. Open from `async with` to its end, which brings the
    rest.
    """

    def __init__(self, services: Services, tally: Tally) -> None:
        self._services = services
        self._tally = tally
        self._leave_alone = False
        self._collected: list[Found[Device]] = []
        self._one_at_a_time = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            await self._bring_collected()

    async def bring(self, found: Found[Device]) -> None:
        """Write the device's tag if it is pending, with others; what came of it is counted."""
        if found.document.tag.state is not TagState.PENDING:
            return
        self._collected.append(found)
        if len(self._collected) >= TOGETHER:
            await self._bring_collected()

    async def _bring_collected(self) -> None:
        founds, self._collected = self._collected, []
        async with self._one_at_a_time:
            self._leave_alone = self._leave_alone or self._services.graph.resting() > 0
            if self._leave_alone or not founds:
                self._tally.add("tags_pending", len(founds))
                return
            devices = await enforce_all(self._services, founds)
        for device in devices:
            self._tally.add(f"tags_{device.tag.state}")
            if device.tag.state is TagState.PENDING and device.tag.error:
                self._tally.trouble(f"the tag of device {device.id} is pending: {device.tag.error}")
