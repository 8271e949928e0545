"""Dead letters: what could not be read or applied is kept with its reason, redacted, and can be redriven.

One builder for each thing that may fail, and the one writer. What goes in as a body or an item is redacted by
whoever read it.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue

from shared.cosmos import Found, Store
from shared.domain.model import DeadLetter, DeadLetterKind, Report, digest, id_part
from shared.domain.record import UnreadableRecord
from shared.errors import Conflict, StoreRefused, UnreadableReport
from shared.log import LogEvent, log_event


def of_body(
    partner: str, body: bytes, unreadable: UnreadableReport, content: JsonValue, received_at: datetime
) -> DeadLetter:
    """Of a whole body; `content` is the body redacted, None where it is not JSON: then size, hash and reason
    are all that is kept."""
    return DeadLetter(
        id=hashlib.sha256(partner.encode() + b"\0" + body).hexdigest(),
        partner=partner,
        reason=unreadable.reason,
        kind=DeadLetterKind.BODY,
        received_at=received_at,
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        body=content,
    )


def of_item(record: UnreadableRecord, received_at: datetime) -> DeadLetter:
    """Of one item of a readable body, which the record has redacted."""
    threat = record.threat
    of_threat = [] if threat is None else [threat.threat_key]
    return DeadLetter(
        id=digest([record.partner, record.reason, record.sha256, *of_threat]),
        partner=record.partner,
        reason=record.reason,
        kind=DeadLetterKind.ITEM if threat is None else DeadLetterKind.NO_DEVICE,
        received_at=received_at,
        size=record.size,
        sha256=record.sha256,
        index=record.index,
        body=record.raw,
        record=None if threat is None else threat.model_dump(mode="json", exclude={"raw"}),
    )


def of_report(report: Report, kind: DeadLetterKind, reason: str) -> DeadLetter:
    """Of a stored report that could not be applied."""
    content = report.model_dump(mode="json")
    return DeadLetter(
        id=digest([report.record.partner, kind, report.id]),
        partner=report.record.partner,
        reason=reason,
        kind=kind,
        received_at=report.received_at,
        size=len(str(content)),
        sha256=report.id,
        record=content,
    )


def of_document(document: Mapping[str, JsonValue], reason: str, received_at: datetime) -> DeadLetter:
    """Of a document among the reports that is none."""
    content = {key: value for key, value in document.items() if not key.startswith("_")}
    return DeadLetter(
        id=digest(content),
        partner=id_part(str(document.get("agent", "unknown")).partition(":")[0] or "unknown"),
        reason=reason,
        kind=DeadLetterKind.REPORT,
        received_at=received_at,
        size=len(str(content)),
        sha256=digest(content),
        record=content,
    )


async def dead_letter(store: Store, letter: DeadLetter) -> None:
    """Log and store a dead letter, without its content where that is what the store refuses.

    That a body was refused is logged where it is answered. Raises StoreUnavailable.
    """
    if letter.kind is not DeadLetterKind.BODY:
        log_dead_letter(letter, letter.reason)
    try:
        await store.upsert(letter)
    except StoreRefused:
        await store.upsert(letter.model_copy(update={"body": None, "record": None}))


def log_dead_letter(letter: DeadLetter, why: str) -> None:
    """Log that something lies among the dead letters, and why."""
    log_event(LogEvent.DEAD_LETTER, partner=letter.partner, kind=letter.kind, letter=letter.id, why=why)


async def redriven(store: Store, found: Found[DeadLetter], *, outcome: str, by: str, **facts: object) -> None:
    """Remove the letter that was tried again, and log what it came to. One that was dead-lettered again
    meanwhile stays, and is logged as that, too."""
    letter = found.document
    try:
        await store.delete(DeadLetter, letter.id, letter.partition, etag=found.etag)
    except Conflict:
        log_dead_letter(letter, "dead-lettered again")
    log_event(
        LogEvent.DEAD_LETTER_REDRIVEN,
        partner=letter.partner,
        kind=letter.kind,
        letter=letter.id,
        outcome=outcome,
        by=by,
        **facts,
    )
