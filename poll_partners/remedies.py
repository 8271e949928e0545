"""What to do about a run that failed, in words for whoever looks at it. Pure."""

from shared.errors import (
    CredentialRefused,
    SourceRefused,
    SourceUnavailable,
    SourceUnreadable,
    StoreUnavailable,
)

_REMEDIES: dict[type[Exception], str] = {
    CredentialRefused: (
        "make a new credential in the vendor's console and put it into the vault as POLL_SECRET_{slug} (with "
        "POLL_CLIENT_ID_{slug}, where the vendor has one); until then nothing is read"
    ),
    SourceRefused: (
        "compare the address (POLL_URL_, POLL_DROP_ or POLL_WORKSPACE_{slug}), and the key's role and "
        "licence or the role of the app's identity, with the partner's page"
    ),
    SourceUnavailable: (
        "nothing at first: later runs try again, and go on where this one stopped; if it lasts, look whether "
        "the vendor says that it is down"
    ),
    SourceUnreadable: (
        "the vendor may have changed its format: look into the dead letters of this partner, and for a newer "
        "version of this app; after three such runs the page is passed over as a gap"
    ),
    StoreUnavailable: "nothing: Cosmos DB did not take it in; the next run reads it again",
    Exception: "a fault of the app: report the error with the app's version; later runs try again",
}


def remedy(error: Exception, partner: str) -> str:
    """What an admin can do."""
    words = next(text for kind, text in _REMEDIES.items() if isinstance(error, kind))
    return words.format(slug=partner.upper())
