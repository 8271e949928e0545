"""Standard Webhooks: a signature over the body (HMAC-SHA256). Pure.

The signature covers `webhook-id`, `webhook-timestamp` and the body's bytes as they were sent, compressed ones
too (specification at standardwebhooks.com). The `standardwebhooks` library signs text alone and reads the
clock itself; the tests hold this against it.
"""

import binascii
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from ingest_threat.schemes.listed import listed
from shared.errors import NotAuthentic
from shared.headers import Headers
from shared.standard_webhooks import key, signature

SECRET_BYTES = range(24, 65)
"""Length of a secret, decoded (Standard Webhooks, "Symmetric signatures")."""
MIN_DISTINCT = 8
_SETTINGS = 64
"""Settings of secrets whose check is remembered: one a partner."""

_ID = re.compile(r"[!-\-/-~]{1,256}")
"""Visible ASCII without `.`, which parts the signed text."""
_TIMESTAMP = re.compile(r"[1-9][0-9]{0,10}")
_SIGNATURE = re.compile(r"v1[a-z]?,[A-Za-z0-9+/]{1,200}={0,2}")
_MAX_SIGNATURES = 20
TOLERANCE = timedelta(seconds=300)
"""How far webhook-timestamp may lie from now, on either side."""
_SECRET = re.compile(r"whsec_([A-Za-z0-9+/]+)={0,2}")


def verify(headers: Headers, body: bytes, secrets: Sequence[str], now: datetime) -> None:
    """Raise NotAuthentic unless one of `secrets` signed this `body` within TOLERANCE of `now`, aware.

    `secrets` are as `checked_secrets` gives them; several are valid at once while a secret is being changed.
    The reason is for the log and holds nothing of the message.
    """
    wanted = _headers(headers)
    sent_at = datetime.fromtimestamp(int(wanted["webhook-timestamp"]), UTC)
    if abs(sent_at - now) > TOLERANCE:
        raise NotAuthentic(f"webhook-timestamp is more than {TOLERANCE.seconds} seconds from now")
    given = [each[3:].rstrip("=") for each in wanted["webhook-signature"].split(" ") if each[:3] == "v1,"]
    # All are compared, so that time does not show which fits.
    ours = [signature(secret, wanted["webhook-id"], wanted["webhook-timestamp"], body) for secret in secrets]
    fits = [hmac.compare_digest(own, each) for own in ours for each in given]
    if not any(fits):
        raise NotAuthentic("no signature is of one of the secrets, for this id, time and body")


def _headers(headers: Headers) -> dict[str, str]:
    """The three headers, each in the one form that is taken."""
    wanted = {
        name: headers.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    }
    for name, value in wanted.items():
        if not value:
            raise NotAuthentic(f"{name} is missing")
    if not _ID.fullmatch(wanted["webhook-id"]):
        raise NotAuthentic("webhook-id is not 1 to 256 visible ASCII characters without a dot")
    if not _TIMESTAMP.fullmatch(wanted["webhook-timestamp"]):
        raise NotAuthentic("webhook-timestamp is not plain digits")
    signatures = wanted["webhook-signature"].split(" ", _MAX_SIGNATURES)
    if len(signatures) > _MAX_SIGNATURES or not all(map(_SIGNATURE.fullmatch, signatures)):
        raise NotAuthentic("webhook-signature is not a list of v1,<base64>")
    return wanted


@lru_cache(_SETTINGS)
def checked_secrets(text: str) -> tuple[str, ...]:
    """The secrets in a setting: `whsec_` and base64 of 24 to 64 bytes each, separated by spaces or commas.

    None in an empty text. SettingsError says which one is wrong and why, and never quotes it.
    """
    return listed("secret", text, _fault)


def _fault(secret: str) -> str | None:
    if _SECRET.fullmatch(secret) is None:
        return "is not whsec_ followed by base64 (letters, digits, + and /)"
    try:
        decoded = key(secret)
    except binascii.Error:
        return "is whsec_ followed by something that is cut off or is no base64"
    if len(decoded) not in SECRET_BYTES:
        return f"is {len(decoded)} bytes long: expected {SECRET_BYTES.start} to {SECRET_BYTES.stop - 1}"
    if len(set(decoded)) < MIN_DISTINCT:
        return f"holds fewer than {MIN_DISTINCT} different bytes"
    return None
