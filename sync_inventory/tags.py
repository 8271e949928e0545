"""Tags on their way to Entra during a sync, with an eye on how Graph is doing."""

from evaluate_risk.enforce import enforce
from shared.cosmos import Found
from shared.model import Device, TagState
from shared.services import Services
from sync_inventory.tally import Tally


class Tags:
    """Brings pending tags to Entra until Graph throttles or does not answer.

    From then on a step leaves its tags pending: they are stored, and the timer of every minute writes them,
    blocks before unblocks, at the pace Graph asks for.
    """

    def __init__(self, services: Services, tally: Tally) -> None:
        self._services = services
        self._tally = tally
        self._leave_alone = False

    async def bring(self, found: Found[Device]) -> None:
        """Write the device's tag if it is pending, and count what came of it."""
        if found.document.tag.state is not TagState.PENDING:
            return
        self._leave_alone = self._leave_alone or self._services.graph.resting() > 0
        if self._leave_alone:
            self._tally.add("tags_pending")
            return
        device = await enforce(self._services, found)
        self._tally.add(f"tags_{device.tag.state}")
        if device.tag.state is TagState.PENDING and device.tag.error:
            self._tally.trouble(f"the tag of device {device.id} is pending: {device.tag.error}")
