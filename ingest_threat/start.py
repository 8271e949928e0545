"""Settings that make no sense to this room are refused when the app starts, not at the first message; what
makes sense and has a price is logged."""

from ingest_threat import authentication, partners
from ingest_threat.partner_words import partner_words
from shared.domain import event_only
from shared.errors import SettingsError
from shared.log import LogEvent, log_event
from shared.settings import Settings


def check(settings: Settings) -> None:
    """Refuse, at start, settings that name partners there are no adapters for, and weak secrets."""
    known = partners.known()
    named = [(f"PARTNERS_{p.upper()}", slug) for p, slugs in settings.partners.items() for slug in slugs]
    named += [(f"CONNECTOR_ID_{slug.upper()}", slug) for slug in settings.connector_ids]
    named += [(f"EVENT_ONLY_PRESENT_{slug.upper()}", slug) for slug in settings.event_only_present]
    others = {*settings.named(), *settings.polling}
    named += [(f"a setting that ends in _{slug.upper()}", slug) for slug in sorted(others)]
    for setting, slug in named:
        if slug not in known:
            raise SettingsError(
                f"{setting}: {slug!r} is no partner, expected one of {', '.join(sorted(known))}"
            )
    for slug in settings.event_only_present:
        if partners.says_clean(slug):
            raise SettingsError(
                f"EVENT_ONLY_PRESENT_{slug.upper()}: {slug} reports healthy phones too, so an agent that has "
                "not reported is not present"
            )
    authentication.check(settings)
    partner_words(settings.words)


def warn(settings: Settings) -> None:
    """Log, at start, which enabled partners never say that a phone is clean, and whom that may keep out.

    What Intune's connectors ask for is not known yet: GET /connectors says it.
    """
    switches = settings.switches()
    for partner in sorted({slug for slugs in settings.partners.values() for slug in slugs}):
        if partners.says_clean(partner, settings.polling.get(partner)):
            continue
        for warning in event_only.warnings(partner, switches):
            log_event(LogEvent.PARTNER_NEVER_CLEAN, partner=partner, what=warning)
