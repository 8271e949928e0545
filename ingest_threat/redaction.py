"""Takes secrets and personal data out of what is kept of a partner's message. Pure.

Keys are judged by name at any depth, also in JSON that is a text; texts and numbers by shape. An adapter adds
the names its partner uses, and names what it needs though it looks personal. Redacting twice changes nothing,
and costs no more than the length of what is redacted: keys are judged by their first MAX_KEY characters,
other texts than those of JSON by what `shapes` judges of them, and texts of JSON are opened MAX_TEXTS deep.

A partner's keys are the same in every message: what was judged of the last REMEMBERED ones is remembered.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from pydantic import JsonValue

from ingest_threat.shapes import MAX_JUDGED, REDACTED, beginning, masked
from shared.domain.json_text import MAX_DEPTH, NotJson, TooDeep, apart, read_json

MAX_KEY = 200
"""Characters by which a key is judged; a longer one, and one that is longer once masked, is kept as its
beginning and CUT."""
CUT = " \u2026"
REMEMBERED = 4000
"""Judgements of keys that a process remembers, the last ones used."""
MAX_TEXTS = 3
"""Texts of JSON inside each other that are opened; what is still JSON in the innermost is redacted."""

_ANYWHERE = re.compile(
    r"token|secret|passw(or)?d|passcode|passphrase|authori[sz]ation|bearer|credential|cookie|sessionid"
    r"|(api|private|shared|access|account|signing|enrol[a-z]{0,30})key|email|(?<!i)phone|msisdn"
    r"|latitude|longitude|coordinate|geopoint|geoloc|geohash|locationinfo|locationdetail"
    r"|macaddr|ipaddr|bssid|username|displayuser|userprincipal"
)
"""Found anywhere in a key that is lower case and stripped of separators."""
_WORD_STARTS = ("imei", "imsi", "iccid", "ssid", "bssid", "ipv")
_WORDS = frozenset(
    [
        "meid",
        "eid",
        "pwd",
        "pin",
        "otp",
        "sas",
        "sig",
        "session",
        "mail",
        "gps",
        "geo",
        "lat",
        "lng",
        "lon",
        "ip",
        "ips",
        "mac",
        "tel",
        "gateway",
        "router",
        "subnet",
        "upn",
        *("coords", "creds", "jwt", "totp", "macs"),
    ]
)
"""Too short to look for anywhere: `timeInterval` holds "imei", `nameId` holds "meid", `mapping` "pin"."""
_WHOLE = frozenset(
    [
        "location",
        "position",
        "address",
        "street",
        "city",
        "postalcode",
        "zipcode",
        "long",
        "networkname",
        "wifiname",
        "firstname",
        "lastname",
        "middlename",
        "fullname",
        "givenname",
        "familyname",
        "surname",
        "devicename",
        "friendlyname",
        "hostname",
        "displayname",
        "loginname",
        "login",
        "assignedto",
        "contact",
        "contactname",
        "contactnumber",
        "mobilenumber",
        *("homeaddress", "workaddress", "streetaddress", "postaladdress"),
        *("mobile", "mobileno", "usermobile", "cell", "cellnumber"),
        "wifi",
        "apname",
        "accesspoint",
        "accesspointname",
        *("lastlocation", "pass", "auth", "authkey", "encryptionkey", "licensekey", "simserial"),
        *("activationkey", "activationcode", "enrollmentcode", "enrolmentcode", "registrationcode"),
    ]
)
"""Keys that are this and nothing else, in lower case and stripped of separators."""
_PERSON = frozenset({"user", "users", "owner", "owners", "employee", "employees"})
"""Words of a key that is about a person, unless it is one of these about them:"""
_NOT_WHO = frozenset({"id", "ids", "guid", "uuid", "agent", "type", "group", "groups", "count", "action"})
_ADAPTER = re.compile(
    r"mac(?!h|ro|os)|wi-?fi|wlan|bluetooth|ethernet|hwaddr|bdaddr|\bbt(?=addr|mac|[^a-z]|\Z)"
)
"""In keys of network adapters: twelve hex digits under one are a MAC address."""
_PAIR_NAMES = frozenset({"name", "key", "field", "type"})
_PAIR_VALUES = frozenset({"value", "values", "val"})
"""Keys of an object that is itself a name and its value: the value is judged by that name, too."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_BETWEEN = re.compile(r"[\W_]+")

_KEY_KEPT = 150
"""Characters kept of a key that is cut: with what masking its end may add, at most MAX_KEY."""
_DIGITS_OF_IDS = 14
"""Digits of the shortest number that is personal."""


@dataclass(frozen=True, eq=False)
class _Names:
    """The names an adapter adds, and those it needs; one for each adapter."""

    hidden: frozenset[str]
    kept: frozenset[str]


class _Place(NamedTuple):
    """Where a value stands."""

    under: str = ""
    """The plain key above it."""
    depth: int = 1
    """Objects and lists around what is in it, itself counted, those of the texts it is in, too."""
    texts: int = 0
    """Texts of JSON that it is in."""
    is_adapter: bool = False
    """Whether a key above it is of a network adapter."""


class _Judged(NamedTuple):
    """What is judged of a key by its name and the one above it."""

    kept: str
    """The key as it is kept."""
    plain: str
    is_hidden: bool
    is_adapter: bool


def redacted(content: JsonValue, names: Collection[str] = (), needed: Collection[str] = ()) -> JsonValue:
    """`content` with the values of secret or personal keys, and of those in `names`, replaced; those in
    `needed` are judged by their shape alone.

    Names are compared without case and separators: `device_owner` also covers `deviceOwner`. With a dot,
    `device.name` is the name right under a device and no other. A key that is a path itself, as in
    `device.user.name`, is each of its parts.

    A key of more than MAX_KEY characters is judged by those, and kept as its beginning, masked, and CUT.
    Where keys of one object become alike so, or by being masked, the second is kept as `name (2)`, and so on,
    each with its value.
    """
    return _redacted(content, _names(frozenset(names), frozenset(needed)), _Place())


def _redacted(content: JsonValue, names: _Names, place: _Place) -> JsonValue:
    if isinstance(content, str):
        return _text(content, names, place)
    if isinstance(content, dict | list):
        return _inside(content, names, place) if place.depth <= MAX_DEPTH else REDACTED
    if isinstance(content, int | float) and _is_personal_number(content):
        return REDACTED
    return content


def _inside(content: dict[str, JsonValue] | list[JsonValue], names: _Names, place: _Place) -> JsonValue:
    if isinstance(content, list):
        inner = place._replace(depth=place.depth + 1)
        return [_redacted(each, names, inner) for each in content]
    named = _names_of_pair(content)
    return apart([_pair(key, named, value, names, place) for key, value in content.items()])


def _names_of_pair(content: dict[str, JsonValue]) -> tuple[str, ...]:
    """The names that an object of a name and a value gives its value; none of any other."""
    if _PAIR_VALUES.isdisjoint(map(str.lower, content)):
        return ()
    said = {key.lower(): value for key, value in content.items()}
    names = (said.get(each) for each in sorted(_PAIR_NAMES))
    return tuple(each[:MAX_KEY] for each in names if isinstance(each, str))


def _pair(
    key: str, named: tuple[str, ...], value: JsonValue, names: _Names, place: _Place
) -> tuple[str, JsonValue]:
    """A key as it is kept, and its value by that key and by the names a pair (`named`) gives it."""
    judged = _judged(key, place.under, names) if len(key) <= MAX_KEY else _long(key, place.under, names)
    if value is None or isinstance(value, bool):
        return judged.kept, value
    is_hidden, is_adapter = judged.is_hidden, place.is_adapter or judged.is_adapter
    if named and key.lower() in _PAIR_VALUES:
        given = [_judged(each, place.under, names) for each in named]
        is_hidden = is_hidden or any(each.is_hidden for each in given)
        is_adapter = is_adapter or any(each.is_adapter for each in given)
    if is_hidden:
        return judged.kept, REDACTED
    inner = _Place(judged.plain, place.depth + 1, place.texts, is_adapter)
    return judged.kept, _redacted(value, names, inner)


@lru_cache(REMEMBERED)
def _judged(key: str, under: str, names: _Names) -> _Judged:
    text, plain = masked(key), _plain(key)
    path = f"{under}.{plain}"
    named = not names.hidden.isdisjoint({plain, path, *_names_of_path(key)})
    is_hidden = named or (names.kept.isdisjoint({plain, path}) and _is_secret(key, plain))
    kept = text if len(text) <= MAX_KEY else _cut(text)
    return _Judged(kept, plain, is_hidden, _ADAPTER.search(key.lower()) is not None)


def _long(key: str, under: str, names: _Names) -> _Judged:
    """Of a key of more than MAX_KEY characters, which is no name that comes again."""
    return _judged.__wrapped__(key[:MAX_KEY], under, names)._replace(kept=_cut(masked(key)))


def _cut(key: str) -> str:
    return beginning(key, _KEY_KEPT) + CUT


def _is_personal_number(number: float) -> bool:
    written = repr(number)
    return len(written) >= _DIGITS_OF_IDS and masked(written) != written


def _text(text: str, names: _Names, place: _Place) -> str:
    """A text, masked; where it is JSON itself, its keys count too. JSON of which nobody can say what it
    holds, because a key stands in it twice or it is too deep, is redacted."""
    if text[:1] in {"{", "["}:
        try:
            read = read_json(text)
        except TooDeep:
            return REDACTED
        except NotJson:
            return masked(text)
        if read.key_twice is not None or place.texts >= MAX_TEXTS:
            return REDACTED
        hidden = _redacted(read.value, names, place._replace(texts=place.texts + 1))
        kept = text if hidden == read.value else json.dumps(hidden)
        # A long one is not cut, for nobody could read the rest.
        return masked(kept) if len(kept) <= MAX_JUDGED else kept
    return masked(text, is_version="version" in place.under, is_adapter=place.is_adapter)


def _is_secret(key: str, plain: str) -> bool:
    if plain in _WHOLE or _ANYWHERE.search(plain):
        return True
    words = [word.lower() for word in _WORD.findall(key)]
    if any(word.startswith(_WORD_STARTS) or word in _WORDS for word in words):
        return True
    return not _PERSON.isdisjoint(words) and words[-1] not in _NOT_WHO


def _plain(key: str) -> str:
    return _BETWEEN.sub("", key).lower()


def _names_of_path(key: str) -> frozenset[str]:
    """The names in a key that is a path itself; none in any other."""
    return frozenset(map(_plain, key.split("."))) if "." in key else frozenset()


@cache
def _names(hidden: frozenset[str], needed: frozenset[str]) -> _Names:
    """Of an adapter, whose names are the same for every item."""
    return _Names(
        *(frozenset(".".join(map(_plain, name.split("."))) for name in each) for each in (hidden, needed))
    )
