"""The shared key of Azure Monitor's HTTP Data Collector API: what BETTER's console signs with. Pure.

    Authorization: SharedKey <workspace>:<base64 of HMAC-SHA256(key, text)>
    text = "POST\\n<bytes of the body>\\napplication/json\\nx-ms-date:<date>\\n/api/logs"

(learn.microsoft.com, "Azure Monitor HTTP Data Collector API", "Authorization".) It authenticates the sender,
not the body: length and date are all of the message that is signed, so whoever reads one could send another
body of that length with the same header, for as long as the date holds. That nobody reads or changes it on
the way is TLS's to keep, and a report that is sent again counts once.

The signed resource stays `/api/logs` whatever the path the message came by: it is what the partner's own
client signs, before a relay or our route comes into play.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from ingest_threat.schemes.listed import listed
from shared.dates import date_of
from shared.errors import NotAuthentic, SettingsError
from shared.headers import Headers

TOLERANCE = timedelta(minutes=15)
"""How far x-ms-date may lie from now, on either side: as in Azure's own services."""
MIN_BYTES = 32
MIN_DISTINCT = 8

_AUTHORIZATION = re.compile(r"SharedKey ([A-Za-z0-9-]{1,64}):([A-Za-z0-9+/]{43}=)")
_DATE = re.compile(r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT")
_WORKSPACE = re.compile(r"[A-Za-z0-9-]{1,64}")


def verify(headers: Headers, body: bytes, workspace: str, keys: Sequence[bytes], now: datetime) -> None:
    """Raise NotAuthentic unless one of `keys` signed a message of this length for `workspace` about `now`.

    `now` is aware.
    """
    form = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if form is None:
        raise NotAuthentic("authorization is not SharedKey <workspace>:<signature>")
    date = headers.get("x-ms-date", "")
    _check_date(date, now)
    text = f"POST\n{len(body)}\napplication/json\nx-ms-date:{date}\n/api/logs".encode()
    # All are compared, so that time does not show which fits.
    fits = [hmac.compare_digest(signature(key, text).encode(), form[2].encode()) for key in keys]
    if form[1].lower() != workspace.lower() or not any(fits):
        raise NotAuthentic("the signature is of another workspace, key, length or date")


def signature(key: bytes, text: bytes) -> str:
    """What the header holds after the workspace."""
    return base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()


def _check_date(date: str, now: datetime) -> None:
    moment = date_of(date) if _DATE.fullmatch(date) else None
    if moment is None or format_datetime(moment.astimezone(UTC), usegmt=True) != date:
        raise NotAuthentic("x-ms-date is no RFC 1123 date in GMT")
    if abs(moment - now) > TOLERANCE:
        raise NotAuthentic("x-ms-date is more than 15 minutes from now")


def checked_workspace(text: str) -> str:
    """The workspace's id; SettingsError where it is none."""
    if not _WORKSPACE.fullmatch(text):
        raise SettingsError("expected one workspace id: letters, digits and hyphens, at most 64")
    return text


def checked_keys(text: str) -> tuple[bytes, ...]:
    """The keys in a setting: base64 of at least 32 bytes each, separated by spaces or commas.

    SettingsError says which one is wrong and why, and never quotes it.
    """
    return tuple(map(base64.b64decode, listed("key", text, _fault)))


def _fault(key: str) -> str | None:
    try:
        decoded = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return "is not base64 with its padding"
    if len(decoded) < MIN_BYTES:
        return f"is {len(decoded)} bytes long: expected at least {MIN_BYTES}"
    if len(set(decoded)) < MIN_DISTINCT:
        return f"holds fewer than {MIN_DISTINCT} different bytes"
    return None
