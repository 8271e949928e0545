"""Once an hour What If is asked about a blocked and a clean phone of each platform, at each chosen app."""

from collections.abc import AsyncIterator
from datetime import timedelta

from shared.cosmos import PHONES_WITH_VERDICT
from shared.domain.enforcement import SIGN_INS_ID, SignInCheck, SignIns
from shared.domain.mode import Mode
from shared.domain.model import Device, Verdict
from shared.domain.moment import iso_utc
from shared.domain.record import PLATFORMS, Platform
from shared.domain.sign_in import SignInVerdict, each_app
from shared.domain.tag import HIGH_TAG, OK_TAG, is_block
from shared.errors import GraphError, GraphNotFound, GraphRefused, GraphUnavailable
from shared.log import LogEvent, log_event
from shared.services import Services
from shared.what_if import ask_each, registered
from sync_inventory.tally import Tally

EVERY = timedelta(hours=1)
AWAY = timedelta(hours=24)
"""After so long without an answer every run logs it."""
LOOKED_AT = 20
"""Phones of a verdict and platform that are looked at for one with a user."""
TRIED = 2
"""Of those, how many are tried: Entra may have lost one, or its user."""


async def check_sign_ins(services: Services, tally: Tally) -> None:
    """Ask What If where an hour is over; what it said is kept, and what is not as expected is logged when it
    first is. Where What If does not answer, the last answers stay, with their time."""
    found = await services.store.read(SignIns, SIGN_INS_ID)
    before = found.document if found else None
    if before is not None and before.answered_at <= services.now() < before.answered_at + EVERY:
        return
    try:
        checks = tuple([check async for check in _checks(services)])
    except GraphError as error:
        tally.add("unanswered")
        _log_away(services, before, error)
        return
    tally.add("asked", len(checks))
    _log_unexpected(checks, before, services.settings.mode)
    await services.store.upsert(SignIns(checks=checks, answered_at=services.now()))


async def _checks(services: Services) -> AsyncIterator[SignInCheck]:
    """Of each platform a blocked and a clean phone, or another one as if it were; where one is refused, the
    next. GraphRefused where all are."""
    answered, refused = False, None
    for platform in PLATFORMS:
        blocked = await _phones(services, platform, Verdict.BLOCK)
        clean = await _phones(services, platform, Verdict.ALLOW)
        for is_blocked, phones in ((True, (*blocked, *clean)), (False, (*clean, *blocked))):
            for phone in phones:
                try:
                    checks = await _asked_of(services, phone, blocked=is_blocked)
                except GraphNotFound:
                    continue
                except GraphRefused as error:
                    refused = error
                    continue
                answered = True
                for check in checks:
                    yield check
                break
    if refused is not None and not answered:
        raise refused


async def _asked_of(services: Services, phone: Device, *, blocked: bool) -> list[SignInCheck]:
    """What is said of one phone at each app. Raises GraphNotFound where Entra has it or its user no more."""
    entra = await registered(services, phone)
    tag = _tag(entra.attributes.get(services.settings.attribute), blocked=blocked)
    apps = each_app(services.settings.access_apps)
    return [
        SignInCheck(
            platform=phone.facts.platform,
            app=app,
            device=phone.id,
            blocked=blocked,
            verdict=sign_in.verdict,
            verdict_once_on=sign_in.verdict_once_on,
        )
        async for app, sign_in in ask_each(services, phone, entra, apps, tag)
    ]


def _tag(value: str | None, *, blocked: bool) -> str | None:
    """The value the phone has, where that is of the kind asked about; else as if it had one."""
    return value if is_block(value) is blocked else (HIGH_TAG if blocked else OK_TAG)


async def _phones(services: Services, platform: Platform, verdict: Verdict) -> list[Device]:
    """Phones that What If can be asked about, TRIED at most, among the first of their verdict."""
    found: list[Device] = []
    token: str | None = None
    looked_at = 0
    while looked_at < LOOKED_AT and len(found) < TRIED:
        page = await services.store.page(
            Device,
            Device.container,
            PHONES_WITH_VERDICT,
            size=LOOKED_AT,
            token=token,
            verdict=verdict,
            platform=platform,
        )
        found += [phone for phone in page.rows if phone.facts.user_id and phone.facts.entra_id]
        looked_at, token = looked_at + max(1, len(page.rows)), page.token
        if token is None:
            break
    return found[:TRIED]


def _log_unexpected(checks: tuple[SignInCheck, ...], before: SignIns | None, mode: Mode) -> None:
    known = {(c.platform, c.app, c.blocked) for c in before.checks if not c.is_expected} if before else set()
    for check in checks:
        grave = check.blocked or check.verdict is SignInVerdict.REFUSES
        if not check.is_expected and grave and (check.platform, check.app, check.blocked) not in known:
            log_event(
                LogEvent.SIGN_IN_UNEXPECTED,
                device=check.device,
                platform=check.platform,
                app=check.app,
                blocked=check.blocked,
                verdict=check.verdict,
                mode=mode,
            )


def _log_away(services: Services, before: SignIns | None, error: GraphError) -> None:
    if before is None or not isinstance(error, GraphUnavailable):
        return
    if services.now() - before.answered_at >= AWAY:
        since = iso_utc(before.answered_at)
        log_event(LogEvent.WHAT_IF_AWAY, since=since, why=error)
