"""Promise: what fills a template is text in it: neither Liquid, nor HTML, nor a way to anything but the values themselves."""

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import pytest

from hub.content.liquid import fill
from hub.content.render import render
from hub.exceptions import InvalidRequest
from hub.tenancy.models import Tenant

ACME = Tenant(slug="acme", name="Acme")
PARTIALS = {"footer": "Footer of {{ tenant.name }}"}
# in the language of any engine of templates
AS_VALUES = [
    *("{{ 7 | times: 7 }}", "{{ data.secret }}", "{{ tenant.name }}", "{% assign x = 49 %}{{ x }}", "{{ 7 * 7 }}"),
    *(
        "{% render 'footer' %}",
        "{% include 'footer' %}",
        "{% for i in (1..9) %}49{% endfor %}",
        "{% raw %}",
        "{{",
        "%}",
    ),
    *("{% load static %}", "{% debug %}", "{{ settings.SECRET_KEY }}", "{{ ''.__class__.__mro__ }}", "{# x #}"),
    *(
        "${7*7}",
        "#{7*7}",
        "<%= 7*7 %>",
        "{7*7}",
        "%(x)s",
        "{0.__class__}",
        "{data.__class__}",
        "$data",
        "*|MC|*",
        "[[7]]",
    ),
]
# in the template itself: beyond the values that it is given
ESCAPES = [
    *("data.__class__", "data.__class__.__mro__", "data['__class__']", "data.text.__class__", "data.list.__class__"),
    *(
        "data.items",
        "data.keys",
        "data.update",
        "data.list.append",
        "data.list.sort",
        "data.text.format",
        "data.text.join",
    ),
    *("data.text.encode", "data.number.real", "data.number.__add__", "actor.__init__.__globals__", "tenant.pk"),
    *("tenant.__dict__", "tenant.objects", "tenant._state", "tenant.settings", "settings.SECRET_KEY", "request.META"),
    *(
        "self",
        "context",
        "env",
        "globals",
        "__builtins__",
        "forloop.__class__",
        "forloop.parentloop.__class__",
        "os.environ",
    ),
    *("data | map: '__class__'", "data.list | map: '__class__'", "data.list | where: '__class__'"),
    *(
        "data.list | sort: '__class__'",
        "data.list | sum: '__class__'",
        "data.text | slice: '__class__'",
        "'x' | __class__",
    ),
    *(
        "data.list.first.__class__",
        "data.list.size.__class__",
        "data | first",
        "data.text | import: 'os'",
        "'os' | eval",
    ),
]
WITHIN = ["{{{{ {} }}}}", "{{% assign x = {} %}}{{{{ x }}}}", "{{% for i in {} %}}{{{{ i }}}}{{% endfor %}}"]
FILES = ["/etc/passwd", "../settings", "hub/confirm.html", "file:///etc/passwd", "https://evil.example/x", "", "."]
VALUES: dict[str, Any] = {
    "data": {"text": "text", "list": [{"name": "one"}], "number": 7, "secret": "secret of another"},
    "actor": {"name": "Al"},
    "tenant": {"slug": "acme", "name": "Acme"},
}
# what only Python would say
INSIDE = re.compile(r"<class|<function|built-in|<bound|object at|method|__\w+__|mappingproxy|SECRET", re.IGNORECASE)

MARKUP = [
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '" onmouseover="alert(1)', "' onload='alert(1)"),
    *(
        "</p><iframe src=//evil.example>",
        "</style><script>alert(1)</script>",
        "<svg/onload=alert(1)>",
        "<!--",
        "-->",
        "]]>",
    ),
    *("javascript:alert(1)", "JaVa\tScRiPt:alert(1)", "data:text/html,<script>alert(1)</script>", "//evil.example/x"),
    *("<a href='https://evil.example'>bank</a>", "<base href=//evil.example>", "<meta http-equiv=refresh content=0>"),
    *(
        "<form action=//evil.example><input name=password>",
        "&lt;script&gt;",
        "&#60;script&#62;",
        "\x00<b",
        "<b\x0conclick=x>",
    ),
]


@pytest.mark.parametrize("value", AS_VALUES)
@pytest.mark.parametrize("html", [False, True])
def test_a_value_is_never_read_as_a_template(value: str, html: bool) -> None:
    data = {"x": value, "list": [value], "secret": "secret of another"}
    values = VALUES | {"data": data}
    source = "{{ data.x }}|{{ data.list | join: ',' }}|{% assign y = data.x %}{{ y | append: '' }}"
    filled = fill(source, values, field="body", escape=False, partials=PARTIALS)
    assert filled == "|".join([value] * 3)
    template = {"title": "{{ data.x }}", "body": "{{ data.x }}", "html": "<p>{{ data.x }}</p>"}
    content, bodies = render(
        tenant=ACME,
        template=template | {"channels": {"email": {"html": "<p>{{ data.x }}</p>"}, "sms": {"body": "{{ data.x }}"}}},
        data=data,
        channels=("email", "sms"),
    ).whole()
    assert (content["title"], content["body"]) == (value, value)
    assert bodies["sms"]["body"] == value
    for page in (content["html"], bodies["email"]["html"]):
        assert shown(page).text == value


@pytest.mark.parametrize("expression", ESCAPES)
@pytest.mark.parametrize("within", WITHIN)
def test_a_template_reaches_nothing_but_its_values(expression: str, within: str) -> None:
    try:
        filled = fill(within.format(expression), VALUES, field="body", partials=PARTIALS)
    except InvalidRequest:
        return
    assert not INSIDE.search(filled)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("tag", ["render", "include", "extends", "layout"])
def test_a_template_opens_no_file(name: str, tag: str) -> None:
    with pytest.raises(InvalidRequest):
        fill(f"{{% {tag} '{name}' %}}", VALUES, field="body", partials=PARTIALS)


@pytest.mark.parametrize("value", MARKUP)
def test_a_value_is_text_in_html(value: str) -> None:
    """On every page that is made of it: in the app, in a mail, within a layout."""
    data: Mapping[str, Any] = {"x": value.replace("\x00", "")}
    page = '<p title="{{ data.x }}">{{ data.x }}</p><a href="{{ data.x }}">go</a>'
    template = {"title": "t", "html": page, "channels": {"email": {"html": page}}}
    content, bodies = render(tenant=ACME, template=template, data=data, channels=("email",)).whole()
    for html in (content["html"], bodies["email"]["html"]):
        read = shown(html)
        assert [tag for tag, _ in read.tags] == ["p", "a"]
        assert [set(attributes) - {"title", "href", "rel"} for _, attributes in read.tags] == [set(), set()]
        assert read.text == f"{data['x']}go"
        assert read.tags[1][1].get("href") is None


class _Shown(HTMLParser):
    """What a browser makes of a page: its elements, and what it says."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(page: str) -> _Shown:
    read = _Shown()
    read.feed(page)
    read.close()
    return read
