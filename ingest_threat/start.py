"""Settings that make no sense to this room are refused when the app starts, not at the first message."""

from ingest_threat import authentication, partners
from ingest_threat.partner_words import partner_words
from shared.errors import SettingsError
from shared.settings import Settings


def check(settings: Settings) -> None:
    """Refuse, at start, settings that name partners there are no adapters for, and weak secrets."""
    known = partners.known()
    named = [(f"PARTNERS_{p.upper()}", slug) for p, slugs in settings.partners.items() for slug in slugs]
    named += [(f"CONNECTOR_ID_{slug.upper()}", slug) for slug in settings.connector_ids]
    named += [(f"a setting that ends in _{slug.upper()}", slug) for slug in settings.named()]
    for setting, slug in named:
        if slug not in known:
            raise SettingsError(
                f"{setting}: {slug!r} is no partner, expected one of {', '.join(sorted(known))}"
            )
    authentication.check(settings)
    partner_words(settings.words)
