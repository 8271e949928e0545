"""A credential that ends soon: warned of by the date that an admin noted. Pure."""

from datetime import date, datetime

WARN_DAYS = 30


def days_left(expires: date | None, now: datetime) -> int | None:
    """Days until a credential ends, less than none once it has; None where nobody noted the date, or it is
    far away."""
    if expires is None:
        return None
    left = (expires - now.date()).days
    return left if left <= WARN_DAYS else None
