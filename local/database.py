"""The product's database on the local Cosmos server: its containers, and what its query texts mean."""

from collections.abc import Callable

from azure.cosmos import PartitionKey
from azure.cosmos.aio import CosmosClient

from local.cosmos.queries import Parameters, Query
from local.cosmos.store import Document
from shared.cosmos import (
    AGENTS_OF_DEVICE,
    CONNECTOR_MIRRORS,
    CONTAINERS,
    DATABASE,
    DEVICE_MIRRORS,
    DEVICE_SUMMARIES,
    DEVICES_TO_DECIDE,
    LINKS,
    PENDING_TAGS,
    UNLINKED_AGENTS,
)


def connection_string(endpoint: str, key: str) -> str:
    """What the setting COSMOS holds for a server at `endpoint`."""
    return f"AccountEndpoint={endpoint};AccountKey={key};"


async def provision(endpoint: str, key: str) -> None:
    """Create database and containers as infra/ declares them; what is there already stays."""
    async with CosmosClient(endpoint, key) as client:
        database = await client.create_database_if_not_exists(DATABASE)
        for name, container in CONTAINERS.items():
            await database.create_container_if_not_exists(
                name, PartitionKey(path=container.partition_key), default_ttl=container.ttl
            )


def _part(document: Document, name: str) -> dict[str, object]:
    part = document.get(name)
    return part if isinstance(part, dict) else {}


def _pending(document: Document, parameters: Parameters) -> bool:
    tag = _part(document, "tag")
    return tag.get("state") == "pending" and tag.get("blocks") == parameters["@blocks"]


def _to_decide(document: Document, parameters: Parameters) -> bool:
    decision = _part(document, "decision")
    if not decision:
        return False
    due = decision.get("next_due")
    late = isinstance(due, str) and due <= str(parameters["@now"])
    return late or decision.get("rules_version") != parameters["@version"]


def _of_device(document: Document, parameters: Parameters) -> bool:
    return parameters["@device"] in (document.get("device"), document.get("moving_from"))


def _select(*names: str) -> Callable[[Document], object]:
    return lambda document: {name: document[name] for name in names if name in document}


def _fields(*names: str) -> Query:
    return Query(where=lambda _document, _parameters: True, select=_select(*names))


QUERIES = {
    PENDING_TAGS: Query(where=_pending, select=lambda document: document["id"]),
    DEVICES_TO_DECIDE: Query(where=_to_decide, select=lambda document: document["id"]),
    DEVICE_MIRRORS: _fields("id", "facts", "tag", "replaced_by"),
    DEVICE_SUMMARIES: Query(
        where=lambda document, _parameters: document.get("replaced_by", "") is None,
        select=_select("id", "facts", "decision", "tag"),
    ),
    UNLINKED_AGENTS: Query(
        where=lambda document, _parameters: document.get("device", "") is None,
        select=_select("id", "mdm_device_id", "serial", "udid"),
    ),
    AGENTS_OF_DEVICE: Query(where=_of_device, select=_select("id", "device", "linked_by")),
    LINKS: _fields("id", "device", "ambiguous", "why"),
    CONNECTOR_MIRRORS: Query(
        where=lambda document, _parameters: str(document["id"]).startswith("connector:")
    ),
}
