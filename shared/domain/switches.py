"""Which partners count on which platform: the settings, and the switches of Intune's connectors. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.domain.record import PLATFORMS, Platform

if TYPE_CHECKING:
    from shared.domain.connector import Connector


class PartnersMode(StrEnum):
    """Of several partners that count on a platform, who must have scanned a device."""

    ALL = "all"
    """Every one, as Microsoft asks."""
    ANY = "any"
    """One is enough, and the worst of what any of them says counts: while vendors change."""


@dataclass(frozen=True)
class Switches:
    """A partner counts where the settings enable it and its mirrored connector, if there is one, is on."""

    enabled: Mapping[Platform, tuple[str, ...]] = field(default_factory=dict)
    """Partners enabled in the settings, in their order."""
    preferred: Mapping[Platform, str] = field(default_factory=dict)
    """The one partner that counts on a platform where several are enabled."""
    connectors: Mapping[str, "Connector"] = field(default_factory=dict)
    """Mirrored connectors by partner, where the settings name one (CONNECTOR_ID_<SLUG>)."""
    minimum_os: Mapping[str, Mapping[Platform, str]] = field(default_factory=dict)
    """The least version of the operating system that a partner supports, from the local rules' file: Graph
    v1.0 says only that a connector blocks older ones, not which those are."""
    modes: Mapping[Platform, PartnersMode] = field(default_factory=dict)
    """Where it is not `all`."""
    event_only_present: frozenset[str] = frozenset()
    """Partners that report threats alone, and whose linked agents are taken for present before their first
    report."""

    def counting(self, platform: Platform) -> tuple[str, ...]:
        """The partners whose reports count on `platform`."""
        on = tuple(p for p in self.enabled.get(platform, ()) if not self._switched_off(p, platform))
        preferred = self.preferred.get(platform)
        return (preferred,) if preferred in on else on

    def mode(self, platform: Platform) -> PartnersMode:
        """Who must have scanned a device of `platform`."""
        return self.modes.get(platform, PartnersMode.ALL)

    def counts(self, partner: str, platform: Platform | None) -> bool:
        """Whether a report of `partner` counts there; on any platform where the report names none."""
        platforms = PLATFORMS if platform is None else (platform,)
        return any(partner in self.counting(each) for each in platforms)

    def insists(self, partner: str, platform: Platform) -> bool:
        """Whether the partner's connector blocks devices that have never reported."""
        connector = self.connectors.get(partner)
        return connector is not None and platform in connector.blocked_on_missing_data

    def oldest_supported(self, partner: str, platform: Platform) -> str | None:
        """The least version a device may run, where the partner's connector blocks older ones and it is
        known."""
        connector = self.connectors.get(partner)
        if connector is None or not connector.unsupported_os_blocked:
            return None
        return self.minimum_os.get(partner, {}).get(platform)

    def state(self) -> list[object]:
        """Everything a decision reads from here, in a fixed order, for a version."""
        return [
            sorted((platform.value, list(partners)) for platform, partners in self.enabled.items()),
            sorted((platform.value, partner) for platform, partner in self.preferred.items()),
            sorted(self.event_only_present),
            sorted((platform.value, mode.value) for platform, mode in self.modes.items()),
            sorted(
                (partner, sorted(connector.enabled), sorted(connector.blocked_on_missing_data))
                for partner, connector in self.connectors.items()
            ),
            sorted(
                (partner, platform.value, least)
                for partner in self.minimum_os
                for platform in PLATFORMS
                if (least := self.oldest_supported(partner, platform))
            ),
        ]

    def _switched_off(self, partner: str, platform: Platform) -> bool:
        connector = self.connectors.get(partner)
        return connector is not None and platform not in connector.enabled
