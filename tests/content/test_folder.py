"""Templates as files: what is pulled pushes back as it was, wholly or not at all, and a difference is seen."""

from io import StringIO
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from hub.content.files import from_files, to_files
from hub.content.models import Template
from hub.content.templates import delete_template, get_template, replace_template
from hub.content.versions import publish
from hub.tenancy.models import Tenant
from hub.tenancy.services import change_tenant

pytestmark = pytest.mark.django_db

INVOICE: dict[str, Any] = {
    "kind": "message",
    "name": "Invoice",
    "title": "Invoice {{ data.number }}",
    "body": "Dear ä,\r\n\nhere it is.\n",
    "html": '<p>{{ data.number }}</p>{% render "footer" %}',
    "actions": [{"key": "pay", "label": "Pay"}],
    "layout": "shop",
    "channels": {"sms": {"body": "No. {{ data.number }}"}, "email": {"subject": "Yours"}},
    "locales": {"pt-BR": {"title": "Fatura", "channels": {"sms": {"body": "Fatura"}}, "actions": []}},
    "schema": {"type": "object", "required": ["number"], "properties": {"number": {"type": "integer"}}},
    "example": {"number": 7},
}


@pytest.fixture
def acme() -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def pulled(acme: Tenant, tmp_path: Path) -> Path:
    replace_template(tenant=acme, key="footer", kind="partial", html="<i>{{ tenant.name }}</i>")
    replace_template(tenant=acme, key="shop", kind="layout", html="<div>{{ content }}</div>")
    for key in ("footer", "shop"):
        publish(tenant=acme, key=key, creator="code")
    replace_template(tenant=acme, key="a:invoice", **INVOICE)
    run("pull", tmp_path)
    return tmp_path


def run(action: str, folder: Path, *options: str, tenant: str = "acme") -> str:
    out = StringIO()
    call_command("hub_templates", action, str(folder), "--tenant", tenant, *options, stdout=out)
    return out.getvalue()


def differs(folder: Path) -> str:
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("hub_templates", "diff", str(folder), "--tenant", "acme", stdout=out)
    assert ended.value.code == 1
    return out.getvalue()


def test_the_files_are_readable(pulled: Path) -> None:
    names = sorted(path.relative_to(pulled).as_posix() for path in pulled.rglob("*") if path.is_file())
    assert names == [
        "a%3Ainvoice/actions.json",
        "a%3Ainvoice/body.liquid",
        "a%3Ainvoice/email.subject.liquid",
        "a%3Ainvoice/html.liquid",
        "a%3Ainvoice/pt-BR/sms.body.liquid",
        "a%3Ainvoice/pt-BR/title.liquid",
        "a%3Ainvoice/sms.body.liquid",
        "a%3Ainvoice/template.json",
        "a%3Ainvoice/title.liquid",
        "footer/html.liquid",
        "footer/template.json",
        "shop/html.liquid",
        "shop/template.json",
    ]
    assert (pulled / "a%3Ainvoice/title.liquid").read_text() == "Invoice {{ data.number }}\n"


def test_what_is_pulled_pushes_back_as_it_was(acme: Tenant, pulled: Path) -> None:
    before = {row.key: (row.kind, row.name, row.content) for row in Template.objects.all()}
    assert run("diff", pulled) == ""
    assert run("push", pulled) == "nothing to do\n"
    Template.objects.all().delete()
    run("push", pulled, "--publish")
    assert {row.key: (row.kind, row.name, row.content) for row in Template.objects.all()} == before
    assert get_template(tenant=acme, key="a:invoice").published is not None
    assert run("pull", pulled) == "nothing to do\n"
    assert from_files(to_files(INVOICE)) | {"locales": INVOICE["locales"]} == INVOICE


def test_a_difference_is_shown(acme: Tenant, pulled: Path) -> None:
    (pulled / "a%3Ainvoice/title.liquid").write_text("Bill {{ data.number }}\n")
    (pulled / "a%3Ainvoice/pt-BR/title.liquid").unlink()
    shown = differs(pulled)
    assert "-Invoice {{ data.number }}\n+Bill {{ data.number }}\n" in shown
    assert "+++ /dev/null" in shown
    run("push", pulled)
    content = get_template(tenant=acme, key="a:invoice").content
    assert (content["title"], "title" in content["locales"]["pt-BR"]) == ("Bill {{ data.number }}", False)
    assert run("diff", pulled) == ""


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("title.liquid", "{{ data.number", "a%3Ainvoice: title: Liquid"),
        ("title.liquid", "{{ data.nmber }}", "data.nmber"),
        ("fax.body.liquid", "x", "fax.body.liquid"),
        ("a/b/c.liquid", "x", "a/b/c.liquid"),
        ("template.json", "{", "template.json"),
        ("template.json", '{"colour": 1}', "template.json"),
        ("p/title.liquid", "x", "locales.p"),
        ("sms.body.liquid", b"\xff", "sms.body.liquid"),
    ],
)
def test_a_push_is_whole_or_nothing(acme: Tenant, pulled: Path, name: str, text: str | bytes, complaint: str) -> None:
    before = {row.key: row.content for row in Template.objects.all()}
    (pulled / "footer/html.liquid").write_text("Changed\n")
    path = pulled / "a%3Ainvoice" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CommandError, match=complaint):
        run("push", pulled, "--publish")
    assert {row.key: row.content for row in Template.objects.all()} == before


def test_only_what_is_asked_for_is_removed(acme: Tenant, pulled: Path) -> None:
    (pulled / "notes.txt").write_text("mine")
    for path in (pulled / "a%3Ainvoice").rglob("*"):
        if path.is_file():
            path.unlink()
    assert "a%3Ainvoice" in differs(pulled)
    assert run("push", pulled) == "nothing to do\n"
    assert run("push", pulled, "--delete") == "a:invoice\n"
    replace_template(tenant=acme, key="new", title="New")
    Template.objects.filter(key="shop").delete()
    assert run("pull", pulled) == "new/template.json\nnew/title.liquid\nshop/html.liquid\nshop/template.json\n"
    assert sorted(path.name for path in pulled.iterdir() if path.name != "a%3Ainvoice") == [
        "footer",
        "new",
        "notes.txt",
    ]


def test_the_default_layout_may_have_done_with_what_is_removed(acme: Tenant, pulled: Path) -> None:
    """It is published first, what it was made of is removed after that; what it still needs stays."""
    replace_template(tenant=acme, key="shop", kind="layout", html='<div>{{ content }}{% render "footer" %}</div>')
    publish(tenant=acme, key="shop", creator="code")
    delete_template(tenant=acme, key="a:invoice")
    change_tenant(tenant=acme, email_layout="shop")
    replace_template(tenant=acme, key="hello", title="Hello", layout="none")
    run("pull", pulled)
    assert '"layout": "none"' in (pulled / "hello/template.json").read_text()
    rmtree(pulled / "footer")
    with pytest.raises(CommandError, match="default layout"):
        run("push", pulled, "--publish", "--delete")
    (pulled / "shop/html.liquid").write_text("<div>{{ content }}</div>\n")
    assert run("push", pulled, "--publish", "--delete").split() == ["shop", "footer"]


def test_what_is_not_there_is_said(acme: Tenant, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no such tenant"):
        run("pull", tmp_path, tenant="nobody")
    with pytest.raises(CommandError, match="no folder"):
        run("push", tmp_path / "none")
