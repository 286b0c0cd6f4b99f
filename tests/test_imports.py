"""Imports point one way, heavy packages are loaded where they are used, and importing opens nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

import agents
from tests.import_walk import PACKAGES, ROOT, Source, imports, opened_at_import, source, sources

GRAPH_PACKAGES = {"langgraph", "langchain", "langchain_core", "langchain_openai", "langsmith"}
GRAPH_ADAPTERS = {
    "api/wiring.py",
    "api/agui/interrupts.py",
    "evals/adapters/forged_resumes.py",
    "evals/models/provider.py",
}
"""The files of api/ and evals/ that may name LangGraph or LangChain."""
DATABASE_PACKAGES = {"sqlmodel", "sqlalchemy", "alembic", "sqlite3", "aiosqlite", "psycopg", "duckdb"}
HEAVY = {
    "chromadb",
    "dbos",
    "duckdb",
    "ibis",
    "kubernetes",
    "langchain_openai",
    "onnxruntime",
    "openai",
    "pandas",
    "pyarrow",
    "scipy",
    "sklearn",
    "tea_tasting",
    "tokenizers",
    "vl_convert",
}
HEAVY_ADAPTERS = {"agents.models.openai_chat"}
"""Modules whose subject is a heavy package: they load it at import, so they are imported inside functions only."""
INSPECT_FILE = "evals/adapters/inspect_task.py"
JOB_ENGINE, JOBS_FILE = "dbos", "delivery/jobs.py"
LIGHT_PACKAGES = ("policies", "tools", "store", "delivery")


@pytest.fixture(scope="module")
def tree() -> list[Source]:
    return sources()


def against_direction(files: Iterable[Source]) -> list[str]:
    """Imports of a package that stands to the right of the importing one; type-only imports count."""
    found = []
    for file in files:
        allowed = set(PACKAGES[: PACKAGES.index(file.package) + 1])
        for made in imports(file):
            target = made.module.split(".")[0]
            outside = target in {"bench", "tests"} or (target in PACKAGES and target not in allowed)
            if outside:
                found.append(f"{file.path}:{made.line} imports {made.module}")
    return found


def graph_outside(files: Iterable[Source]) -> list[str]:
    """LangGraph or LangChain named anywhere but in agents/ and the adapter files."""
    return [
        f"{file.path}:{made.line} imports {made.module}"
        for file in files
        if file.package != "agents" and file.path not in GRAPH_ADAPTERS
        for made in imports(file)
        if made.module.split(".")[0] in GRAPH_PACKAGES
    ]


def databases_in_pure_code(files: Iterable[Source]) -> list[str]:
    """A database package named in policies/ or tools/."""
    return [
        f"{file.path}:{made.line} imports {made.module}"
        for file in files
        if file.package in ("policies", "tools")
        for made in imports(file)
        if made.module.split(".")[0] in DATABASE_PACKAGES
    ]


def heavy_at_import(files: Iterable[Source]) -> list[str]:
    """A heavy package, or one of the modules that load one, imported while a module is."""
    return [
        f"{file.path}:{made.line} imports {made.module}"
        for file in files
        for made in imports(file)
        if made.place == "module"
        and (
            made.module in HEAVY_ADAPTERS
            or (made.module.split(".")[0] in HEAVY and file.module not in HEAVY_ADAPTERS)
        )
    ]


def job_engine_outside(files: Iterable[Source]) -> list[str]:
    """The job engine named anywhere but in its one file."""
    return [
        f"{file.path}:{made.line} imports {made.module}"
        for file in files
        if file.path != JOBS_FILE
        for made in imports(file)
        if made.module.split(".")[0] == JOB_ENGINE
    ]


def inspect_outside(files: Iterable[Source]) -> list[str]:
    """Inspect named anywhere but in its one adapter."""
    return [
        f"{file.path}:{made.line} imports {made.module}"
        for file in files
        if file.path != INSPECT_FILE
        for made in imports(file)
        if made.module.split(".")[0] == "inspect_ai"
    ]


def opening_at_import(files: Iterable[Source]) -> list[str]:
    """Files, databases or the environment touched by an import; migrations are run, not imported, by Alembic."""
    return [
        f"{file.path}:{line} {what}"
        for file in files
        if "/migrations/" not in file.path
        for line, what in opened_at_import(file)
    ]


CHECKS = (
    against_direction,
    graph_outside,
    databases_in_pure_code,
    heavy_at_import,
    inspect_outside,
    job_engine_outside,
    opening_at_import,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_tree_has_no_violation(check, tree: list[Source]) -> None:
    assert len(tree) > 100, "the walker found too few files to have looked"
    assert check(tree) == []


PLANTED = (
    (against_direction, "policies/planted.py", "def late():\n    from store import clock\n"),
    (against_direction, "policies/planted.py", "import store.clock\n"),
    (against_direction, "store/planted.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import api\n"),
    (against_direction, "store/repositories/planted.py", "from ...delivery import launch\n"),
    (against_direction, "delivery/planted.py", "class A:\n    import agents.loop as loop\n"),
    (against_direction, "tools/planted.py", "import bench\n"),
    (graph_outside, "delivery/planted.py", "from langgraph.types import interrupt\n"),
    (graph_outside, "api/planted.py", "def late():\n    import langchain_core.messages\n"),
    (databases_in_pure_code, "tools/planted.py", "def late():\n    from sqlmodel import Session\n"),
    (heavy_at_import, "store/planted.py", "try:\n    import chromadb\nexcept ImportError:\n    chromadb = None\n"),
    (heavy_at_import, "tools/planted.py", "from scipy.stats import norm\n"),
    (heavy_at_import, "agents/models/planted.py", "from agents.models.openai_chat import ChatModel\n"),
    (inspect_outside, "evals/harness/planted.py", "def late():\n    from inspect_ai import eval\n"),
    (job_engine_outside, "api/planted.py", "def late():\n    from dbos import DBOS\n"),
    (opening_at_import, "api/planted.py", "import os\nHOME = os.environ.get('HOME')\n"),
    (opening_at_import, "api/planted.py", "import os\ndef f(home=os.getenv('HOME')): ...\n"),
    (opening_at_import, "tools/planted.py", "TEXT = open('a').read()\n"),
    (opening_at_import, "agents/planted.py", "class A:\n    text = PATH.read_text()\n"),
    (opening_at_import, "store/planted.py", "import sqlalchemy as sa\nENGINE = sa.create_engine('sqlite://')\n"),
)  # fmt: skip


@pytest.mark.parametrize(("check", "path", "text"), PLANTED)
def test_a_planted_violation_is_found(check, path: str, text: str) -> None:
    assert check([source(path, text)]) != []


ALLOWED = (
    (against_direction, "store/fine.py", "from policies.errors import CountersignError\nimport tools.result\n"),
    (graph_outside, "agents/fine.py", "from langgraph.types import interrupt\n"),
    (heavy_at_import, "store/fine.py", "def late():\n    import chromadb\n"),
    (heavy_at_import, "store/fine.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import ibis\n"),
    (inspect_outside, INSPECT_FILE, "from inspect_ai import eval\n"),
    (job_engine_outside, JOBS_FILE, "def late():\n    from dbos import DBOS\n"),
    (opening_at_import, "api/fine.py", "import os\ndef late():\n    return os.environ['HOME'], open('a')\n"),
)  # fmt: skip


@pytest.mark.parametrize(("check", "path", "text"), ALLOWED)
def test_what_is_allowed_is_not_reported(check, path: str, text: str) -> None:
    assert check([source(path, text)]) == []


def test_agents_is_our_package() -> None:
    assert agents.__file__ is not None
    assert Path(agents.__file__).resolve() == ROOT / "agents" / "__init__.py"


def test_every_heavy_adapter_named_here_is_a_file() -> None:
    for module in HEAVY_ADAPTERS:
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file()


def test_importing_everything_below_agents_loads_no_heavy_package(tree: list[Source]) -> None:
    """A second opinion on the walker: the interpreter itself says what was loaded."""
    names = [
        file.module for file in tree if file.package in LIGHT_PACKAGES and "/migrations/" not in file.path
    ]
    program = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"print(*sorted({HEAVY | GRAPH_PACKAGES!r} & {{name.split('.')[0] for name in sys.modules}}))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == []
