"""What could not be read or applied: a listing, and another try.

A body or an item is read again, as of when it was received, and what it holds is stored. A report that was
stored and could not be applied is handed back to the change feed: it is written as it stands, because a write
is all the feed sees and a report never changes; one that has outlived its 90 days is created anew. Nothing
counts twice either way. Then the letter is removed, and a second try finds none; where the report still
cannot be applied, the feed sets it aside again under the same id.
"""

from enum import StrEnum

from pydantic import BaseModel, ValidationError

from ingest_threat.intake import RejectedItem
from ingest_threat.intake import redrive as read_again
from serve_console.paging import page
from shared.cosmos import DEAD_LETTERS, DEAD_LETTERS_OF_PARTNER, Found
from shared.dead_letters import log_dead_letter, redriven
from shared.domain.model import DeadLetter, DeadLetterKind, Report, id_part
from shared.domain.moment import Moment
from shared.entra import Caller
from shared.errors import (
    BadRequest,
    Conflict,
    MtdError,
    NotThere,
    StoreRefused,
    UnknownPartner,
    UnreadableReport,
)
from shared.services import Services

REDACTED = (
    "What was redacted when this was dead-lettered cannot come back: have the partner send it again where "
    "that matters."
)


class LetterRow(BaseModel):
    """One dead letter, without its content."""

    id: str
    partner: str
    reason: str
    kind: DeadLetterKind
    received_at: Moment
    size: int
    sha256: str
    index: int | None = None
    redriven_at: Moment | None = None


class LetterPage(BaseModel):
    """Some dead letters, and the token that continues the listing; null at its end."""

    dead_letters: list[LetterRow]
    token: str | None


class RedriveOutcome(StrEnum):
    """What became of a letter that was tried again."""

    STORED = "stored"
    HANDED_BACK = "handed_back"
    """To the change feed: it is evaluated within seconds."""
    KEPT = "kept"
    """It still cannot be read; the letter says why now."""


class Redriven(BaseModel):
    """What another try at a dead letter came to."""

    id: str
    partner: str
    kind: DeadLetterKind
    outcome: RedriveOutcome
    accepted: int = 0
    duplicates: int = 0
    ignored: int = 0
    rejected: list[RejectedItem] = []
    reason: str | None = None
    note: str | None = None


async def listing(
    services: Services, partner: str | None = None, top: str | None = None, token: str | None = None
) -> LetterPage:
    """A page of dead letters; those of one partner come newest first, those of all by partner in no order."""
    if partner:
        found = await page(
            services,
            LetterRow,
            DeadLetter.container,
            DEAD_LETTERS_OF_PARTNER,
            top,
            token,
            partition=partner,
            partner=partner,
        )
    else:
        found = await page(services, LetterRow, DeadLetter.container, DEAD_LETTERS, top, token)
    return LetterPage(dead_letters=list(found.rows), token=found.token)


async def redrive(services: Services, caller: Caller, id_: str, partner: str | None = None) -> Redriven:
    """Try a dead letter again. Raises NotThere where there is none, also where it is done already."""
    if not partner:
        raise BadRequest("partner: expected the partner the dead letter is of")
    plain = id_part(id_) == id_ and id_part(partner) == partner
    found = await services.store.read(DeadLetter, id_, partner) if plain else None
    if found is None:
        raise NotThere(f"no dead letter {id_[:100]!r} of {partner[:50]!r}, or it is done already")
    try:
        done = await (_received if found.document.kind.is_received else _applied)(services, found.document)
    except _StillDead as error:
        return await _leave(services, found, str(error))
    await redriven(services.store, found, outcome=done.outcome, by=caller.object_id)
    return done


class _StillDead(MtdError):
    """It cannot be read or handed back; the message says why."""


async def _received(services: Services, letter: DeadLetter) -> Redriven:
    if letter.body is None:
        raise _StillDead("nothing is kept of it but hash, size and reason: have the partner send it again")
    try:
        answer = await read_again(services, letter)
    except UnreadableReport as error:
        raise _StillDead(error.reason) from error
    except UnknownPartner as error:
        raise _StillDead("there is no adapter for this partner any more") from error
    return Redriven(
        id=letter.id,
        partner=letter.partner,
        kind=letter.kind,
        outcome=RedriveOutcome.STORED,
        accepted=answer.accepted,
        duplicates=answer.duplicates,
        ignored=answer.ignored,
        rejected=answer.rejected,
        note=REDACTED,
    )


async def _applied(services: Services, letter: DeadLetter) -> Redriven:
    try:
        report = Report.model_validate(letter.record)
    except ValidationError as error:
        raise _StillDead("what is kept of it is not a report") from error
    found = await services.store.read(Report, report.id, report.agent)
    try:
        await services.store.upsert(found.document if found else report)
    except StoreRefused as error:
        raise _StillDead(f"it cannot be stored: {error}") from error
    return Redriven(
        id=letter.id,
        partner=letter.partner,
        kind=letter.kind,
        outcome=RedriveOutcome.HANDED_BACK,
        accepted=0 if found else 1,
        duplicates=1 if found else 0,
        note="It is evaluated within seconds. Where it cannot be applied again, it lies here again.",
    )


async def _leave(services: Services, found: Found[DeadLetter], reason: str) -> Redriven:
    """Leave the letter, with the reason of this try."""
    letter = found.document.model_copy(update={"reason": reason, "redriven_at": services.now()})
    try:
        await services.store.replace(letter, found.etag)
    except Conflict:
        log_dead_letter(letter, reason)
    return Redriven(
        id=letter.id,
        partner=letter.partner,
        kind=letter.kind,
        outcome=RedriveOutcome.KEPT,
        reason=reason,
        note=REDACTED if letter.kind.is_received else None,
    )
