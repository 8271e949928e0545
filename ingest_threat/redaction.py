"""Takes secrets and personal data out of what is kept of a partner's message. Pure.

Keys are judged by name at any depth, also in JSON that is a text; texts and numbers by shape. An adapter adds
the names its partner uses, and names what it needs though it looks personal. Redacting twice changes nothing.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from pydantic import JsonValue

REDACTED = "[redacted]"

_ANYWHERE = re.compile(
    r"token|secret|passw(or)?d|passcode|passphrase|authori[sz]ation|bearer|credential|cookie|sessionid"
    r"|(api|private|shared|access|account|signing|enrol[a-z]*)key|email|(?<!i)phone|msisdn"
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
        "wifi",
        "apname",
        "accesspoint",
        "accesspointname",
    ]
)
"""Keys that are this and nothing else, in lower case and stripped of separators."""
_PERSON = frozenset({"user", "users", "owner", "owners", "employee", "employees"})
"""Words of a key that is about a person, unless it is one of these about them:"""
_NOT_WHO = frozenset({"id", "ids", "guid", "uuid", "agent", "type", "group", "groups", "count", "action"})
_SEPARATORS = re.compile(r"[\W_]+")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

_EMAIL = r"(?<![\w.+-])[\w.+-]+(?:@|%(?:25){0,3}40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
_IMEI = r"(?<![0-9])[0-9]{15}(?![0-9])|(?<![\w-])[0-9]{2}([- ])[0-9]{6}\1[0-9]{6}(?:\1?[0-9]{1,2})?(?![\w-])"
_MEID = r"(?<![\w-])[A-F][0-9A-F](?:([- ])[0-9A-F]{6}\2[0-9A-F]{6}(?:\2[0-9A-F])?|[0-9A-F]{12,13})(?![\w-])"
_PERSONAL = re.compile(rf"{_EMAIL}|{_IMEI}|{_MEID}", re.IGNORECASE)
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_LONG = re.compile("[0-9]{15,}")
_WHEREABOUTS = re.compile(
    r"(?<!\w)(?<!\b[0-9A-F]{2}[:-])[0-9A-F]{2}([:-])(?:[0-9A-F]{2}\1){4}[0-9A-F]{2}(?!\w|[:-]\w)"
    r"|(?<![\w.])(?:[0-9A-F]{4}\.){2}[0-9A-F]{4}(?![\w-]|\.\w)"
    r"|(?<![\w.+])\+[1-9][0-9]{7,14}(?![0-9])"
    # In groups; but +1000 before a year is a time's zone.
    r"|(?<![\w.+])\+(?!1[0-4][0-5][0-9](?![0-9]))(?=(?:[^\w]{0,3}[0-9]){8})[1-9][0-9]{0,2}"
    r"(?:[ ./-]{1,2}(?:\([0-9]{1,5}\)[ -]?)?[0-9]{1,12}){1,6}(?![0-9])"
    r"|-?[0-9]{1,3}\.[0-9]{4,20}, {0,2}-?[0-9]{1,3}\.[0-9]{4,20}",
    re.IGNORECASE,
)
"""MAC addresses, international phone numbers, and pairs of coordinates."""
_NETWORK_ADDRESS = re.compile(
    rf"(?<![\w./@-])(?<!version )(?<!\bv )(?:{_OCTET}\.){{3}}{_OCTET}(?![\w-]|\.\w)"
    r"|(?<![\w:.])(?=[0-9A-F:]{0,35}::|(?:[0-9A-F]{1,4}:){7})(?:fe80|f[cd][0-9A-F]{2}|2[0-9A-F]{3})"
    r"(?::[0-9A-F]{0,4}){2,7}(?![\w:])",
    re.IGNORECASE,
)
"""IPv4 and IPv6 by themselves: in the address of a page it is part of what a threat is, and a version of four
parts looks alike."""
_CHECKED = re.compile(r"(?<![\w.-])[0-9](?:[ -]?[0-9]){13,15}(?![\w.-])")
"""14 to 16 digits, with dashes and blanks, in no UUID: an IMEI where the check digit is right."""
_SECRET = re.compile(
    r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?|whsec_[A-Za-z0-9+/=]+|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\b(?:Bearer|SharedKey|Basic(?= +\S{0,99}(?:[0-9=]|[a-z][A-Z]))) +(?!\[redacted\])[^\s,;\"']{8,}"
)
_IN_ADDRESS = re.compile(
    r"((?:[?&;#]|\b)(?:access_?token|id_?token|refresh_?token|token|api_?key|accountkey|sharedaccesskey|key|sig"
    r"|signature|secret|client_?secret|password|passcode|pwd|pin|code|otp|auth(?:_?(?:key|code|token))?|ticket|jwt|jsessionid|phpsessid|session(?:_?id)?|sid|sas|lat|lng|lon"
    r"|user(?:_?name)?|login|email|phone|msisdn|imei)=)(?!\[redacted\])[^&\s#;\"']+",
    re.IGNORECASE,
)
_USER_INFO = re.compile(r"(://)(?!\[redacted\]@)[^/\s@?#]+@")


@dataclass(frozen=True)
class _Names:
    """The names an adapter adds, and those it needs."""

    hidden: frozenset[str]
    kept: frozenset[str]


def redacted(content: JsonValue, names: Collection[str] = (), needed: Collection[str] = ()) -> JsonValue:
    """`content` with the values of secret or personal keys, and of those in `names`, replaced; those in
    `needed` are judged by their shape alone.

    Names are compared without case and separators: `device_owner` also covers `deviceOwner`. With a dot,
    `device.name` is the name right under a device and no other. A key that is a path itself, as in
    `device.user.name`, is each of its parts.
    """
    plain = _Names(_plain_names(frozenset(names)), _plain_names(frozenset(needed)))
    return _redacted(content, plain, "")


def _redacted(content: JsonValue, names: _Names, under: str) -> JsonValue:
    if isinstance(content, dict):
        return {masked(key): _value(key, value, names, under) for key, value in content.items()}
    if isinstance(content, list):
        return [_redacted(each, names, under) for each in content]
    if isinstance(content, str):
        return _text(content, names, under)
    if isinstance(content, int | float) and masked(repr(content)) != repr(content):
        return REDACTED
    return content


def _value(key: str, value: JsonValue, names: _Names, under: str) -> JsonValue:
    plain = _plain(key)
    path = f"{under}.{plain}"
    if value is None or isinstance(value, bool):
        return value
    if not names.hidden.isdisjoint((plain, path)) or _names_of_path(key) & names.hidden:
        return REDACTED
    if names.kept.isdisjoint({plain, path}) and _is_secret(key, plain):
        return REDACTED
    return _redacted(value, names, plain)


def _text(text: str, names: _Names, under: str) -> str:
    """A text, masked; where it is JSON itself, its keys count too."""
    if text[:1] in {"{", "["}:
        try:
            inner = json.loads(text)
            hidden = _redacted(inner, names, under)
        except (ValueError, RecursionError):
            return masked(text)
        return masked(text if hidden == inner else json.dumps(hidden))
    return masked(text, is_version="version" in under)


def masked(text: str, *, is_version: bool = False) -> str:
    """`text` without what is secret or personal by its shape; a version is no network address."""
    text = _IN_ADDRESS.sub(rf"\1{REDACTED}", text)
    text = _SECRET.sub(REDACTED, _USER_INFO.sub(rf"\1{REDACTED}@", text))
    # Before the digits: those in front of an address may be its first ones, too.
    text = _WHEREABOUTS.sub(REDACTED, _PERSONAL.sub(REDACTED, text))
    text = _CHECKED.sub(lambda found: REDACTED if _is_checked(found[0]) else found[0], text)
    text = _LONG.sub(REDACTED, text)
    return text if is_version else _NETWORK_ADDRESS.sub(REDACTED, text)


def is_personal(text: str) -> bool:
    """Whether `text`, an id, holds an e-mail address, an IMEI or a MEID. Narrower than `masked`: vendors' own
    ids may be long numbers."""
    return _PERSONAL.search(text) is not None


def holds_secret(text: str) -> bool:
    """Whether `text`, an id or a part of a key, holds something personal, or a secret, as addresses do."""
    return any(shape.search(text) for shape in (_PERSONAL, _WHEREABOUTS, _SECRET, _IN_ADDRESS, _USER_INFO))


def _is_checked(text: str) -> bool:
    """Whether the last digit checks the others, as ISO/IEC 7812 has it for IMEI."""
    digits = [int(each) for each in text if each.isdigit()]
    doubled = [each * 2 - 9 * (each > 4) for each in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_secret(key: str, plain: str) -> bool:
    if plain in _WHOLE or _ANYWHERE.search(plain):
        return True
    words = [word.lower() for word in _WORD.findall(key)]
    if any(word.startswith(_WORD_STARTS) or word in _WORDS for word in words):
        return True
    return not _PERSON.isdisjoint(words) and words[-1] not in _NOT_WHO


def _plain(key: str) -> str:
    return _SEPARATORS.sub("", key).lower()


def _names_of_path(key: str) -> frozenset[str]:
    """The names in a key that is a path itself; none in any other."""
    return frozenset(map(_plain, key.split("."))) if "." in key else frozenset()


@cache
def _plain_names(names: frozenset[str]) -> frozenset[str]:
    """Of an adapter's names, which are the same for every item."""
    return frozenset(".".join(map(_plain, name.split("."))) for name in names)
