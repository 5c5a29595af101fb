#!/usr/bin/env python3
"""Taking samples in: aftercheckd beside VictoriaMetrics and Prometheus.

Each server in turn, alone, with an empty folder, gets the very same requests over
loopback: one sample of each series a round, a minute apart.  Measured is the server's own
processor time (all its processes), not the feeder's, the first round (in which every
series is new) apart from the rest; and what it holds of memory at the end.

usage: bench_ingest.py BIN [HOSTS [ROUNDS [PAGE]]]"""
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time

import page
from peers import Server, prometheus, victoria

METRICS = 40
PROTOCOLS = {"line protocol": "line", "remote write": "remote"}


def aftercheckd(binary):
    def command(server):
        config = os.path.join(server.folder, "aftercheckd.yml")
        with open(config, "w") as f:
            f.write("listen: 127.0.0.1:%d\ndata: %s\nsamples: {most: 8GiB}\n" %
                    (server.port, os.path.join(server.folder, "data")))
        return [os.path.join(binary, "aftercheckd"), "--config", config]
    return command


def family(pid):
    """A process and its children."""
    found = [pid]
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            for child in f.read().split():
                found += family(int(child))
    except OSError:
        pass
    return found


def cpu(server):
    """Seconds that all threads have run, to the nanosecond; threads that ended are lost,
    which none of these servers' do while they take samples."""
    total = 0
    for pid in family(server.process.pid):
        for task in os.listdir("/proc/%d/task" % pid):
            try:
                with open("/proc/%d/task/%s/schedstat" % (pid, task)) as f:
                    total += int(f.read().split()[0])
            except OSError:
                pass
    return total / 1e9


def memory(server):
    """Resident MiB: all, and what is not backed by a file."""
    rss = anon = 0
    for pid in family(server.process.pid):
        with open("/proc/%d/status" % pid) as f:
            for line in f:
                if line.startswith("VmRSS"):
                    rss += int(line.split()[1])
                elif line.startswith("RssAnon"):
                    anon += int(line.split()[1])
    return rss / 1024, anon / 1024


def feed(feeder, server, protocol, hosts, rounds, start):
    begun, before = time.monotonic(), cpu(server)
    got = subprocess.run([feeder, "http://127.0.0.1:%d" % server.port, protocol, str(hosts),
                          str(rounds), str(start)], capture_output=True, text=True)
    if got.returncode != 0:
        raise SystemExit("bench_ingest: %s: %s" % (server.name, got.stderr.strip()))
    samples = int(got.stdout.split()[0])
    return samples, cpu(server) - before, time.monotonic() - begun


def measure(name, command, folder, feeder, protocol, hosts, rounds):
    server = Server(name, folder, command)
    start = int(time.time()) // 60 - rounds - 1
    try:
        server.wait_ready()
        first = feed(feeder, server, protocol, hosts, 1, start)
        rest = feed(feeder, server, protocol, hosts, rounds - 1, start + 1)
        rss, anon = memory(server)
        return {"new": first[1] / first[0] * 1e6, "us": rest[1] / rest[0] * 1e6,
                "rate": rest[0] / rest[2], "rss": rss, "anon": anon,
                "bytes": rss * 2**20 / (hosts * METRICS)}
    finally:
        server.stop()


def table(results, hosts, rounds):
    lines = []
    for words, rows in results.items():
        lines.append("%s, %d hosts x %d figures = %d series, %d rounds" %
                     (words, hosts, METRICS, hosts * METRICS, rounds))
        lines.append("%-18s %9s %9s %11s %9s %9s %8s" % (
            "", "us/sample", "us, new", "samples/s", "MiB", "own MiB", "B/series"))
        for name, r in rows.items():
            lines.append("%-18s %9.3f %9.3f %11.0f %9.0f %9.0f %8.0f" % (
                name, r["us"], r["new"], r["rate"], r["rss"], r["anon"], r["bytes"]))
        ours = rows["aftercheckd"]
        for name, r in rows.items():
            if name != "aftercheckd":
                lines.append("  %s / ours: cpu %.1fx, memory %.1fx" % (
                    name, r["us"] / ours["us"], r["rss"] / ours["rss"]))
        lines.append("")
    return "\n".join(lines).rstrip("\n")


def machine():
    with open("/proc/cpuinfo") as f:
        name = next((l.split(":")[1].strip() for l in f if l.startswith("model name")),
                    platform.machine())
    return "%s, %d processors" % (name, os.cpu_count())


def main():
    binary = os.path.abspath(sys.argv[1])
    hosts = int(sys.argv[2]) if len(sys.argv) > 2 else 12500
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 11
    feeder = os.path.join(binary, "bench_ingest_feed")
    folder = tempfile.mkdtemp(prefix="bench-ingest.")
    load = os.getloadavg()[0]
    results = {}
    try:
        for words, protocol in PROTOCOLS.items():
            servers = [("aftercheckd", aftercheckd(binary)), ("victoria-metrics", victoria)]
            if protocol == "remote":  # Prometheus reads no line protocol
                servers.append(("prometheus", prometheus))
            results[words] = {name: measure(name, command, folder, feeder, protocol, hosts,
                                            rounds) for name, command in servers}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    text = table(results, hosts, rounds)
    print(text)
    if len(sys.argv) > 4:
        page.put(sys.argv[4], "ingest", """## Taking samples in

Written by `./dev bench ingest`, %s, on %s; %.1f programs on average wanted to run when it
began. Each server in turn got the same requests over loopback, one sample of each series a
round. *us/sample* is the server's own processor time, *us, new* that of the round in which
every series was new; *MiB* all that is resident, *own MiB* without pages of files.

```
%s
```
""" % (time.strftime("%Y-%m-%d"), machine(), load, text))


if __name__ == "__main__":
    main()
