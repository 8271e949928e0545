"""Authentication of partners: a message comes from its partner, by the scheme that is set for it and no
other.

One module of `schemes` for each. A partner whose scheme is not wholly set is off: nothing is ever taken
unauthenticated.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from ingest_threat.schemes import bearer, header, shared_key, webhook
from shared.domain.authentication import NEEDED, OPTIONAL, Scheme, setting
from shared.errors import NotAuthentic, SettingsError
from shared.headers import Headers
from shared.settings import Settings

_CHECKED: Mapping[str, Callable[[str], object]] = {
    "webhook_secrets": webhook.checked_secrets,
    "header_name": header.checked_name,
    "header_secrets": header.checked_secrets,
    "entra_tenant": bearer.checked_tenant,
    "entra_audience": bearer.checked_audience,
    "entra_app_ids": bearer.checked_app_ids,
    "shared_key_workspace": shared_key.checked_workspace,
    "shared_keys": shared_key.checked_keys,
}


async def authenticate(
    settings: Settings, partner: str, headers: Headers, body: bytes, now: datetime
) -> None:
    """Raise NotAuthentic unless the message is its partner's by what `settings` say.

    KeysUnavailable where a key server that must be asked does not answer. The reason is for the log and holds
    nothing of the message. `settings` have been through `check`.
    """
    missing = settings.missing(partner)
    if missing:
        raise NotAuthentic(f"{partner} is off: {', '.join(missing)} not set")
    match settings.scheme(partner):
        case Scheme.WEBHOOK:
            secrets = webhook.checked_secrets(settings.webhook_secrets[partner])
            webhook.verify(headers, body, secrets, now)
        case Scheme.HEADER:
            name = settings.header_name.get(partner, header.DEFAULT_NAME)
            header.verify(headers, name, header.checked_secrets(settings.header_secrets[partner]))
        case Scheme.ENTRA:
            await bearer.verify(headers, settings.entra_authority, _client(settings, partner))
        case Scheme.SHARED_KEY:
            workspace = settings.shared_key_workspace[partner]
            keys = shared_key.checked_keys(settings.shared_keys[partner])
            shared_key.verify(headers, body, workspace, keys, now)


def _client(settings: Settings, partner: str) -> bearer.PartnerClient:
    return bearer.PartnerClient(
        tenant=bearer.checked_tenant(settings.entra_tenant[partner]),
        audience=bearer.checked_audience(settings.entra_audience[partner]),
        app_ids=bearer.checked_app_ids(settings.entra_app_ids[partner]),
    )


def check(settings: Settings) -> None:
    """Refuse, at start, credentials that are weak, senseless or of a scheme that is not the partner's.

    SettingsError names the setting and never quotes a secret.
    """
    for partner in settings.named():
        scheme = settings.scheme(partner)
        for field, text in settings.given(partner).items():
            name = setting(field, partner)
            if field not in (*NEEDED[scheme], *OPTIONAL.get(scheme, ())):
                raise SettingsError(f"{name} is set, but {setting('auth', partner)} is {scheme.value}")
            try:
                if not _CHECKED[field](text):
                    raise SettingsError("expected at least one")
            except SettingsError as error:
                raise SettingsError(f"{name}: {error}") from None
