#!/usr/bin/env python3
"""Adds up a run of scripts/test: prints what failed, the figures, and the plain last line.

    summary.py LOGS

Reads LOGS/*.xml (JUnit, from ctest and pytest), LOGS/checks (tab-separated: state, name, file with details) and
LOGS/sanitizer/*.  Status 1 on a failure and when no test ran.
"""

import collections
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

SHOWN_LINES = 60  # of one failure; the rest is in the log
FIGURE = re.compile(r"^figure \S+ \S+ \S+.*$", re.MULTILINE)

Result = collections.namedtuple("Result", "state name details")


def texts(case, *tags):
    return "\n".join(element.text or "" for tag in tags for element in case.findall(tag))


def of_case(case, step):
    """One <testcase>, whether ctest or pytest wrote it."""
    name = f"{step}: {case.get('classname') + '.' if step.startswith('e2e') else ''}{case.get('name')}"
    bad = case.findall("failure") + case.findall("error")
    if bad or case.get("status") == "fail":
        details = "\n".join((element.text or element.get("message") or "") for element in bad)
        output = texts(case, "system-out", "system-err")
        return Result("failed", name, (details + "\n" + output).strip())
    skipped = case.find("skipped")
    if skipped is not None or case.get("status") in ("notrun", "disabled"):
        why = skipped.get("message") if skipped is not None else ""
        return Result("skipped", name, why or "")
    return Result("passed", name, "")


def read(logs):
    results, figures = [], []
    for file in sorted(logs.glob("**/*.xml")):
        step = file.relative_to(logs).with_suffix("").as_posix()
        try:
            root = ElementTree.parse(file).getroot()
        except ElementTree.ParseError as error:
            results.append(Result("failed", f"{step}: the report cannot be read", str(error)))
            continue
        for case in root.iter("testcase"):
            results.append(of_case(case, step))
            figures += FIGURE.findall(texts(case, "system-out"))
    # pytest prints its figures at the end of a file; ctest kept what it printed.
    for file in sorted(logs.glob("*.ctest")):
        figures += FIGURE.findall(file.read_text(errors="replace"))
    checks = logs / "checks"
    for line in checks.read_text().splitlines() if checks.exists() else []:
        state, name, details = line.split("\t")
        file = pathlib.Path(details) if details else None
        text = file.read_text(errors="replace") if file and file.is_file() else details
        results.append(Result(state, name, text))
    for file in sorted(logs.glob("sanitizer/*")):
        results.append(Result("failed", f"sanitizer report {file.name}", file.read_text(errors="replace")))
    return results, figures


def print_all(title, results):
    for result in results:
        print(f"{title}: {result.name}")
        lines = result.details.splitlines()
        if len(lines) > SHOWN_LINES:
            print("    [...]")
        for line in lines[-SHOWN_LINES:]:
            print("    " + line)


def main():
    logs = pathlib.Path(sys.argv[1])
    results, figures = read(logs)
    by_state = collections.defaultdict(list)
    for result in results:
        by_state[result.state].append(result)
    skipped, failed, passed = by_state["skipped"], by_state["failed"], by_state["passed"]

    for line in dict.fromkeys(figures):
        print(line)
    for why, count in collections.Counter(r.details.splitlines()[0] if r.details else r.name for r in skipped).items():
        print(f"skipped {count}: {why}")
    print_all("FAILED", failed)
    if not passed and not failed:
        print("no test ran, which is a failure")
    line = f"{len(passed)} passed, {len(failed)} failed"
    print(line + (f", {len(skipped)} skipped" if skipped else ""))
    sys.exit(0 if passed and not failed else 1)


main()
