"""The repository keeps its word: commands exist, pictures are current, decisions are whole, nothing names a machine."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.picture import mermaid
from tests.import_walk import ROOT

PARTS = ("## Question", "## Choice", "## Numbers", "## What would change it")
WORDS = [
    "objective",
    "brief",
    "plan",
    "proposal",
    "audience",
    "segment",
    "offer",
    "creative",
    "variant",
    "arm",
    "holdout",
    "control",
    "guardrail",
    "frequency cap",
    "suppression",
    "approval",
    "launch",
    "decision",
    "propensity",
    "reward",
    "lift",
    "choice",
    "rule",
    "action",
    "baseline",
    "effect",
    "campaign",
    "bandit policy",
    "envelope",
    "figure",
    "gate",
    "home",
    "workspace",
]
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+|opt)/[\w.-]+")
REGISTRY = re.compile(
    r"(?:pypi\.org|pythonhosted\.org|registry\.npmjs\.org|deb\.debian\.org|index-url|find-links)", re.I
)


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def texts() -> Iterator[tuple[str, str]]:
    for path in tracked():
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def traces(text: str) -> list[str]:
    """What ties a text to a machine or to an address of a package registry."""
    return MACHINE_PATH.findall(text) + REGISTRY.findall(text)


def test_no_file_names_a_path_of_a_machine_or_a_registry() -> None:
    own = "tests/test_repository.py"
    found = {name: traces(text) for name, text in texts() if name != own and traces(text)}
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "see /work/shared/plan.md",
        "open('/root/x')",
        "--index-url https://a.b",
        "from pypi.org",
        "/Users/ann/src",
    ],
)
def test_the_search_for_traces_finds_them(text: str) -> None:
    assert traces(text) != []


@pytest.mark.parametrize("text", ["/v1/chat", "sqlite:////path/file.db", "/usr/lib/postgresql", "teamwork/x"])
def test_the_search_for_traces_leaves_other_paths(text: str) -> None:
    assert traces(text) == []


def test_both_commands_of_the_readme_are_make_targets() -> None:
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    for target in ("demo", "test"):
        assert re.search(rf"^make {target}\b", readme, re.M)
        assert re.search(rf"^{target}:", makefile, re.M)


def test_make_targets_that_documents_name_exist() -> None:
    made = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(
        re.findall(
            r"(?:^|`|\s)make ([a-z]+)(?=[\s`]*(?:#|`|EXTRAS|$))", (ROOT / "README.md").read_text(), re.M
        )
    )
    assert {"demo", "test", "setup"} <= named <= made


def test_continuous_integration_runs_the_same_tests() -> None:
    script = ROOT / ".ci" / "run"
    assert re.search(r"^make test\b", script.read_text(), re.M)
    assert script.stat().st_mode & 0o100


def test_the_readmes_picture_is_the_graph_that_runs() -> None:
    shown = re.findall(r"```mermaid\n(.*?)\n```", (ROOT / "README.md").read_text(), re.S)
    assert shown == [mermaid()]


def test_the_readme_names_only_places_that_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"`([a-z_]+/[\w/.*-]*)`", readme))
    assert len(named) > 20
    missing = [name for name in sorted(named) if not any(ROOT.glob(name.rstrip("/")))]
    assert missing == []


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda page: page.stem
)
def test_a_decision_has_its_four_parts_on_one_page(page: Path) -> None:
    text = page.read_text()
    heads = re.findall(r"^## .*$", text, re.M)
    assert heads == list(PARTS)
    assert re.match(rf"# {page.name[:4]} \S", text)
    assert len(text.splitlines()) <= 60
    assert all(part.strip() for part in re.split(r"^## .*$", text, flags=re.M)[1:])


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(page.name[:4]) for page in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 8


def test_the_glossary_defines_the_words_of_the_field_once() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", (ROOT / "docs" / "glossary.md").read_text(), re.M)
    defined = [word.strip() for words, _ in rows[1:] for word in words.split(",")]
    assert len(defined) == len(set(defined))
    missing = set(WORDS) - set(defined)
    assert missing == set()


def test_the_changelog_has_the_version_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()


def test_constraints_pin_exactly_and_name_no_address() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert len(lines) > 50
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[\w.+!-]+", line)] == []
