"""What the guide, the runbook and their kin have a reader type is there, and answers as they say."""

import pathlib
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from ruamel.yaml import YAML

from infra import drill, grant_permissions
from infra.access import __main__ as access
from infra.azd import REFERENCE
from infra.compiler import VERSION
from infra.consequences import __main__ as consequences
from infra.recorded import recorded
from infra.snapshot import given
from tests.docs.pages import PAGES, text_of
from tests.infra import code
from tests.sync_inventory.tenant import put_phone, put_policy, run
from tests.world import INTUNE_ID, world

ROOT = code.ROOT
INFRA = ROOT / "infra"
COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "infra.access": access.main,
    "infra.consequences": consequences.main,
    "infra.grant_permissions": grant_permissions.main,
    "infra.drill": drill.main,
}
NOBODY = "http://127.0.0.1:9"
PLACEHOLDERS = {"<mode>": "report", "…": "", "$url": NOBODY, "$identity": INTUNE_ID}
OF_THE_PREFLIGHT = {"BREAK_GLASS_GROUP", "CONSEQUENCES_GROUP"}
"""What of an environment only the preflight reads."""


def _commands(page: str) -> Iterator[str]:
    """Every `.venv/bin/python -m infra…`, in a block or in a sentence."""
    yield from re.findall(r"^(\.venv/bin/python -m infra\.[^\n#]*)", text_of(page), re.MULTILINE)
    for inline in re.findall(r"`(\.venv/bin/python -m infra\.[^`]*)`", text_of(page)):
        yield " ".join(inline.split())


@pytest.mark.parametrize(
    ("page", "line"), sorted({(page, line.strip()) for page in PAGES for line in _commands(page)})
)
def test_a_command_of_ours_takes_what_the_page_gives_it(
    page: str, line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    """It gets as far as the service, which is not there; words it does not know would end it before that."""
    for word, value in PLACEHOLDERS.items():
        line = line.replace(word, value)
    _, _, module, *arguments = shlex.split(re.sub(r"<[^>]*>", INTUNE_ID, line))
    if module not in COMMANDS:
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file()
        assert arguments == []
        return
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "secret").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRAPH_TOKEN", "nobody's")
    elsewhere = [] if module == "infra.drill" else ["--graph", f"{NOBODY}/v1.0"]
    assert COMMANDS[module]([*arguments, *elsewhere]) in {1, 2}


@pytest.mark.parametrize("page", PAGES)
def test_every_file_target_and_variable_a_page_names_is_there(page: str) -> None:
    text = text_of(page)
    files = set(re.findall(r"(?<![\w./-])((?:infra|docs|shared|tests)/[\w./-]+\.\w+)", text))
    assert {name for name in files if not (ROOT / name).exists()} == set()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE)) <= targets
    taken = {name for value in given(INFRA).values() for name, _ in REFERENCE.findall(str(value))}
    outputs = set(recorded("dev")["outputs"])
    assert set(re.findall(r"azd env set ([A-Z_]+)", text)) <= taken | OF_THE_PREFLIGHT
    assert set(re.findall(r"azd env get-value ([A-Z_]+)", text)) <= outputs | taken


def _skipped(text: str) -> list[str]:
    """Where azd would provision what has not changed, which it skips (its docs/provision-state.md).

    A change is a parameter or its variable that is named, or the template: for a command in a block on its
    line, else in the same paragraph or row, or in the block of JSON before it. "The next" is no command.
    """
    names = sorted(name for each in given(INFRA).values() for name, _ in REFERENCE.findall(str(each)))
    parameters = [f'[`"]{name}[`"]' for name in given(INFRA)]
    changes = "|".join(
        [
            "azd env set",
            r"main\.parameters\.json",
            "new container",
            *(rf"\b{name}\b" for name in names),
            *parameters,
        ]
    )
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).splitlines()
    prose = re.split(r"(?<!```)\n\n|\n(?=\|)", re.sub(r"```sh\n.*?```", "", text, flags=re.DOTALL))
    asked = [each for each in (*commands, *prose) if re.search(r"(?<!next )(?<!next `)azd provision", each)]
    return [place for place in asked if "--no-state" not in place and not re.search(changes, place)]


@pytest.mark.parametrize("page", PAGES)
def test_no_repair_is_written_that_azd_would_skip(page: str) -> None:
    assert _skipped(text_of(page)) == []


@pytest.mark.parametrize(
    "repair",
    [
        "```sh\nazd provision    # makes the leases anew\n```",
        "Role or containers: run `azd provision` again; it puts back what is missing.",
        "| app: 503 | `azd provision`; a role needs minutes |",
        "`azd provision`: it puts back what is missing, whatever the mode.",
    ],
)
def test_a_repair_that_azd_would_skip_is_found(repair: str) -> None:
    assert _skipped(f"Set `MODE`, then `azd provision`.\n\n{repair}") == [
        repair.removeprefix("```sh\n").removesuffix("\n```")
    ]


def test_the_workflow_deploys_once_more_whatever_azd_remembers() -> None:
    workflow = (ROOT / ".github" / "workflows" / "deploy.yml").read_text()
    first, *again = re.findall(r"azd provision([^\n]*)", workflow)
    assert "--no-state" not in first
    assert again
    assert all(" --no-state" in each for each in again)


def test_the_workflows_compile_with_the_compiler_that_wrote_the_snapshots() -> None:
    for name in ("ci", "deploy"):
        workflow = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text()
        assert re.findall(r"az bicep install([^\n]*)", workflow) == [f" --version v{VERSION}"]


def test_the_parts_of_the_workbook_the_runbook_names_are_there() -> None:
    runbook = " ".join(text_of("docs/runbook.md").split())
    named = [
        title
        for part in re.findall(r'orkbook, ((?:"[^"]+"(?: and )?)+)', runbook)
        for title in part.split('"')[1::2]
    ]
    titles = set(re.findall(r'"title": "([^"]+)"', (INFRA / "workbook.json").read_text(encoding="utf-8")))
    assert len(named) > 3
    assert set(named) <= titles


async def test_a_test_phone_is_what_the_guide_says_before_and_after_a_partner_is_connected() -> None:
    guide = " ".join(text_of("docs/deploy.md").split())
    for partners, verdict, stated in (
        ((), "undecided", "Every phone is listed as `undecided` now"),
        (("lookout",), "allow", "your test phone must be listed as `allow`"),
    ):
        async with world(partners={"ios": partners, "android": partners}) as tenant:
            put_policy(tenant)
            put_phone(tenant)
            await run(tenant)
            decision = (await tenant.device()).decision
            assert decision is not None
            assert (decision.verdict, stated in guide) == (verdict, True)
            assert partners or f"`{decision.reasons[0]}`" in guide


def _steps() -> list[dict[str, Any]]:
    workflows = [YAML(typ="safe").load(path) for path in (ROOT / ".github" / "workflows").glob("*.yml")]
    return [step for each in workflows for job in each["jobs"].values() for step in job["steps"]]


def test_the_workflows_take_actions_by_their_hash_and_leave_no_token_behind() -> None:
    used = [step for step in _steps() if "uses" in step]
    assert used
    assert [step["uses"] for step in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"])] == []
    checkouts = [step for step in used if step["uses"].startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("docs/limits.md", "Enterprise SSO plug-in"),
        ("docs/limits.md", "private tab"),
        ("docs/limits.md", "desktop's user agent"),
        ("docs/limits.md", "personal side of a work profile"),
        ("docs/limits.md", "mail that is on the phone already"),
        ("docs/limits.md", "Max allowed device threat level"),
        ("docs/limits.md", "dedicated Android without shared device mode"),
        ("docs/limits.md", "does not reach guests"),
        ("docs/deploy.md", "Microsoft Enterprise SSO plug-in"),
        ("docs/deploy.md", "Microsoft recommends `Office365`"),
        ("docs/deploy.md", "may take up to a day"),
        ("docs/runbook.md", "admin-units-restricted-management"),
        ("docs/runbook.md", "Cloud Device Administrator"),
    ],
)
def test_what_no_code_can_close_is_said_where_it_is_decided(page: str, words: str) -> None:
    """What a block by tag does not stop, and whom it does not reach, from Microsoft's own pages."""
    assert words in " ".join(text_of(page).split())
