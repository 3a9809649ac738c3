"""What the documentation says to type works: every page is typed in, from top to bottom, at a running hub."""

import json
from pathlib import Path

import pytest

from tests.docs.examples import PAGES, RUNNABLE, Example, Terminal, examples
from tests.support.live import LiveHub

RUN = [page for page in PAGES if any(example.runs for example in examples(page))]
OTHER = {"", "json", "html", "ts", "js", "css", "http", "text", "sql", "yaml", "ini", "nginx", "toml", "liquid", "diff"}


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_a_page_can_be_typed_in(page: Path, live_hub: LiveHub, tmp_path: Path) -> None:
    """Each page has a tenant of its own, with alice and bob: none depends on another, or meets its keys."""
    terminal = _terminal(live_hub, tmp_path, tenant=f"docs-{page.stem.lower()}")
    for example in examples(page):
        if example.runs:
            terminal.run(example, _here(example.code, live_hub))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_does_not_run_says_why(page: Path) -> None:
    for example in examples(page):
        assert example.language in RUNNABLE | OTHER, f"{example.name}: write sh or python, so that it is run"
        assert example.reason is None or example.language in RUNNABLE, f"{example.name}: this is never run"


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("sh", "curl $HUB/nowhere -H 'X-API-Key: nonsense'"),
        ("sh", "curl $HUB/nowhere | cat"),
        ("sh", "test $KEY = other\ntrue"),
        ("python", "assert False"),
    ],
)
def test_an_example_that_fails_is_seen(language: str, code: str, live_hub: LiveHub, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, {**live_hub.process.environment, "HUB": live_hub.api, "KEY": live_hub.api_key})
    with pytest.raises(AssertionError, match="ended with"):
        terminal.run(Example("here", language, code, None), code)


def test_variables_stay_and_blocks_are_found(live_hub: LiveHub, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Text.\n\n```sh\nID=7\n```\n\n<!-- not run: no reader would -->\n```sh\nexit 1\n```\n\n"
        "```python\nimport os\nprint(os.environ['ID'])\n```\n"
    )
    first, skipped, last = examples(page)
    assert (first.name, first.runs, skipped.runs, skipped.reason) == ("page.md:3", True, False, "no reader would")
    terminal = Terminal(tmp_path, live_hub.process.environment)
    terminal.run(first, first.code)
    assert terminal.run(last, last.code) == "7\n"


def _terminal(hub: LiveHub, folder: Path, *, tenant: str) -> Terminal:
    (folder / ".hub").mkdir()
    file = folder / ".hub" / "demo.json"
    hub.process.run("-m", "tests.docs.seed", tenant, str(file))
    demo = json.loads(file.read_text())
    file.write_text(json.dumps({**demo, "url": hub.url, "mailbox_url": hub.process.mailbox_url}))
    names = {"HUB": hub.api, "KEY": demo["api_key"], "TOKEN": demo["users"][0]["token"], "TENANT": tenant}
    settings = {"DJANGO_SETTINGS_MODULE": "project.settings"}
    return Terminal(folder, {**hub.process.environment, **settings, **names})


def _here(code: str, hub: LiveHub) -> str:
    """The hub of `make run` is this one."""
    mailbox = hub.process.mailbox_url.rstrip("/")
    return code.replace("http://127.0.0.1:8000", hub.url).replace("http://127.0.0.1:8025", mailbox)
