"""Whose data a device has to have, and whose are missing. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from evaluate_risk.counting import Counted
from shared.domain.level import Level
from shared.domain.record import Platform
from shared.domain.rule import Rule
from shared.domain.switches import PartnersMode, Switches

REPORTING_ONLY = (
    "the rule allows high, which is for reporting only: the connector says whether data may be missing"
)


class Need(Enum):
    """Who must have scanned a device, in words; and why an absent partner is excused, where one can be."""

    ALL = ("every enabled partner must scan", "")
    ONE = ("one of the enabled partners must scan", "one partner is enough")
    CONNECTOR = ("its connector blocks without data", "its connector does not insist")


@dataclass(frozen=True)
class Presence:
    """The partners that count for a device, held against those that have scanned it."""

    counted: Counted
    switches: Switches
    platform: Platform
    rules: Sequence[Rule]

    @property
    def missing(self) -> tuple[str, ...]:
        """Partners that must have reported and have not."""
        need = self._need
        if need is Need.ALL:
            return self._absent
        if self.one_is_enough and self.counted.present:
            return ()
        if need is Need.ONE:
            return self._absent
        return tuple(p for p in self._absent if self.switches.insists(p, self.platform))

    @property
    def missing_in_words(self) -> list[str]:
        """Who is missing, and why that matters."""
        why, _ = self._need.value
        said = [f"{partner} has not reported on this device: {why}" for partner in self.missing]
        return self._with_its_reason(said)

    @property
    def excused_in_words(self) -> list[str]:
        """Who has not reported and need not, and why."""
        _, why = self._need.value
        excused = [partner for partner in self._absent if partner not in self.missing]
        return self._with_its_reason(
            [f"{partner} has not reported on this device, and {why}" for partner in excused]
        )

    @property
    def one_is_enough(self) -> bool:
        """Whether one present agent speaks for all partners."""
        return self.switches.mode(self.platform) is PartnersMode.ANY

    @property
    def _absent(self) -> tuple[str, ...]:
        return tuple(p for p in self.counted.partners if p not in self.counted.present)

    @property
    def _need(self) -> Need:
        if len(self.counted.partners) < 2 or self._is_for_reporting_only:
            return Need.CONNECTOR
        return Need.ONE if self.one_is_enough else Need.ALL

    @property
    def _is_for_reporting_only(self) -> bool:
        """Whether every rule allows high, which no threat exceeds.

        memdocs (create-compliance-policy) asks for an activated app then, and the connector has a switch of
        its own for data that are missing: the switch decides.
        """
        return bool(self.rules) and all(rule.allowed is Level.HIGH for rule in self.rules)

    def _with_its_reason(self, said: list[str]) -> list[str]:
        return [*said, REPORTING_ONLY] if said and self._is_for_reporting_only else said
