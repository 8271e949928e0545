"""Application settings: the `Values` of local.settings.json, and Cosmos DB connections named by them."""

import json
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass

from local.host.errors import HostError, SettingsError


def load_settings(path: pathlib.Path) -> dict[str, str]:
    """Read the `Values` of a local.settings.json; the caller copies them to the environment, as `func` does.

    Raises SettingsError, one line naming the file and what is wrong.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise SettingsError(f"{path}: is not JSON ({error})") from error
    if not isinstance(content, dict) or not isinstance(values := content.get("Values"), dict):
        raise SettingsError(f'{path}: has no "Values" object')
    if content.get("IsEncrypted"):
        raise SettingsError(f"{path}: encrypted settings are not supported here")
    for name, value in values.items():
        if not isinstance(value, str):
            raise SettingsError(f"{path}: Values.{name} is not a string")
    return values


@dataclass(frozen=True)
class Account:
    """A Cosmos DB account and its key."""

    endpoint: str
    key: str


def cosmos_account(name: str, settings: Mapping[str, str], *, where: str) -> Account:
    """Find connection `name`: a connection string, or else `name__accountEndpoint` with `name__accountKey`.

    An exact match wins over the prefix, as in Azure. Identity (no key) is not available on one machine.
    """
    if name in settings:
        parts = dict(part.split("=", 1) for part in settings[name].split(";") if "=" in part)
        account = Account(parts.get("AccountEndpoint", ""), parts.get("AccountKey", ""))
        expected = f"setting {name} is not AccountEndpoint=...;AccountKey=...;"
    else:
        endpoint, key = f"{name}__accountEndpoint", f"{name}__accountKey"
        account = Account(settings.get(endpoint, ""), settings.get(key, ""))
        expected = f"setting {name}, or {endpoint} and {key}, is missing"
    if not account.endpoint or not account.key:
        raise HostError(f"{where}: {expected}")
    return account
