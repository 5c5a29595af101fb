#!/usr/bin/python3
"""Replays recorded data with labelled incidents as a user would, and counts.

A change is pretended at the minute in which each labelled incident begins, and three at
moments with no label within two hours; `aftercheck replay` judges them with the shipped
rules, which know none of these metrics.  One host or one service's series each and nobody
beside it: a fleet without controls, so attention is the most that can be said.  Labels
say when something went wrong, not that a level moved: in nine of the thirteen longer
incidents of hosts no metric reaches |z| = 4 by the method's first description after 10, 30
or 60 minutes.  Quiet moments are only those that nobody labelled.

    eval/labelled.py [--data ../shared/data] [--bin build/bin] [--append docs/accuracy.md]
"""
import argparse
import csv
import datetime
import gzip
import json
import math
import os
import random
import subprocess
import sys
import tempfile

BASE = 1767225600  # 2026-01-01T00:00:00Z, where a recording without a clock begins
QUIET_A_BAD = 3
LEAST_LONG = 10  # minutes: shorter incidents are over before the first look
LAST_LOOK = 60  # minutes: what is over by then has recovered, which is told but not graded
HEADING = "## Labelled incidents"


def rfc3339(t):
    return datetime.datetime.fromtimestamp(t, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Case:
    """Samples and changes of one recording set; truth by change."""

    def __init__(self, folder, name):
        self.samples = os.path.join(folder, name + ".lp")
        self.events = os.path.join(folder, name + ".jsonl")
        self.truth = {}
        self.random = random.Random(name)
        self.lp, self.ev = open(self.samples, "w"), open(self.events, "w")

    def change(self, bad, at, service, hosts):
        change_id = "%s-%d" % (service, at)
        self.truth[change_id] = bad
        event = {"type": "change", "source": "eval", "id": change_id, "kind": "release",
                 "service": service, "time": rfc3339(at)}
        if hosts:
            event["hosts"] = hosts
        self.ev.write(json.dumps(event) + "\n")

    def pretend(self, bad, clear, apart, service, hosts):
        """Changes at the bad times, and at some of the clear ones far from all others."""
        taken = list(bad)
        for at in bad:
            self.change(True, at, service, hosts)
        self.random.shuffle(clear)
        want = QUIET_A_BAD * max(len(bad), 1)
        for at in clear:
            if want == 0:
                break
            if all(abs(at - t) >= apart for t in taken):
                taken.append(at)
                self.change(False, at, service, hosts)
                want -= 1

    def verdicts(self, replay):
        self.lp.close()
        self.ev.close()
        out = subprocess.run([replay, "replay", "--samples", self.samples, "--precision", "s",
                              "--events", self.events], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, check=True).stdout.decode()
        grades = {v["change_id"]: v["grade"] for v in map(json.loads, out.splitlines())}
        return [(bad, grades.get(change_id, "not-judged"))
                for change_id, bad in self.truth.items()]


def hosts(data, folder, least, most):
    """Incidents of at least and, when most is not 0, less than so many minutes."""
    case = Case(folder, "hosts-%d" % least)
    where = os.path.join(data, "smd")
    for name in sorted(f[:-7] for f in os.listdir(where) if f.endswith(".csv.gz")):
        with gzip.open(os.path.join(where, name + ".csv.gz"), "rt") as f:
            rows = list(csv.reader(f))
        metrics, rows = rows[0][3:], rows[1:]
        label = [r[2] == "1" for r in rows]
        half = next(i for i, r in enumerate(rows) if r[1] == "test")
        for i in range(half - 7 * 1440, len(rows)):
            case.lp.write("smd,host=%s,service=%s %s %d\n" % (
                name, name, ",".join(map("=".join, zip(metrics, rows[i][3:]))),
                BASE + 60 * i))
        starts = [i for i in range(half + 60, len(rows) - LAST_LOOK)
                  if label[i] and not any(label[i - 60:i]) and all(label[i:i + least])
                  and not (most and all(label[i:i + most]))]
        clear = [i for i in range(half + 120, len(rows) - 120, 7)
                 if not any(label[i - 120:i + 120])]
        case.pretend([BASE + 60 * i for i in starts], [BASE + 60 * i for i in clear], 7200,
                     name, [name])
    return case


def cloud(data, folder):
    """A label is a window around the moment that somebody marked: its middle."""
    case = Case(folder, "cloud")
    where = os.path.join(data, "cloudwatch")

    def seconds(text):
        return int(datetime.datetime.fromisoformat(text[:19]).replace(
            tzinfo=datetime.timezone.utc).timestamp())
    with open(os.path.join(where, "combined_windows.json")) as f:
        windows = {os.path.basename(k): v for k, v in json.load(f).items()}
    for name in sorted(f for f in os.listdir(where) if f.endswith(".csv")):
        with open(os.path.join(where, name)) as f:
            rows = [(seconds(t), v) for t, v in list(csv.reader(f))[1:]]
        service = name[:-4]
        for t, v in rows:
            case.lp.write("cloud,service=%s value=%s %d\n" % (service, v, t))
        spans = [(seconds(a), seconds(b)) for a, b in windows.get(name, [])]
        first, last = rows[0][0] + 2 * 86400, rows[-1][0] - 7200
        bad = [(a + b) // 2 for a, b in spans if first <= (a + b) // 2 <= last]
        clear = [t for t, _ in rows if first <= t <= last
                 and not any(a - 7200 <= t <= b + 7200 for a, b in spans)]
        case.pretend(bad, clear, 7200, service, [])
    return case


def share(hits, n):
    """Per cent with Wilson's interval at 95 %."""
    if n == 0:
        return "-"
    z, p = 1.96, hits / n
    middle, wide = p + z * z / 2 / n, z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    return "%.0f (%.0f-%.0f)" % tuple(
        100 * v for v in (p, (middle - wide) / (1 + z * z / n), (middle + wide) / (1 + z * z / n)))


def row(name, said):
    judged = [(bad, grade in ("attention", "must-handle")) for bad, grade in said
              if grade != "not-judged"]
    hits = sum(bad and flag for bad, flag in judged)
    return "| %s | %d | %d | %d | %s | %s | %s |\n" % (
        name, sum(b for b, _ in said), sum(not b for b, _ in said), len(said) - len(judged),
        share(hits, sum(flag for _, flag in judged)), share(hits, sum(b for b, _ in judged)),
        share(sum(flag and not bad for bad, flag in judged), sum(not b for b, _ in judged)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", default="../shared/data")
    parser.add_argument("--bin", default="build/bin")
    parser.add_argument("--append", help="the page whose end this becomes")
    want = parser.parse_args()
    text = HEADING + "\n\n" + __doc__.split("\n\n")[1].strip() + (
        "\n\nWritten by `eval/labelled.py`. *Incidents of hosts*: the labelled half of the six "
        "machines, incidents that\nbegin after a quiet hour; *cloud metrics*: the CloudWatch series "
        "of the Numenta Anomaly Benchmark, a sample every five\nminutes, one metric each. "
        "Grades of the last look, *attention* or worse counts as said; per cent.\n\n"
        "| recordings | incidents | quiet moments | not judged | precision | recall | "
        "quiet ones flagged |\n|---|---|---|---|---|---|---|\n")
    with tempfile.TemporaryDirectory() as folder:
        for name, make in (
                ("hosts, incidents longer than the last look, 60 min",
                 lambda: hosts(want.data, folder, LAST_LOOK, 0)),
                ("hosts, incidents of 10 to 60 min: over by the last look",
                 lambda: hosts(want.data, folder, LEAST_LONG, LAST_LOOK)),
                ("cloud metrics", lambda: cloud(want.data, folder))):
            text += row(name, make().verdicts(os.path.join(want.bin, "aftercheck")))
    sys.stdout.write(text)
    if want.append:
        with open(want.append) as f:
            page = f.read()
        with open(want.append, "w") as f:
            f.write(page.split(HEADING)[0].rstrip("\n") + "\n\n" + text)


if __name__ == "__main__":
    main()
