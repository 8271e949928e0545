"""A secret in a header that is always the same: all that Jamf's Generic HTTP stream can send. Pure.

Who reads one message can write others: only TLS keeps it.
"""

import re
from collections.abc import Sequence

from ingest_threat.schemes.listed import listed
from shared.domain.late import late
from shared.errors import NotAuthentic, SettingsError
from shared.headers import Headers
from shared.static_secret import fault, matching

DEFAULT_NAME = "X-MTD-Secret"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_TAKEN = late(
    "accept(-.*)?|access-control-.*|age|allow|authorization|cache-control|connection|content-.*|cookie|date|etag|"
    "expect|expires|forwarded|from|host|if-.*|keep-alive|last-modified|link|location|max-forwards|origin|pragma|"
    "prefer|proxy-.*|range|referer|retry-after|sec-.*|server|set-cookie|te|trailer|transfer-encoding|upgrade|"
    "user-agent|vary|via|warning|www-authenticate|"
    "client-ip|disguised-host|request-id|traceparent|tracestate|was-default-hostname|x-appservice-.*|x-arr-.*|"
    "x-azure-.*|x-client-ip|x-client-port|x-forwarded-.*|x-functions-.*|x-ms-.*|x-original-.*|x-real-ip|x-site-.*|"
    "x-waws-.*|x-zumo-.*",
    re.IGNORECASE,
)
"""What HTTP, proxies, App Service and the Functions host write or read themselves."""


def verify(headers: Headers, name: str, secrets: Sequence[str]) -> None:
    """Raise NotAuthentic unless the header `name` holds one of `secrets`."""
    given = headers.get(name, "")
    if not given:
        raise NotAuthentic("the header with the secret is missing")
    if not any(matching(given, secrets)):
        raise NotAuthentic("the header holds none of the secrets")


def checked_name(text: str) -> str:
    """The header's name; SettingsError where no partner could send it or somebody else would."""
    if not _NAME.fullmatch(text):
        raise SettingsError("expected the name of a header: letters, digits and hyphens, at most 64")
    if _TAKEN.fullmatch(text):
        raise SettingsError("this header is used by HTTP or the host: expected one of your own")
    return text


def checked_secrets(text: str) -> tuple[str, ...]:
    """The secrets in a setting: at least 32 letters of visible ASCII each, separated by spaces or commas.

    SettingsError says which one is wrong and why, and never quotes it.
    """
    return listed("secret", text, fault)
