"""The gates of an evaluation as JUnit XML, which CI servers draw: each gate is a test case."""

from collections.abc import Sequence
from xml.etree import ElementTree as Tree

from visrec_cli.reports.evaluation import Verdict
from visrec_cli.runtime.display import printable


def junit(verdicts: Sequence[Verdict]) -> bytes:
    """The XML, without times: equal numbers give equal bytes. Without gates there is one case: that it ran."""
    failed = sum(not verdict.passed for verdict in verdicts)
    counts = {"tests": str(max(len(verdicts), 1)), "failures": str(failed), "errors": "0", "skipped": "0"}
    suites = Tree.Element("testsuites", {"name": "visrec", **counts})
    suite = Tree.SubElement(suites, "testsuite", {"name": "visrec eval", **counts})
    for verdict in verdicts:
        case = Tree.SubElement(suite, "testcase", classname=_legal(verdict.run), name=_legal(verdict.condition))
        sentence = _legal(verdict.sentence)
        if verdict.passed:
            Tree.SubElement(case, "system-out").text = sentence
        else:
            Tree.SubElement(case, "failure", message=sentence, type="gate").text = sentence
    if not verdicts:
        Tree.SubElement(suite, "testcase", classname="visrec eval", name="the evaluation ran")
    Tree.indent(suites)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + Tree.tostring(suites, encoding="utf-8") + b"\n"


def _legal(text: str) -> str:
    """What XML 1.0 can hold: printable, without the two code points that are no characters."""
    return printable(text).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
