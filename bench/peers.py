#!/usr/bin/env python3
"""The before/after query over the same samples in Prometheus and VictoriaMetrics.

Both servers get the fleet of bench/fleet.h by remote write on loopback, then the query
that compares half an hour before a change with half an hour after it, over all series
and warm.  The times of our own judge are read from what bench_judge noted down.  All
that is written goes under FOLDER; the servers are ended whatever happens.

With PAGE, all that was measured is written there, bench_judge's table (FOLDER/judge.txt)
first.

usage: peers.py FOLDER BIN [HOSTS [PAGE]]"""
import atexit
import http.client
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.parse

import page

QUERY = "avg_over_time(m[30m]) / avg_over_time(m[30m] offset 30m)"
METRICS = 50
ROUNDS = 5
TICKS = os.sysconf("SC_CLK_TCK")
READY_S = 60
NAP_S = 0.1  # between two looks at whether a server is ready


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """One server with an empty folder of its own."""

    def __init__(self, name, folder, command):
        self.name, self.port = name, free_port()
        self.folder = os.path.join(folder, name)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        atexit.register(self.stop)
        with open(os.path.join(self.folder, "log"), "w") as log:
            self.process = subprocess.Popen(command(self), stdout=log, stderr=log,
                                            start_new_session=True)

    def stop(self):
        process = getattr(self, "process", None)
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def get(self, path):
        """Reads an answer away; gives its status, length and first bytes."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        try:
            c.request("GET", path)
            answer = c.getresponse()
            head, size = b"", 0
            while True:
                part = answer.read(1 << 20)
                if not part:
                    return answer.status, size, head
                head = head or part[:400]
                size += len(part)
        finally:
            c.close()

    def wait_ready(self):
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                if self.get("/health" if self.name == "victoria-metrics" else "/-/ready")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(NAP_S)
        with open(os.path.join(self.folder, "log")) as log:
            raise SystemExit("peers: %s does not answer:\n%s" % (self.name, log.read()[-2000:]))

    def cpu(self):
        with open("/proc/%d/stat" % self.process.pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak_mib(self):
        with open("/proc/%d/status" % self.process.pid) as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmHWM")) / 1024

    def query(self, text, at):
        args = urllib.parse.urlencode({"query": text, "time": at, "nocache": 1})
        status, size, head = self.get("/api/v1/query?" + args)
        if status != 200:
            raise SystemExit("peers: %s refuses the query: %r" % (self.name, head))
        return size, head

    def series(self, at):
        """How many series the query finds."""
        head = self.query("count(" + QUERY + ")", at)[1].decode()
        return int(head.rsplit('"', 2)[1]) if '"result":[{' in head else 0


def prometheus(server):
    empty = os.path.join(server.folder, "empty.yml")
    with open(empty, "w") as f:
        f.write("global: {}\n")
    return ["prometheus", "--config.file=" + empty,
            "--storage.tsdb.path=" + os.path.join(server.folder, "data"),
            "--web.listen-address=127.0.0.1:%d" % server.port,
            "--web.enable-remote-write-receiver", "--query.max-samples=100000000",
            "--query.timeout=10m", "--log.level=warn"]


def victoria(server):
    return ["victoria-metrics", "-storageDataPath=" + os.path.join(server.folder, "data"),
            "-httpListenAddr=127.0.0.1:%d" % server.port,
            "-search.maxUniqueTimeseries=10000000", "-search.maxQueryDuration=10m",
            "-loggerLevel=WARN"]


def measure(name, command, folder, feeder, hosts, pivot):
    server = Server(name, folder, command)
    try:
        server.wait_ready()
        begun, cpu = time.monotonic(), server.cpu()
        subprocess.run([feeder, "http://127.0.0.1:%d" % server.port, str(hosts),
                        str(pivot // 60)], check=True)
        fed, fed_cpu = time.monotonic() - begun, server.cpu() - cpu
        at = pivot + 30 * 60 - 1  # the last sample of the half hour is the minute before
        until = time.monotonic() + READY_S
        while server.series(at) != hosts * METRICS:  # what came last shows after a moment
            if time.monotonic() > until:
                raise SystemExit("peers: %s has %d series of %d" %
                                 (name, server.series(at), hosts * METRICS))
            time.sleep(NAP_S)
        walls, cpus = [], []
        for _ in range(ROUNDS):
            begun, cpu = time.monotonic(), server.cpu()
            server.query(QUERY, at)
            walls.append(time.monotonic() - begun)
            cpus.append(server.cpu() - cpu)
        return {"fed": fed, "fed_cpu": fed_cpu, "wall": statistics.median(walls),
                "cpu": statistics.median(cpus), "least": min(walls), "most": max(walls),
                "peak": server.peak_mib()}
    finally:
        server.stop()


def machine():
    """The machine and how busy it is, as a sentence: wall times follow from both."""
    with open("/proc/cpuinfo") as f:
        model = next((l.split(":", 1)[1].strip() for l in f if l.startswith("model name")),
                     "unknown processor")
    with open("/proc/meminfo") as f:
        gib = int(f.readline().split()[1]) / (1 << 20)
    cores = len(os.sched_getaffinity(0))
    return ("%s, %d processors, %.0f GiB. While this was measured, %.1f programs on average "
            "wanted to run on them; where that is more than the processors, wall times are "
            "longer than the program's own work and processor seconds are what compares." %
            (model, cores, gib, os.getloadavg()[2]))


PAGE = """# Performance

Written by `./dev bench judge`, %s; nothing here is typed in by hand.

%s

## From samples to a verdict

A change of every second host of a fleet, 50 metrics a host, a week of five-minute history and an
hour and a half of one-minute samples. *Prepare* is what is learned of the past between two
looks, *check* whether it still fits once the window has closed, and the reading of the days of
hosts that seem to have spikes, *verdict* the look itself: from the window's close to the verdict
stored in the ledger. *Cold* is a look for which nothing was prepared. *us* are microseconds of processor for each series of the fleet. *Store* is the memory
of recent samples, *peak* that of the process, *ahead* what is kept of the past in between. A
growth of 1 is linear.

The history is handed out of memory by a stand-in for the RRD files, at the cost of a copy; all
else is the service's own path.

```
%s```

## Beside the query that people write by hand

The same samples in Prometheus and VictoriaMetrics, by remote write on loopback, and the query
that only compares two half hours, without a word on what is usual:

```
%s```

Run it again: `./dev bench judge`, or with other sizes `./dev bench judge 500 2000`.
"""


def write_page(path, folder, lines):
    with open(os.path.join(folder, "judge.txt")) as f:
        ours = f.read()
    page.put(path, "judge", PAGE % (time.strftime("%Y-%m-%d", time.gmtime()), machine(), ours,
                                    "\n".join(lines) + "\n"))


def main():
    folder, bin_dir = sys.argv[1], sys.argv[2]
    hosts = int(sys.argv[3]) if len(sys.argv) > 3 else 5000
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that atexit comes
    pivot = (int(time.time()) // 3600 - 2) * 3600
    lines = []

    def say(text):
        lines.extend(text.strip("\n").split("\n"))
        print(text, flush=True)

    say("\n%s\nover %d series, warm, median of %d; beside it what bench_judge took\n" %
          (QUERY, hosts * METRICS, ROUNDS))
    ours = None
    try:
        with open(os.path.join(folder, "judge-%d.txt" % hosts)) as f:
            ours = [float(v) for v in f.read().split()]
    except OSError:
        say("(bench_judge has not run for %d hosts: no ratios)" % hosts)
    say("%-16s %8s %8s %14s %9s %9s" % ("", "wall s", "cpu s", "wall min-max",
                                          "peak MiB", "fed in s"))
    best = None
    for name, command in (("prometheus", prometheus), ("victoria-metrics", victoria)):
        r = measure(name, command, folder, os.path.join(bin_dir, "bench_feed"), hosts, pivot)
        say("%-16s %8.2f %8.2f %6.2f-%-7.2f %9.0f %9.0f" %
              (name, r["wall"], r["cpu"], r["least"], r["most"], r["peak"], r["fed"]))
        best = r if best is None or r["wall"] < best["wall"] else best
        if ours:
            say("%-16s %7.1fx %7.1fx   (verdict); with the preparation, cpu %.1fx" %
                  ("  / ours", r["wall"] / ours[0], r["cpu"] / ours[1],
                   r["cpu"] / (ours[1] + ours[3])))
    if ours:
        say("%-16s %8.2f %8.2f" % ("our verdict", ours[0], ours[1]))
        say("the better of the two takes %.1f times as long as our verdict" %
              (best["wall"] / ours[0]))

    if len(sys.argv) > 4:
        write_page(sys.argv[4], folder, lines)


if __name__ == "__main__":
    main()
