"""Before anything is created: is all there that the deployment needs, and does every value make sense?

    python3 -m infra.preflight

Runs before every `azd provision` and `azd up` (azure.yaml), and first of all in `make deploy`. It asks the
Azure CLI and changes nothing. Every finding is a sentence with its remedy; all are reported at once. Needs no
library.
"""

import os
import shutil
import sys

from infra.preflight.consequences import consequences
from infra.preflight.deployment import AzError, Check, Deployment
from infra.preflight.existing import existing, taken
from infra.preflight.limits import limits
from infra.preflight.outside import TOOLS, az, azd_values, parameters
from infra.preflight.partners import partners, read_keys, secrets
from infra.preflight.schedule import schedule
from infra.preflight.starts import starts
from infra.preflight.strangers import strangers
from infra.preflight.subscription import break_glass, providers, region, rights
from infra.preflight.values import names, network, warm, words

CHECKS: tuple[Check, ...] = (
    names,
    strangers,
    limits,
    region,
    network,
    warm,
    providers,
    rights,
    taken,
    existing,
    starts,
    words,
    schedule,
    partners,
    read_keys,
    secrets,
    break_glass,
    consequences,
)


def main() -> int:
    """Report every one; 0 where there is none."""
    missing = [f"{tool} is missing\n    {where}" for tool, where in TOOLS.items() if not shutil.which(tool)]
    if missing:
        return _report(missing)
    try:
        az("account", "show")
    except AzError:
        return _report(["nobody is signed in to Azure\n    az login, and azd auth login"])
    try:
        given = parameters()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        expected = 'expected {"parameters": {"<name>": {"value": …}}}'
        return _report([f"infra/main.parameters.json cannot be read: {error}\n    {expected}"])
    own = azd_values()
    deployment = Deployment({**os.environ, **own}, given, az, frozenset(own))
    found: list[str] = []
    for check in CHECKS:
        try:
            found += [f"{each.problem}\n    {each.remedy}" for each in check(deployment)]
        except AzError as error:
            found.append(f"{check.__name__} could not be checked\n    {error}")
    return _report(found)


def _report(found: list[str]) -> int:
    if not found:
        sys.stdout.write("preflight: nothing stands in the way\n")
        return 0
    lines = [f"  {number}. {text}" for number, text in enumerate(found, 1)]
    sys.stderr.write("\n".join(["preflight: not deployed yet, because", *lines]) + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
