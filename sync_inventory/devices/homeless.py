"""Threats that came without a device: they belong to the agent that bears their key, where one does.

Lookout's service itself resolves threats by their ids and names no device; so such a report waits among the
dead letters, and is looked up at every sync for as long as it lives there. Nobody's agents are read while
none waits.
"""

from collections import defaultdict
from collections.abc import Collection

from pydantic import BaseModel

from shared.cosmos import HOMELESS_THREATS, THREATENED_AGENTS
from shared.dead_letters import redriven
from shared.domain.model import Agent, DeadLetter, Report
from shared.domain.record import ThreatRecord
from shared.errors import AlreadyStored
from shared.services import Services
from sync_inventory.side_by_side import side_by_side
from sync_inventory.tally import Tally


class HomelessThreat(BaseModel):
    """A letter that holds a threat without a device."""

    id: str
    partner: str
    threat_key: str


class ThreatenedAgent(BaseModel):
    """An agent that has, or had, threats; by their keys."""

    id: str
    partner_device_id: str
    threats: dict[str, object] = {}


async def bring_threats_home(services: Services, tally: Tally) -> None:
    """Report every waiting threat as its agent's, where one agent of its partner bears its key, and one only;
    as of when it was received."""
    rows = services.store.rows(HomelessThreat, DeadLetter.container, HOMELESS_THREATS)
    waiting = [row async for row in rows]
    keys: dict[str, set[str]] = defaultdict(set)
    for letter in waiting:
        keys[letter.partner].add(letter.threat_key)
    bearers = {partner: await _bearers(services, partner, wanted) for partner, wanted in keys.items()}

    async def one(letter: HomelessThreat) -> None:
        agents = bearers[letter.partner].get(letter.threat_key, set())
        if len(agents) == 1:
            await _bring_home(services, letter, *agents)
        tally.add("threats_brought_home" if len(agents) == 1 else "threats_waiting")

    await side_by_side(waiting, one, tally)


async def _bearers(services: Services, partner: str, keys: Collection[str]) -> dict[str, set[str]]:
    """The partner's ids of the devices whose agents bear each of `keys`."""
    bearers: dict[str, set[str]] = defaultdict(set)
    async for agent in services.store.rows(
        ThreatenedAgent, Agent.container, THREATENED_AGENTS, partner=partner
    ):
        for key in agent.threats.keys() & keys:
            bearers[key].add(agent.partner_device_id)
    return bearers


async def _bring_home(services: Services, waiting: HomelessThreat, partner_device_id: str) -> None:
    found = await services.store.read(DeadLetter, waiting.id, waiting.partner)
    if found is None:
        return
    letter = found.document
    threat = ThreatRecord.model_validate(letter.record)
    threat = threat.model_copy(update={"raw": letter.body, "partner_device_id": partner_device_id})
    report = Report.of(threat, partner_device_id, letter.received_at)
    outcome = "stored"
    try:
        await services.store.create(report)
    except AlreadyStored:
        outcome = "duplicate"
    await redriven(services.store, found, outcome=outcome, by="sync", agent=report.agent)
