"""From a partner's message to stored reports: authenticate, parse, store, answer. One of the doors.

202 means every readable item is in Cosmos DB. Where one could not be stored, the whole message is answered
with an error that asks for it again; what had been stored is recognised then and not stored twice.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from pydantic import BaseModel

from ingest_threat import authentication, partners
from ingest_threat.agent_apps import keep_apps
from ingest_threat.allowance import admit, count_items, in_work
from ingest_threat.body import MAX_BYTES
from ingest_threat.dead_letters import keep_body, keep_item, refused
from ingest_threat.encoding import unpacked
from ingest_threat.heartbeat import record_heartbeat
from ingest_threat.partner_words import partner_words
from ingest_threat.shapes import REDACTED
from shared.bounded import bounded_gather
from shared.domain.canary_run import DELIVERY
from shared.domain.model import DeadLetter, DeadLetterKind, Report
from shared.domain.record import (
    AppInventoryRecord,
    Counted,
    IgnoredRecord,
    Record,
    UnreadableRecord,
)
from shared.errors import (
    AlreadyStored,
    NotAuthentic,
    StoreRefused,
    StoreUnavailable,
    Unreadable,
    UnreadableReport,
    WrongContentType,
)
from shared.headers import Headers
from shared.log import LogEvent, log_event
from shared.services import Services

CONCURRENCY = 32
"""Reports of one message stored side by side."""
CONTENT_TYPES = frozenset(
    {
        "application/json",
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "text/plain",
        "text/event-stream",
    }
)
MAX_WORDS_LOGGED = 1000
MAX_UNKNOWN = 20
_LOGGED: set[tuple[str, str, str]] = set()
"""Unknown words this process has logged already."""


class RejectedItem(BaseModel):
    """One item that could not be read or stored; it lies in `dead_letters`."""

    index: int
    reason: str


class UnknownWord(BaseModel):
    """A word of the partner's that no table of ours knows, masked. A status that is one neither opens nor
    closes its threat; a severity that is one counts as high."""

    index: int
    what: str
    word: str


class Answer(BaseModel):
    """What became of a message's items."""

    accepted: int = 0
    duplicates: int = 0
    not_counted: int = 0
    """How many of the accepted ones decide nothing as things are switched now: a hint."""
    ignored: int = 0
    rejected: list[RejectedItem] = []
    unknown: list[UnknownWord] = []
    """The first MAX_UNKNOWN words that no table knows; of a repeat, too."""


async def authenticate(services: Services, partner: str, headers: Headers, body: bytes) -> None:
    """Nothing, for a message of the partner's; a question is authenticated as a message with an empty body
    is.

    Raises UnknownPartner, UnreadableReport, NotAuthentic or KeysUnavailable.
    """
    partners.check_known(partner)
    _check_bytes(partner, body)
    try:
        await authentication.authenticate(services.settings, partner, headers, body, services.now())
    except NotAuthentic as error:
        log_event(LogEvent.NOT_AUTHENTIC, partner=partner, why=error)
        raise


def known_partners() -> frozenset[str]:
    """The slugs of all partners there is an adapter for."""
    return partners.known()


def says_clean(services: Services, partner: str) -> bool:
    """Whether the partner, as it is set, ever reports that a healthy device is one; so does what is no
    partner here."""
    polled = services.settings.polling.get(partner)
    return partner not in partners.known() or partners.says_clean(partner, polled)


async def receive(services: Services, partner: str, headers: Headers, body: bytes) -> Answer:
    """Take an authentic message in. Raises TooMany, WrongContentType, UnreadableReport or StoreUnavailable;
    in each of these cases the partner may send it again."""
    delivery = headers.get("webhook-id", "")
    if not _is_canary(services, partner, delivery):
        await record_heartbeat(services, partner)
    admit(services, partner)
    _check_content_type(headers)
    try:
        content = unpacked(headers, body, at_most=MAX_BYTES)
    except UnreadableReport as unreadable:
        await keep_body(services, partner, body, unreadable, services.now())
        raise
    with in_work(services, partner, len(content)):
        received_at = services.now()
        records = await _read(services, partner, content, delivery, received_at)
        count_items(services, partner, len(records))
        return await _store_records(services, partner, records, received_at)


def _is_canary(services: Services, partner: str, delivery: str) -> bool:
    """Whether a message is our own canary's: it says nothing of whether the partner reports still."""
    return partner == services.settings.canary_partner and delivery.startswith(DELIVERY)


async def fetched(
    services: Services, partner: str, messages: Iterable[bytes], delivery: str = ""
) -> list[Answer]:
    """Take in what was fetched from the partner: nobody else can have sent it, and that the partner answered
    is its heartbeat, also where it had nothing to say. `delivery` is what a repeat of the messages keeps. It
    uses up nothing of what the partner may push: a run has bounds of its own.

    One that cannot be read is a dead letter, and keeps no other from being stored. Raises
    UnreadableReport where one is in no format of the partner's, and StoreUnavailable.
    """
    await record_heartbeat(services, partner)
    answers = []
    foreign: UnreadableReport | None = None
    for message in messages:
        try:
            answers.append(await accept(services, partner, message, delivery))
        except UnreadableReport as unreadable:
            if unreadable.kind is not Unreadable.TOO_LARGE:
                foreign = foreign or unreadable
            answers.append(Answer(rejected=[RejectedItem(index=0, reason=unreadable.reason)]))
    if foreign is not None:
        raise foreign
    return answers


async def accept(services: Services, partner: str, body: bytes, delivery: str = "") -> Answer:
    """Store an authentic message's records, and dead-letter what cannot be read. Raises UnreadableReport.

    `delivery` is the message's id, which a repeat of it keeps; empty where it has none.
    """
    received_at = services.now()
    records = await _read(services, partner, body, delivery, received_at)
    return await _store_records(services, partner, records, received_at)


async def _read(
    services: Services, partner: str, body: bytes, delivery: str, received_at: datetime
) -> list[Record]:
    try:
        return partners.parse(
            partner,
            body,
            received_at=received_at,
            words=partner_words(services.settings.words),
            delivery=delivery,
        )
    except UnreadableReport as unreadable:
        await keep_body(services, partner, body, unreadable, received_at)
        raise


async def _store_records(
    services: Services, partner: str, records: Sequence[Record], received_at: datetime
) -> Answer:
    """Store records, and dead-letter those of items that could not be read."""
    answer = Answer(ignored=sum(isinstance(record, IgnoredRecord) for record in records))
    unreadable = [record for record in records if isinstance(record, UnreadableRecord)]
    await bounded_gather(lambda each: keep_item(services, each, received_at), unreadable, limit=CONCURRENCY)
    answer.rejected += [RejectedItem(index=each.index, reason=each.reason) for each in unreadable]
    unknown = _unknown_words(records)
    _log_unknown_words(partner, unknown)
    answer.unknown = unknown[:MAX_UNKNOWN]
    await _store(services, _counted(records), received_at, answer)
    await _store_apps(services, records, answer)
    answer.rejected.sort(key=lambda rejected: rejected.index)
    log_event(
        LogEvent.REPORTS_ACCEPTED,
        partner=partner,
        accepted=answer.accepted,
        duplicates=answer.duplicates,
        ignored=answer.ignored,
        rejected=len(answer.rejected),
        unknown=len(unknown),
    )
    return answer


def _unknown_words(records: Sequence[Record]) -> list[UnknownWord]:
    return [
        UnknownWord(index=record.index, what=what, word=word)
        for record in records
        if not isinstance(record, IgnoredRecord | UnreadableRecord)
        for what, word in partners.unknown_words(record)
    ]


def _log_unknown_words(partner: str, words: Sequence[UnknownWord]) -> None:
    """Log each word once by a process, and at most a thousand."""
    for what, word in dict.fromkeys((each.what, each.word) for each in words):
        if (partner, what, word) not in _LOGGED and len(_LOGGED) < MAX_WORDS_LOGGED:
            _LOGGED.add((partner, what, word))
            log_event(LogEvent.UNKNOWN_WORD, partner=partner, what=what, word=word)


def partner_device_id(partner: str, written: str) -> str:
    """The partner's device id as its reports have it; UnknownPartner where there is no such adapter."""
    return partners.device_id(partner, written)


async def redrive(services: Services, letter: DeadLetter) -> Answer:
    """Read a dead letter's body or item again, as received when it first was, and store what it holds.

    Raises UnreadableReport where it still cannot be read. An item stays one letter; of a body, what is still
    unreadable is dead-lettered item by item. The content is redacted: a record whose key or device fell to
    that is unreadable, and an id for linking that did is left out.
    """
    content = letter.body if isinstance(letter.body, str) else json.dumps(letter.body, ensure_ascii=False)
    records = partners.parse(
        letter.partner,
        content.encode("utf-8", "replace"),
        received_at=letter.received_at,
        words=partner_words(services.settings.words),
    )
    records = [_without_redacted(record) for record in records]
    unreadable = [record for record in records if isinstance(record, UnreadableRecord)]
    if unreadable and (letter.kind is not DeadLetterKind.BODY or len(unreadable) == len(records)):
        redacted = "; some of it was redacted when it was dead-lettered" if REDACTED in content else ""
        raise UnreadableReport(Unreadable.NOT_THIS_FORMAT, f"{unreadable[0].reason}{redacted}")
    return await _store_records(services, letter.partner, records, letter.received_at)


def _without_redacted(record: Record) -> Record:
    if isinstance(record, IgnoredRecord | UnreadableRecord):
        return record
    keys = (record.partner_device_id, record.report_id, getattr(record, "threat_key", None))
    if any(REDACTED in key for key in keys if key):
        return refused(record, "its key or its device was redacted when it was dead-lettered")
    ids = ("mdm_device_id", "serial", "udid")
    return record.model_copy(update={name: None for name in ids if REDACTED in (getattr(record, name) or "")})


def _counted(records: Sequence[Record]) -> list[Counted]:
    return [
        record
        for record in records
        if not isinstance(record, IgnoredRecord | UnreadableRecord | AppInventoryRecord)
    ]


def _check_content_type(headers: Headers) -> None:
    """A missing content type is no wrong one."""
    if headers.media_type not in CONTENT_TYPES | {""} or headers.charset not in {None, "utf-8", "utf8"}:
        raise WrongContentType("expected application/json, application/x-ndjson or text/plain, in UTF-8")


def _check_bytes(partner: str, body: bytes) -> None:
    """Over the limit before anybody has authenticated: logged, never stored."""
    if len(body) > MAX_BYTES:
        log_event(LogEvent.REPORT_REFUSED, partner=partner, kind=Unreadable.TOO_LARGE, size=len(body))
        raise UnreadableReport(Unreadable.TOO_LARGE, f"{len(body)} bytes: at most {MAX_BYTES} are taken")


async def _store(
    services: Services, records: Sequence[Counted], received_at: datetime, answer: Answer
) -> None:

    async def store(record: Counted) -> bool | StoreRefused:
        """Whether it is new, or why the store will not take it."""
        report = Report.of(record, record.partner_device_id or "", received_at)
        try:
            await services.store.create(report)
        except AlreadyStored:
            return False
        except StoreRefused as error:
            return error
        return True

    results = await bounded_gather(store, records, limit=CONCURRENCY)
    stored = []
    for record, result in zip(records, results, strict=True):
        if isinstance(result, StoreRefused):
            reason = f"cannot be stored: {result}"
            await keep_item(services, refused(record, reason), received_at)
            answer.rejected.append(RejectedItem(index=record.index, reason=reason))
        elif result:
            stored.append(record)
    answer.accepted = len(stored)
    answer.duplicates = len(records) - len(stored) - sum(isinstance(r, StoreRefused) for r in results)
    answer.not_counted = await _not_counted(services, stored)


async def _store_apps(services: Services, records: Sequence[Record], answer: Answer) -> None:
    """Keep the apps a partner reports, where an admin opted in; elsewhere they are ignored."""
    apps = [record for record in records if isinstance(record, AppInventoryRecord)]
    kept = await keep_apps(services, apps)
    answer.accepted += kept
    answer.ignored += len(apps) - kept


async def _not_counted(services: Services, records: Sequence[Counted]) -> int:
    try:
        switches = (await services.mirror.read()).switches
    except StoreUnavailable:
        return 0
    return sum(not switches.counts(record.partner, record.platform) for record in records)
