"""What refuses blocked devices: the Conditional Access policies as the last sync read them. The tag alone
refuses nobody. Pure."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from shared.domain.access_policy import STATES, AccessPolicy, Role, beyond
from shared.domain.model import Document, Part
from shared.domain.moment import Moment
from shared.domain.record import Platform
from shared.domain.sign_in import ENABLED, SignInVerdict

ENFORCEMENT_ID = "enforcement"
SIGN_INS_ID = "sign_ins"


class Refusal(StrEnum):
    """How far blocked devices are refused, or unregistered phones by the companion."""

    WHOLE = "whole"
    """By an enabled policy that nothing narrows, at every chosen app."""
    PARTLY = "partly"
    """Some users, apps, clients or values of the tag are left out."""
    NONE = "none"
    """No policy that is on refuses them: off, only reporting, removed, or never imported."""
    NOT_WATCHED = "not_watched"
    """The policies cannot be read."""


class PolicySeen(Part):
    """One policy that has to do with the tag, and what is to be said of it."""

    id: str
    name: str
    role: Role
    state: str
    faults: tuple[str, ...] = ()


class Watched(Part):
    """What one of the two policies does, and since when."""

    refusal: Refusal
    since: Moment
    why: tuple[str, ...] = ()
    """What is missing; empty where nothing is."""


class Enforcement(Document):
    """What refuses blocked devices, as the last sync that could read it found it."""

    container: ClassVar[str] = "settings"
    id: str = ENFORCEMENT_ID
    block: Watched
    companion: Watched
    policies: tuple[PolicySeen, ...] = ()
    accepted: dict[Role, tuple[str, ...]] = Field(default_factory=dict)
    """The exclusions that stood when a policy was first seen enabled, less those taken away since: what goes
    beyond them has grown. Where ACCESS_EXCLUSIONS names them, those."""
    read_at: Moment
    """When something of it last changed."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is known to be missing."""
        fine = {Refusal.WHOLE, Refusal.NOT_WATCHED}
        return self.block.refusal in fine and self.companion.refusal in fine


class SignInCheck(Part):
    """What What If said of one phone and app."""

    platform: Platform
    app: str
    device: str
    blocked: bool
    """Whether it was asked with one of our blocking values in the attribute, or with a clean one."""
    verdict: SignInVerdict
    """By the policies that are on."""
    verdict_once_on: SignInVerdict
    """By those that only report, too."""

    @property
    def is_expected(self) -> bool:
        """Whether a blocked phone is refused, and a clean one is not."""
        return (self.verdict is SignInVerdict.REFUSES) is self.blocked


class SignIns(Document):
    """What What If said the last time it answered: of a blocked and a clean phone, per app and platform."""

    container: ClassVar[str] = "settings"
    id: str = SIGN_INS_ID
    checks: tuple[SignInCheck, ...] = ()
    answered_at: Moment


@dataclass(frozen=True)
class Wanted:
    """What an admin wants refused."""

    attribute: str
    """The Entra device property that carries the tag."""
    apps: Sequence[str]
    exclusions: frozenset[str] | None = None
    """Ids of whom the policies may leave out; None where those that stood at first may be."""
    companion: bool = True
    """Whether the companion is watched."""


def judge(
    policies: Sequence[AccessPolicy], wanted: Wanted, before: Enforcement | None, now: datetime
) -> Enforcement:
    """What the policies of a tenant refuse."""
    by_role = {
        role: [policy for policy in policies if policy.role(wanted.attribute) is role] for role in Role
    }
    narrowed = {
        policy.id: policy.faults(role, wanted.attribute) for role, each in by_role.items() for policy in each
    }
    on = {role: _on(role, by_role[role], wanted) for role in Role}
    left_out = {role: _left_out(on[role], narrowed, wanted.apps) for role in Role}
    accepted = {
        role: known
        for role in Role
        if (known := _accepted(role, on[role], left_out[role], wanted, before)) is not None
    }
    faults = {
        policy.id: (
            *narrowed[policy.id],
            *_grown(
                policy,
                beyond(left_out[role], accepted[role]) if policy in on[role] else frozenset(),
            ),
        )
        for role, each in by_role.items()
        for policy in each
    }
    watched = {role: _watched(role, by_role[role], narrowed, faults, wanted) for role in Role}
    return Enforcement(
        block=_since(*watched[Role.BLOCK], before.block if before else None, now),
        companion=_since(*watched[Role.COMPANION], before.companion if before else None, now),
        policies=tuple(
            PolicySeen(
                id=policy.id, name=policy.name, role=role, state=policy.state, faults=faults[policy.id]
            )
            for role, each in by_role.items()
            for policy in sorted(each, key=lambda policy: policy.id)
        ),
        accepted={role: tuple(sorted(known)) for role, known in accepted.items()},
        read_at=now,
    )


def not_watched(why: str, before: Enforcement | None, now: datetime) -> Enforcement:
    """The same where the policies may not be read; what is accepted stays."""
    return Enforcement(
        block=_since(Refusal.NOT_WATCHED, (why,), before.block if before else None, now),
        companion=_since(Refusal.NOT_WATCHED, (why,), before.companion if before else None, now),
        accepted=before.accepted if before else {},
        read_at=now,
    )


def _accepted(
    role: Role,
    on: Sequence[AccessPolicy],
    left_out: frozenset[str],
    wanted: Wanted,
    before: Enforcement | None,
) -> frozenset[str] | None:
    """The exclusions of a role that have not grown; None as long as none of its policies was ever on."""
    if wanted.exclusions is not None:
        return wanted.exclusions
    known = before.accepted.get(role) if before else None
    if known is None:
        return left_out if on else None
    return left_out - beyond(left_out, frozenset(known)) if on else frozenset(known)


def _left_out(
    on: Sequence[AccessPolicy], narrowed: Mapping[str, tuple[str, ...]], apps: Sequence[str]
) -> frozenset[str]:
    """Whom the policies that count leave out at some app: of several for an app, those whom each leaves out.
    The exclusions of a narrower one, made for something else, are no measure."""
    each_app = (_counting(on, narrowed, app) for app in apps)
    return frozenset().union(
        *(frozenset.intersection(*(policy.excluded for policy in some)) for some in each_app if some)
    )


def _counting(
    on: Sequence[AccessPolicy], narrowed: Mapping[str, tuple[str, ...]], app: str
) -> list[AccessPolicy]:
    """Of the policies for an app those that are narrowed least."""
    covering = [policy for policy in on if policy.covers(app)]
    if not covering:
        return []
    least = min(len(narrowed[policy.id]) for policy in covering)
    return [policy for policy in covering if len(narrowed[policy.id]) == least]


def _on(role: Role, policies: Sequence[AccessPolicy], wanted: Wanted) -> list[AccessPolicy]:
    """Those that are on, and refuse something."""
    return [policy for policy in policies if policy.state == ENABLED and not _is_idle(policy, role, wanted)]


def _grown(policy: AccessPolicy, new: AbstractSet[str]) -> tuple[str, ...]:
    """The exclusions of a policy that are among the new ones, as a fault."""
    grown = sorted(policy.excluded & new)
    return (f"leaves out {', '.join(grown)}, which it did not before",) if grown else ()


def _watched(
    role: Role,
    policies: Sequence[AccessPolicy],
    narrowed: Mapping[str, tuple[str, ...]],
    faults: Mapping[str, tuple[str, ...]],
    wanted: Wanted,
) -> tuple[Refusal, tuple[str, ...]]:
    """How far the policies of a role refuse, and what is missing. Each app needs one that does; where none
    does, it counts what the one that leaves out least lacks."""
    if role is Role.COMPANION and not wanted.companion:
        return Refusal.WHOLE, ()
    on = _on(role, policies, wanted)
    if not policies:
        return Refusal.NONE, ("there is no such policy",)
    if not on:
        return Refusal.NONE, tuple(_off(policy, faults[policy.id]) for policy in policies)
    why: dict[str, None] = {}
    open_apps = 0
    for app in wanted.apps:
        counting = _counting(on, narrowed, app)
        best = min(counting, key=lambda policy: len(faults[policy.id]), default=None)
        if best is None:
            open_apps += 1
            why[f"no policy that is on is for the app {app}"] = None
            continue
        why |= {f"{best.name!r} {fault}": None for fault in faults[best.id]}
    if open_apps == len(wanted.apps):
        return Refusal.NONE, tuple(why)
    return (Refusal.PARTLY if why else Refusal.WHOLE), tuple(why)


def _is_idle(policy: AccessPolicy, role: Role, wanted: Wanted) -> bool:
    return role is Role.BLOCK and policy.matches_nothing(wanted.attribute)


def _off(policy: AccessPolicy, faults: Sequence[str]) -> str:
    # One that is on and matches nothing has that for a fault.
    why = faults[0] if policy.state == ENABLED else STATES.get(policy.state, f"is {policy.state}")
    return f"{policy.name!r} {why}"


def _since(refusal: Refusal, why: tuple[str, ...], before: Watched | None, now: datetime) -> Watched:
    """The same since then, where it was so before."""
    return Watched(
        refusal=refusal, why=why, since=before.since if before and before.refusal is refusal else now
    )
