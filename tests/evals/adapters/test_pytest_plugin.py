"""The pytest plugin: an item a case, failing in the scorer's words, under the gate's rules; nothing loads it unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evals.mutants import MUTANTS, planted_bug

pytest_plugins = ("pytester",)

ASKED = ("-p", "evals.adapters.pytest_plugin", "-p", "no:xdist", "-p", "no:cacheprovider", "-rx")


@pytest.fixture(autouse=True)
def without_ini(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")


def test_an_invariant_suite_gives_an_item_a_case_and_one_for_its_gate(pytester: pytest.Pytester) -> None:
    done = pytester.runpytest_inprocess(*ASKED, "--countersign-suite", "budget")
    done.assert_outcomes(passed=25)


def test_a_broken_invariant_fails_its_cases_in_the_scorers_words(pytester: pytest.Pytester) -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.suite == "budget")
    with planted_bug(mutant):
        done = pytester.runpytest_inprocess(*ASKED, "--countersign-suite", "budget")
    assert done.parseoutcomes()["failed"] >= 2
    done.stdout.fnmatch_lines(["epoch 1: budget_kept: *", "gate: invariant"])


def test_a_quality_case_alone_decides_nothing_and_its_words_are_listed(pytester: pytest.Pytester) -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.suite == "approver_comments")
    with planted_bug(mutant):
        done = pytester.runpytest_inprocess(*ASKED, "--countersign-suite", "approver_comments")
    outcomes = done.parseoutcomes()
    assert outcomes["xfailed"] > 10
    assert outcomes["failed"] == 1
    done.stdout.fnmatch_lines(["gate: quality", "the mean fell by *", "*comment_changes: *"])


def test_a_quality_suite_without_a_baseline_fails_at_its_gate(pytester: pytest.Pytester) -> None:
    done = pytester.runpytest_inprocess(
        *ASKED, "--countersign-suite", "approver_comments", "--countersign-baseline", str(pytester.path)
    )
    done.assert_outcomes(passed=40, failed=1)
    done.stdout.fnmatch_lines(["gate: missing", "there is no baseline for approver_comments*"])


def test_a_gate_that_saw_only_some_cases_passes_nothing(pytester: pytest.Pytester) -> None:
    done = pytester.runpytest_inprocess(
        *ASKED, "--countersign-suite", "budget", "-k", "budget-00 or budget-01 or gate"
    )
    done.assert_outcomes(passed=2, failed=1, deselected=22)
    done.stdout.fnmatch_lines(["gate: missing"])


def test_a_test_of_ones_own_gets_every_case_of_the_suite_it_names(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_ours="""
        import pytest

        @pytest.mark.countersign("approver_comments")
        def test_it(countersign_scored):
            assert all(one.passed for one in countersign_scored)
        """
    )
    pytester.runpytest_inprocess(*ASKED).assert_outcomes(passed=40)


def test_a_suite_that_does_not_exist_is_a_usage_error_that_names_those_that_do(
    pytester: pytest.Pytester,
) -> None:
    done = pytester.runpytest_inprocess(*ASKED, "--countersign-suite", "no_such")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*there is no suite 'no_such'; there are *"])


def test_a_test_without_the_marker_is_a_usage_error(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(countersign_scored): ...")
    done = pytester.runpytest_inprocess(*ASKED)
    assert done.ret != 0
    done.stdout.fnmatch_lines(["*name its suite: @pytest.mark.countersign('refusal')*"])


def test_the_plugin_is_no_entry_point_and_collects_nothing_unasked(pytester: pytest.Pytester) -> None:
    pyproject = Path(__file__).resolve().parents[3] / "pyproject.toml"
    assert "pytest11" not in pyproject.read_text("utf-8")
    pytester.makepyfile("def test_it(): ...")
    pytester.runpytest_inprocess(*ASKED).assert_outcomes(passed=1)
