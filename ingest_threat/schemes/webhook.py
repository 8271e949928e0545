"""Standard Webhooks: a signature over the body (HMAC-SHA256). Pure but for the clock.

The signature covers `webhook-id`, `webhook-timestamp` and the body (specification at standardwebhooks.com).
The `standardwebhooks` library verifies; what it would let escape as another error, or take in a loose form,
is refused here first. The specification signs text: a body that is not UTF-8 is refused as not authentic.
"""

import base64
import binascii
import re
from collections.abc import Sequence

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

from ingest_threat.schemes.listed import listed
from shared.errors import NotAuthentic
from shared.headers import Headers

SECRET_BYTES = range(24, 65)
"""Length of a secret, decoded (Standard Webhooks, "Symmetric signatures")."""
MIN_DISTINCT = 8

_ID = re.compile(r"[!-\-/-~]{1,256}")
"""Visible ASCII without `.`, which parts the signed text."""
_TIMESTAMP = re.compile(r"[1-9][0-9]{0,10}")
_SIGNATURE = re.compile(r"v1[a-z]?,[A-Za-z0-9+/]{1,200}={0,2}")
_MAX_SIGNATURES = 20
_SECRET = re.compile(r"whsec_([A-Za-z0-9+/]+)={0,2}")


def verify(partner: str, headers: Headers, body: bytes, secrets: Sequence[str]) -> None:
    """Raise NotAuthentic unless one of `secrets` signed this `body` within the last or next 300 seconds.

    `secrets` are as `checked_secrets` gives them; several are valid at once while a secret is being changed.
    The reason is for the log and holds nothing of the message.
    """
    if not secrets:
        raise NotAuthentic(f"no secret is set for {partner}")
    wanted = _headers(headers)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise NotAuthentic("the body is not UTF-8, which the signature is made over") from None
    reasons = [reason for secret in secrets if (reason := _refusal(secret, wanted, text))]
    if len(reasons) == len(secrets):
        raise NotAuthentic(reasons[0])


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


def _refusal(secret: str, headers: dict[str, str], body: str) -> str | None:
    """Why the library refuses, None where it does not."""
    try:
        Webhook(secret).verify(body, headers, json_parse=False)
    except WebhookVerificationError as error:
        return str(error)
    except EmptyWebhookSecretError:
        return "an empty secret"
    except (ValueError, OverflowError):
        return "a signature or secret that is not base64"
    return None


def checked_secrets(text: str) -> tuple[str, ...]:
    """The secrets in a setting: `whsec_` and base64 of 24 to 64 bytes each, separated by spaces or commas.

    None in an empty text. SettingsError says which one is wrong and why, and never quotes it.
    """
    return listed("secret", text, _fault)


def _fault(secret: str) -> str | None:
    form = _SECRET.fullmatch(secret)
    if form is None:
        return "is not whsec_ followed by base64 (letters, digits, + and /)"
    try:
        decoded = base64.b64decode(form[1] + "=" * (-len(form[1]) % 4), validate=True)
    except binascii.Error:
        return "is whsec_ followed by something that is cut off or is no base64"
    if len(decoded) not in SECRET_BYTES:
        return f"is {len(decoded)} bytes long: expected {SECRET_BYTES.start} to {SECRET_BYTES.stop - 1}"
    if len(set(decoded)) < MIN_DISTINCT:
        return f"holds fewer than {MIN_DISTINCT} different bytes"
    return None
