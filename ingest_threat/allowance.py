"""How much of a partner's is taken in at once, and in a minute, by each process: one that floods the door
leaves the others their time, their memory and their place in the change feed.

It is asked after the partner is authenticated, so that nobody else uses a partner's allowance up, and before
its message is read. What is put off is stored nowhere: the partner sends it again.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from ingest_threat.body import MAX_BYTES
from shared.errors import TooMany
from shared.log import LogEvent, log_event
from shared.services import Services

MAX_BYTES_IN_WORK = MAX_BYTES
"""Of a partner's messages that one process takes in side by side, unpacked: many small ones, or one as large
as any. Whoever comes next waits while so much is read and stored, at most, of each partner."""
BYTES_OF_ITEM = 2048
"""So many bytes of a message count as one item more: what cannot be read takes time to find that out, too."""
PAUSE = 1.0
"""Seconds after which the messages that were in the way are likely stored."""


def admit(services: Services, partner: str) -> None:
    """Count a message of the partner's; TooMany where this minute's allowance is used up.

    The last message that is admitted may go beyond it, by what one message holds.
    """
    now, limit = services.now(), services.settings.partner_reports_per_minute
    if services.reports.so_far(partner, now) >= limit:
        why = f"this partner's {limit} items of this minute are taken in"
        raise _put_off(services, partner, why, services.reports.left(now))
    services.reports.count(partner, now)


def count_items(services: Services, partner: str, items: int) -> None:
    """Count the items of a message that `admit` has counted as one."""
    services.reports.count(partner, services.now(), by=max(0, items - 1))


@contextmanager
def in_work(services: Services, partner: str, size: int) -> Iterator[None]:
    """While a message of `size` bytes, which count, is taken in; TooMany where others of the partner's are in
    its way."""
    if services.bytes_in_work[partner] + size > MAX_BYTES_IN_WORK:
        raise _put_off(services, partner, "too many messages of this partner at once", PAUSE)
    services.reports.count(partner, services.now(), by=size // BYTES_OF_ITEM)
    services.bytes_in_work[partner] += size
    try:
        yield
    finally:
        services.bytes_in_work[partner] -= size


def _put_off(services: Services, partner: str, why: str, retry_after: float) -> TooMany:
    """The error, logged once for a partner, a minute and a reason."""
    if services.reports.count((partner, why), services.now()) == 1:
        log_event(LogEvent.REPORTS_PUT_OFF, partner=partner, why=why)
    return TooMany(why, retry_after=retry_after)
