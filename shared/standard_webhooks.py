"""The signature of Standard Webhooks (v1): HMAC-SHA256 over id, time and the body's bytes. Pure.

Source: the specification at standardwebhooks.com. Its library signs text alone.
"""

import base64
import hashlib
import hmac


def signature(secret: str, id_: str, timestamp: str, body: bytes) -> str:
    """The base64 of the signature, without its padding; `secret` is `whsec_` and base64."""
    content = f"{id_}.{timestamp}.".encode("ascii") + body
    code = hmac.digest(key(secret), content, hashlib.sha256)
    return base64.b64encode(code).decode("ascii").rstrip("=")


def key(secret: str) -> bytes:
    """The bytes of a secret. binascii.Error where it is no base64."""
    plain = secret.removeprefix("whsec_").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
