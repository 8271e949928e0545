"""The bill of materials of the package (CycloneDX 1.6, JSON): what of requirements.txt goes into it, by hash.

Composed here rather than by a library: it is some thirty lines, and without a time and a random number the
same lock gives the same bill. The hashes are those of every file of a version that the lock takes, so they
stand at the place it is distributed from, and not at the component. Source: the CycloneDX 1.6 JSON reference;
tests/infra/test_sbom.py holds the bill against the schema.
"""

import json
import tomllib
import uuid
from collections.abc import Mapping, Sequence

from infra.lock import ASKED, Locked, locked

SPECIFICATION = "1.6"
INDEX = "https://pypi.org/simple"
"""Where the lock's hashes were taken from: a lock names no index, and a mirror has the same files."""

Json = Mapping[str, object]


def bill(project: str, lock: str, environment: Mapping[str, str]) -> str:
    """The bill of materials, as JSON.

    `project` is the text of pyproject.toml, `lock` that of requirements.txt, and `environment` has the values
    of the markers where the package runs.
    """
    about = tomllib.loads(project)["project"]
    here = [each for each in locked(lock) if each.needed(environment)]
    app = f"{about['name']}@{about['version']}"
    content = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPECIFICATION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, app + lock)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": app,
                "name": about["name"],
                "version": about["version"],
                "description": about["description"],
                "licenses": [{"license": {"id": about["license"]}}],
            }
        },
        "components": [_component(each) for each in here],
        "dependencies": [
            {"ref": app, "dependsOn": [_purl(each) for each in here if _is_asked_for(each)]},
            *({"ref": _purl(each), "dependsOn": _needs(each, here)} for each in here),
        ],
    }
    return json.dumps(content, indent=2) + "\n"


def _component(of: Locked) -> Json:
    hashes = [{"alg": "SHA-256", "content": each} for each in of.hashes]
    return {
        "type": "library",
        "bom-ref": _purl(of),
        "name": of.name,
        "version": of.version,
        "purl": _purl(of),
        "externalReferences": [
            {"type": "distribution", "url": f"{INDEX}/{of.name}/", "hashes": hashes},
        ],
    }


def _purl(of: Locked) -> str:
    return f"pkg:pypi/{of.name}@{of.version}"


def _is_asked_for(of: Locked) -> bool:
    return any(each.startswith(ASKED) for each in of.asked_by)


def _needs(of: Locked, here: Sequence[Locked]) -> list[str]:
    return [_purl(each) for each in here if of.name in each.asked_by]
