"""What refuses blocked devices, for an admin: the Conditional Access policies as the last sync read them, and
what What If said of them."""

from pydantic import BaseModel

from shared.cosmos import HISTORY
from shared.domain.canary_run import CANARY, CanaryRun
from shared.domain.enforcement import (
    ENFORCEMENT_ID,
    SIGN_INS_ID,
    Enforcement,
    PolicySeen,
    Refusal,
    SignInCheck,
    SignIns,
    Watched,
)
from shared.domain.mode import Mode
from shared.domain.moment import Moment, in_words
from shared.domain.tag import is_block
from shared.services import Services

CANARY_RUNS = 30


class EnforcementShown(BaseModel):
    """What refuses blocked devices."""

    mode: Mode
    attribute: str
    apps: list[str]
    """Apps that blocked devices are to be refused, by the setting."""
    block: Watched | None
    """The policy that refuses what is tagged; null where no sync has looked yet."""
    companion: Watched | None
    """The policy that refuses phones whose tag cannot be seen."""
    policies: list[PolicySeen]
    accepted_exclusions: dict[str, list[str]]
    """By role, whom the policies may leave out: ACCESS_EXCLUSIONS, or those that stood at first."""
    sign_ins: list[SignInCheck]
    """What What If said of a blocked and a clean phone of each platform, at each app."""
    sign_ins_answered_at: Moment | None
    """When it did; asked once an hour."""
    canary: list[CanaryRun]
    """The canary's latest runs, newest first: what was missed, and the seconds of each step."""


async def show_enforcement(services: Services) -> EnforcementShown:
    """What refuses blocked devices, and since when."""
    enforcement = await services.store.read(Enforcement, ENFORCEMENT_ID)
    sign_ins = await services.store.read(SignIns, SIGN_INS_ID)
    seen = enforcement.document if enforcement else None
    accepted = seen.accepted if seen else {}
    return EnforcementShown(
        mode=services.settings.mode,
        attribute=services.settings.attribute,
        apps=list(services.settings.access_apps),
        block=seen.block if seen else None,
        companion=seen.companion if seen else None,
        policies=list(seen.policies) if seen else [],
        accepted_exclusions={role.value: list(ids) for role, ids in accepted.items()},
        sign_ins=list(sign_ins.document.checks) if sign_ins else [],
        sign_ins_answered_at=sign_ins.document.answered_at if sign_ins else None,
        canary=await _canary_runs(services),
    )


async def _canary_runs(services: Services) -> list[CanaryRun]:
    device = services.settings.canary_device
    if not device:
        return []
    found = await services.store.page(
        CanaryRun,
        CanaryRun.container,
        HISTORY,
        size=CANARY_RUNS,
        token=None,
        partition=device,
        what=CANARY,
    )
    return list(found.rows)


async def enforcement_of(services: Services, tag: str | None) -> str | None:
    """Who refuses a device that bears `tag`, in a sentence; None where it bears no block."""
    if not is_block(tag):
        return None
    found = await services.store.read(Enforcement, ENFORCEMENT_ID)
    if found is None:
        return "tagged; no sync has looked yet at the Conditional Access policy that is to refuse it"
    block = found.document.block
    return _SENTENCES[block.refusal].format(since=in_words(block.since), why="; ".join(block.why))


_SENTENCES = {
    Refusal.WHOLE: "tagged, and a Conditional Access policy refuses it",
    Refusal.PARTLY: "tagged, but not refused everywhere since {since}: {why}",
    Refusal.NONE: "tagged, but nothing refuses it since {since}: {why}",
    Refusal.NOT_WATCHED: "tagged; whether a Conditional Access policy refuses it is not watched: {why}",
}
