"""Which partner may have which apps of which device: Intune's opt-in matrix for app inventory. Pure.

| App Sync | full personal | corporate iOS       | personal iOS        | Android |
|----------|---------------|---------------------|---------------------|---------|
| off      | any           | nothing             | nothing             | nothing |
| on       | off           | managed + unmanaged | managed             | nothing |
| on       | on            | managed + unmanaged | managed + unmanaged | nothing |

Source: Intune "Enable the Mobile Threat Defense connector" (the two iOS toggles), "Mobile Threat Defense
integration" (connector states). What is not known is answered by the stricter row.
"""

from collections.abc import Mapping

from shared.domain.model import Ownership, Part
from shared.domain.record import Platform
from shared.domain.switches import Switches

ALLOWING = frozenset({"available", "enabled", "unresponsive", "error"})
"""States of a connector (lower case) that let App Sync be asked for. `unavailable` and `notSetUp` are
documented not to; a state nobody knows does not either."""


class OptIn(Part):
    """A partner's two iOS toggles in Intune, as they count: both off where the partner may have nothing."""

    app_sync: bool = False
    """allowPartnerToCollectIOSApplicationMetadata."""
    app_sync_personal: bool = False
    """allowPartnerToCollectIOSPersonalApplicationMetadata."""


OptIns = Mapping[str, OptIn]
"""By partner, those with App Sync on alone."""


def may_collect(opt_in: OptIn, platform: Platform, ownership: Ownership, managed: bool | None) -> bool:
    """Whether one app of one device may be collected for a partner: the matrix.

    Ownership that is not known counts as personal; an app of which nobody knows whether it is managed
    (`managed` None) counts as unmanaged.
    """
    if platform is not Platform.IOS or not opt_in.app_sync:
        return False
    return ownership is Ownership.COMPANY or opt_in.app_sync_personal or managed is True


def opt_in(partner: str, switches: Switches) -> OptIn:
    """What an admin opted in to for a partner; nothing without a mirrored connector, in a state that blocks
    App Sync, or where the partner does not count on iOS."""
    connector = switches.connectors.get(partner)
    if connector is None or connector.state.lower() not in ALLOWING or not connector.app_sync:
        return OptIn()
    if partner not in switches.counting(Platform.IOS):
        return OptIn()
    return OptIn(app_sync=True, app_sync_personal=connector.app_sync_personal)


def opt_ins(switches: Switches) -> dict[str, OptIn]:
    """The partners that may have anything at all."""
    found = {partner: opt_in(partner, switches) for partner in switches.connectors}
    return {partner: each for partner, each in found.items() if each.app_sync}


def narrowed(one: OptIns, other: OptIns) -> dict[str, OptIn]:
    """What both grant."""
    both = {
        partner: OptIn(
            app_sync=one[partner].app_sync and other[partner].app_sync,
            app_sync_personal=one[partner].app_sync_personal and other[partner].app_sync_personal,
        )
        for partner in one.keys() & other.keys()
    }
    return {partner: each for partner, each in both.items() if each.app_sync}


def widened(one: OptIns, other: OptIns) -> dict[str, OptIn]:
    """What either grants."""
    granted = {
        partner: [opt_ins[partner] for opt_ins in (one, other) if partner in opt_ins]
        for partner in one.keys() | other.keys()
    }
    return {
        partner: OptIn(
            app_sync=any(each.app_sync for each in either),
            app_sync_personal=any(each.app_sync_personal for each in either),
        )
        for partner, either in granted.items()
    }


def exceeds(one: OptIns, other: OptIns) -> bool:
    """Whether `one` grants anything that `other` does not."""
    return narrowed(one, other) != one
