"""A folder of templates beside a tenant's: pulled, pushed as a whole, and compared. See `hub.content.files`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import unified_diff
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from django.db import transaction

from hub.content.files import META, Files, folder_of, from_files, key_of, to_files
from hub.content.models import Template
from hub.content.sources import uses
from hub.content.templates import changed, delete_template, replace_template, templates
from hub.content.versions import publish
from hub.exceptions import InvalidRequest
from hub.tenancy.models import Tenant

# key → the files of its folder
Tree = dict[str, Files]


def in_hub(tenant: Tenant) -> Tree:
    """The drafts of a tenant, as files."""
    return {row.key: to_files({"kind": row.kind, "name": row.name, **row.content}) for row in templates(tenant=tenant)}


def in_folder(folder: Path) -> Tree:
    """The templates of a folder: each folder in it that has a `template.json`. Raises InvalidRequest for what is no text."""
    return {key_of(path.parent.name): _read(path.parent) for path in sorted(folder.glob(f"*/{META}"))}


def pull(*, tenant: Tenant, folder: Path) -> list[str]:
    """Make the folder as the tenant's drafts are; what is there beside templates stays. Returns the paths that changed."""
    wanted, there = in_hub(tenant), in_folder(folder)
    touched = []
    for key in sorted(wanted.keys() | there.keys()):
        base, new, old = folder / folder_of(key), wanted.get(key, {}), there.get(key, {})
        for name in sorted(name for name in new.keys() | old.keys() if new.get(name) != old.get(name)):
            touched.append(f"{folder_of(key)}/{name}")
            _write(base / name, new.get(name))
    return touched


@transaction.atomic
def push(*, tenant: Tenant, folder: Path, creator: str, publish_too: bool, delete: bool) -> list[str]:
    """Make the tenant's drafts as the folder is, all of them or, when anything is wrong, none. Returns the keys that changed.

    `publish_too`: publish what differs from its version, partials before what they are in. `delete`: remove templates that the
    folder doesn't have. Raises InvalidRequest whose fields begin with the template's folder.
    """
    wanted, there = in_folder(folder), in_hub(tenant)
    touched = [key for key, files in wanted.items() if files != there.get(key)]
    for key in touched:
        with _naming(key):
            replace_template(tenant=tenant, key=key, **from_files(wanted[key]))
    for row in _in_order(tenant, wanted) if publish_too else ():
        if changed(row):
            with _naming(row.key):
                publish(tenant=tenant, key=row.key, creator=creator)
    # last: what was just published may have done with them
    for key in sorted(there.keys() - wanted.keys()) if delete else ():
        delete_template(tenant=tenant, key=key)
        touched.append(key)
    return touched


def differences(*, tenant: Tenant, folder: Path) -> Iterator[str]:
    """What a push would change, as the lines of a unified diff from the hub to the folder; none when they are the same."""
    ours, theirs = in_hub(tenant), in_folder(folder)
    for key in sorted(ours.keys() | theirs.keys()):
        old, new = ours.get(key, {}), theirs.get(key, {})
        for name in sorted(old.keys() | new.keys()):
            path = f"{folder_of(key)}/{name}"
            before, after = (files.get(name, "").splitlines(keepends=True) for files in (old, new))
            yield from unified_diff(
                before,
                after,
                f"hub/{path}" if name in old else "/dev/null",
                f"folder/{path}" if name in new else "/dev/null",
            )


@contextmanager
def _naming(key: str) -> Iterator[None]:
    """Complaints about one template begin with its folder."""
    try:
        yield
    except InvalidRequest as error:
        raise error.under(folder_of(key)) from None


def _in_order(tenant: Tenant, wanted: Mapping[str, Files]) -> list[Template]:
    """What is pushed, each after what it is made of."""
    rows = {row.key: row for row in templates(tenant=tenant).filter(key__in=wanted)}
    graph = {key: set(uses(row.content)) & rows.keys() for key, row in rows.items()}
    try:
        return [rows[key] for key in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise InvalidRequest.on(" ".join(error.args[1]), "Partials that render each other have no end.") from error


def _read(base: Path) -> Files:
    files = {}
    for path in sorted(base.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            name = path.relative_to(base).as_posix()
            try:
                files[name] = path.read_bytes().decode()
            except UnicodeDecodeError as error:
                raise InvalidRequest.on(f"{base.name}/{name}", "Is not UTF-8.", "characters") from error
    return files


def _write(path: Path, text: str | None) -> None:
    if text is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return
    path.unlink()
    for parent in list(path.parents)[:2]:
        if not any(parent.iterdir()):
            parent.rmdir()
