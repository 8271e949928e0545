"""The product's database on the local Cosmos server: its containers, and what its query texts mean."""

from collections.abc import Callable

from azure.cosmos import PartitionKey
from azure.cosmos.aio import CosmosClient

from local.cosmos.queries import Parameters, Query
from local.cosmos.store import Document
from shared.containers import CONTAINERS, DATABASE
from shared.cosmos import (
    AGENT_SUMMARIES,
    AGENTS_OF_DEVICE,
    AGENTS_ON_THEIR_WAY,
    AGENTS_TO_FOLLOW,
    CONNECTOR_MIRRORS,
    DEAD_LETTERS,
    DEAD_LETTERS_OF_PARTNER,
    DEVICE_COUNT,
    DEVICE_COUNT_BY_TAG_STATE,
    DEVICE_COUNT_BY_VERDICT,
    DEVICE_MIRRORS,
    DEVICE_SUMMARIES,
    DEVICE_TAGS,
    DEVICES_REGISTERED_ANEW,
    DEVICES_RESTRICTED,
    DEVICES_TO_DECIDE,
    DEVICES_TO_PURGE,
    DEVICES_WHOLE,
    FOLLOW_UPS,
    GONE_DEVICES,
    HISTORY,
    HOMELESS_THREATS,
    INVENTORIES,
    LINKS,
    PENDING_LINKS,
    PENDING_TAGS,
    PHONES_WITH_VERDICT,
    THREATENED_AGENTS,
    UNLINKED_AGENT_SUMMARIES,
    UNLINKED_AGENTS,
    WAITING_FOR_APPROVAL,
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


def _tagged(document: Document, _parameters: Parameters) -> bool:
    tag = _part(document, "tag")
    return tag.get("wanted") is not None or tag.get("state") not in {None, "none"}


def _gone(document: Document, _parameters: Parameters) -> bool:
    return document.get("gone_at") is not None and document.get("purged_at", "") is None


def _to_purge(document: Document, parameters: Parameters) -> bool:
    return _gone(document, parameters) and str(document["gone_at"]) <= str(parameters["@before"])


def _to_follow_up(document: Document, _parameters: Parameters) -> bool:
    tag = _part(document, "tag")
    return tag.get("state") == "applied" and tag.get("follow_up") is not None


def _stands(document: Document, _parameters: Parameters) -> bool:
    return document.get("replaced_by", "") is None


def _stands_with_verdict(document: Document, parameters: Parameters) -> bool:
    return (
        _stands(document, parameters) and _part(document, "decision").get("verdict") == parameters["@verdict"]
    )


def _stands_with_tag_state(document: Document, parameters: Parameters) -> bool:
    return _stands(document, parameters) and _part(document, "tag").get("state") == parameters["@state"]


def _phone_with_verdict(document: Document, parameters: Parameters) -> bool:
    platform = _part(document, "facts").get("platform")
    there = document.get("gone_at", "") is None and _stands_with_verdict(document, parameters)
    return there and platform == parameters["@platform"]


def _of_device(document: Document, parameters: Parameters) -> bool:
    return parameters["@device"] in (document.get("device"), document.get("moving_from"))


def _select(*names: str) -> Callable[[Document], object]:
    return lambda document: {name: document[name] for name in names if name in document}


def _fields(*names: str) -> Query:
    return Query(where=lambda _document, _parameters: True, select=_select(*names))


def _unlinked(document: Document, _parameters: Parameters) -> bool:
    return document.get("device", "") is None


def _to_follow(document: Document, _parameters: Parameters) -> bool:
    return document.get("device") is not None and document.get("looked_up") is not None


_AGENT = (
    *("id", "partner", "partner_device_id", "threats", "mdm_device_id", "serial", "udid", "platform"),
    *("first_received_at", "last_received_at", "device", "linked_by"),
)
_SUMMARY = _select(
    *("id", "facts", "decision", "tag", "override", "gone_at", "restricted", "newer_registration")
)
_LETTER = ("id", "partner", "reason", "kind", "received_at", "size", "sha256", "index", "redriven_at")


QUERIES = {
    PENDING_TAGS: Query(
        where=_pending,
        select=lambda document: {
            "id": document["id"],
            **{name: _part(document, "tag").get(name) for name in ("attempts", "retry_at")},
        },
    ),
    WAITING_FOR_APPROVAL: Query(
        where=lambda document, _parameters: _part(document, "tag").get("state") == "pending_approval",
        select=lambda document: {
            "id": document["id"],
            **{name: _part(document, "tag").get(name) for name in ("attempts", "stop")},
        },
    ),
    FOLLOW_UPS: Query(where=_to_follow_up, select=lambda document: document["id"]),
    DEVICES_TO_DECIDE: Query(where=_to_decide, select=lambda document: document["id"]),
    DEVICE_MIRRORS: _fields(
        *("id", "facts", "replaced_by", "missing_since", "gone_at", "restricted", "newer_registration")
    ),
    DEVICE_TAGS: Query(where=_tagged, select=_select("id", "tag")),
    DEVICES_TO_PURGE: Query(where=_to_purge, select=lambda document: document["id"]),
    GONE_DEVICES: Query(where=_gone, select=_select("id", "facts", "slots", "gone_at")),
    DEVICE_COUNT: Query(where=_stands, aggregate=len),
    DEVICE_COUNT_BY_VERDICT: Query(where=_stands_with_verdict, aggregate=len),
    DEVICE_COUNT_BY_TAG_STATE: Query(where=_stands_with_tag_state, aggregate=len),
    DEVICE_SUMMARIES: Query(where=_stands, select=_SUMMARY),
    DEVICES_RESTRICTED: Query(
        where=lambda document, parameters: (
            _stands(document, parameters) and document.get("restricted") is True
        ),
        select=_SUMMARY,
    ),
    DEVICES_REGISTERED_ANEW: Query(
        where=lambda document, parameters: (
            _stands(document, parameters) and _part(document, "newer_registration").get("id") is not None
        ),
        select=_SUMMARY,
    ),
    DEVICES_WHOLE: Query(where=_stands),
    PHONES_WITH_VERDICT: Query(where=_phone_with_verdict, select=_select("id", "facts")),
    UNLINKED_AGENTS: Query(
        where=_unlinked, select=_select("id", "mdm_device_id", "serial", "udid", "platform", "linked_by")
    ),
    AGENT_SUMMARIES: _fields(*_AGENT),
    UNLINKED_AGENT_SUMMARIES: Query(where=_unlinked, select=_select(*_AGENT)),
    AGENTS_OF_DEVICE: Query(where=_of_device, select=_select("id", "device", "linked_by")),
    AGENTS_TO_FOLLOW: Query(where=_to_follow, select=_select("id", "device", "linked_by", "looked_up")),
    AGENTS_ON_THEIR_WAY: Query(
        where=lambda document, _parameters: (
            document.get("moving_from") is not None or document.get("unplaced") is True
        ),
        select=lambda document: document["id"],
    ),
    PENDING_LINKS: Query(
        where=lambda document, _parameters: document.get("pending") is True,
        select=lambda document: document["id"],
    ),
    THREATENED_AGENTS: Query(
        where=lambda document, parameters: (
            document.get("partner") == parameters["@partner"] and document.get("has_threats") is True
        ),
        select=_select("id", "partner_device_id", "threats", "snapshot"),
    ),
    HOMELESS_THREATS: Query(
        where=lambda document, _parameters: document.get("kind") == "no_device",
        select=lambda document: {
            **{name: document[name] for name in ("id", "partner")},
            "threat_key": _part(document, "record").get("threat_key"),
        },
    ),
    INVENTORIES: _fields("id", "ownership", "partners", "withdrawn", "digest", "partner"),
    LINKS: _fields("id", "device", "ambiguous", "why", "who"),
    DEAD_LETTERS: _fields(*_LETTER),
    DEAD_LETTERS_OF_PARTNER: Query(
        where=lambda document, parameters: document.get("partner") == parameters["@partner"],
        select=_select(*_LETTER),
        order=lambda document: str(document["received_at"]),
        descending=True,
    ),
    HISTORY: Query(
        where=lambda document, parameters: document.get("what") == parameters["@what"],
        order=lambda document: str(document["started_at"]),
        descending=True,
    ),
    CONNECTOR_MIRRORS: Query(
        where=lambda document, _parameters: str(document["id"]).startswith("connector:")
    ),
}
