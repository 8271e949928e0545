"""A secret that is always the same and is sent as it is: what makes a good one, and the comparison. Pure.

It authenticates who sends it and nothing else, so only TLS keeps it. A long random one, changed from time to
time, is what such a way allows.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable

MIN_LETTERS = 32
MIN_DISTINCT = 8
"""A random secret of 32 hexadecimal digits has fewer than 8 different ones once in many millions."""

_SECRET = re.compile(r"[!-+\--~]+")
"""Visible ASCII without the comma, by which the host joins headers given twice."""


def matching(given: str, secrets: Iterable[str]) -> list[bool]:
    """Which of `secrets` `given` is. All are compared, as digests of one length: time shows neither which
    fits nor how far."""
    return [hmac.compare_digest(_digest(given), _digest(secret)) for secret in secrets]


def fault(secret: str) -> str | None:
    """What is wrong with a secret, without quoting it; None where it is good enough."""
    if not _SECRET.fullmatch(secret):
        return "holds something that is no visible ASCII"
    if len(secret) < MIN_LETTERS:
        return f"is {len(secret)} characters long: expected at least {MIN_LETTERS}"
    if len(set(secret)) < MIN_DISTINCT:
        return f"holds fewer than {MIN_DISTINCT} different characters"
    return None


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
