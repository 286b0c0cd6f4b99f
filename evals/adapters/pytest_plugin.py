"""Suites as pytest tests. Opt-in: `pytest -p evals.adapters.pytest_plugin --countersign-suite NAME`; nothing loads it otherwise.

A case is an item, and so is each suite's gate, which comes last. The gate's rules hold: of an invariant every epoch has to
pass, and one that does not fails its case; a quality case that did badly is listed as an expected failure and decides nothing
by itself, its suite's gate does, against the baseline. What could not be run fails in either.

A test of one's own takes `countersign_scored`, the scored epochs of one case, under `@pytest.mark.countersign(SUITE)`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from evals.harness.case import Case
    from evals.harness.gate import Verdict
    from evals.harness.record import RunMeta, Scored, SuiteMeta
    from evals.harness.suite import Tier
    from evals.registry import PlannedSuite, Workshop
    from evals.running import Chosen

FIXTURE: Final = "countersign_scored"
MARKER: Final = "countersign"
_DESK: Final = pytest.StashKey["Desk"]()


class CaseFailed(Exception):  # pytest's own way of telling a failure apart
    """A case or a gate that did not pass; the words are the scorers'."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what to run, with which model, and how much of it."""
    group = parser.getgroup("countersign")
    group.addoption(
        "--countersign-suite",
        action="append",
        default=[],
        metavar="NAME",
        help="Run this suite; may be repeated.",
    )
    group.addoption("--countersign-model", default="offline", help="offline, scripted or openai:NAME.")
    group.addoption("--countersign-base-url", default="", help="Where openai:NAME is served.")
    group.addoption("--countersign-tier", default="commit", choices=("commit", "release", "live"))
    group.addoption("--countersign-baseline", default=None, type=Path, help="Folder of blessed suites.")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; the model is built when the first case runs."""
    config.addinivalue_line("markers", f"{MARKER}(suite): gives {FIXTURE} each case of the suite")
    if config.getoption("countersign_suite") and config.getoption("numprocesses", None):
        raise pytest.UsageError(
            "--countersign-suite needs all cases of a suite in one process for its gate; leave out -n"
        )
    config.stash[_DESK] = Desk(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close what cases opened."""
    desk = config.stash.get(_DESK, None)
    if desk is not None:
        desk.close()


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Look for no other tests where suites are named and no path is."""
    alone = config.getoption("countersign_suite") and config.args_source != pytest.Config.ArgsSource.ARGS
    return True if alone else None


@pytest.hookimpl(tryfirst=True)  # before -k and -m take their pick
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the cases and the gate of every suite that was named."""
    desk, names = config.stash[_DESK], list(dict.fromkeys(config.getoption("countersign_suite")))
    for name in names:
        for case in desk.cases(name):
            items.append(CaseItem.from_parent(session, name=f"{name}[{case.id}]", suite=name, case=case))
    for name in names:
        items.append(GateItem.from_parent(session, name=f"{name}[gate]", suite=name, names=names))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test of one's own every case of the suite that its marker names."""
    if FIXTURE not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker(MARKER)
    if marker is None or len(marker.args) != 1:
        raise pytest.UsageError(
            f"{metafunc.definition.nodeid} takes {FIXTURE}; name its suite: @pytest.mark.{MARKER}('refusal')"
        )
    suite = str(marker.args[0])
    cases = metafunc.config.stash[_DESK].cases(suite)
    metafunc.parametrize(
        FIXTURE, [(suite, case) for case in cases], ids=[case.id for case in cases], indirect=True
    )


@pytest.fixture
def countersign_scored(request: pytest.FixtureRequest) -> tuple[Scored, ...]:
    """The scored epochs of one case."""
    suite, case = request.param
    return request.config.stash[_DESK].scored(suite, case)


class CaseItem(pytest.Item):
    """One case of a suite, all its epochs."""

    def __init__(self, *, suite: str, case: Case, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]  # name and parent, from pytest
        self.suite, self.case = suite, case

    def runtest(self) -> None:
        """Run the case; its suite's class says what a bad score means."""
        desk = self.config.stash[_DESK]
        scored = desk.scored(self.suite, self.case)
        wrong = list(_problems(scored))
        if not wrong:
            return
        broke = any(one.result.error is not None for one in scored)
        if broke or desk.planned(self.suite).suite.suite_class == "invariant":
            raise CaseFailed("\n".join(wrong))
        pytest.xfail("; ".join(wrong))

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None
    ) -> str:  # ours is always words
        """Show the scorers' words instead of a traceback."""
        return _words_of(excinfo)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the case stands, for reports."""
        return self.config.rootpath, None, f"{self.suite}: {self.case.id}"


class GateItem(pytest.Item):
    """The gate's verdict on one suite, beside all that were run."""

    def __init__(self, *, suite: str, names: Sequence[str], **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]  # name and parent, from pytest
        self.suite, self.names = suite, names

    def runtest(self) -> None:
        """Fail with the gate's reasons."""
        verdict = self.config.stash[_DESK].verdict(self.names)
        judged = next(one for one in verdict.suites if one.suite == self.suite)
        if judged.exit:
            raise CaseFailed("\n".join([f"gate: {judged.exit.name.lower()}", *judged.reasons]))

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None
    ) -> str:  # ours is always words
        """Show the gate's words instead of a traceback."""
        return _words_of(excinfo)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the gate stands, for reports."""
        return self.config.rootpath, None, f"{self.suite}: gate"


class Desk:
    """What the cases of one session share: an event loop, the model and its worlds, and the results so far."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._loop: asyncio.Runner | None = None
        self._planned: dict[str, PlannedSuite] = {}
        self._scored: dict[tuple[str, str], tuple[Scored, ...]] = {}

    def planned(self, name: str) -> PlannedSuite:
        """Return a suite ready to run."""
        from evals.harness.suite import read_suite
        from policies.errors import CountersignError

        if name not in self._planned:
            try:
                self._planned[name] = self._workshop.plan(read_suite(name))
            except CountersignError as error:
                raise pytest.UsageError(error.message) from error
        return self._planned[name]

    def cases(self, name: str) -> tuple[Case, ...]:
        """Return the cases that the tier runs of a suite."""
        from evals.harness.runner import part_of

        planned = self.planned(name)
        return part_of(planned.cases, planned.suite.share(self._tier), self._meta.seed)

    def scored(self, name: str, case: Case) -> tuple[Scored, ...]:
        """Run a case as often as the tier says, once a session."""
        from evals.harness.runner import result_of, scored_by

        if (name, case.id) not in self._scored:
            planned = self.planned(name)
            self._loop = self._loop or asyncio.Runner()
            results = [
                self._loop.run(result_of(planned, case, epoch, self._meta))
                for epoch in range(1, self._epochs(name) + 1)
            ]
            self._scored[name, case.id] = tuple(scored_by(one, planned.scorers) for one in results)
        return self._scored[name, case.id]

    def verdict(self, names: Sequence[str]) -> Verdict:
        """Gate everything that was run; a case that was not is missing, which is no pass."""
        from evals.harness.record import Run
        from evals.running import gate

        scored = tuple(one for (suite, _), each in self._scored.items() if suite in names for one in each)
        run = Run(meta=self._meta, suites=tuple(map(self._meta_of, names)), scored=scored)
        return gate(run, names, self._config.getoption("countersign_baseline"))

    def close(self) -> None:
        """Close the model, its worlds and the loop."""
        if self._loop is not None:
            self._loop.run(self._workshop.aclose())
            self._loop.close()
            self._loop = None

    def _meta_of(self, name: str) -> SuiteMeta:
        from evals.harness.record import SuiteMeta

        planned = self.planned(name)
        ids = tuple(case.id for case in self.cases(name))
        return SuiteMeta(
            suite=planned.suite,
            case_ids=ids,
            epochs=self._epochs(name),
            dataset_sha256=planned.dataset_sha256,
        )

    def _epochs(self, name: str) -> int:
        return self.planned(name).suite.share(self._tier).epochs

    @property
    def _tier(self) -> Tier:
        tier: Tier = self._config.getoption("countersign_tier")  # one of its choices
        return tier

    @cached_property
    def _chosen(self) -> Chosen:
        from evals.running import Chosen

        options = self._config.getoption
        return Chosen(options("countersign_model"), options("countersign_base_url"))

    @cached_property
    def _meta(self) -> RunMeta:
        from evals.running import meta_of

        return meta_of(self._chosen, self._tier, 1)

    @cached_property
    def _workshop(self) -> Workshop:
        from evals.registry import Workshop

        return Workshop(self._chosen.provider())


def _problems(scored: Sequence[Scored]) -> Iterator[str]:
    for one in scored:
        at = f"epoch {one.result.epoch}"
        if one.result.error is not None:
            yield f"{at}: {one.result.error}"
        yield from (
            f"{at}: {score.name}: {score.detail}"
            for score in one.scores
            if score.applies and not score.passed
        )


def _words_of(excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    return str(excinfo.value) if excinfo.errisinstance(CaseFailed) else str(excinfo.getrepr(style="short"))
