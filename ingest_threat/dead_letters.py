"""What of a message cannot be read goes to the dead letters, redacted, within two bounds an hour.

What is not the partner's format at all is dropped beyond the first bound, so that a flood of foreign messages
fills no store; what is the partner's, and only cannot be read or placed, is never dropped: beyond the second
bound the partner is asked to send it again later.
"""

from datetime import datetime

from pydantic import JsonValue

from ingest_threat.body import values
from ingest_threat.partners import redacted_body
from shared.dead_letters import dead_letter, of_body, of_item
from shared.domain.record import Counted, UnreadableRecord
from shared.errors import StoreUnavailable, Unreadable, UnreadableReport
from shared.log import LogEvent, log_event
from shared.services import Services

MAX_KEPT = 10_000
"""Dead letters of a partner's own format in an hour, by each process."""


async def keep_body(
    services: Services, partner: str, body: bytes, unreadable: UnreadableReport, received_at: datetime
) -> None:
    """Keep a body that is JSON; of any other only size, hash and reason."""
    content: JsonValue = None
    if unreadable.kind is Unreadable.NOT_THIS_FORMAT:
        content = redacted_body(partner, values(body))
    letter = of_body(partner, body, unreadable, content, received_at)
    log_event(
        LogEvent.REPORT_REFUSED, partner=partner, kind=unreadable.kind, size=len(body), sha256=letter.sha256
    )
    if _admitted(services, partner, foreign=True):
        await dead_letter(services.store, letter)


async def keep_item(services: Services, record: UnreadableRecord, received_at: datetime) -> None:
    """Keep one item of a readable body. Raises StoreUnavailable beyond the second bound."""
    if _admitted(services, record.partner, foreign=record.foreign):
        await dead_letter(services.store, of_item(record, received_at))


def refused(record: Counted, reason: str) -> UnreadableRecord:
    """A record that was read and cannot be stored."""
    content = record.model_dump_json(exclude={"index"}).encode()
    return UnreadableRecord.of(
        content, partner=record.partner, index=record.index, reason=reason, raw=record.raw
    )


def _admitted(services: Services, partner: str, *, foreign: bool) -> bool:
    """Whether one more may be kept within this hour of the clock; StoreUnavailable where it must be."""
    bound = services.settings.dead_letters_per_hour if foreign else MAX_KEPT
    now = services.now()
    count = services.dead_letters.count((partner, foreign), now)
    if count == bound + 1:
        log_event(LogEvent.DEAD_LETTERS_BOUNDED, partner=partner, foreign=foreign, bound=bound)
    if count > bound and not foreign:
        wait = services.dead_letters.left(now)
        raise StoreUnavailable("too many unreadable items in this hour", retry_after=wait)
    return count <= bound
