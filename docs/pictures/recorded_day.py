"""Makes samples and events for `aftercheck replay` out of recorded host metrics: twelve hosts
of one service, eight days and an hour, with a change of four of them in which cpu use and
connections in TIME_WAIT are multiplied.

    recorded_day.py FOLDER-OF-SMD FACTOR OUT.lp OUT.jsonl

One machine of the Server Machine Dataset (NetManAIOps/OmniAnomaly, MIT licence) on one day
stands for one host, so the hosts share their clock but not their noise."""
import csv
import gzip
import json
import sys
import time

DAY, HOURS_IN = 1440, 700
START = 1790000000
MACHINES = ("machine-1-3", "machine-1-4", "machine-3-3")
CHANGED = ("machine-1-3-0", "machine-1-4-0", "machine-3-3-0", "machine-1-3-1")
MOVED = ("cpu_r", "tcp_tw")


def read(folder, machine):
    with gzip.open("%s/%s.csv.gz" % (folder, machine), "rt") as f:
        rows = list(csv.reader(f))
    return rows[0][3:], [r[3:] for r in rows[1:] if r[1] == "train"]


def main():
    folder, factor, samples, events = sys.argv[1:]
    pivot = 9 * DAY + HOURS_IN
    with open(samples, "w") as out:
        for machine in MACHINES:
            names, rows = read(folder, machine)
            for shift in range(4):
                host = "%s-%d" % (machine, shift)
                for t in range(pivot - 8 * DAY - 40, pivot + 61):
                    row = rows[shift * DAY + t]
                    values = (float(v) * (float(factor) if t >= pivot and host in CHANGED and
                                          n in MOVED else 1) for n, v in zip(names, row))
                    out.write("host,host=%s,service=pay %s %d\n" % (
                        host, ",".join("%s=%.6g" % nv for nv in zip(names, values)),
                        START + t * 60))
    with open(events, "w") as out:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + pivot * 60))
        out.write(json.dumps({
            "type": "change", "source": "deployer", "id": "8812", "kind": "release",
            "service": "pay", "hosts": CHANGED, "title": "pay 2.4.1 -> 2.5.0",
            "time": stamp}) + "\n")


if __name__ == "__main__":
    main()
