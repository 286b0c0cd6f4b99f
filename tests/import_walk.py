"""Reads Python sources without running them: what they import, where, and what they would do at import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("policies", "tools", "store", "delivery", "agents", "api", "evals")
_OPENING = {
    "open",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "create_engine",
    "connect",
    "getenv",
    "mkdir",
    "touch",
}
_ENVIRONMENT = {"environ", "environb", "getenv"}


class Import(NamedTuple):
    """One imported module; `place` is 'module', 'typing' (under TYPE_CHECKING) or 'function'."""

    module: str
    place: str
    line: int


class Source(NamedTuple):
    """A file by its path from the root, with its tree."""

    path: str
    tree: ast.Module

    @property
    def package(self) -> str:
        return self.path.split("/", 1)[0]

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def source(path: str, text: str) -> Source:
    return Source(path, ast.parse(text, path))


def sources(packages: tuple[str, ...] = PACKAGES) -> list[Source]:
    """Every Python file of the packages, migrations included."""
    return [
        source(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8"))
        for package in packages
        for file in sorted((ROOT / package).rglob("*.py"))
    ]


def imports(of: Source) -> Iterator[Import]:
    """Every import of a file; `from a import b` gives a and a.b, since b may be a module."""
    yield from _imports(of.tree, of, "module")


def opened_at_import(of: Source) -> Iterator[tuple[int, str]]:
    """(line, what) of everything at module level that opens a file, a database or reads the environment."""
    for node in _runs_at_import(of.tree):
        if isinstance(node, ast.Attribute) and node.attr in _ENVIRONMENT and _name(node.value) == "os":
            yield node.lineno, f"os.{node.attr}"
        elif isinstance(node, ast.Call) and _called(node) in _OPENING:
            yield node.lineno, f"{_called(node)}()"


def calls(of: Source) -> Iterator[tuple[int, str]]:
    """(line, name) of every call in a file, wherever it stands."""
    for node in ast.walk(of.tree):
        if isinstance(node, ast.Call):
            yield node.lineno, _called(node)


def _imports(node: ast.AST, of: Source, place: str) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, place, child.lineno)
        elif isinstance(child, ast.ImportFrom):
            base = _base(child, of)
            yield Import(base, place, child.lineno)
            for alias in child.names:
                yield Import(f"{base}.{alias.name}", place, child.lineno)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _imports(child, of, "function" if place == "module" else place)
        elif isinstance(child, ast.If) and _name(child.test) == "TYPE_CHECKING":
            for statement in child.body:
                yield from _imports(ast.Module([statement], []), of, "typing")
            for statement in child.orelse:
                yield from _imports(ast.Module([statement], []), of, place)
        else:
            yield from _imports(child, of, place)


def _base(node: ast.ImportFrom, of: Source) -> str:
    if node.level == 0:
        return node.module or ""
    parts = of.module.split(".")
    above = node.level - 1 if of.path.endswith("/__init__.py") else node.level
    return ".".join([*parts[: len(parts) - above], *([node.module] if node.module else [])])


def _runs_at_import(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            # the body waits for a call; decorators and defaults do not
            for early in [*child.decorator_list, *child.args.defaults, *filter(None, child.args.kw_defaults)]:
                yield early
                yield from _runs_at_import(early)
        elif not isinstance(child, ast.Lambda):
            yield child
            yield from _runs_at_import(child)


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else _name(node.func)


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
