"""A Conditional Access policy, and whether it refuses what it is to refuse: everything that narrows it is
named. Pure.

Source: Graph "conditionalAccessPolicy" (v1.0) and its conditions. A condition that is not known here narrows,
as soon as it says anything: Microsoft adds some every year.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.domain.access_words import EXCHANGE_ONLINE, GUESTS, ROLE, SHAREPOINT_ONLINE
from shared.domain.device_rule import Answer, FilterError, Test, compared, opposite, read_rule
from shared.domain.level import Level
from shared.domain.tag import NO_DATA_TAG, OK_TAG, RULE_TAG, block_tag

TEAMS = "cc15fd57-2c6c-4117-a88c-83b1d56b4bbe"
OFFICE_365 = frozenset({EXCHANGE_ONLINE, SHAREPOINT_ONLINE, TEAMS})
"""Of the apps of `Office365` those that are known here ("Apps included in Conditional Access Office 365")."""
BLOCK_TAGS = (*(block_tag(level) for level in (Level.LOW, Level.MEDIUM, Level.HIGH)), NO_DATA_TAG, RULE_TAG)
STATES = {"enabledForReportingButNotEnforced": "only reports", "disabled": "is off"}
"""What a policy that refuses nobody is said to do, by Graph's word for its state."""
_CLIENTS = frozenset({"browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "other"})
_PHONES = frozenset({"iOS", "android"})
_DEVICE_BOUND = frozenset(
    {"compliantDevice", "compliantApplication", "approvedApplication", "domainJoinedDevice"}
)
"""Controls that an unregistered device without a protected app does not meet."""
_EXCLUSIONS = {"excludeUsers": "", "excludeGroups": "", "excludeRoles": ROLE}

_KNOWN: Mapping[str, frozenset[str]] = {
    "users": frozenset(
        {
            *(f"{side}{what}" for side in ("include", "exclude") for what in ("Users", "Groups", "Roles")),
            *(f"{side}GuestsOrExternalUsers" for side in ("include", "exclude")),
        }
    ),
    "applications": frozenset({"includeApplications", "excludeApplications", "applicationFilter"}),
    "platforms": frozenset({"includePlatforms", "excludePlatforms"}),
}
"""What is looked at, by condition; anything else that is said there narrows."""

Conditions = Mapping[str, Any]


class Role(StrEnum):
    """What a policy is watched for."""

    BLOCK = "block"
    """It refuses the devices that bear our tag."""
    COMPANION = "companion"
    """It refuses phones whose tag cannot be seen, because they are not registered."""


@dataclass(frozen=True)
class AccessPolicy:
    """A policy as Graph serves it, as far as it is judged."""

    id: str
    name: str
    state: str
    conditions: Conditions = field(default_factory=dict)
    operator: str = "OR"
    controls: tuple[str, ...] = ()
    other_controls: bool = False
    """Whether it asks for an authentication strength, terms of use or a custom control besides."""

    def role(self, attribute: str) -> Role | None:
        """What it is for; None where it has nothing to do with our tag on `attribute`, or with compliance."""
        if self.controls == ("block",):
            ours = re.search(rf"\bdevice\.{re.escape(attribute)}\b", self._rule, re.IGNORECASE)
            return Role.BLOCK if ours else None
        of_phones = {*(_names(_part(self.conditions, "platforms"), "includePlatforms") or ("all",))}
        return (
            Role.COMPANION if "compliantDevice" in self.controls and of_phones & {*_PHONES, "all"} else None
        )

    @property
    def excluded(self) -> frozenset[str]:
        """Ids, in lower case, of the users, groups and roles it is not for."""
        users = _part(self.conditions, "users")
        named = {f"{mark}{id_}".lower() for key, mark in _EXCLUSIONS.items() for id_ in _names(users, key)}
        if "guestsorexternalusers" in named:
            return frozenset(named - {"guestsorexternalusers"} | {GUESTS})
        return frozenset(named | _guests(users.get("excludeGuestsOrExternalUsers")))

    def covers(self, app: str) -> bool:
        """Whether it is for an app (an id, `Office365` or `All`)."""
        apps = _part(self.conditions, "applications")
        return _has(apps.get("includeApplications"), app) and not _touches(
            apps.get("excludeApplications"), app
        )

    def faults(self, role: Role, attribute: str) -> tuple[str, ...]:
        """What narrows it, its state, its apps and its exclusions apart."""
        own = _block_faults(self, attribute) if role is Role.BLOCK else _companion_faults(self)
        return (*_common_faults(self.conditions), *own)

    def matches_nothing(self, attribute: str) -> bool:
        """Whether its filter for devices matches no value of a block for certain."""
        try:
            matches = _filter(self, attribute)
        except FilterError:
            return False
        return not any(matches(tag) for tag in BLOCK_TAGS)

    @property
    def _device_filter(self) -> Conditions:
        return _part(_part(self.conditions, "devices"), "deviceFilter")

    @property
    def _rule(self) -> str:
        return str(self._device_filter.get("rule") or "")


def beyond(excluded: AbstractSet[str], accepted: AbstractSet[str]) -> frozenset[str]:
    """The exclusions that are not among the accepted ones; who accepts all guests accepts each kind."""
    all_guests = GUESTS in accepted
    return frozenset(
        each for each in excluded - accepted if not (all_guests and each.startswith(f"{GUESTS}:"))
    )


def _guests(excluded: object) -> set[str]:
    """The kinds of guests that are excluded (conditionalAccessGuestOrExternalUserTypes: flags, joined by
    commas); all where none is named."""
    if _empty(excluded):
        return set()
    words = excluded.get("guestOrExternalUserTypes") if isinstance(excluded, Mapping) else None
    kinds = {kind.strip().lower() for kind in str(words or "").split(",")}
    return {f"{GUESTS}:{kind}" for kind in kinds - {"", "none"}} or {GUESTS}


def _common_faults(conditions: Conditions) -> Iterator[str]:
    """What narrows a policy of either role."""
    users, apps = _part(conditions, "users"), _part(conditions, "applications")
    if "All" not in _names(users, "includeUsers"):
        yield "is not for all users"
    clients = {*(_names(conditions, "clientAppTypes") or ("all",))}
    if "all" not in clients and not clients >= _CLIENTS:
        yield f"is only for the client apps {_listed(clients)}"
    if apps.get("applicationFilter"):
        yield "is narrowed by a filter for apps"
    platforms = _part(conditions, "platforms")
    included, excluded = ({*_names(platforms, f"{side}Platforms")} for side in ("include", "exclude"))
    if included and "all" not in included and not included >= _PHONES:
        yield f"is only for {_listed(included)}"
    if excluded & {*_PHONES, "all"}:
        yield f"is not for {_listed(excluded)}"
    locations = _part(conditions, "locations")
    if any(name != "includeLocations" or "All" not in _names(locations, name) for name in _said(locations)):
        yield "is narrowed by locations"
    for part, names in _KNOWN.items():
        said = set(_said(_part(conditions, part)))
        yield from (f"is narrowed by {part}.{name}" for name in sorted(said - names))
    known = {"users", "applications", "clientAppTypes", "platforms", "devices", "locations"}
    yield from (f"is narrowed by {name}" for name in _said(conditions) if name not in known)


def _block_faults(policy: AccessPolicy, attribute: str) -> Iterator[str]:
    devices = _part(policy.conditions, "devices")
    yield from (f"is narrowed by devices.{name}" for name in _said(devices) if name != "deviceFilter")
    try:
        matches = _filter(policy, attribute)
    except FilterError as error:
        yield f"has a filter for devices that cannot be read: {error}"
        return
    missed = [tag for tag in BLOCK_TAGS if matches(tag) is not True]
    if missed:
        yield f"does not match every device tagged {_listed(missed)}"
    if any(matches(tag) for tag in (OK_TAG, None)):
        yield "matches devices that are not blocked"


def _companion_faults(policy: AccessPolicy) -> Iterator[str]:
    yield from (f"is narrowed by devices.{name}" for name in _said(_part(policy.conditions, "devices")))
    others = {*policy.controls} - _DEVICE_BOUND
    if policy.operator.upper() != "AND" and (others or policy.other_controls):
        yield f"lets in without a device: {_listed(others) or 'another control is enough'}"


def _filter(policy: AccessPolicy, attribute: str) -> Callable[[str | None], Answer]:
    """Whether its filter for devices holds for a value of the tag; open where something else decides."""

    def question(name: str, operator: str, values: list[str | None]) -> Test[str | None]:
        if name == attribute.lower():
            return compared(lambda tag: tag, operator, values)
        return lambda tag: None

    holds = read_rule(policy._rule, question)
    included = policy._device_filter.get("mode") == "include"
    return holds if included else lambda tag: opposite(holds(tag))


def _has(listed: object, app: str) -> bool:
    """Whether a list of apps has all of `app` in it."""
    names = {str(name).lower() for name in listed} if isinstance(listed, list) else set()
    wanted = {"all", app.lower()} | ({"office365"} if app.lower() in OFFICE_365 else set())
    return bool(names & wanted)


def _touches(listed: object, app: str) -> bool:
    """Whether a list of apps has `app`, or some of it."""
    names = {str(name).lower() for name in listed} if isinstance(listed, list) else set()
    if app.lower() == "all":
        return bool(names)
    return _has(listed, app) or (app.lower() == "office365" and bool(names & OFFICE_365))


def _part(conditions: Conditions, name: str) -> Conditions:
    part = conditions.get(name)
    return part if isinstance(part, Mapping) else {}


def _names(part: Conditions, key: str) -> tuple[str, ...]:
    """The words of a list. What is no list is a word by itself, which nothing knows: it narrows."""
    value = part.get(key)
    if isinstance(value, list):
        return tuple(map(str, value))
    return () if _empty(value) else (str(value),)


def _said(conditions: Conditions) -> list[str]:
    """The names under which something is said: Graph sends null, empty lists and annotations for nothing."""
    return sorted(name for name, value in conditions.items() if "@" not in name and not _empty(value))


def _empty(value: object) -> bool:
    if isinstance(value, Mapping):
        return not _said(value)
    return value is None or value is False or value in ("", [], "none")


def _listed(words: Sequence[str] | set[str]) -> str:
    return ", ".join(sorted(words))
