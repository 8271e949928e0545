"""How the sample partners authenticate: each by the scheme that the settings name."""

import base64
import hmac
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

REPORT_ROLE = "Mtd.Report.Write"
Token = Callable[[dict[str, object]], Awaitable[str]]
"""Asks the login service for an access token that says what it is given."""


async def authenticated(
    settings: Mapping[str, str], partner: str, body: bytes, token: Token
) -> dict[str, str]:
    """The headers of a message of `partner`, sent now."""
    own = {name.removesuffix(f"_{partner.upper()}"): value for name, value in settings.items()}
    sent = {"content-type": "application/json"}
    match own.get("AUTH") or "webhook":
        case "webhook":
            return signed(own["WEBHOOK_SECRETS"].split()[0], body)
        case "header":
            return sent | {own.get("HEADER_NAME") or "X-MTD-Secret": own["HEADER_SECRETS"].split()[0]}
        case "entra":
            return sent | {"Authorization": f"Bearer {await token(_client(own))}"}
        case "shared_key":
            return sent | shared_key(own["SHARED_KEY_WORKSPACE"], own["SHARED_KEYS"].split()[0], body)
    raise ValueError(f"AUTH_{partner.upper()} is no scheme")


def _client(own: Mapping[str, str]) -> dict[str, object]:
    return {
        "tenant": own["ENTRA_TENANT"],
        "audience": own["ENTRA_AUDIENCE"],
        "app_id": own["ENTRA_APP_IDS"].split()[0],
        "roles": [REPORT_ROLE],
    }


def signed(secret: str, body: bytes, now: datetime | None = None) -> dict[str, str]:
    """The headers of a Standard Webhooks message sent at `now`."""
    id_, stamp = f"msg_{uuid.uuid4().hex}", str(int((now or datetime.now(UTC)).timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_") + "==")
    code = hmac.digest(key, f"{id_}.{stamp}.".encode() + body, "sha256")
    return {
        "webhook-id": id_,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(code).decode()}",
        "content-type": "application/json",
    }


def shared_key(workspace: str, key: str, body: bytes) -> dict[str, str]:
    """The headers of a message to Azure Monitor's Data Collector, sent now."""
    date = format_datetime(datetime.now(UTC), usegmt=True)
    text = f"POST\n{len(body)}\napplication/json\nx-ms-date:{date}\n/api/logs"
    signature = base64.b64encode(hmac.digest(base64.b64decode(key), text.encode(), "sha256")).decode()
    return {"Authorization": f"SharedKey {workspace}:{signature}", "x-ms-date": date}
