"""The judgement of the benchmark, on rounds made up here: ratios, medians, verdicts, gates, tables and the picture."""

import json
import pathlib
import sys
import unittest
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import cases  # noqa: E402
import picture  # noqa: E402
import process  # noqa: E402
import report  # noqa: E402
import systems  # noqa: E402

FASTER = cases.Target("DP-1", "down", "stream1", "down", "gib_per_s", "GiB/s", cases.MORE, 1.5, 2.5, "v2ray")
CHEAPER = cases.Target("DP-3", "CPU", "stream1", "down", "cpu_per_gib", "s/GiB", cases.LESS, 0.55, 0.40, "v2ray")
PLAIN = cases.Target("DP-9", "wake-ups", "idle", "idle", "wakeups_per_s", "/s", cases.LESS, 5, 5)


def rounds(figure, *pairs, case="stream1", measure="down"):
    """Records of Culvert and V2Ray, one pair per round; None is a measure that failed."""
    return [report.Record(number, case, measure, system, {figure: value})
            for number, pair in enumerate(pairs, 1)
            for system, value in zip(("culvert", "v2ray"), pair) if value is not None]


class Ratios(unittest.TestCase):
    def test_are_taken_within_rounds(self):
        # The machine was twice as fast in the second round; the ratio of the medians would be 1.5.
        verdict = report.judge(FASTER, rounds("gib_per_s", (2.0, 1.0), (4.0, 2.0), (3.0, 3.0)))
        self.assertEqual((verdict.judged, verdict.low, verdict.high), (2.0, 1.0, 2.0))
        self.assertEqual(verdict.own, 3.0)

    def test_leave_out_a_round_that_lacks_a_side(self):
        verdict = report.judge(FASTER, rounds("gib_per_s", (9.0, None), (None, 1.0), (3.0, 1.0)))
        self.assertEqual((verdict.judged, verdict.rounds), (3.0, 1))

    def test_to_nothing_are_none(self):
        verdict = report.judge(FASTER, rounds("gib_per_s", (9.0, 0.0)))
        self.assertEqual((verdict.word, verdict.rounds), (report.NOTHING, 0))
        self.assertFalse(verdict.passes_gate())

    def test_of_the_floor_are_told_beside(self):
        records = rounds("gib_per_s", (2.0, 1.0), (2.0, 1.0))
        records += [report.Record(2, "stream1", "down", "floor", {"gib_per_s": 4.0})]
        self.assertEqual(report.judge(FASTER, records).floor, 4.0)

    def test_of_the_relay_without_tunnel_are_to_its_own_kind(self):
        target = next(t for t in cases.TARGETS if t.id == "DP-14")
        records = [report.Record(1, "plain", "down", system, {"cpu_per_gib": value})
                   for system, value in (("culvert-plain", 0.44), ("relay", 0.4), ("v2ray-plain", 4.0))]
        self.assertAlmostEqual(report.judge(target, records).judged, 1.1)


class Verdicts(unittest.TestCase):
    def word(self, target, figure, *pairs, **where):
        return report.judge(target, rounds(figure, *pairs, **where)).word

    def test_where_more_is_better(self):
        self.assertEqual(self.word(FASTER, "gib_per_s", (2.5, 1.0)), report.GOAL)
        self.assertEqual(self.word(FASTER, "gib_per_s", (2.4, 1.0)), report.MUST)
        self.assertEqual(self.word(FASTER, "gib_per_s", (1.4, 1.0)), report.MISSED)

    def test_where_less_is_better(self):
        self.assertEqual(self.word(CHEAPER, "cpu_per_gib", (0.4, 1.0)), report.GOAL)
        self.assertEqual(self.word(CHEAPER, "cpu_per_gib", (0.5, 1.0)), report.MUST)
        self.assertEqual(self.word(CHEAPER, "cpu_per_gib", (0.6, 1.0)), report.MISSED)

    def test_without_a_base_judge_the_figure_itself(self):
        idle = {"case": "idle", "measure": "idle"}
        self.assertEqual(self.word(PLAIN, "wakeups_per_s", (5.0, 100.0), **idle), report.GOAL)
        self.assertEqual(self.word(PLAIN, "wakeups_per_s", (6.0, 100.0), **idle), report.MISSED)

    def test_gate_relaxes_the_must_by_its_slack_and_no_more(self):
        def passes(target, figure, mine):
            return report.judge(target, rounds(figure, (mine, 1.0))).passes_gate()

        self.assertTrue(passes(FASTER, "gib_per_s", 1.5 / 1.29))
        self.assertFalse(passes(FASTER, "gib_per_s", 1.5 / 1.31))
        self.assertTrue(passes(CHEAPER, "cpu_per_gib", 0.55 * 1.29))
        self.assertFalse(passes(CHEAPER, "cpu_per_gib", 0.55 * 1.31))


class TheTable(unittest.TestCase):
    def test_names_only_measures_and_systems_that_there_are(self):
        found = {case.name: case for case in cases.CASES}
        for line in [*cases.TARGETS, *cases.COMPARISONS]:
            self.assertIn(line.measure, found[line.case].measures)
        for target in cases.TARGETS:
            self.assertIn(target.of, found[target.case].systems)
            if target.base:
                self.assertIn(target.base, found[target.case].systems)
        for case in cases.CASES:
            self.assertLessEqual(set(case.systems), set(systems.TITLES))

    def test_has_no_goal_that_is_easier_than_its_must(self):
        for target in cases.TARGETS:
            self.assertTrue(target.meets(target.goal, target.must), target)

    def test_gates_on_the_figures_of_a_change(self):
        self.assertEqual({t.id for t in cases.TARGETS if t.quick}, {"DP-1", "DP-3", "DP-6", "DP-7", "DP-9", "DP-11"})

    def test_measures_only_what_somebody_looks_at(self):
        case = next(c for c in cases.CASES if c.name == "stream1")
        self.assertEqual(cases.measures_of(case, [FASTER], []), ["down"])
        self.assertEqual(cases.measures_of(case, [PLAIN], []), [])


class Tables(unittest.TestCase):
    def test_show_ratio_spread_and_verdict(self):
        verdict = report.judge(FASTER, rounds("gib_per_s", (2.0, 1.0), (3.0, 1.0)))
        text = report.table(report.target_rows([verdict]))
        self.assertRegex(text.splitlines()[1], r"DP-1 +down +2\.50 +GiB/s +V2Ray +2\.50 +2\.00 +3\.00 +- +\S 1\.5 +\S 2\.5 +goal")

    def test_write_what_a_json_reader_accepts_also_without_figures(self):
        records = rounds("gib_per_s", (2.0, 1.0))
        document = report.document({"commit": "x"}, records, [report.judge(FASTER, records), report.judge(PLAIN, records)])
        again = json.loads(json.dumps(document, allow_nan=False))
        self.assertEqual(again["targets"][0]["judged"], 2.0)
        self.assertIsNone(again["targets"][1]["judged"])
        self.assertEqual(again["rounds"][1]["figures"], {"gib_per_s": 1.0})

    def test_set_a_peer_beside_v2ray_where_both_ran(self):
        records = rounds("gib_per_s", (2.0, 1.0), (2.0, 4.0))
        records.append(report.Record(2, "stream1", "down", "frp", {"gib_per_s": 3.0}))
        rows = report.peer_rows(records, ["culvert", "frp", "ssh"], systems.TITLES)
        self.assertEqual(rows[1], ["download, 1 stream", "2.50", "GiB/s", "1.25", "0.75", "-"])


class Picture(unittest.TestCase):
    def bars(self, better, *bars):
        root = ElementTree.fromstring(picture.draw("title & more", "note", [("panel", better, list(bars))]))
        space = "{http://www.w3.org/2000/svg}"
        return ([float(r.get("width")) for r in root.iter(space + "rect")],
                [t.text for t in root.iter(space + "text")])

    def test_draws_bars_in_proportion_with_their_numbers(self):
        widths, texts = self.bars(cases.MORE, ("Culvert", 3.0, True), ("frp", 1.5, False))
        self.assertAlmostEqual(widths[0], 2 * widths[1], delta=0.2)
        self.assertIn("3.00", texts)
        self.assertIn("title & more", texts)

    def test_turns_a_ratio_round_where_less_is_better(self):
        widths, texts = self.bars(cases.LESS, ("Culvert", 0.25, True), ("frp", 2.0, False))
        self.assertIn("4.00", texts)
        self.assertAlmostEqual(widths[0], 8 * widths[1], delta=0.5)

    def test_leaves_out_a_panel_without_bars(self):
        self.assertNotIn("panel", self.bars(cases.MORE)[1])


class Kernel(unittest.TestCase):
    def test_interpolates_between_samples(self):
        self.assertEqual(process.interpolate([0.0, 1.0, 2.0], [0.0, 10.0, 30.0], 1.5), 20.0)
        self.assertEqual(process.interpolate([0.0, 1.0], [5.0, 6.0], 9.0), 6.0)

    def test_counts_our_own_cpu_time_and_memory(self):
        import os
        import time
        before, own = process.cpu_seconds([os.getpid()]), time.process_time()
        while time.process_time() - own < 0.05:
            pass
        self.assertGreaterEqual(process.cpu_seconds([os.getpid()]) - before, 0.05)
        self.assertGreater(process.rss_bytes([os.getpid()]), 1 << 20)


if __name__ == "__main__":
    unittest.main()
