"""Takes secrets and personal data out of what is kept of a partner's message. Pure.

Keys are judged by name at any depth, also in JSON that is a text; texts and numbers by shape. An adapter adds
the names its partner uses, and names what it needs though it looks personal. Redacting twice changes nothing,
and costs no more than the length of what is redacted: patterns are linear, keys are judged by their first
LONGEST_KEY characters, and texts of JSON are opened MAX_TEXTS deep.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from itertools import cycle

from pydantic import JsonValue

from shared.domain.json_text import MAX_DEPTH, NotJson, TooDeep, apart, read_json

REDACTED = "[redacted]"
LONGEST_KEY = 200
"""Characters by which a key is judged; a longer one, and one that is longer once masked, is kept as its
beginning and CUT."""
CUT = " \u2026"
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
        *("coords", "creds", "jwt", "totp"),
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
        *("lastlocation", "pass", "auth", "authkey", "encryptionkey", "licensekey", "simserial"),
        *("activationkey", "activationcode", "enrollmentcode", "enrolmentcode", "registrationcode"),
    ]
)
"""Keys that are this and nothing else, in lower case and stripped of separators."""
_PERSON = frozenset({"user", "users", "owner", "owners", "employee", "employees"})
"""Words of a key that is about a person, unless it is one of these about them:"""
_NOT_WHO = frozenset({"id", "ids", "guid", "uuid", "agent", "type", "group", "groups", "count", "action"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_BETWEEN = re.compile(r"[\W_]+")

_EMAIL = r"(?<![\w.+-])[\w.+-]+(?:@|%(?:25){0,3}40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
_IMEI = r"(?<![\w-])[0-9]{2}([- ])[0-9]{6}\1[0-9]{6}(?:\1?[0-9]{1,2})?(?![\w-])"
_MEID = r"(?<![\w-])[A-F][0-9A-F](?:([- ])[0-9A-F]{6}\2[0-9A-F]{6}(?:\2[0-9A-F])?|[0-9A-F]{12,13})(?![\w-])"
_PERSONAL = re.compile(rf"{_EMAIL}|{_IMEI}|{_MEID}", re.IGNORECASE)
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_LONG = re.compile("[0-9]{15,}")
_FIFTEEN = re.compile(r"(?<![0-9])[0-9]{15}(?![0-9])")
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
_HEX = "|".join(f"[0-9A-F]{{{length}}}" for length in (24, 28, 32, 40, 48, 56, 64, 96, 128))
_HASH = re.compile(
    rf"(?<![0-9A-Z])((?=[0-9]*[A-F])(?:{_HEX}))(?![\w@.+%]|-[\w.+%-]{{0,64}}@)",
    re.IGNORECASE,
)
"""A hash, or a UUID without its dashes, that stands by itself: digits in it are nobody's number."""
_CHECKED = re.compile(r"(?<![\w.-])[0-9](?:[ -]?[0-9]){13,15}(?![\w.-])")
"""14 to 16 digits, with dashes and blanks, in no UUID: an IMEI where the check digit is right."""
_SECRET = re.compile(
    r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?|whsec_[A-Za-z0-9+/=]+|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[opsu]_[A-Za-z0-9]{20,}|\bxox[abprs]-[\w-]{10,}|\bAIza[\w-]{20,}"
    r"|\b(?:(?i:Bearer|SharedKey)|Basic(?= +\S{0,99}(?:[0-9=]|[a-z][A-Z]))) +(?!\[redacted\])[^\s,;\"']{8,}"
)
_IN_ADDRESS = re.compile(
    r"((?:[?&;#]|\b)(?:(?:[a-z]{2,10}_?)?token|api_?key|access_?key|accountkey|sharedaccesskey|key|sig"
    r"|signature|secret|client_?secret|password|passcode|passwd|pass|pwd|pin|code|otp|auth(?:_?(?:key|code|token))?|ticket|jwt|jsessionid|phpsessid|session(?:_?id)?|sid|sas|lat|lng|lon|latitude|longitude"
    r"|user(?:_?name)?|login|email|phone|msisdn|imei)=)(?!\[redacted\])[^&\s#;\"']+",
    re.IGNORECASE,
)
_USER_INFO = re.compile(r"(://)(?!\[redacted\]@)[^/\s@?#]+@")


_HALF_MARK = re.compile(r"\[[a-z]{0,8}\Z")
_KEY_KEPT = 150
"""Characters kept of a key that is cut: with what masking its end may add, at most LONGEST_KEY."""
_DIGITS_OF_IDS = 14
"""Digits of the shortest number that is personal."""
_SHORTEST = 5
"""Characters of the shortest text that any shape fits: `a@b.c`, `pin=1`."""


@dataclass(frozen=True)
class _Names:
    """The names an adapter adds, and those it needs."""

    hidden: frozenset[str]
    kept: frozenset[str]


@dataclass(frozen=True)
class _Place:
    """Where a value stands."""

    under: str = ""
    """The plain key above it."""
    depth: int = 1
    """Objects and lists around what is in it, itself counted, those of the texts it is in, too."""
    texts: int = 0
    """Texts of JSON that it is in."""


def redacted(content: JsonValue, names: Collection[str] = (), needed: Collection[str] = ()) -> JsonValue:
    """`content` with the values of secret or personal keys, and of those in `names`, replaced; those in
    `needed` are judged by their shape alone.

    Names are compared without case and separators: `device_owner` also covers `deviceOwner`. With a dot,
    `device.name` is the name right under a device and no other. A key that is a path itself, as in
    `device.user.name`, is each of its parts.

    A key of more than LONGEST_KEY characters is judged by those, and kept as its beginning, masked, and CUT.
    Where keys of one object become alike so, or by being masked, the second is kept as `name (2)`, and so on,
    each with its value.
    """
    plain = _Names(_plain_names(frozenset(names)), _plain_names(frozenset(needed)))
    return _redacted(content, plain, _Place())


def _redacted(content: JsonValue, names: _Names, place: _Place) -> JsonValue:
    if isinstance(content, dict | list):
        return _inside(content, names, place) if place.depth <= MAX_DEPTH else REDACTED
    if isinstance(content, str):
        return _text(content, names, place)
    if isinstance(content, int | float) and _is_personal_number(content):
        return REDACTED
    return content


def _inside(content: dict[str, JsonValue] | list[JsonValue], names: _Names, place: _Place) -> JsonValue:
    if isinstance(content, list):
        inner = _Place(place.under, place.depth + 1, place.texts)
        return [_redacted(each, names, inner) for each in content]
    pairs = ((_key(key), _value(key[:LONGEST_KEY], value, names, place)) for key, value in content.items())
    return apart(pairs)


def _key(key: str) -> str:
    text = masked(key)
    if len(text) <= LONGEST_KEY and len(key) <= LONGEST_KEY:
        return text
    # Masked again: its end stands by itself now.
    return masked(_HALF_MARK.sub("", text[:_KEY_KEPT])) + CUT


def _value(key: str, value: JsonValue, names: _Names, place: _Place) -> JsonValue:
    if value is None or isinstance(value, bool):
        return value
    plain = _plain(key)
    path = f"{place.under}.{plain}"
    if not names.hidden.isdisjoint((plain, path)) or _names_of_path(key) & names.hidden:
        return REDACTED
    if names.kept.isdisjoint({plain, path}) and _is_secret(key, plain):
        return REDACTED
    return _redacted(value, names, _Place(plain, place.depth + 1, place.texts))


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
        hidden = _redacted(read.value, names, _Place(place.under, place.depth, place.texts + 1))
        return masked(text if hidden == read.value else json.dumps(hidden))
    return masked(text, is_version="version" in place.under)


def masked(text: str, *, is_version: bool = False) -> str:
    """`text` without what is secret or personal by its shape; a version is no network address."""
    if len(text) < _SHORTEST:
        return text
    text = _IN_ADDRESS.sub(rf"\1{REDACTED}", text)
    text = _SECRET.sub(REDACTED, _USER_INFO.sub(rf"\1{REDACTED}@", text))
    return "".join(
        part if is_hash else _masked_numbers(part, is_version=is_version)
        for is_hash, part in zip(cycle((False, True)), _HASH.split(text), strict=False)
    )


def _masked_numbers(text: str, *, is_version: bool) -> str:
    # Before the digits: those in front of an address may be its first ones, too.
    text = _WHEREABOUTS.sub(REDACTED, _PERSONAL.sub(REDACTED, text))
    text = _CHECKED.sub(lambda found: REDACTED if _is_checked(found[0]) else found[0], text)
    text = _LONG.sub(REDACTED, text)
    return text if is_version else _NETWORK_ADDRESS.sub(REDACTED, text)


def is_personal(text: str) -> bool:
    """Whether `text`, an id, holds an e-mail address, an IMEI or a MEID. Narrower than `masked`: vendors' own
    ids may be long numbers."""
    apart = _HASH.split(text)[::2]
    digits = (found[0] for each in apart for found in _FIFTEEN.finditer(each))
    return any(map(_PERSONAL.search, apart)) or any(map(_is_checked, digits))


def holds_secret(text: str) -> bool:
    """Whether `text`, an id or a part of a key, holds something personal, or a secret, as addresses do."""
    shapes = (_WHEREABOUTS, _SECRET, _IN_ADDRESS, _USER_INFO)
    return is_personal(text) or any(shape.search(text) for shape in shapes)


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
    return _BETWEEN.sub("", key).lower()


def _names_of_path(key: str) -> frozenset[str]:
    """The names in a key that is a path itself; none in any other."""
    return frozenset(map(_plain, key.split("."))) if "." in key else frozenset()


@cache
def _plain_names(names: frozenset[str]) -> frozenset[str]:
    """Of an adapter's names, which are the same for every item."""
    return frozenset(".".join(map(_plain, name.split("."))) for name in names)
