"""What azd passes is what main.bicep asks for, by variables of the parameters' own names.

Each check returns its findings.
"""

import re
from collections.abc import Iterator

from infra.azd import REFERENCE
from infra.preflight.deployment import Deployment, variable_of
from infra.preflight.limits import limits
from tests.infra import code
from tests.infra.promises.app_settings import SECRET
from tests.infra.snapshots import Snapshots

_PINNED = re.compile(r"\d{4}-\d{2}-\d{2}|v1\.0")
_NO_STABLE_VERSION = "Microsoft.Insights/diagnosticSettings"
"""Its schema for logs and metrics has only previews, and Microsoft's own templates use this one."""


def given(snapshots: Snapshots) -> Iterator[str]:
    """main.parameters.json gives each parameter by the variable of its own name, with its own default."""
    asked, passed = snapshots.files["parameters"], snapshots.files["given"]
    yield from (f"main.parameters.json does not give {name}" for name in sorted(asked.keys() - passed))
    yield from (f"main.bicep has no parameter {name}" for name in sorted(passed.keys() - asked))
    for name in sorted(asked.keys() & passed.keys()):
        if not isinstance(passed[name], str):
            continue
        found = REFERENCE.fullmatch(passed[name])
        if found is None or found[1] != variable_of(name):
            yield f"{name} is given by {passed[name]}, not by {variable_of(name)}"
        elif found[2] not in {None, _text(asked[name].get("defaultValue"))}:
            own = asked[name].get("defaultValue")
            yield f"{name}: the default is {found[2]!r} there, {own!r} in main.bicep"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def described(snapshots: Snapshots) -> Iterator[str]:
    """Every parameter says what it is for."""
    for name, parameter in snapshots.files["parameters"].items():
        if len(parameter["description"]) < 10:
            yield f"{name} has no description"


def partners(snapshots: Snapshots) -> Iterator[str]:
    """A partner's settings in main.parameters.json are known, and no secret stands there in the open."""
    prefixes, slugs = code.settings_read().prefixes, [slug.upper() for slug in code.partners()]
    for partner in snapshots.files["given"]["partners"]:
        plain = [setting["name"] for setting in partner["settings"]]
        for name in [*plain, *partner["secrets"]]:
            known = any(name.startswith(prefix) and any(s in name for s in slugs) for prefix in prefixes)
            if not known:
                yield f"{name} is no setting of a partner"
        yield from (f"{name} is a secret and stands in the open" for name in plain if SECRET.fullmatch(name))


def environments(snapshots: Snapshots) -> Iterator[str]:
    """What an environment's file sets is what main.parameters.json takes, within the limits."""
    passed = snapshots.files["given"]
    taken = {variable_of(name) for name in passed}
    for name, values in snapshots.files["environments"].items():
        yield from (f"{name}.env: nothing takes {each}" for each in sorted(values.keys() - taken))
        found = limits(Deployment(values, passed, lambda *_: None))
        yield from (f"{name}.env: {each.problem}" for each in found)


def versions(snapshots: Snapshots) -> Iterator[str]:
    """Every resource is of a dated API version, and a stable one where there is one."""
    for environment in snapshots:
        for each in environment.resources:
            version = each.row.get("apiVersion") or str(each.row["type"]).partition("@")[2]
            if not _PINNED.fullmatch(version) and each.type != _NO_STABLE_VERSION:
                yield f"{each} is made by API version {version}"


CHECKS = (given, described, partners, environments, versions)
