"""From a partner's message to stored reports: authenticate, parse, store, answer. One of the doors.

202 means every readable item is in Cosmos DB. Where one could not be stored, the whole message is answered
with an error that asks for it again; what had been stored is recognised then and not stored twice.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel, JsonValue

from ingest_threat import partners
from ingest_threat.authentication import checked_secrets, verify
from ingest_threat.body import MAX_BYTES
from ingest_threat.redaction import redacted
from shared.errors import (
    AlreadyStored,
    NotAuthentic,
    SettingsError,
    StoreRefused,
    StoreUnavailable,
    Unreadable,
    UnreadableReport,
    WrongContentType,
)
from shared.events import Event, tell
from shared.model import DeadLetter, Report, digest
from shared.record import AppInventoryRecord, Counted, IgnoredRecord, Record, UnreadableRecord
from shared.services import Services
from shared.settings import Settings

CONCURRENCY = 32
"""Reports of one message stored side by side."""
CONTENT_TYPES = frozenset(
    {"application/json", "application/x-ndjson", "application/ndjson", "application/jsonl", "text/plain"}
)


class Rejected(BaseModel):
    """One item that could not be read or stored; it lies in `dead_letters`."""

    index: int
    reason: str


class Answer(BaseModel):
    """What became of a message's items."""

    accepted: int = 0
    duplicates: int = 0
    not_counted: int = 0
    """How many of the accepted ones decide nothing as things are switched now: a hint."""
    ignored: int = 0
    rejected: list[Rejected] = []


def check(settings: Settings) -> None:
    """Refuse, at start, settings that name partners there are no adapters for, and weak secrets."""
    known = partners.known()
    named = {slug for slugs in settings.partners.values() for slug in slugs}
    for slug in sorted(named | set(settings.webhook_secrets) | set(settings.connector_ids)):
        if slug not in known:
            raise SettingsError(f"{slug!r} is no partner: expected one of {', '.join(sorted(known))}")
    for slug, text in settings.webhook_secrets.items():
        try:
            checked_secrets(text)
        except SettingsError as error:
            raise SettingsError(f"WEBHOOK_SECRETS_{slug.upper()}: {error}") from None


async def receive(services: Services, partner: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Take a partner's message in. Raises UnknownPartner, NotAuthentic, WrongContentType, UnreadableReport or
    StoreUnavailable; in each of these cases the partner may send it again."""
    partners.check_known(partner)
    _check_bytes(partner, body)
    _authenticate(services.settings, partner, headers, body)
    _check_content_type(headers)
    return await accept(services, partner, body)


async def accept(services: Services, partner: str, body: bytes) -> Answer:
    """Store an authentic message's records, and set aside what cannot be read."""
    received_at = services.now()
    try:
        records = partners.parse(partner, body, received_at=received_at)
    except UnreadableReport as unreadable:
        await _set_body_aside(services, partner, body, unreadable, received_at)
        raise
    answer = Answer(ignored=sum(isinstance(r, IgnoredRecord | AppInventoryRecord) for r in records))
    for record in records:
        if isinstance(record, UnreadableRecord):
            await _set_item_aside(services, record, received_at)
            answer.rejected.append(Rejected(index=record.index, reason=record.reason))
    await _store(services, _counted(records), received_at, answer)
    answer.rejected.sort(key=lambda rejected: rejected.index)
    tell(
        Event.REPORTS_ACCEPTED,
        partner=partner,
        accepted=answer.accepted,
        duplicates=answer.duplicates,
        ignored=answer.ignored,
        rejected=len(answer.rejected),
    )
    return answer


def _counted(records: Sequence[Record]) -> list[Counted]:
    return [
        record
        for record in records
        if not isinstance(record, IgnoredRecord | UnreadableRecord | AppInventoryRecord)
    ]


def _authenticate(settings: Settings, partner: str, headers: Mapping[str, str], body: bytes) -> None:
    try:
        verify(partner, headers, body, checked_secrets(settings.webhook_secrets.get(partner, "")))
    except NotAuthentic as error:
        tell(Event.NOT_AUTHENTIC, partner=partner, why=error)
        raise


def _check_content_type(headers: Mapping[str, str]) -> None:
    """A missing content type is no wrong one."""
    stated = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    kind, _, parameters = stated.partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if kind.strip().lower() not in CONTENT_TYPES | {""} or charset not in {"", "utf-8", "utf8"}:
        raise WrongContentType("expected application/json, application/x-ndjson or text/plain, in UTF-8")


def _check_bytes(partner: str, body: bytes) -> None:
    """Over the limit or no text at all, before anybody has proved anything: told, never stored."""
    if len(body) > MAX_BYTES:
        tell(Event.REPORT_REFUSED, partner=partner, kind=Unreadable.TOO_LARGE, size=len(body))
        raise UnreadableReport(Unreadable.TOO_LARGE, f"{len(body)} bytes: at most {MAX_BYTES} are taken")
    try:
        body.decode()
    except UnicodeDecodeError as error:
        sha256 = hashlib.sha256(body).hexdigest()
        tell(Event.REPORT_REFUSED, partner=partner, kind="not_utf8", size=len(body), sha256=sha256)
        raise UnreadableReport(Unreadable.MALFORMED, "the body is not UTF-8") from error


async def _store(
    services: Services, records: Sequence[Counted], received_at: datetime, answer: Answer
) -> None:
    gate = asyncio.Semaphore(CONCURRENCY)

    async def one(record: Counted) -> bool:
        async with gate:
            report = Report.of(record, record.partner_device_id or "", received_at)
            try:
                await services.store.create(report)
            except AlreadyStored:
                return False
        return True

    results = await asyncio.gather(*map(one, records), return_exceptions=True)
    stored = []
    for record, result in zip(records, results, strict=True):
        if isinstance(result, StoreRefused):
            reason = f"cannot be stored: {result}"
            await _set_item_aside(services, _unreadable(record, reason), received_at)
            answer.rejected.append(Rejected(index=record.index, reason=reason))
        elif isinstance(result, BaseException):
            raise result
        elif result:
            stored.append(record)
    answer.accepted = len(stored)
    answer.duplicates = len(records) - len(stored) - sum(isinstance(r, StoreRefused) for r in results)
    answer.not_counted = await _not_counted(services, stored)


async def _not_counted(services: Services, records: Sequence[Counted]) -> int:
    try:
        switches = (await services.mirror.read()).switches
    except StoreUnavailable:
        return 0
    return sum(not switches.counts(record.partner, record.platform) for record in records)


def _unreadable(record: Counted, reason: str) -> UnreadableRecord:
    return UnreadableRecord(partner=record.partner, index=record.index, reason=reason)


async def _set_body_aside(
    services: Services, partner: str, body: bytes, unreadable: UnreadableReport, received_at: datetime
) -> None:
    """Keep a body that is JSON, redacted; of any other only size, hash and reason."""
    sha256 = hashlib.sha256(body).hexdigest()
    tell(Event.REPORT_REFUSED, partner=partner, kind=unreadable.kind, size=len(body), sha256=sha256)
    content: JsonValue = None
    if unreadable.kind is Unreadable.NOT_THIS_FORMAT:
        try:
            content = redacted(json.loads(body))
        except ValueError:
            content = None
    await _keep(
        services,
        DeadLetter(
            id=hashlib.sha256(partner.encode() + b"\0" + body).hexdigest(),
            partner=partner,
            reason=unreadable.reason,
            kind="body",
            received_at=received_at,
            size=len(body),
            sha256=sha256,
            body=content,
        ),
    )


async def _set_item_aside(services: Services, record: UnreadableRecord, received_at: datetime) -> None:
    content = redacted(record.raw)
    text = json.dumps(content)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    tell(Event.DEAD_LETTER, partner=record.partner, kind="item", why=record.reason)
    await _keep(
        services,
        DeadLetter(
            id=digest([record.partner, record.reason, content]),
            partner=record.partner,
            reason=record.reason,
            kind="item",
            received_at=received_at,
            size=len(text),
            sha256=sha256,
            index=record.index,
            body=content,
        ),
    )


async def _keep(services: Services, letter: DeadLetter) -> None:
    """Store a dead letter, without its content where that is what Cosmos DB refuses."""
    try:
        await services.store.upsert(letter)
    except StoreRefused:
        await services.store.upsert(letter.model_copy(update={"body": None}))
