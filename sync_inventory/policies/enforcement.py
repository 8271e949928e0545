"""What refuses blocked devices, looked at: the tag alone refuses nobody, a Conditional Access policy does."""

from shared.domain.access_policy import AccessPolicy
from shared.domain.enforcement import (
    ENFORCEMENT_ID,
    Enforcement,
    Refusal,
    Wanted,
    Watched,
    judge,
    not_watched,
)
from shared.domain.mode import Mode
from shared.domain.moment import iso_utc
from shared.errors import GraphNotFound, GraphRefused
from shared.graph.wire import AccessPolicyAnswer
from shared.log import LogEvent, log_event
from shared.services import Services
from shared.settings import Settings
from sync_inventory.tally import Tally


async def watch_policies(services: Services, tally: Tally) -> None:
    """Read the Conditional Access policies and keep what they refuse; written only when that changes.

    In mode `enforce` every run logs what is not refused, in the other modes the run that finds it. Where the
    list is refused, it is not watched, which is logged once.
    """
    found = await services.store.read(Enforcement, ENFORCEMENT_ID)
    before = found.document if found else None
    try:
        answers = await services.graph.access_policies()
    except (GraphRefused, GraphNotFound) as error:
        now = not_watched(f"the policies cannot be read: {type(error).__name__}", before, services.now())
    else:
        policies = [access_policy(answer) for answer in answers]
        now = judge(policies, wanted(services.settings), before, services.now())
    tally.add("policies", len(now.policies))
    _log("block", now.block, before.block if before else None, services.settings.mode)
    _log("companion", now.companion, before.companion if before else None, services.settings.mode)
    if before is not None and now.model_copy(update={"read_at": before.read_at}) == before:
        return
    await services.store.upsert(now)
    tally.add("written")


def wanted(settings: Settings) -> Wanted:
    """What the settings want refused."""
    return Wanted(
        settings.attribute, settings.access_apps, settings.access_exclusions, settings.watch_companion
    )


def access_policy(answer: AccessPolicyAnswer) -> AccessPolicy:
    """A policy as it is judged, from Graph's conditionalAccessPolicy."""
    grant = answer.grant
    return AccessPolicy(
        id=answer.id,
        name=answer.name,
        state=answer.state,
        conditions=answer.conditions,
        operator=grant.operator,
        controls=grant.built_in,
        other_controls=bool(grant.custom or grant.terms or grant.strength),
    )


def _log(policy: str, now: Watched, before: Watched | None, mode: Mode) -> None:
    changed = before is None or (before.refusal, before.why) != (now.refusal, now.why)
    lasting = mode is Mode.ENFORCE and now.refusal in {Refusal.PARTLY, Refusal.NONE}
    if not changed and not lasting:
        return
    if now.refusal is Refusal.WHOLE:
        if before is not None:
            log_event(LogEvent.ACCESS_REFUSED, policy=policy, mode=mode)
        return
    why, since = "; ".join(now.why), iso_utc(now.since)
    if now.refusal is Refusal.NOT_WATCHED:
        log_event(LogEvent.ACCESS_NOT_WATCHED, policy=policy, mode=mode, why=why)
        return
    log_event(
        LogEvent.ACCESS_NOT_REFUSED, policy=policy, refusal=now.refusal, since=since, mode=mode, why=why
    )
