"""Partners that report threats alone, and never that a phone is clean: whom that would keep out. Pure.

Of a healthy phone such a partner says nothing, so a phone that must be reported on before it is let in never
is, until its first threat.
"""

from shared.domain.record import PLATFORMS, Platform
from shared.domain.switches import PartnersMode, Switches

NEVER_CLEAN = "it reports threats and never that a phone is clean"


def warnings(partner: str, switches: Switches) -> list[str]:
    """What to look at where `partner` is such a one: a sentence for each platform on which it counts."""
    setting = f"EVENT_ONLY_PRESENT_{partner.upper()}"
    return [
        f"{NEVER_CLEAN}: {_on(platform, partner, switches, setting)}"
        for platform in PLATFORMS
        if partner in switches.counting(platform)
    ]


def _on(platform: Platform, partner: str, switches: Switches, setting: str) -> str:
    several = len(switches.counting(platform)) > 1
    ways = f"set {setting}, PREFERRED_PARTNER_{platform.upper()}, or let another partner count alone"
    if partner in switches.event_only_present:
        return f"on {platform} its linked agents are taken for present before their first report ({setting})"
    if several and switches.mode(platform) is PartnersMode.ALL:
        return f"on {platform} all partners must scan, so every healthy phone is kept out; {ways}"
    if several:
        return f"on {platform} one partner must scan, so healthy phones with its agent alone are kept out"
    if switches.insists(partner, platform):
        return f"on {platform} its connector blocks without data, so every healthy phone is kept out; {ways}"
    return f"on {platform} its connector must not block without data, or every healthy phone is kept out"
