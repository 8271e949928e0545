"""The app's settings, read once from the environment and checked whole.

A senseless value is refused with one line that names the setting and says what is expected; no message
repeats a secret. The table with every setting's meaning is docs/settings.md.
"""

import os
import re
from collections.abc import Mapping
from functools import cache

from pydantic import Field

from shared.domain.access_words import EXCHANGE_ONLINE, GROUPS_OF_APPS, GUESTS, ROLE, SHAREPOINT_ONLINE
from shared.domain.authentication import FIELDS, AuthenticationSettings, Scheme, setting
from shared.domain.follow_up import FollowUp
from shared.domain.mode import Mode
from shared.domain.on_silence import OnSilence
from shared.domain.poll_settings import PollSettings
from shared.domain.record import PLATFORMS, Platform
from shared.domain.switches import PartnersMode, Switches
from shared.environment import GUID, boolean, choice, day, integer, moment, text, url, words
from shared.errors import SettingsError
from shared.static_secret import fault

_SLUG = re.compile(r"[a-z][a-z0-9_]*")
_SCHEME = "AUTH_"
_CONNECTOR = "CONNECTOR_ID_"
_WORDS = "WORDS_"
_READ_KEY = "READ_KEY_"
_EVENT_ONLY = "EVENT_ONLY_PRESENT_"
_POLL_URL = "POLL_URL_"
_POLL_CLIENT_ID = "POLL_CLIENT_ID_"
_POLL_SECRET = "POLL_SECRET_"  # noqa: S105 - the name of a setting
_POLL_TENANT = "POLL_TENANT_"
_POLL_STREAM = "POLL_STREAM_"
_POLL_DROP = "POLL_DROP_"
_POLL_WORKSPACE = "POLL_WORKSPACE_"
_POLL_BEGIN = "POLL_BEGIN_"
_POLL_EXPIRES = "POLL_EXPIRES_"
_POLLS = (
    *(_POLL_URL, _POLL_CLIENT_ID, _POLL_SECRET, _POLL_TENANT, _POLL_STREAM, _POLL_DROP, _POLL_WORKSPACE),
    *(_POLL_BEGIN, _POLL_EXPIRES),
)
CANARY_PARTNERS = ("checkpoint_harmony", "lookout", "pradeo", "zimperium")
"""Whose messages name a device by its Intune id: the canary's agent needs no link by hand."""
_CONNECTION = re.compile(r"(?=(.*;)?AccountEndpoint=https?://)(?=(.*;)?AccountKey=[^;])")


class Settings(AuthenticationSettings):
    """Everything an admin can set. Texts as given; lists of partners by slug."""

    mode: Mode = Mode.REPORT
    tag_attribute: int = 7
    tag_all: bool = False
    partners: Mapping[Platform, tuple[str, ...]] = Field(default_factory=dict)
    """Partners enabled on a platform; every partner that can authenticate where none is named."""
    preferred_partner: Mapping[Platform, str] = Field(default_factory=dict)
    partners_mode: Mapping[Platform, PartnersMode] = Field(default_factory=dict)
    """Where it is not `all`."""
    event_only_present: frozenset[str] = frozenset()
    """Partners that report threats alone, and whose linked agents are taken for present all the same."""
    connector_ids: Mapping[str, str] = Field(default_factory=dict)
    words: Mapping[str, str] = Field(default_factory=dict)
    """Words of a partner's vocabulary, separated by commas, by `<slug>_<name>`."""
    polling: Mapping[str, PollSettings] = Field(default_factory=dict)
    """Partners whose interfaces are polled, by slug."""
    cosmos_connection_string: str = ""
    cosmos_endpoint: str = ""
    graph_base_url: str = "https://graph.microsoft.com/v1.0"
    entra_authority: str = "https://login.microsoftonline.com"
    admin_tenant: str = ""
    """GUID in lower case; empty, as the audience then is, where admins cannot write."""
    admin_audience: str = ""
    read_keys: Mapping[str, str] = Field(default_factory=dict)
    """Keys that open reads, by their names in lower case (READ_KEY_<NAME>)."""
    rules_file: str = "rules.toml"
    """Local rules, from the app's own folder where it is not absolute; there need be none."""
    on_silence: OnSilence = OnSilence.HOLD
    partner_silent_days: int = 7
    """How long a partner may be silent whose connector in Intune does not say."""
    agent_silent_days: int = 0
    """How long a single agent may be silent; 0 where that is not looked at."""
    enrollment_grace_hours: int = 24
    """How long after its enrollment a device is let in that partners have not reported on."""
    canary_device: str = ""
    """Entra id, in lower case, of the phone that is blocked and let in again to see that it works; or
    empty."""
    canary_partner: str = ""
    """Whose reports the canary sends."""
    canary_user: str = ""
    """Entra id, in lower case, of the account on the canary's phone."""
    public_url: str = ""
    """Where partners reach the app, without a path."""
    follow_ups: frozenset[FollowUp] = frozenset()
    guard_devices: int = 10
    guard_percent: int = 10
    """In an hour at most so many devices, or so many of a hundred, are newly blocked, whichever is more."""
    drift_after_minutes: int = 10
    """How long after our last write Entra's answer is not judged: its reads lag."""
    dead_letters_per_hour: int = 1_000
    """How many bodies and items that are not a partner's format are kept an hour, by each process."""
    partner_reports_per_minute: int = 1_500
    """How many items of a partner each process takes in within a minute."""
    purge_gone_days: int = 30
    roster_minutes: int = 60
    """How often vendors' lists of devices are read."""
    app_sync_hours: int = 24
    """How often the app inventory is fetched from Intune, where somebody opted in."""
    sync_stale_minutes: int = 60
    access_apps: tuple[str, ...] = (EXCHANGE_ONLINE, SHAREPOINT_ONLINE)
    """Apps that blocked devices are to be refused: ids in lower case, `Office365` or `All`."""
    access_exclusions: frozenset[str] | None = None
    """Ids in lower case of whom the policies may leave out; None where those that stood at first may be."""
    watch_companion: bool = True
    """Whether it is looked for the policy that refuses phones whose tag cannot be seen."""
    feed_poll_delay_ms: int = 1000
    feed_batch_size: int = 100

    @property
    def attribute(self) -> str:
        """The Entra device property that carries the tag."""
        return f"extensionAttribute{self.tag_attribute}"

    def is_polled(self, partner: str) -> bool:
        """Whether the partner's reports are fetched: it need not authenticate here then."""
        return partner in self.polling and self.polling[partner].is_on

    def lists_devices(self, partner: str) -> bool:
        """Whether the vendor itself is asked, and so for its list of devices, if it has one."""
        return partner in self.polling and bool(self.polling[partner].secret)

    def switches(self) -> Switches:
        """Which partners count as far as the settings say it, without Intune's connectors."""
        return Switches(
            enabled=self.partners,
            preferred=self.preferred_partner,
            modes=self.partners_mode,
            event_only_present=self.event_only_present,
        )


@cache
def current() -> Settings:
    """The settings of this process."""
    return read(os.environ)


def read(environment: Mapping[str, str]) -> Settings:
    """Settings from `environment`; SettingsError at the first that makes no sense."""
    authentication, polling = _authentication(environment), _polling(environment)
    able = sorted({*authentication.able(), *(slug for slug, each in polling.items() if each.is_on)})
    partners = {platform: _partners(environment, platform) or tuple(able) for platform in PLATFORMS}
    given: dict[str, object | None] = {
        "mode": choice(environment, "MODE", Mode),
        "tag_attribute": integer(environment, "TAG_ATTRIBUTE", 1, 15),
        "tag_all": boolean(environment, "TAG_ALL"),
        "cosmos_connection_string": environment.get("COSMOS"),
        "cosmos_endpoint": url(environment, "COSMOS__accountEndpoint"),
        "graph_base_url": url(environment, "GRAPH_BASE_URL"),
        "entra_authority": url(environment, "ENTRA_AUTHORITY"),
        "rules_file": text(environment, "RULES_FILE"),
        "on_silence": choice(environment, "ON_SILENCE", OnSilence),
        "partner_silent_days": integer(environment, "PARTNER_SILENT_DAYS", 1, 365),
        "agent_silent_days": integer(environment, "AGENT_SILENT_DAYS", 0, 365),
        "enrollment_grace_hours": integer(environment, "ENROLLMENT_GRACE_HOURS", 0, 720),
        "guard_devices": integer(environment, "GUARD_DEVICES", 0, 20_000),
        "guard_percent": integer(environment, "GUARD_PERCENT", 0, 100),
        "drift_after_minutes": integer(environment, "DRIFT_AFTER_MINUTES", 0, 1440),
        "dead_letters_per_hour": integer(environment, "DEAD_LETTERS_PER_HOUR", 0, 100_000),
        "partner_reports_per_minute": integer(environment, "PARTNER_REPORTS_PER_MINUTE", 1, 100_000),
        "purge_gone_days": integer(environment, "PURGE_GONE_DAYS", 0, 3650),
        "roster_minutes": integer(environment, "ROSTER_MINUTES", 15, 1_440),
        "app_sync_hours": integer(environment, "APP_SYNC_HOURS", 0, 720),
        "sync_stale_minutes": integer(environment, "SYNC_STALE_MINUTES", 1, 2_880),
        "feed_poll_delay_ms": integer(environment, "FEED_POLL_DELAY_MS", 50, 60_000),
        "feed_batch_size": integer(environment, "FEED_BATCH_SIZE", 1, 1000),
        "access_apps": _access_apps(environment),
        "access_exclusions": _access_exclusions(environment),
        "watch_companion": boolean(environment, "WATCH_COMPANION"),
        "follow_ups": _follow_ups(environment),
        "read_keys": _read_keys(environment),
        "event_only_present": _event_only_present(environment),
        "connector_ids": _by_partner(environment, _CONNECTOR),
        "words": _by_partner(environment, _WORDS),
        "polling": polling,
        "partners": partners,
        "preferred_partner": _preferred(environment, partners),
        "partners_mode": _partners_mode(environment),
        "public_url": url(environment, "PUBLIC_URL"),
        **_admins(environment),
        **_canary(environment, authentication),
    }
    settings = Settings.model_validate(
        {**dict(authentication), **{name: value for name, value in given.items() if value is not None}}
    )
    if settings.cosmos_connection_string and not _CONNECTION.match(settings.cosmos_connection_string):
        raise SettingsError("COSMOS: expected a connection string (AccountEndpoint=…;AccountKey=…;)")
    return settings


def _follow_ups(environment: Mapping[str, str]) -> frozenset[FollowUp]:
    chosen = {
        FollowUp.REVOKE_SESSIONS: boolean(environment, "REVOKE_SESSIONS"),
        FollowUp.SYNC_DEVICE: boolean(environment, "SYNC_AFTER_REMEDIATION"),
    }
    return frozenset(follow_up for follow_up, on in chosen.items() if on)


def _canary(environment: Mapping[str, str], authentication: AuthenticationSettings) -> dict[str, str]:
    """The canary's device, user and partner; all or none."""
    device, user, partner = (
        environment.get(f"CANARY_{name}", "").strip().lower() for name in ("DEVICE", "USER", "PARTNER")
    )
    if not device:
        return {}
    for name, id_ in (("CANARY_DEVICE", device), ("CANARY_USER", user)):
        if not GUID.fullmatch(id_):
            raise SettingsError(f"{name} is {id_!r}: expected an Entra id, a GUID")
    if partner not in CANARY_PARTNERS:
        raise SettingsError(f"CANARY_PARTNER is {partner!r}: expected one of {', '.join(CANARY_PARTNERS)}")
    if not authentication.webhook_secrets.get(partner):
        raise SettingsError(f"CANARY_PARTNER is {partner}: expected one that signs (WEBHOOK_SECRETS_…)")
    if not url(environment, "PUBLIC_URL"):
        raise SettingsError("PUBLIC_URL is not set: expected where partners, and the canary, reach the app")
    return {"canary_device": device, "canary_user": user, "canary_partner": partner}


def _access_apps(environment: Mapping[str, str]) -> tuple[str, ...] | None:
    by_name = {name.lower(): name for name in GROUPS_OF_APPS}
    apps = tuple(by_name.get(word, word) for word in _words(environment, "ACCESS_APPS"))
    for app in apps:
        if app not in GROUPS_OF_APPS and not GUID.fullmatch(app):
            raise SettingsError(f"ACCESS_APPS holds {app!r}: expected the ids of apps, or Office365, or All")
    return apps or None


def _access_exclusions(environment: Mapping[str, str]) -> frozenset[str] | None:
    ids = _words(environment, "ACCESS_EXCLUSIONS")
    for id_ in ids:
        if id_ != GUESTS and not GUID.fullmatch(id_.removeprefix(ROLE)):
            raise SettingsError(
                f"ACCESS_EXCLUSIONS holds {id_!r}: expected ids of groups and users, role:<id>, or guests"
            )
    return frozenset(ids) or None


def _words(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    """The words of a list, in lower case, each once."""
    return tuple(dict.fromkeys(words(environment.get(name, "").lower())))


def _authentication(environment: Mapping[str, str]) -> AuthenticationSettings:
    schemes = {}
    for slug, name in _by_partner(environment, _SCHEME).items():
        try:
            schemes[slug] = Scheme(name.lower())
        except ValueError:
            # The text is not quoted: other programs keep secrets in variables that begin like this.
            expected = ", ".join(Scheme)
            raise SettingsError(f"{setting('auth', slug)}: expected one of {expected}") from None
    texts = {field: _by_partner(environment, f"{field.upper()}_") for field in FIELDS}
    return AuthenticationSettings(schemes=schemes, **texts)


def _polling(environment: Mapping[str, str]) -> dict[str, PollSettings]:
    texts = {prefix: _by_partner(environment, prefix) for prefix in _POLLS}
    slugs = sorted({slug for by_partner in texts.values() for slug in by_partner})
    return {
        slug: _polled(environment, slug.upper(), {name: of.get(slug, "") for name, of in texts.items()})
        for slug in slugs
    }


def _polled(environment: Mapping[str, str], slug: str, texts: Mapping[str, str]) -> PollSettings:
    """What is set of one partner; `texts` are its settings by their prefixes."""
    for prefix in (_POLL_CLIENT_ID, _POLL_SECRET):
        # A reference that the vault cannot answer reaches the app as text.
        if not re.fullmatch(r"[!-~]*", texts[prefix]) or texts[prefix].startswith("@Microsoft.KeyVault("):
            raise SettingsError(f"{prefix}{slug}: expected visible ASCII without spaces")
    tenant = texts[_POLL_TENANT]
    if tenant and not GUID.fullmatch(tenant):
        raise SettingsError(f"{_POLL_TENANT}{slug} is {tenant!r}: expected the tenant's id, a GUID")
    return PollSettings(
        url=url(environment, f"{_POLL_URL}{slug}") or "",
        client_id=texts[_POLL_CLIENT_ID],
        secret=texts[_POLL_SECRET],
        tenant=tenant.lower(),
        stream=boolean(environment, f"{_POLL_STREAM}{slug}") or False,
        drop=url(environment, f"{_POLL_DROP}{slug}") or "",
        workspace=_workspace(environment, f"{_POLL_WORKSPACE}{slug}"),
        begin=moment(environment, f"{_POLL_BEGIN}{slug}"),
        expires=day(environment, f"{_POLL_EXPIRES}{slug}"),
    )


def _workspace(environment: Mapping[str, str], name: str) -> str:
    """A workspace's id, or, where it is asked elsewhere than in the public cloud, its whole address."""
    given = text(environment, name) or ""
    if not given or GUID.fullmatch(given):
        return given.lower()
    address = url(environment, name) or ""
    if not GUID.fullmatch(address.rpartition("/workspaces/")[2]):
        raise SettingsError(f"{name} is {given!r}: expected a workspace's id, a GUID, or …/workspaces/<id>")
    return address


def _admins(environment: Mapping[str, str]) -> dict[str, str]:
    """Tenant and audience of admins' tokens; both or neither."""
    tenant = environment.get("ADMIN_TENANT", "").strip().lower()
    audience = environment.get("ADMIN_AUDIENCE", "").strip()
    if tenant and not GUID.fullmatch(tenant):
        raise SettingsError(f"ADMIN_TENANT is {tenant!r}: expected the tenant's id, a GUID")
    if re.search(r"\s", audience):
        raise SettingsError(f"ADMIN_AUDIENCE is {audience!r}: expected one audience, without spaces")
    if bool(tenant) != bool(audience):
        name, other = ("ADMIN_TENANT", "ADMIN_AUDIENCE") if tenant else ("ADMIN_AUDIENCE", "ADMIN_TENANT")
        raise SettingsError(f"{name} is set and {other} is not: expected both, or neither")
    return {"admin_tenant": tenant, "admin_audience": audience}


def _read_keys(environment: Mapping[str, str]) -> dict[str, str]:
    keys = _by_suffix(environment, _READ_KEY, "a name")
    for name, key in keys.items():
        wrong = fault(key)
        if wrong:
            raise SettingsError(f"{_READ_KEY}{name.upper()} {wrong}")
    return keys


def _by_partner(environment: Mapping[str, str], prefix: str) -> dict[str, str]:
    return _by_suffix(environment, prefix, "a partner's slug")


def _by_suffix(environment: Mapping[str, str], prefix: str, what: str) -> dict[str, str]:
    named = sorted((key, value.strip()) for key, value in environment.items() if key.startswith(prefix))
    found = {key.removeprefix(prefix).lower(): value for key, value in named if value}
    for suffix in found:
        if not _SLUG.fullmatch(suffix):
            raise SettingsError(f"{prefix}{suffix.upper()}: expected {what} after {prefix}")
    return found


def _event_only_present(environment: Mapping[str, str]) -> frozenset[str]:
    slugs = _by_partner(environment, _EVENT_ONLY)
    return frozenset(slug for slug in slugs if boolean(environment, f"{_EVENT_ONLY}{slug.upper()}"))


def _partners(environment: Mapping[str, str], platform: Platform) -> tuple[str, ...]:
    name = f"PARTNERS_{platform.upper()}"
    slugs = _words(environment, name)
    for slug in slugs:
        if not _SLUG.fullmatch(slug):
            raise SettingsError(f"{name} holds {slug!r}: expected partners' slugs, separated by commas")
    return slugs


def _preferred(
    environment: Mapping[str, str], partners: Mapping[Platform, tuple[str, ...]]
) -> dict[Platform, str]:
    preferred = {}
    for platform in PLATFORMS:
        name = f"PREFERRED_PARTNER_{platform.upper()}"
        slug = environment.get(name, "").strip().lower()
        if slug and slug not in partners[platform]:
            raise SettingsError(f"{name} is {slug!r}, which is not enabled on {platform}")
        if slug:
            preferred[platform] = slug
    return preferred


def _partners_mode(environment: Mapping[str, str]) -> dict[Platform, PartnersMode]:
    """The modes that differ from the default; where one partner is preferred, `any` makes no sense."""
    modes: dict[Platform, PartnersMode] = {}
    for platform in PLATFORMS:
        name, preferred = f"PARTNERS_MODE_{platform.upper()}", f"PREFERRED_PARTNER_{platform.upper()}"
        mode = choice(environment, name, PartnersMode)
        if mode is PartnersMode.ANY and environment.get(preferred, "").strip():
            raise SettingsError(f"{name} is any and {preferred} is set: expected one of them")
        if mode is PartnersMode.ANY:
            modes[platform] = mode
    return modes
