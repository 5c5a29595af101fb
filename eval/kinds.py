#!/usr/bin/python3
"""Pretends changes of every kind at quiet moments of recorded hosts, and counts.

The other recordings' metrics have names that no shipped rule knows.  Here some of the six
machines' figures go by the names that the shipped rules do know, brought from 0..1 to the
size of such a figure, so that the rules for one kind of change have something to judge: a
guess at what each figure was, good enough to see whether rules keep quiet.  Three machines
that behave alike are one service; the change is on one of them, so there are two hosts to
compare with, and attention is the most that statistics can say.  Moments lie 97 minutes
apart over nearly seven days, none within an hour of a labelled incident of the three.

    eval/kinds.py [--data ../shared/data] [--bin build/bin] [--append docs/accuracy.md]
"""
import argparse
import collections
import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile

from labelled import BASE, rfc3339

HEADING = "## Quiet moments by kind of change"
KINDS = ["release", "config", "scale-out", "batch-restart", "rollback"]
OWN = {"release": "release.", "rollback": "release.", "config": "config.",
       "scale-out": "scale.", "batch-restart": "restart."}
GROUPS = [["1-3", "1-4", "3-3"], ["1-5", "2-2", "2-7"]]
DAY, APART, CLEAR = 1440, 97, 90
# the recording's name: measurement, field, what 1 is; short of any hard limit
NAMES = {
    "cpu_r": ("cpu", "busy", 90), "load_1": ("load", "1m", 40),
    "mem_u": ("mem", "used_pct", 90), "mem_shmem": ("mem", "cached", 8e9),
    "disk_rb": ("disk", "read_bytes", 1e8), "disk_wb": ("disk", "write_bytes", 1e8),
    "disk_u": ("disk", "util", 90), "eth1_fi": ("net", "rx_bytes", 1e8),
    "eth1_fo": ("net", "tx_bytes", 1e8), "curr_estab": ("tcp", "established", 5000),
    "tcp_tw": ("tcp", "time_wait", 5000), "retransegs": ("tcp", "retrans", 500),
    "listen_overflows": ("tcp", "listen_overflows", 100),
    "tcp_use": ("procstat", "num_fds", 5000), "active_opens": ("procstat", "num_threads", 3000),
    "total_mem": ("procstat", "memory_rss", 4e9), "load_5": ("procstat", "cpu_usage", 400),
}


def read(data, machine):
    with gzip.open(os.path.join(data, "smd", "machine-%s.csv.gz" % machine), "rt") as f:
        return list(csv.reader(f))


def lines(table, machine, start, end):
    for i in range(start, end):
        fields = collections.defaultdict(list)
        for name, value in zip(table[0], table[1 + i]):
            if name in NAMES:
                measurement, field, size = NAMES[name]
                fields[measurement].append("%s=%r" % (field, float(value) * size))
        for measurement, all_of_it in fields.items():
            yield "%s,host=%s,service=svc %s %d\n" % (
                measurement, machine, ",".join(all_of_it), BASE + 60 * i)


def write(data, group, folder):
    """A day and a little of past, then nearly seven days of changes."""
    tables = {m: read(data, m) for m in group}
    half = (min(len(t) for t in tables.values()) - 1) // 2
    start, end = half - 2 * DAY, half + 6 * DAY
    samples, events = os.path.join(folder, "lp"), os.path.join(folder, "ev")
    with open(samples, "w") as f:
        for machine, table in tables.items():
            f.writelines(lines(table, machine, start, end))
    n = 0
    with open(events, "w") as f:
        for t in range(start + DAY + 200, end - 120, APART):
            if any(table[1 + i][2] == "1" for table in tables.values()
                   for i in range(t - 60, t + CLEAR)):
                continue
            kind = KINDS[n % len(KINDS)]
            f.write(json.dumps({
                "type": "change", "source": "eval", "id": "%s/%d" % (kind, t), "kind": kind,
                "service": "svc", "time": rfc3339(BASE + 60 * t),
                "hosts": [group[n % len(group)]]}) + "\n")
            n += 1
    return samples, events


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", default="../shared/data")
    parser.add_argument("--bin", default="build/bin")
    parser.add_argument("--append", help="the page whose end this becomes")
    want = parser.parse_args()
    grades, own, others = collections.Counter(), collections.Counter(), collections.Counter()
    for group in GROUPS:
        with tempfile.TemporaryDirectory() as folder:
            samples, events = write(want.data, group, folder)
            out = subprocess.run([os.path.join(want.bin, "aftercheck"), "replay", "--samples",
                                  samples, "--precision", "s", "--events", events],
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 check=True).stdout.decode()
        for v in map(json.loads, out.splitlines()):
            kind = v["change_id"].split("/")[0]
            grades[kind, v["grade"]] += 1
            for f in v["findings"]:
                if f["grade"] != "ok":
                    mine = f["rule"].startswith(OWN[kind])
                    own[kind] += mine
                    others[f["rule"]] += not mine
    text = HEADING + "\n\n" + __doc__.split("\n\n")[1].strip() + (
        "\n\nWritten by `eval/kinds.py`. *Own findings*: those of the rules for this kind alone, "
        "at the last look.\n\n"
        "| kind | moments | ok | attention | must-handle | not judged | own findings |\n"
        "|---|---|---|---|---|---|---|\n")
    for kind in KINDS:
        n = [grades[kind, g] for g in ("ok", "attention", "must-handle", "not-judged")]
        text += "| %s | %d | %s | %d |\n" % (kind, sum(n), " | ".join(map(str, n)), own[kind])
    said = ["%s (%d)" % (r, n) for r, n in sorted(others.items()) if n > 0]
    text += "\nWhat the other findings were: %s.\n" % (", ".join(said) or "there were none")
    sys.stdout.write(text)
    if want.append:
        with open(want.append) as f:
            page = f.read()
        with open(want.append, "w") as f:
            f.write(page.split(HEADING)[0].rstrip("\n") + "\n\n" + text)


if __name__ == "__main__":
    main()
