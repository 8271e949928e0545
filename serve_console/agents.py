"""The agents an admin has to look at: by default those that nobody could link to a device."""

from datetime import date

from pydantic import BaseModel, Field

from evaluate_risk.linking import by_whom, link_candidates
from serve_console.not_listed import not_listed
from serve_console.paging import page
from shared.bounded import bounded_gather
from shared.cosmos import AGENT_SUMMARIES, UNLINKED_AGENT_SUMMARIES
from shared.domain.level import Level, highest
from shared.domain.model import Agent, Known, Link, Threat, is_manual, link_of_agent
from shared.domain.moment import Moment
from shared.errors import BadRequest
from shared.services import Services

CONCURRENCY = 16
"""Agents whose links are read side by side."""
ABOUT_EMAIL = (
    "No e-mail address is listed: reports are redacted before they are stored, so none is kept. An address "
    "seen in the partner's own console may give a person a hint; it never links an agent by itself."
)


class _Row(BaseModel):
    """An agent as the listing's queries give it."""

    id: str
    partner: str
    partner_device_id: str
    threats: dict[str, Threat] = Field(default_factory=dict)
    mdm_device_id: Known | None = None
    serial: Known | None = None
    udid: Known | None = None
    platform: Known | None = None
    first_received_at: Moment | None = None
    last_received_at: Moment | None = None
    device: str | None = None
    linked_by: str | None = None


class AgentRow(BaseModel):
    """One agent of the listing, with the ids its partner gave for the device."""

    id: str
    partner: str
    partner_device_id: str
    platform: str | None
    mdm_device_id: str | None
    serial: str | None
    udid: str | None
    open_threats: int
    highest: Level
    first_received_at: Moment | None
    last_received_at: Moment | None
    device: str | None
    linked_by: str | None
    """The link that decided; `agent:…` was made by an admin."""
    not_listed_since: date | None
    """The day since which its vendor's list of devices, where it is read, does not hold it any more. That
    frees nobody."""
    hints: list[str]
    """For a person who looks for the device: nothing here links an agent by itself."""


class AgentPage(BaseModel):
    """Some agents, and the token that continues the listing; null at its end."""

    agents: list[AgentRow]
    token: str | None
    note: str = ABOUT_EMAIL


async def listing(
    services: Services, all_: str | None = None, top: str | None = None, token: str | None = None
) -> AgentPage:
    """A page of the agents without a device, or, where `all_` is `true`, of all."""
    if all_ not in {None, "", "true", "false"}:
        raise BadRequest("all: expected true or false")
    sql = AGENT_SUMMARIES if all_ == "true" else UNLINKED_AGENT_SUMMARIES
    found = await page(services, _Row, Agent.container, sql, top, token)

    missing = await not_listed(services, (agent.id for agent in found.rows))

    async def row(agent: _Row) -> AgentRow:
        return _row(agent, missing.get(agent.id), await _hints(services, agent))

    rows = await bounded_gather(row, found.rows, limit=CONCURRENCY)
    return AgentPage(agents=rows, token=found.token)


def _row(agent: _Row, not_listed_since: date | None, hints: list[str]) -> AgentRow:
    severities = [threat.detection.severity for threat in agent.threats.values() if threat.detection]
    return AgentRow(
        id=agent.id,
        partner=agent.partner,
        partner_device_id=agent.partner_device_id,
        platform=agent.platform and agent.platform.value,
        mdm_device_id=agent.mdm_device_id and agent.mdm_device_id.value,
        serial=agent.serial and agent.serial.value,
        udid=agent.udid and agent.udid.value,
        open_threats=len(severities),
        highest=highest(severities),
        first_received_at=agent.first_received_at,
        last_received_at=agent.last_received_at,
        device=agent.device,
        linked_by=agent.linked_by,
        not_listed_since=not_listed_since,
        hints=hints,
    )


async def _hints(services: Services, agent: _Row) -> list[str]:
    hints = [] if agent.first_received_at else ["it has not reported yet"]
    if is_manual(agent.linked_by):
        return [*hints, *await _said_by_hand(services, agent)]
    if agent.device is not None:
        return hints
    candidates = link_candidates(agent.mdm_device_id, agent.serial, agent.udid)
    if not candidates:
        return [*hints, "its partner gave no id that Intune or Entra knows: link it by hand"]
    known = 0
    for key in candidates:
        found = await services.store.read(Link, key)
        link = found.document if found else Link(id=key)
        if link.ambiguous:
            hints.append(f"{key} names more than one device, and so none")
        elif link.device:
            hints.append(f"{key} names device {link.device}")
        known += link.ambiguous or link.device is not None
    return hints if known else [*hints, "no device of Intune bears the ids its partner gave"]


async def _said_by_hand(services: Services, agent: _Row) -> list[str]:
    found = await services.store.read(Link, link_of_agent(agent.id))
    if found is None:
        return []
    record = found.document
    what = "linked by hand" if agent.device else f"kept apart by hand (it was device {record.previous})"
    return [f"{what} {by_whom(record)}"]
