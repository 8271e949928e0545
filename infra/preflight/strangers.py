"""Variables of the azd environment that nothing reads: a misspelt name leaves the default standing,
silently."""

import difflib
from collections.abc import Iterator

from infra.preflight.deployment import Deployment, Obstacle
from infra.recorded import recorded

_OF_THE_TOOLS = ("AZURE_", "AZD_", "SERVICE_", "ARM_")
"""How the names begin that azd and the Azure CLI keep there for themselves."""
OF_THE_PREFLIGHT = frozenset({"BREAK_GLASS_GROUP", "CONSEQUENCES_GROUP"})
"""What only the preflight reads."""


def strangers(deployment: Deployment) -> Iterator[Obstacle]:
    """Each variable is one that main.parameters.json takes, or one that azd, the preflight or an output
    set."""
    known = deployment.taken | OF_THE_PREFLIGHT | recorded("dev")["outputs"].keys()
    for name in sorted(deployment.set_in_azd - known):
        if name.startswith(_OF_THE_TOOLS):
            continue
        meant = difflib.get_close_matches(name, sorted(deployment.taken), 1)
        remedy = f"azd env set {meant[0]} <value>, and take {name} out" if meant else f"take {name} out"
        yield Obstacle(
            f"{name} in the azd environment is a name nothing takes", f"{remedy} of .azure/<environment>/.env"
        )
