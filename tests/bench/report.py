"""Judges the rounds of a run: ratios within rounds, medians, spread, verdicts; as tables and as JSON."""

import dataclasses
import statistics

import cases

GOAL, MUST, MISSED, NOTHING = "goal", "must", "MISSED", "no figure"
NAMES = {"v2ray": "V2Ray", "floor": "floor", "relay": "raw relay", "": "as it is"}


@dataclasses.dataclass(frozen=True)
class Record:
    """The figures of one measure of one system in one round."""

    round: int
    case: str
    measure: str
    system: str
    figures: dict


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A target and what the rounds say about it."""

    target: cases.Target
    own: float  # median of Culvert's own figure
    judged: float  # median of the ratios, or of the figure itself
    low: float
    high: float
    rounds: int
    floor: float = float("nan")  # median ratio of the raw floor to the same base: what nobody can beat

    @property
    def word(self):
        if not self.rounds:
            return NOTHING
        if self.target.meets(self.judged, self.target.goal):
            return GOAL
        return MUST if self.target.meets(self.judged, self.target.must) else MISSED

    def passes_gate(self):
        """Whether the must, relaxed for a busy machine, is met.  No figure is no pass."""
        slack = 1 / cases.GATE_SLACK if self.target.better == cases.MORE else cases.GATE_SLACK
        return bool(self.rounds) and self.target.meets(self.judged, self.target.must * slack)


def values(records, case, measure, figure, system):
    """{round: value} of one figure of one system."""
    return {r.round: r.figures[figure] for r in records
            if (r.case, r.measure, r.system) == (case, measure, system) and figure in r.figures}


def ratios(mine, base):
    """The ratios within rounds; a round that lacks either side has none."""
    return [value / base[number] for number, value in sorted(mine.items()) if base.get(number)]


def judge(target, records):
    mine = values(records, target.case, target.measure, target.figure, target.of)
    base = target.base
    if target.of.endswith("-plain") and base == "v2ray":
        base = "v2ray-plain"
    if base:
        judged = ratios(mine, values(records, target.case, target.measure, target.figure, base))
    else:
        judged = list(mine.values())
    if not judged:
        return Verdict(target, float("nan"), float("nan"), float("nan"), float("nan"), 0)
    floor = ratios(values(records, target.case, target.measure, target.figure, "floor"),
                   values(records, target.case, target.measure, target.figure, base)) if base == "v2ray" else []
    return Verdict(target, statistics.median(mine.values()), statistics.median(judged), min(judged), max(judged),
                   len(judged), statistics.median(floor) if floor else float("nan"))


def number(value):
    """Three digits that matter, without an exponent."""
    if value != value:
        return "-"
    if abs(value) >= 99.5:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 9.95 else f"{value:.2f}"


def bound(target, value):
    return ("\u2265 " if target.better == cases.MORE else "\u2264 ") + f"{value:g}"


def table(rows):
    """Aligned text: the first two columns to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) if i < 2 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))).rstrip()
        for row in rows)


def markdown(rows):
    """The same rows for docs/performance.md."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


def target_rows(verdicts):
    rows = [["id", "what", "Culvert", "", "against", "ratio", "min", "max", "floor's", "must", "goal", "verdict"]]
    for v in verdicts:
        t = v.target
        rows.append([t.id, t.title, number(v.own), t.unit, NAMES[t.base], number(v.judged) if t.base else "", number(v.low),
                     number(v.high), number(v.floor), bound(t, t.must), bound(t, t.goal), v.word])
    return rows


def compare(comparison, records, system):
    """Median of the ratios of one system to V2Ray 4.34 within rounds, or None."""
    c = comparison
    found = ratios(values(records, c.case, c.measure, c.figure, system), values(records, c.case, c.measure, c.figure, "v2ray"))
    return statistics.median(found) if found else None


def peer_rows(records, systems, titles):
    """Every system beside V2Ray 4.34, whose own figure comes first."""
    rows = [["ratio to V2Ray 4.34", "V2Ray 4.34", "unit", *[titles[s] for s in systems]]]
    for c in cases.COMPARISONS:
        base = values(records, c.case, c.measure, c.figure, "v2ray")
        if not base:
            continue
        found = [compare(c, records, s) for s in systems]
        rows.append([c.title, number(statistics.median(base.values())), c.unit,
                     *["-" if ratio is None else number(ratio) for ratio in found]])
    return rows


def load_share(records):
    """The most cores the load generator needed, and in which measure."""
    shares = [(r.figures["load_cores"], f"{r.case} {r.measure}, {r.system}") for r in records if "load_cores" in r.figures]
    return max(shares) if shares else (0.0, "")


def document(run, records, verdicts):
    """What --json writes.  `run`: machine, versions, options."""
    return {
        "format": 1,
        **run,
        "targets": [
            {**{k: v for k, v in dataclasses.asdict(v.target).items()}, "own": _json(v.own), "judged": _json(v.judged),
             "low": _json(v.low), "high": _json(v.high), "floor": _json(v.floor), "rounds": v.rounds,
             "verdict": v.word}
            for v in verdicts
        ],
        "rounds": [dataclasses.asdict(record) for record in records],
    }


def _json(value):
    return None if value != value else value
