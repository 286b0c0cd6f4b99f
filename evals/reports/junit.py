"""The report as JUnit XML, which build servers show as tests."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from evals.harness.gate import Verdict
from evals.harness.record import Run, Scored

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(run: Run, verdict: Verdict) -> str:
    """Return one test suite a suite, one test a case and epoch, and one more for the gate's verdict on the suite."""
    root = ElementTree.Element("testsuites", name="countersign evals")
    for judged in verdict.suites:
        scored = run.of(judged.suite)
        failed = sum(not one.passed and one.result.error is None for one in scored)
        errors = sum(one.result.error is not None for one in scored)
        node = ElementTree.SubElement(
            root,
            "testsuite",
            name=judged.suite,
            tests=str(len(scored) + 1),
            failures=str(failed + bool(judged.exit)),
            errors=str(errors),
            time=f"{sum(one.result.seconds for one in scored):.3f}",
        )
        gate = ElementTree.SubElement(node, "testcase", classname=judged.suite, name="gate")
        if judged.exit:
            _problem(gate, "failure", judged.exit.name.lower(), "; ".join(judged.reasons))
        for one in scored:
            _case(node, one)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _case(node: ElementTree.Element, one: Scored) -> None:
    result = one.result
    case = ElementTree.SubElement(
        node,
        "testcase",
        classname=result.suite,
        name=_clean(f"{result.case.id} #{result.epoch}"),
        time=f"{result.seconds:.3f}",
    )
    if result.error is not None:
        _problem(case, "error", "run error", result.error)
    elif not one.passed:
        wrong = [score for score in one.scores if score.applies and not score.passed]
        _problem(
            case,
            "failure",
            ", ".join(score.name for score in wrong),
            "; ".join(score.detail for score in wrong),
        )


def _problem(node: ElementTree.Element, kind: str, message: str, text: str) -> None:
    ElementTree.SubElement(node, kind, message=_clean(message)).text = _clean(text)


def _clean(text: str) -> str:
    return _NOT_XML.sub("�", text)
