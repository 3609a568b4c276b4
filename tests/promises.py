#!/usr/bin/env python3
"""Compares the promises (docs/promises.md) with the tests that name them.

    promises.py [CHECKOUT]     the checkout; default: the one this file is in
    promises.py --self-test    shows that every kind of mistake is found

A promise's id stands in a test's name with `_` for `-`: TEST(Greeter, IsSilent_AUTH_2), test_cut_F_CUT.
Prints the mistakes, and fails when there are any.
"""

import pathlib
import re
import sys
import tempfile

FAMILIES = "F AUTH RPL CRY KEY REACH PORT LIM PRIV ADM CFG LOG TLS SUP".split()
ROW = re.compile(r"^\| ([A-Z]+-[A-Z0-9]+) \| [^|]+ \| ([^|]+) \|$")
PROOF = re.compile(r"tests|(?:manual|later): \S.*")
NAMES = {
    "*.cpp": re.compile(r"^\s*(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+,\s*\w+)", re.MULTILINE),
    "*.h": re.compile(r"^\s*(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+,\s*\w+)", re.MULTILINE),
    "test_*.py": re.compile(r"^def (test_\w+)", re.MULTILINE),
    "CMakeLists.txt": re.compile(r"^\s*add_test\(NAME (\S+)", re.MULTILINE),
}
ID = re.compile(rf"_({'|'.join(FAMILIES)})_([A-Z0-9]+)(?![A-Za-z0-9])")


def claims(table):
    """The promises of the table, {id: proof}, and what is wrong with the table itself."""
    found, mistakes = {}, []
    for line in table.splitlines():
        row = ROW.match(line)
        if not row:
            if re.match(r"\| [A-Z]+-", line):
                mistakes.append(f"no row of three columns: {line}")
            continue
        name, proof = row.groups()
        if name in found:
            mistakes.append(f"{name} is promised twice")
        if not PROOF.fullmatch(proof):
            mistakes.append(f'{name}: expected "tests", "manual: how" or "later: why", got "{proof}"')
        found[name] = proof.split(":")[0]
    return found, mistakes


def named(tests):
    """{id: the first test that names it} of everything below the folder."""
    found = {}
    for pattern, expression in NAMES.items():
        for file in sorted(tests.rglob(pattern)):
            for name in expression.findall(file.read_text(encoding="utf-8")):
                for family, number in ID.findall(name):
                    found.setdefault(f"{family}-{number}", f"{file.relative_to(tests)}: {name}")
    return found


def mistakes(checkout):
    promised, wrong = claims((checkout / "docs" / "promises.md").read_text(encoding="utf-8"))
    tests = named(checkout / "tests")
    if not promised or not tests:
        wrong.append("no promise or no test was found at all")
    for name, proof in promised.items():
        if proof == "tests" and name not in tests:
            wrong.append(f"{name} is promised, and no test names it")
        if proof != "tests" and name in tests:
            wrong.append(f"{name} is marked {proof}, but has a test now: {tests[name]}")
    wrong += [f"{name} is no promise, but is named by {test}" for name, test in tests.items() if name not in promised]
    return wrong


def self_test():
    table = ("| id | promise | proof |\n| --- | --- | --- |\n| AUTH-1 | a | tests |\n| AUTH-2 | b | tests |\n"
             "| F-CUT | c | later: x |\n| F-FIN | d | later |\n| KEY-1 | e | manual: y |\n| KEY-1 | e | manual: y |\n")
    source = "TEST(Greeter, IsSilent_AUTH_1) {}\nTEST_F(A, B_LIM_77_F_CUT) {}\n// TEST(No, Comment_AUTH_2)\n"
    with tempfile.TemporaryDirectory() as folder:
        checkout = pathlib.Path(folder)
        (checkout / "docs").mkdir()
        (checkout / "tests").mkdir()
        (checkout / "docs" / "promises.md").write_text(table)
        (checkout / "tests" / "AllTest.cpp").write_text(source)
        found = " / ".join(mistakes(checkout))
    expected = ("KEY-1 is promised twice", 'F-FIN: expected "tests"', "AUTH-2 is promised, and no test names it",
                "F-CUT is marked later, but has a test now: AllTest.cpp: A, B_LIM_77_F_CUT",
                "LIM-77 is no promise, but is named by AllTest.cpp: A, B_LIM_77_F_CUT")
    return [f"not noticed: {text}" for text in expected if text not in found] + \
           [f"wrongly noticed: AUTH-1: {found}" for _ in (1,) if "AUTH-1" in found]


def main():
    if sys.argv[1:] == ["--self-test"]:
        wrong = self_test()
    else:
        wrong = mistakes(pathlib.Path(sys.argv[1]) if sys.argv[1:] else pathlib.Path(__file__).resolve().parent.parent)
    for text in wrong:
        print(text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
