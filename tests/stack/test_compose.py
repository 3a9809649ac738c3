"""docker-compose.yml and the Dockerfile say the same as project/stack/processes.py, and refer to what is there."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from deliveries.queues import queues
from project.bootstrap.packages import UV
from project.stack import processes

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
ANY = "0.0.0.0"
EXPECTED = {
    "migrate": processes.migrate(),
    "web": processes.web(host=ANY, port=8000),
    "web-dev": processes.web_for_development(host=ANY, port=8000),
    "worker": processes.worker(),
    "scheduler": processes.scheduler(schedule=Path("/tmp/celerybeat-schedule")),
    "mailbox": processes.mailbox(host=ANY, smtp_port=8026, http_port=8025, folder=Path("/tmp/mail")),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_process_has_the_command_line_of_make_run(name: str) -> None:
    assert SERVICES[name]["command"] == ["python", *EXPECTED[name]]


def test_nothing_else_is_run() -> None:
    assert set(SERVICES) == {*EXPECTED, "postgres", "redis"}


def test_the_worker_reads_every_queue() -> None:
    assert set(processes.QUEUES) == {queue.name for queue in queues()}


@pytest.mark.parametrize("name", [name for name in EXPECTED if "-m" in EXPECTED[name]])
def test_each_module_that_is_run_exists(name: str) -> None:
    words = EXPECTED[name]
    ours = [word.split(":")[0] for word in words if word.startswith("project")]
    assert ours
    for module in ours:
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__init__.py").exists()


@pytest.mark.parametrize("name", SERVICES)
def test_each_restarts_logs_within_bounds_and_is_watched(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"].startswith("on-failure" if name == "migrate" else "unless-stopped")
    assert service["logging"]["options"]["max-size"]
    assert ("healthcheck" in service) == (name != "migrate")


@pytest.mark.parametrize("name", SERVICES)
def test_who_depends_on_a_service_waits_until_it_is_healthy_and_shares_its_profiles(name: str) -> None:
    service = SERVICES[name]
    for needed, how in service.get("depends_on", {}).items():
        ends = needed == "migrate"
        assert how["condition"] == ("service_completed_successfully" if ends else "service_healthy")
        assert set(service["profiles"]) <= set(SERVICES[needed]["profiles"])


def test_the_profiles_hold_what_they_promise() -> None:
    profiles = {
        profile: {name for name, service in SERVICES.items() if profile in service["profiles"]}
        for profile in ("hub", "dev", "services")
    }
    assert profiles["services"] == {"postgres", "redis"}
    assert profiles["hub"] == {"postgres", "redis", "migrate", "web", "worker", "scheduler"}
    assert profiles["dev"] == {"postgres", "redis", "migrate", "web-dev", "worker", "scheduler", "mailbox"}


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_the_services_are_of_a_supported_version(name: str) -> None:
    image, _, version = SERVICES[name]["image"].partition(":")
    assert image == name
    assert int(version.split(".")[0]) >= {"postgres": 17, "redis": 7}[name]


def test_ports_are_published_on_loopback_unless_told_otherwise() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith(("127.0.0.1:", "${HUB_BIND:-127.0.0.1}:")) for port in published)


def test_no_base_image_is_unpinned() -> None:
    stages = set(re.findall(r"^FROM \S+ AS (\S+)", DOCKERFILE, re.MULTILINE))
    for image in re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE):
        assert image in stages or re.search(r":\d", image), image
    assert UV in DOCKERFILE


def test_the_image_runs_as_an_ordinary_user_with_the_same_command() -> None:
    last = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER hub$", last, re.MULTILINE)
    command = last.split("CMD ")[1].replace("\\\n", " ")
    assert shlex.split(re.sub(r"[\[\],]", " ", command)) == ["python", *processes.web(host=ANY, port=8000)]


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = [line[1:] for line in ignore if line.startswith("!")]
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert any(source.strip("/") == kept or source.startswith(kept + "/") for kept in let_in), source
