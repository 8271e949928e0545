"""Which agents their vendor's list of devices does not hold any more. It is shown, and frees nobody: a row
that vanished is no report."""

from collections.abc import Iterable, Mapping
from datetime import date

from shared.bounded import bounded_gather
from shared.domain.polling import RosterPart, roster_of, roster_part_id, roster_part_of
from shared.services import Services

SIDE_BY_SIDE = 16


async def not_listed(services: Services, agents: Iterable[str]) -> Mapping[str, date]:
    """The day since which no whole list has held an agent, by the ids of those of `agents` that one held
    before. Of a partner whose list is not read, nothing is said."""
    wanted: dict[str, list[tuple[str, str]]] = {}
    for agent in agents:
        partner, _, device = agent.partition(":")
        if services.settings.lists_devices(partner):
            part = roster_part_id(roster_of(partner), roster_part_of(device))
            wanted.setdefault(part, []).append((agent, device))
    parts = await bounded_gather(
        lambda part: services.store.read(RosterPart, part), wanted, limit=SIDE_BY_SIDE
    )
    since = {}
    for found, those in zip(parts, wanted.values(), strict=True):
        for agent, device in those:
            listed = found.document.devices.get(device) if found else None
            if listed is not None and listed.gone_on is not None:
                since[agent] = date.fromisoformat(listed.gone_on)
    return since
