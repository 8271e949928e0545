"""The account: what it says of itself, and the check of the key a request is signed with.

Written from "Access control in the Azure Cosmos DB API for NoSQL" (master key tokens).
"""

import base64
import hashlib
import hmac
import json
import urllib.parse
from collections.abc import Mapping

from local.cosmos.protocol import Answer, CosmosError, encode

EMULATOR_KEY = "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=="
"""The key Microsoft publishes for its own emulator; no secret."""


def check_key(
    key: str, method: str, segments: tuple[str, ...], headers: Mapping[str, str], *, by_rid: bool = False
) -> None:
    """Refuse with 401 what is not signed with the account key (an Entra ID token never is)."""
    given = urllib.parse.unquote(headers.get("authorization", ""))
    if not hmac.compare_digest(_bytes(given), _bytes(_token(key, method, segments, headers, by_rid))):
        raise CosmosError(401, "the request is not signed with the account key")


def describe(endpoint: str) -> Answer:
    location = [{"name": "Local", "databaseAccountEndpoint": endpoint}]
    account = {
        "_self": "",
        "id": "local",
        "_rid": "local",
        "_dbs": "//dbs/",
        "writableLocations": location,
        "readableLocations": location,
        "enableMultipleWriteLocations": False,
        "userConsistencyPolicy": {"defaultConsistencyLevel": "Session"},
        "queryEngineConfiguration": json.dumps(_QUERY_ENGINE),
    }
    return Answer(200, encode(account))


_QUERY_ENGINE = {
    "maxSqlQueryInputLength": 262144,
    "maxJoinsPerSqlQuery": 5,
    "maxInExpressionItemsCount": 16000,
    "maxQueryRequestTimeoutFraction": 0.9,
    "queryMaxInMemorySortDocumentCount": 500,
    "sqlAllowAggregateFunctions": True,
    "sqlAllowGroupByClause": False,
    "sqlAllowLike": False,
    "sqlAllowNonFiniteNumbers": False,
    "sqlAllowScalarSubQuery": True,
    "sqlAllowSubQuery": True,
    "sqlAllowTop": True,
}
"""What the account says of its query engine: .NET's client reads it before its first query."""


def _token(key: str, method: str, segments: tuple[str, ...], headers: Mapping[str, str], by_rid: bool) -> str:
    """A resource that is addressed by `_rid` is signed by the last of them alone, in lower case."""
    names_a_resource = len(segments) % 2 == 0
    resource = segments if names_a_resource else segments[:-1]
    if by_rid:
        resource = (resource[-1].lower(),)
    kind = "" if not segments else segments[-2] if names_a_resource else segments[-1]
    date = headers.get("x-ms-date", "").lower()
    text = (
        f"{method.lower()}\n{kind.lower()}\n{'/'.join(resource)}\n{date}\n{headers.get('date', '').lower()}\n"
    )
    digest = hmac.new(base64.b64decode(key), _bytes(text), hashlib.sha256).digest()
    return f"type=master&ver=1.0&sig={base64.b64encode(digest).decode()}"


def _bytes(header: str) -> bytes:
    """A header's own bytes, which need not be UTF-8."""
    return header.encode("utf-8", "surrogateescape")
