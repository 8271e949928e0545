"""The partners' pages: one for each adapter, and true to it wherever they can be compared with it."""

import pathlib
import re
from collections.abc import Collection, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec

import pytest

from ingest_threat import partners
from ingest_threat.partners import _taxonomy
from ingest_threat.partners._adapter import Adapter
from ingest_threat.start import check
from poll_partners.found import sources
from poll_partners.source import ByHttp
from shared.domain.authentication import FIELDS, Scheme
from shared.domain.level import Level
from shared.domain.poll_settings import PollSettings
from shared.domain.record import Status
from shared.settings import read
from tests.ingest_threat.credentials import texts
from tests.ingest_threat.partners.tables import tables

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "partners"
OVERVIEW = (PAGES / "README.md").read_text(encoding="utf-8")
SLUGS = sorted(path.stem for path in PAGES.glob("*.md") if path.stem not in {"README", "integrate"})
HEADINGS = (
    *("What the vendor offers", "Connect it", "Which device it is", "What is read"),
    *("How a resolution meets its detection", "What is not known"),
)
ANY_SLUG = "|".join(slug.upper() for slug in SLUGS)

Table = dict[str, tuple[str, ...]]
"""A word, plain, and what the other columns say of it."""


def _page(slug: str) -> str:
    return (PAGES / f"{slug}.md").read_text(encoding="utf-8")


def _adapter(slug: str) -> Adapter:
    adapter = import_module(f"ingest_threat.partners.{slug}").ADAPTER
    assert isinstance(adapter, Adapter)
    return adapter


def _plain(word: object) -> str:
    return re.sub(r"[\W_]", "", str(word)).upper()


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def _tables(text: str) -> Iterator[tuple[str, Table]]:
    """The tables that say which of the code's they are: `<!-- table: NAME -->` stands before each."""
    for name, rows in re.findall(r"<!-- table: (\w+) -->\n((?:\|.*\n?)+)", text):
        table: Table = {}
        for first, *others in map(_cells, rows.splitlines()[2:]):
            for word in re.findall(r"`([^`]+)`", first):
                said = tuple(other.strip("`") for other in others)
                assert table.setdefault(_plain(word), said) == said, f"{name} has {word} twice"
        yield name, table


def _meant(of: object) -> Table:
    """A table of the code in the same form. A set says which words there are, and nothing of them."""
    if isinstance(of, Mapping):
        return {_plain(word): _columns(value) for word, value in of.items()}
    assert isinstance(of, tuple), of
    return {_plain(word): _columns(value) for word, value in of}


def _columns(value: object) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return tuple("–" if each is None else str(each) for each in value)
    return (str(value),)


def test_every_partner_that_the_scenario_plays_has_a_page_and_no_page_is_for_nobody() -> None:
    played = {slug for slug in partners.known() if find_spec(f"local.partners.{slug}")}
    assert len(played) >= 8
    assert played <= set(SLUGS) <= set(partners.known())


@pytest.mark.parametrize("slug", sorted(partners.known()))
def test_a_new_partner_is_shown_the_page_it_lacks(slug: str) -> None:
    if slug not in SLUGS:
        pytest.skip(f"{slug} has no page yet: docs/partners/{slug}.md")


@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_says_what_every_page_says(slug: str) -> None:
    text = _page(slug)
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert [heading for heading in headings if heading in HEADINGS] == list(HEADINGS)
    assert f"(`{slug}`)" in text.splitlines()[0]
    assert f"/api/partners/{slug}/reports" in text, "where to post"
    assert {"seen", "inferred", "documented"} <= set(re.findall(r"\w+", text))


@pytest.mark.parametrize("slug", SLUGS)
def test_the_tables_of_a_page_are_those_of_its_adapter(slug: str) -> None:
    of_code = tables(slug)
    of_page = list(_tables(_page(slug)))
    for name, table in of_page:
        meant = of_code[name]
        if isinstance(meant, Collection) and not isinstance(meant, Mapping | tuple):
            assert table.keys() == {_plain(word) for word in meant}, name
        else:
            assert table == _meant(meant), name
    lacking = _graded(of_code) - {name for name, _ in of_page}
    assert not lacking, f"docs/partners/{slug}.md lacks tables of levels or statuses: {lacking}"


@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_says_what_ends_the_threats_that_never_resolve(slug: str) -> None:
    of_page = dict(_tables(_page(slug)))
    assert of_page.get("NEVER_RESOLVES", {}) == _meant(_adapter(slug).never_resolves), (
        f"docs/partners/{slug}.md: a table NEVER_RESOLVES has the adapter's kinds, and what ends each"
    )


def _graded(of_code: Mapping[str, object]) -> set[str]:
    """The partner's tables that give levels or statuses."""
    found = set()
    for name, value in of_code.items():
        results = value.values() if isinstance(value, Mapping) else ()
        if results and all(isinstance(each, Level | Status) for each in results):
            found.add(name)
    return found


@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_names_every_setting_of_words_and_its_default_and_no_other(slug: str) -> None:
    adapter = _adapter(slug)
    rows = re.findall(r"^\| `(WORDS_\w+)` \| `([^`]+)` \|", _page(slug), re.MULTILINE)
    declared = {f"WORDS_{slug}_{name}".upper(): ", ".join(words) for name, words in adapter.words.items()}
    assert dict(rows) == declared
    named = set(re.findall(r"WORDS_[A-Z_]*[A-Z]", _page(slug)))
    assert named == declared.keys()


def _settings_blocks(slug: str) -> list[dict[str, str]]:
    """The settings a page has the reader set, block by block."""
    blocks = re.findall(r"```ini\n(.*?)```", _page(slug), re.DOTALL)
    return [dict(re.findall(r"^\s*([A-Z][A-Z_]+)=(.+)$", block, re.MULTILINE)) for block in blocks]


@pytest.mark.parametrize("slug", SLUGS)
def test_the_settings_a_page_gives_are_accepted_at_start(slug: str) -> None:
    blocks = _settings_blocks(slug)
    assert blocks
    for block in blocks:
        scheme = Scheme(block[f"AUTH_{slug.upper()}"])
        credentials = {f"{field}_{slug}".upper(): text for field, text in texts(scheme, slug).items()}
        assert {name for name in block if not name.startswith("AUTH_")} == credentials.keys()
        settings = read({**block, **credentials})
        check(settings)
        assert settings.able() == (slug,)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_names_no_setting_that_does_not_exist(slug: str) -> None:
    named = set(re.findall(rf"\b([A-Z][A-Z_]*?)_({ANY_SLUG})\b(?!_)", _page(slug)))
    known = {field.upper() for field in FIELDS} | {"AUTH", "CONNECTOR_ID", "EVENT_ONLY_PRESENT"}
    known |= {f"POLL_{field}".upper() for field in PollSettings.model_fields}
    assert {(name, of) for name, of in named if name not in known or of != slug.upper()} == set()
    schemes = re.findall(rf"AUTH_{slug.upper()}=(\w+)", _page(slug))
    assert set(schemes) <= set(Scheme)


@pytest.mark.parametrize("slug", SLUGS)
def test_the_page_of_a_partner_that_never_says_clean_warns_of_it_and_no_other_does(slug: str) -> None:
    setting = f"EVENT_ONLY_PRESENT_{slug.upper()}"
    warned = f"`{setting}`" in _page(slug)
    if partners.says_clean(slug):
        assert not warned, f"docs/partners/{slug}.md: take out `{setting}`, its adapter says clean"
    else:
        assert warned, f"docs/partners/{slug}.md: name `{setting}` in the page, its adapter never says clean"


def test_a_setting_that_does_not_exist_would_be_found() -> None:
    found = re.findall(rf"\b([A-Z][A-Z_]*?)_({ANY_SLUG})\b(?!_)", "`SECRET_SOPHOS`, `AUTH_PRADEO=header`")
    assert found == [("SECRET", "SOPHOS"), ("AUTH", "PRADEO")]


def test_the_overview_has_every_partner_and_the_authentication_its_page_gives() -> None:
    rows = re.findall(r"^\| \[[^\]]+\]\((\w+)\.md\) \|(.+)\|$", OVERVIEW, re.MULTILINE)
    assert sorted(slug for slug, _ in rows) == SLUGS, "docs/partners/README.md has a row for each page"
    for slug, row in rows:
        credentials = set(re.findall(r"`(\w+)`", _cells(row)[1]))
        given = {block[f"AUTH_{slug.upper()}"] for block in _settings_blocks(slug)}
        named = set(re.findall(rf"AUTH_{slug.upper()}=(\w+)", _page(slug)))
        assert given <= credentials <= named, slug


def test_the_partners_that_never_say_clean_are_named_where_that_is_explained() -> None:
    names = dict(re.findall(r"^\| \[(\w+)[^\]]*\]\((\w+)\.md\) \|", OVERVIEW, re.MULTILINE))
    silent = {name for name, slug in names.items() if not partners.says_clean(slug)}
    concepts = (PAGES.parent / "concepts.md").read_text(encoding="utf-8")
    for page, text, says in (
        ("docs/partners/README.md", OVERVIEW, "never report that a phone is clean"),
        ("docs/concepts.md", concepts, "report threats alone"),
    ):
        [sentence] = re.findall(rf"^(.+) {says}", text, re.MULTILINE)
        assert {name for name in names if name in sentence} == silent, f'{page}: who "{says}"'


@pytest.mark.parametrize("slug", SLUGS)
def test_the_page_of_a_partner_that_is_polled_names_the_settings_it_is_off_without(slug: str) -> None:
    lacking = {
        setting
        for source in sources().values()
        if source.partner == slug and isinstance(source, ByHttp)
        for setting in source.missing(None)
        if setting.startswith(("POLL_SECRET", "POLL_CLIENT_ID")) and setting not in _page(slug)
    }
    assert not lacking, f"docs/partners/{slug}.md: say how it is polled"


def test_the_taxonomy_is_that_of_the_code() -> None:
    of_page = dict(_tables(OVERVIEW))
    assert of_page == {"TYPES": _meant(_taxonomy.TYPES)}


def test_a_table_is_read_word_by_word_however_it_is_written() -> None:
    text = "<!-- table: X -->\n| a | b |\n|---|---|\n| `Marked Fixed`, `1` | high |\n"
    [(name, table)] = _tables(text)
    assert (name, table) == ("X", {"MARKEDFIXED": ("high",), "1": ("high",)})
    assert table == _meant({"MARKED_FIXED": Level.HIGH, 1: Level.HIGH})
    assert table != _meant({"MARKED_FIXED": Level.HIGH, 1: Level.LOW})
