"""A bearer token of Microsoft Entra, as Zimperium's console asks for one before it posts.

The token authenticates the sender for as long as it lives (an hour or so), not the body: that is TLS's to
keep.
"""

import re
from dataclasses import dataclass

from ingest_threat.schemes.listed import listed
from shared import entra
from shared.environment import GUID
from shared.errors import SettingsError
from shared.headers import Headers

ROLE = "Mtd.Report.Write"
"""The app role a partner's service principal must have been given."""

_NO_GUID = "00000000-0000-0000-0000-000000000000"
_AUDIENCE = re.compile(r"[!-~]{1,300}")


@dataclass(frozen=True)
class PartnerClient:
    """The partner's client, as its tokens show it. Ids in lower case."""

    tenant: str
    audience: str
    app_ids: frozenset[str]


async def verify(headers: Headers, authority: str, client: PartnerClient) -> None:
    """Raise NotAuthentic unless the token is the client's; KeysUnavailable where nobody can say."""
    expected = entra.Expected(authority, client.tenant, client.audience, frozenset({ROLE}), client.app_ids)
    await entra.verified(entra.bearer(headers), expected)


def checked_tenant(text: str) -> str:
    """The tenant's id; names such as `common`, which stand for any tenant, are refused."""
    if _no_guid(text):
        raise SettingsError("expected the id of one tenant, a GUID")
    return text.lower()


def checked_audience(text: str) -> str:
    """The audience of the tokens: the app's id, or its application id URI."""
    if not _AUDIENCE.fullmatch(text):
        raise SettingsError("expected one audience, in visible ASCII")
    return text


def checked_app_ids(text: str) -> frozenset[str]:
    """Ids of the clients that may post, separated by spaces or commas."""
    return frozenset(app_id.lower() for app_id in listed("app id", text, _no_guid))


def _no_guid(text: str) -> str | None:
    return None if GUID.fullmatch(text) and text != _NO_GUID else "is no GUID"
