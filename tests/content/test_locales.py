"""Who gets which words: the most special language first, and language before channel."""

from typing import Any

import pytest

from hub.content.locales import best, canonical, chain, check_locale, said_in
from hub.exceptions import InvalidRequest

SHIPPED: dict[str, Any] = {
    "title": "Shipped",
    "body": "On its way.",
    "html": "<p>On its way.</p>",
    "action_url": "/orders",
    "channels": {"sms": {"body": "Shipped!"}, "email": {"subject": "It ships", "from_name": "Shop"}},
    "locales": {
        "pt": {"title": "Enviado", "body": "A caminho."},
        "pt-BR": {"channels": {"sms": {"body": "Enviado!"}}},
        "de": {"html": "<p>Unterwegs.</p>"},
    },
}


@pytest.mark.parametrize(
    ("locale", "found"),
    [("pt-BR", "pt-BR"), ("pt-PT", "pt"), ("PT_br", "pt-BR"), ("pt-BR-x", "pt-BR"), ("fr", ""), ("", ""), ("p", "")],
)
def test_the_most_special_is_found(locale: str, found: str) -> None:
    assert best(locale, SHIPPED["locales"]) == found


def test_a_chain_ends_with_the_language() -> None:
    assert chain("zh-Hant-TW") == ["zh-Hant-TW", "zh-Hant", "zh"]
    assert canonical("ZH-hant_tw") == "zh-Hant-TW"


@pytest.mark.parametrize("tag", ["", "p", "pt-", "pt BR", 1, None, "pt-BR-abcdefghijk", "../x"])
def test_what_is_no_tag_is_refused(tag: object) -> None:
    with pytest.raises(InvalidRequest):
        check_locale(tag, field="locale")


def test_each_part_comes_from_the_most_special_that_has_it() -> None:
    said = said_in(SHIPPED, "pt-BR")
    assert (said["title"], said["body"], said["action_url"]) == ("Enviado", "A caminho.", "/orders")
    assert said["channels"]["sms"] == {"body": "Enviado!"}


def test_language_comes_before_channel() -> None:
    said = said_in(SHIPPED, "pt")
    assert said["channels"] == {"sms": {}, "email": {"from_name": "Shop"}}


def test_text_and_html_are_of_one_language() -> None:
    assert "html" not in said_in(SHIPPED, "pt")
    assert "body" not in said_in(SHIPPED, "de")
    assert said_in(SHIPPED, "fr")["html"] == "<p>On its way.</p>"
