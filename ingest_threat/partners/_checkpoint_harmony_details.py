"""What the details of a Check Point alert say, and what of them is kept. Pure."""

import hashlib
import re
import unicodedata
from typing import NamedTuple

from pydantic import JsonValue

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners._adapter import Item
from ingest_threat.partners._checkpoint_harmony_words import NETWORKS
from ingest_threat.shapes import holds_secret, masked

NAMES_A_NETWORK = re.compile(
    r"(?:\b|_)(?:b?ssid|mac|wi-?fi|wlan|hotspot|networks?|access[ _-]?point|ap|router|gateway)"
    r"(?:[ _-]?(?:b?ssid|names?|id|address|point))?\b[\"')\]]{0,2} *(?:[:=(\"']|is\b|named\b|called\b)",
    re.IGNORECASE,
)
"""Details of any other vector that do so, too, beside what else they say."""


class Details(NamedTuple):
    """What a row is about."""

    plain: str | None
    """Alike however it is written; of a network its hash, which tells two apart."""
    names_a_network: bool
    shown: str | None
    """As it is written; None where it names a network."""


def details_of(row: JsonObject, vector: str) -> Details:
    """The details of a row of this vector."""
    written = fields.text(row, "details")
    plain = plain_text(written)
    if vector not in NETWORKS and not NAMES_A_NETWORK.search(plain):
        return Details(plain or None, names_a_network=False, shown=written)
    hashed = hashlib.sha256(plain.encode()).hexdigest() if plain else None
    return Details(hashed, names_a_network=True, shown=None)


def kept(item: Item, details: Details) -> JsonValue:
    """The row, with the details of what is no network: the app, the site or the setting."""
    written = item.content.get("details")
    if details.names_a_network or not isinstance(written, str) or not isinstance(item.raw, dict):
        return item.raw
    return {**item.raw, "details": masked(written)}


def plain_text(written: str | None) -> str:
    """A text, alike however it is written; domains come defanged (`bad[.]example`). One that holds a secret
    as it is, for its key becomes its hash."""
    if written and holds_secret(written):
        return written
    content = unicodedata.normalize("NFKC", written or "").casefold()
    return " ".join(content.replace("[.]", ".").replace("hxxp", "http").split())
