"""Who may read and who may write: an Entra token with one of the app's roles, or, to read, a key of our own.

A key of the host opens none of our routes. A read key is for tools that cannot get a token: it reads, and its
name is logged with what it read.
"""

from shared.entra import Caller, Expected, bearer, verified
from shared.errors import NotAuthentic
from shared.headers import Headers
from shared.log import LogEvent, log_event
from shared.services import Services
from shared.static_secret import matching

ADMIN_ROLE = "Mtd.Admin"
READER_ROLE = "Mtd.Reader"
KEY_HEADER = "X-Api-Key"


async def admin(services: Services, headers: Headers) -> Caller:
    """The admin whose token `headers` carry; NotAuthentic without the role Mtd.Admin.

    KeysUnavailable where the tenant's keys cannot be read. Off, and so NotAuthentic for everybody, while
    ADMIN_TENANT and ADMIN_AUDIENCE are empty.
    """
    return await _caller(services, headers, frozenset({ADMIN_ROLE}))


async def reader(services: Services, headers: Headers, route: str) -> None:
    """Nothing, for who may read: by a read key, or by a token with the role Mtd.Reader or Mtd.Admin.

    Raises NotAuthentic and KeysUnavailable. Who sends a key is judged by that alone.
    """
    if KEY_HEADER in headers:
        _check_key(services, headers[KEY_HEADER], route)
    else:
        await _caller(services, headers, frozenset({READER_ROLE, ADMIN_ROLE}))


def _check_key(services: Services, given: str, route: str) -> None:
    keys = services.settings.read_keys
    fits = matching(given, keys.values())
    name = next((name for name, fit in zip(keys, fits, strict=True) if fit), None)
    if name is None:
        log_event(LogEvent.NOT_AUTHENTIC, role=READER_ROLE, why="no read key is like the one given")
        raise NotAuthentic("no read key is like the one given")
    log_event(LogEvent.READ_BY_KEY, key=name, route=route)


async def _caller(services: Services, headers: Headers, roles: frozenset[str]) -> Caller:
    settings = services.settings
    try:
        if not settings.admin_tenant or not settings.admin_audience:
            raise NotAuthentic("no tenant and audience are set for admins")
        expected = Expected(
            authority=settings.entra_authority,
            tenant=settings.admin_tenant,
            audience=settings.admin_audience,
            roles=roles,
        )
        return await verified(bearer(headers), expected)
    except NotAuthentic as error:
        log_event(LogEvent.NOT_AUTHENTIC, role="|".join(sorted(roles)), why=error)
        raise
