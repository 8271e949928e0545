"""How long a token lives by its own word, where it is a JWT. Its signature is the vendor's business."""

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta


def life_of(token: str, now: datetime, otherwise: timedelta) -> float:
    """The seconds from `now` on; those of `otherwise` where the token says nothing that can be read."""
    try:
        claims = json.loads(urlsafe_b64decode(f"{token.split('.')[1]}==="))
        return (datetime.fromtimestamp(claims["exp"], UTC) - now).total_seconds()
    except (IndexError, KeyError, TypeError, ValueError, OverflowError, OSError, RecursionError):
        return otherwise.total_seconds()
