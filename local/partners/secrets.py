"""Secrets of this machine: what the settings leave empty is made once, and kept in the data folder."""

import json
import os
import pathlib
import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping

from shared.domain.authentication import Scheme, setting


class BrokenSecretsError(Exception):
    """The file they are kept in cannot be read."""


def _random() -> str:
    return b64encode(secrets.token_bytes(32)).decode()


MADE: Mapping[str, tuple[Scheme | None, Callable[[], str]]] = {
    "READ_KEY_": (None, lambda: secrets.token_hex(32)),
    "WEBHOOK_SECRETS_": (Scheme.WEBHOOK, lambda: f"whsec_{_random()}"),
    "HEADER_SECRETS_": (Scheme.HEADER, lambda: secrets.token_hex(32)),
    "SHARED_KEYS_": (Scheme.SHARED_KEY, _random),
}
"""How a setting's name begins, the scheme that needs it (None: whatever is set), and what makes one."""


def kept(path: pathlib.Path, settings: Mapping[str, str]) -> dict[str, str]:
    """The secrets that `settings` leave empty and somebody needs; the new among them are added to the
    file."""
    wanted = {name: make for name in settings if (make := _maker(settings, name))}
    try:
        known: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except ValueError as error:
        raise BrokenSecretsError(str(path)) from error
    missing = {name: make() for name, make in wanted.items() if name not in known}
    if missing:
        known |= missing
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(known), encoding="utf-8")
        fresh.replace(path)
    return {name: known[name] for name in wanted}


def _maker(settings: Mapping[str, str], name: str) -> Callable[[], str] | None:
    """What makes the secret `name`; None where it is given, or the partner authenticates by another
    scheme."""
    for prefix, (scheme, make) in MADE.items():
        if name.startswith(prefix) and not settings[name].strip():
            if scheme is None:
                return make
            chosen = setting("auth", name.removeprefix(prefix).lower())
            set_to = os.environ.get(chosen, settings.get(chosen, "")).strip().lower()
            return make if (set_to or Scheme.WEBHOOK) == scheme else None
    return None
