"""All documents: links lead somewhere, every page is found from the README, and the README stays short."""

import pathlib
import re

import pytest

from local.scenario.steps import STEPS
from tests.infra.code import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("infra/**/*.md")])
LONGEST = 120
README_LINES = 120
WORDS = {
    r"\b(told|tells?|telling)\b": "logged, returned, raised, shown or reported",
    r"\b(un)?(proven|proves itself|prove themselves)\b|\bways? of proof\b": "authenticated, authentication",
    r"\benrol(s|ments?)?\b": "enrollment, with two l",
    r"\b(un)?heard\b": "a heartbeat, last reported, unresponsive",
}
"""Words of no use here, and what is written instead (docs/concepts.md has the glossary)."""


def _prose(page: pathlib.Path) -> str:
    """What is written for people: without code, names of files, and tables of a partner's words."""
    text = page.read_text(encoding="utf-8")
    return re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)|\"[^\"\n]*\"", " ", text, flags=re.DOTALL)


def _links(page: pathlib.Path) -> list[str]:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not link.startswith("https://")]


def _anchors(page: pathlib.Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def _name(page: pathlib.Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: pathlib.Path) -> None:
    for link in _links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


def test_every_page_is_found_from_the_readme() -> None:
    found, new = set(), {ROOT / "README.md"}
    while new:
        page = new.pop()
        found.add(page)
        targets = {(page.parent / link.partition("#")[0]).resolve() for link in _links(page)}
        new |= {target for target in targets if target.suffix == ".md"} - found
    assert [_name(page) for page in PAGES if page not in found] == []


def test_every_decision_is_in_the_index_by_its_number() -> None:
    folder = ROOT / "docs" / "decisions"
    rows = re.findall(r"^\| \[(\d+)\]\(([\w-]+\.md)\) \|", (folder / "README.md").read_text(), re.MULTILINE)
    files = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert rows == [(str(number), name) for number, name in enumerate(files, 1)]
    for number, name in rows:
        assert int(name[:4]) == int(number)
        assert (folder / name).read_text().startswith(f"# {number}. ")


def test_every_room_stands_in_the_table_of_rooms() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "mutants"}
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`(\w+)/`", "".join(re.findall(r"^\| `.*?\|", table, re.MULTILINE)))
    assert rooms - set(named) == set()


def test_every_function_that_is_no_route_is_explained() -> None:
    blueprints = [path.read_text(encoding="utf-8") for path in ROOT.glob("*/blueprint.py")]
    functions = {name for text in blueprints for name in re.findall(r'function_name\("(\w+)"\)', text)}
    table = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")
    assert functions >= {"evaluate_risk", "sync_inventory"}
    assert functions - set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == set()


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= README_LINES


def test_the_readme_shows_every_step_of_the_scenario() -> None:
    shown = re.findall(r"^\((\w)\) ", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert shown == list(STEPS)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_lines_are_not_too_long(page: pathlib.Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    long = [
        number for number, line in enumerate(lines, 1) if len(line) > LONGEST and not line.startswith("|")
    ]
    assert long == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_thing_is_called_by_its_name(page: pathlib.Path) -> None:
    found = {
        word[0]: instead for each, instead in WORDS.items() for word in re.finditer(each, _prose(page), re.I)
    }
    assert found == {}
