"""Takes secrets and personal data out of what is kept of a partner's message. Pure.

Keys are judged by name at any depth, texts and numbers by shape: runs of 15 digits or more (an IMEI has 15)
and e-mail addresses. An adapter adds the names its partner uses. Redacting twice changes nothing.
"""

import re
from collections.abc import Collection

from pydantic import JsonValue

REDACTED = "[redacted]"

_ANYWHERE = re.compile(
    r"token|secret|passw(or)?d|authori[sz]ation|bearer|credential|cookie"
    r"|(api|private|shared|access|enrol[a-z]*)key|email|(?<!i)phone|msisdn|latitude|longitude"
)
"""Found anywhere in a key that is lower case and stripped of separators."""
_WORD_STARTS = ("imei", "imsi", "iccid")
_WORDS = frozenset({"meid", "pwd", "mail", "gps"})
"""Too short to look for anywhere: `timeInterval` holds "imei", `nameId` holds "meid"."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SHAPES = re.compile(r"\d{15,}|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_IN_ADDRESS = re.compile(
    r"((?:[?&;#]|\b)(?:access_token|id_token|token|api_?key|key|sig|signature|secret|password|pwd|code)=)"
    r"(?!\[redacted\])[^&\s#;]+",
    re.IGNORECASE,
)
_USER_INFO = re.compile(r"(://)(?!\[redacted\]@)[^/\s@?#]+@")


def redacted(content: JsonValue, names: Collection[str] = ()) -> JsonValue:
    """`content` with the values of secret or personal keys, and of those in `names`, replaced.

    `names` are compared without case and separators: `device_owner` also covers `deviceOwner`. With a dot,
    `device.name` is the name right under a device and no other. A key that is a path itself, as in
    `device.user.name`, is each of its parts.
    """
    return _redacted(content, frozenset(".".join(map(_plain, name.split("."))) for name in names), "")


def _redacted(content: JsonValue, names: frozenset[str], under: str) -> JsonValue:
    if isinstance(content, dict):
        return {
            masked(key): REDACTED
            if value is not None and (_is_secret(key, names) or f"{under}.{_plain(key)}" in names)
            else _redacted(value, names, _plain(key))
            for key, value in content.items()
        }
    if isinstance(content, list):
        return [_redacted(each, names, under) for each in content]
    if isinstance(content, str):
        return masked(content)
    if isinstance(content, int | float) and masked(repr(content)) != repr(content):
        return REDACTED
    return content


def masked(text: str) -> str:
    """`text` with runs of 15 digits or more, e-mail addresses, and secrets in addresses replaced."""
    text = _IN_ADDRESS.sub(rf"\1{REDACTED}", text)
    return _SHAPES.sub(REDACTED, _USER_INFO.sub(rf"\1{REDACTED}@", text))


def _is_secret(key: str, names: frozenset[str]) -> bool:
    plain = _plain(key)
    if not names.isdisjoint({plain, *map(_plain, key.split("."))}) or _ANYWHERE.search(plain):
        return True
    words = [word.lower() for word in _WORD.findall(key)]
    return any(word.startswith(_WORD_STARTS) or word in _WORDS for word in words)


def _plain(key: str) -> str:
    return re.sub(r"[\W_]+", "", key).lower()
