"""Tenants' templates: strict about what is missing, and unable to take the hub's time or memory."""

import time

import pytest

from hub.content.liquid import check_template_source, fill
from hub.exceptions import InvalidRequest

KNOWN = frozenset({"data", "actor", "tenant"})


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ data.name }}", "<Al>"),
        ("{{ data.name | upcase }}", "<AL>"),
        ("{% if data.gone %}x{% else %}y{% endif %}", "y"),
        ("{{ data.gone | default: 'z' }}", "z"),
        ("{% for n in data.list %}{{ n }},{% endfor %}", "1,2,"),
        ("{{ data.list | join: '-' }}", "1-2"),
        ("no template at all", "no template at all"),
    ],
)
def test_is_filled(source: str, text: str) -> None:
    assert fill(source, {"data": {"name": "<Al>", "list": [1, 2]}}, field="title") == text


def test_html_values_are_escaped() -> None:
    assert fill("<b>{{ data.x }}</b>", {"data": {"x": "<i>"}}, field="html", escape=True) == "<b>&lt;i&gt;</b>"


@pytest.mark.parametrize(
    "source",
    [
        "{{ data.list | minus: 'x' | divided_by: 0 }}",
        "{{ (1..100000000) | join: ',' }}",
        "{{ (1..100000000) | sort | size }}",
        "{% for i in (1..100000000) %}x{% endfor %}",
        "{% for i in (1..1000) %}{% for j in (1..1000) %}x{% endfor %}{% endfor %}",
        "{% assign x = 'aaaaaaaaaa' %}{% for i in (1..40) %}{% assign x = x | append: x %}{% endfor %}{{ x }}",
        "{% assign x = 9 %}{% for i in (1..99) %}{% assign x = x | times: x %}{% endfor %}{{ x }}",
        "{{ data.long | replace: 'a', data.long | replace: 'a', data.long }}",
        "{{ data.long | split: '' | join: data.long }}",
        "{{ data.long | split: '' | uniq | size }}",
    ],
)
def test_what_is_without_bound_is_refused_quickly(source: str) -> None:
    begin = time.thread_time()
    with pytest.raises(InvalidRequest) as refused:
        fill(source, {"data": {"list": [1], "long": "a" * 5_000}}, field="title")
    assert time.thread_time() - begin < 5
    assert refused.value.errors[0].field == "title"


@pytest.mark.parametrize(
    ("source", "variable"),
    [
        ("{{ data.gone }}", "data.gone"),
        ("{{ data.gone.deeper }}", "data.gone"),
        ("{% for n in data.gone %}x{% endfor %}", "data.gone"),
        ("{{ gone }}", "gone"),
        ("{{ data.list[7].x }}", "title"),
    ],
)
def test_what_is_missing_is_named(source: str, variable: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        fill(source, {"data": {"list": [1]}}, field="title")
    assert [(error.field, error.code) for error in refused.value.errors] == [(variable, "missing_variable")]


@pytest.mark.parametrize(
    "source",
    ["{{ data.x", "{% if %}", "{{ data.x | nonsense }}", "{{ secret }}", "{% include 'x' %}"],
)
def test_what_can_never_work_is_refused_when_it_is_written(source: str) -> None:
    with pytest.raises(InvalidRequest):
        check_template_source(source, field="title", variables=KNOWN)


def test_loop_variables_are_known() -> None:
    source = "{% for n in data.list %}{{ n }}{{ forloop.index }}{% endfor %}{% assign y = 1 %}{{ y }}"
    check_template_source(source, field="title", variables=KNOWN)
