"""The database and its containers, as they are declared. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.moment import DAY

DATABASE = "mtd"


@dataclass(frozen=True)
class Container:
    """How a container is declared: partition key path, and seconds its items live (None for ever; -1 unless
    an item says otherwise)."""

    partition_key: str
    ttl: int | None = None


CONTAINERS: Mapping[str, Container] = {
    "reports": Container("/agent", ttl=90 * DAY),
    "agents": Container("/id"),
    "devices": Container("/id"),
    "links": Container("/id"),
    "inventory": Container("/id", ttl=-1),
    "settings": Container("/id"),
    "dead_letters": Container("/partner", ttl=90 * DAY),
    "history": Container("/device", ttl=400 * DAY),
    "leases": Container("/id"),
}
