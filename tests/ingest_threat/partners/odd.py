"""What may be odd in a partner's messages: each says it of its own, as `ODD` beside its `MESSAGES`."""

from dataclasses import dataclass

from ingest_threat.body import JsonObject


@dataclass(frozen=True)
class Odd:
    """The fields of a partner's messages that may be odd, and what else comes to the same address.

    A name with a dot is the field right under another. What is named in none of them decides which threat it
    is, on which device: changed, it is another message.
    """

    times: tuple[str, ...]
    contacts: tuple[str, ...]
    """Times at which an agent was seen, without which it may never have been."""
    described: tuple[str, ...]
    """What only describes: a platform, a version, a name, an id of the MDM."""
    words: tuple[str, ...]
    """Words of an enumeration, in which an unknown one may stand."""
    beside: tuple[JsonObject, ...] = ()
    """Items of other streams, which report nothing."""
    extra: tuple[JsonObject, ...] = ()
    """Items beside `MESSAGES` in which they may be odd, too: devices as lists have them."""
