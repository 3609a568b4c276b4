#!/usr/bin/env python3
"""Fails when a shipped ELF program lacks a protection of the release build (SUP-1, SUP-3).

    hardening.py PROGRAM

Prints one line per protection; asks readelf.
"""

import re
import subprocess
import sys


def readelf(*options):
    return subprocess.run(
        ["readelf", "--wide", *options, sys.argv[1]], check=True, capture_output=True, text=True
    ).stdout


def main():
    header, segments, dynamic = readelf("--file-header"), readelf("--segments"), readelf("--dynamic")
    symbols = readelf("--dyn-syms")
    rows = re.findall(r"^\s+(\w+)(?:\s+0x[0-9a-f]+){5} ([R ][W ][E ]) 0", segments, re.MULTILINE)
    loaded = [flags for kind, flags in rows if kind == "LOAD"]
    protections = {
        "position independent": re.search(r"Type:\s+DYN", header) and "PIE" in dynamic,
        "relocations read-only": any(kind == "GNU_RELRO" for kind, _ in rows),
        "symbols bound at start": re.search(r"\(FLAGS(_1)?\).*\bNOW\b", dynamic),
        "stack not executable": ("GNU_STACK", "RW ") in rows,
        "no segment both writable and executable": loaded and "RWE" not in loaded,
        "code apart from data": "R E" in loaded and "R  " in loaded,
        "stack protector": "__stack_chk_fail" in symbols,
        "checked library calls": re.search(r"__\w+_chk\b", symbols),
        "no run path": not re.search(r"\((RPATH|RUNPATH)\)", dynamic),
        "no text relocations": "TEXTREL" not in dynamic,
    }
    for name, there in protections.items():
        print(f"{'yes' if there else 'NO '} {name}")
    return 0 if all(protections.values()) else 1


sys.exit(main())
