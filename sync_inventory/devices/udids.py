"""UDIDs of iPhones and iPads: Intune's list leaves them out, so each device is asked for its own, once.

Nobody is asked while no agent waits for a UDID, and a device whose UDID came once keeps it. One run asks so
many at most, in no order; for an agent whose UDID is none of Intune's, in the end each device has been asked.

Source: Graph "managedDevice" (udid is null in lists; one device gives it where it is selected).
"""

from shared.cosmos import UNLINKED_AGENTS
from shared.domain.model import Agent, is_manual
from shared.domain.record import Platform
from shared.errors import GraphError
from shared.services import Services
from sync_inventory.devices.agents import UnlinkedAgent
from sync_inventory.devices.facts import udid
from sync_inventory.devices.sweep import Sweep
from sync_inventory.tally import Tally

MAX_ASKED = 1_000
"""Devices in one run: 50 calls."""
AT_ONCE = 100
"""Devices between two looks at whether all that was wanted is found."""


async def look_up_udids(services: Services, sweep: Sweep, tally: Tally) -> None:
    """Give swept devices their UDIDs, as long as agents wait for one that none of them has.

    A device that Graph says nothing of is asked again in a later run, and so are all the others once Graph
    asks to be left alone.
    """
    rows = services.store.rows(UnlinkedAgent, Agent.container, UNLINKED_AGENTS)
    wanted = {each for each in [_waits_for(agent) async for agent in rows] if each} - sweep.udids()
    if not wanted:
        return
    devices = sweep.without_udid(MAX_ASKED)
    for first in range(0, len(devices), AT_ONCE):
        some = devices[first : first + AT_ONCE]
        for intune_id, answer in zip(some, await services.graph.udids(some), strict=True):
            if isinstance(answer, GraphError):
                tally.add("udids_unanswered")
                continue
            tally.add("udids_asked")
            sweep.keep_udid(intune_id, value := udid(answer))
            wanted.discard(value.lower())
        if not wanted:
            return
        if services.graph.resting():
            break
    tally.add("udids_wanted", len(wanted))


def _waits_for(agent: UnlinkedAgent) -> str | None:
    """The UDID in lower case by which an agent may yet find its device: Android has none."""
    android = agent.platform is not None and agent.platform.value == Platform.ANDROID
    return None if agent.udid is None or android or is_manual(agent.linked_by) else agent.udid.value.lower()
