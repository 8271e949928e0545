"""Every way a partner can authenticate, as a partner would: settings for one, and the headers it sends."""

import base64
import hashlib
import hmac
import uuid
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from local.partners.authentication import signed
from shared.domain.authentication import Scheme
from tests.login_service import AUDIENCE, LoginService, published
from tests.world import TENANT_ID

CARRIERS = {
    Scheme.WEBHOOK: ("webhook-id", "webhook-timestamp", "webhook-signature"),
    Scheme.HEADER: ("X-MTD-Secret",),
    Scheme.ENTRA: ("Authorization",),
    Scheme.SHARED_KEY: ("Authorization", "x-ms-date"),
}
"""The headers a credentials is made of."""
DATED = (Scheme.WEBHOOK, Scheme.ENTRA, Scheme.SHARED_KEY)
"""The schemes whose credentials is good for a while only."""
ROTATED = 2
"""How many secrets are valid at once."""


def texts(scheme: Scheme, partner: str) -> dict[str, str]:
    """Field of AuthenticationSettings → text: two secrets of the partner's own."""
    both = range(ROTATED)
    match scheme:
        case Scheme.WEBHOOK:
            return {"webhook_secrets": " ".join(_webhook_secret(partner, place) for place in both)}
        case Scheme.HEADER:
            return {"header_secrets": ",".join(_header_secret(partner, place) for place in both)}
        case Scheme.ENTRA:
            app_ids = " ".join(_id(partner, place) for place in both)
            return {"entra_tenant": TENANT_ID, "entra_audience": AUDIENCE, "entra_app_ids": app_ids}
        case Scheme.SHARED_KEY:
            keys = " ".join(base64.b64encode(_secret(partner, place)).decode() for place in both)
            return {"shared_key_workspace": _id(partner, 9), "shared_keys": keys}


def credentials(
    scheme: Scheme, partner: str, body: bytes, login: LoginService, *, minutes: float = 0, place: int = 0
) -> dict[str, str]:
    """What the partner sends with `body` at `minutes` from now, by its secret number `place`."""
    now = datetime.now(UTC) + timedelta(minutes=minutes)
    match scheme:
        case Scheme.WEBHOOK:
            return signed(_webhook_secret(partner, place), body, now)
        case Scheme.HEADER:
            return {"X-MTD-Secret": _header_secret(partner, place)}
        case Scheme.ENTRA:
            login.publish(published("key-0"), published("key-1"))
            token = login.token(
                key=f"key-{place}", minutes=minutes, azp=_id(partner, place), roles=["Mtd.Report.Write"]
            )
            return {"Authorization": f"Bearer {token}"}
        case Scheme.SHARED_KEY:
            date = format_datetime(now, usegmt=True)
            text = f"POST\n{len(body)}\napplication/json\nx-ms-date:{date}\n/api/logs"
            sign = base64.b64encode(hmac.digest(_secret(partner, place), text.encode(), "sha256")).decode()
            return {"Authorization": f"SharedKey {_id(partner, 9)}:{sign}", "x-ms-date": date}


def _secret(partner: str, place: int) -> bytes:
    return hashlib.sha256(f"{partner}:{place}".encode()).digest()


def _webhook_secret(partner: str, place: int) -> str:
    return f"whsec_{base64.b64encode(_secret(partner, place)).decode()}"


def _header_secret(partner: str, place: int) -> str:
    return _secret(partner, place).hex()


def _id(partner: str, place: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{partner}:{place}"))
