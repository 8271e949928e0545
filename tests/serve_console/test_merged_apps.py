"""Intune's apps and a partner's own, as one list."""

from typing import Any

import pytest

from serve_console.merged_apps import FIELDS, InventoryApp, merged
from shared.domain.inventory import IntuneApp, SeenApp
from tests.world import START

PARTNER = "better_mobile"
SOURCE = "partner:better_mobile"


def _reported(app_id: str = "com.example.mail", **fields: Any) -> SeenApp:
    return SeenApp(app_id=app_id, seen_at=START, **fields)


def _merged(intunes: list[IntuneApp], *own: SeenApp) -> list[InventoryApp]:
    return merged(intunes, own, PARTNER)


def test_without_the_partners_own_what_graph_cannot_give_is_null() -> None:
    [app] = _merged([IntuneApp(name="Mail", version="1.2.3", short_version="1.2", managed=True)])
    said = {"name": "Mail", "version": "1.2.3", "short_version": "1.2", "managed": True}
    assert app.model_dump() == {**dict.fromkeys(FIELDS), **said, "source": "intune", "filled": {}}


def test_the_fields_are_the_eight_of_app_sync_and_the_four_added_since() -> None:
    eight = (
        "app_id",
        "version",
        "short_version",
        "name",
        "bundle_size",
        "dynamic_size",
        "validated",
        "managed",
    )
    assert {*eight, "ad_hoc_signed", "from_app_store", "beta", "device_based_vpp"} == FIELDS


def test_the_partners_own_fills_what_intune_does_not_say_and_nothing_else() -> None:
    intunes = [IntuneApp(app_id="com.example.mail", name="Mail", version="1", managed=False)]
    own = _reported(
        "COM.Example.Mail", name="Post", version="2", managed=True, bundle_size=0, validated=False
    )
    [app] = _merged(intunes, own)
    assert (app.name, app.version, app.managed, app.app_id) == ("Mail", "1", False, "com.example.mail")
    assert (app.bundle_size, app.validated) == (0, False)
    assert app.source == "intune"
    assert app.filled == {"bundle_size": SOURCE, "validated": SOURCE}


def test_an_app_without_a_bundle_id_is_found_by_a_name_that_is_there_once() -> None:
    [app] = _merged([IntuneApp(name=" mail")], _reported(name="Mail", dynamic_size=7))
    assert (app.app_id, app.dynamic_size) == ("com.example.mail", 7)
    assert app.filled == {"app_id": SOURCE, "dynamic_size": SOURCE}


@pytest.mark.parametrize(
    ("intunes", "own"),
    [
        ([IntuneApp(name="Mail")], [_reported(name="Mail"), _reported("org.example.mail", name="Mail")]),
        (
            [IntuneApp(name="Mail", version="1"), IntuneApp(name="Mail", version="2")],
            [_reported(name="Mail")],
        ),
        (
            [IntuneApp(name="Mail"), IntuneApp(name="Post", app_id="com.example.mail")],
            [_reported(name="Mail")],
        ),
        ([IntuneApp(name=None)], [_reported()]),
        ([IntuneApp(name="Mail", app_id="org.example.mail")], [_reported(name="Mail")]),
    ],
)
def test_a_name_that_tells_nothing_for_sure_joins_nothing(
    intunes: list[IntuneApp], own: list[SeenApp]
) -> None:
    unnamed = [app for app in _merged(intunes, *own) if app.source == "intune"]
    assert [app.app_id for app in unnamed] == [
        "com.example.mail" if app.name == "Post" else app.app_id for app in intunes
    ]


def test_what_the_partner_alone_knows_comes_after_as_its_own() -> None:
    apps = _merged([IntuneApp(name="Mail")], _reported("com.example.game", name="Game", beta=True))
    assert [(app.name, app.source, app.filled) for app in apps] == [
        ("Mail", "intune", {}),
        ("Game", SOURCE, {}),
    ]
    assert (apps[1].beta, apps[1].managed) == (True, None)


def test_one_of_the_partners_apps_fills_one_of_intunes() -> None:
    both = [IntuneApp(app_id="com.example.mail", version=version) for version in ("1", "2")]
    assert [bool(app.filled) for app in _merged(both, _reported(name="Mail"))] == [True, False]


def test_of_two_agents_that_reported_the_same_app_the_later_counts() -> None:
    [app] = _merged([], _reported(version="1"), _reported("Com.Example.Mail", version="2"))
    assert app.version == "2"
