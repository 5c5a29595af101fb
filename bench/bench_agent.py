"""aftercheck-agent beside collectd and node_exporter, at the same time on one machine.

All read the same things every ten seconds: processors, load, memory, swap, paging, disks,
file systems, networks, TCP.  Ours posts to a server here, collectd sends by its network
plugin (lighter than its write_http, which links libcurl), node_exporter is asked by a
client here.  Whatever else the machine does meanwhile, it does to all of them.

CPU is what the scheduler counted for all threads (schedstat, in nanoseconds), since the
clock's ticks are too coarse for so little.  Memory is the largest of what was seen.

usage: bench_agent.py BIN_DIR [SECONDS] [PAGE]"""
import glob
import http.client
import http.server
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import page  # noqa: E402

INTERVAL = 10
WARM_UP = 25  # two rounds and a half

COLLECTD = """Hostname "h1"
FQDNLookup false
Interval %(interval)d
ReadThreads 1
WriteThreads 1
BaseDir "%(folder)s"
PIDFile "%(folder)s/collectd.pid"
TypesDB "/usr/share/collectd/types.db"
%(plugins)s
<Plugin network>
  Server "127.0.0.1" "%(udp)d"
</Plugin>
"""
PLUGINS = ("cpu", "load", "memory", "swap", "vmem", "disk", "df", "interface", "protocols",
           "contextswitch", "network")
# node_exporter's collectors of the same
COLLECTORS = ("cpu", "loadavg", "meminfo", "vmstat", "diskstats", "filesystem", "netdev",
              "netstat", "sockstat", "filefd", "pressure", "stat")

SECTION = """# The agent

Written by `./dev bench agent`, %(date)s; nothing here is typed in by hand.

`aftercheck-agent` beside collectd %(collectd)s and node_exporter %(node)s, all at the same time for
%(seconds)d s, every %(interval)d s the same things: processors, load, memory, swap, paging, disks, file systems,
networks, TCP. *All of it* is the agent with %(groups)d groups of processes and a scrape of a node_exporter
besides; it shares its pages with the first. collectd sends by its network plugin; node_exporter, once with the collectors for the same
things and once as it comes, is asked by a client whose work is not counted. CPU is the scheduler's own
count, in percent of one processor; memory the largest that was seen. RSS counts what programs share
in full, PSS by shares. %(processes)d processes ran; %(load).1f programs on average wanted to run on
%(cores)d processors.

```
%(table)s
```

Run it again: `./dev bench agent`, or for another time `./dev bench agent 600`."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Sink(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies += 1
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


def serve():
    s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    s.bodies, s.daemon_threads = 0, True
    threading.Thread(target=s.serve_forever, daemon=True).start()
    return s


class Program:
    def __init__(self, name, argv, port=None):
        self.name, self.port = name, port
        self.process = subprocess.Popen(argv, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.rss = self.pss = self.begun = 0

    def cpu(self):
        total = 0
        for path in glob.glob("/proc/%d/task/*/schedstat" % self.process.pid):
            try:
                with open(path) as f:
                    total += int(f.read().split()[0])
            except OSError:
                pass
        return total / 1e9

    def look(self):
        if self.process.poll() is not None:
            sys.exit("%s ended with %d" % (self.name, self.process.returncode))
        with open("/proc/%d/smaps_rollup" % self.process.pid) as f:
            text = f.read()
        self.rss = max(self.rss, int(re.search(r"^Rss: +(\d+)", text, re.M).group(1)))
        self.pss = max(self.pss, int(re.search(r"^Pss: +(\d+)", text, re.M).group(1)))

    def ask(self):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        c.request("GET", "/metrics")
        n = len(c.getresponse().read())
        c.close()
        return n

    def end(self):
        self.process.terminate()
        self.process.wait()


def version_of(argv, pattern):
    got = subprocess.run(argv, capture_output=True, text=True)
    found = re.search(pattern, got.stdout + got.stderr)
    return found.group(1) if found else "?"


def start(bin_dir, folder, sink, udp):
    agent = os.path.join(bin_dir, "aftercheck-agent")
    server = "http://127.0.0.1:%d" % sink.server_address[1]
    same, whole = free_port(), free_port()
    with open(os.path.join(folder, "collectd.conf"), "w") as f:
        f.write(COLLECTD % {"interval": INTERVAL, "folder": folder, "udp": udp,
                            "plugins": "\n".join("LoadPlugin " + p for p in PLUGINS)})
    with open(os.path.join(folder, "all.yml"), "w") as f:
        f.write("groups:\n"
                "  - {name: shells, program: \"*sh\"}\n"
                "  - {name: python, command: \"*python*\"}\n"
                "  - {name: units, unit: \"*.service\"}\n"
                "scrapes:\n"
                "  - {name: node, interval: %ds, url: 'http://127.0.0.1:%d/metrics'}\n"
                % (INTERVAL, same))
    exporter = "prometheus-node-exporter"
    programs = [
        Program("aftercheck-agent", [agent, "--server", server, "--buffer",
                                     os.path.join(folder, "b1")]),
        Program("  all of it", [agent, "--server", server, "--config",
                                os.path.join(folder, "all.yml"), "--buffer",
                                os.path.join(folder, "b2")]),
        Program("collectd", ["/usr/sbin/collectd", "-f", "-C",
                             os.path.join(folder, "collectd.conf")]),
        Program("node_exporter, the same",
                [exporter, "--web.listen-address=127.0.0.1:%d" % same,
                 "--collector.disable-defaults"] + ["--collector." + c for c in COLLECTORS]),
        Program("node_exporter as it comes",
                [exporter, "--web.listen-address=127.0.0.1:%d" % whole], whole)]
    return programs


def run(programs, seconds):
    """Asks who must be asked every INTERVAL; gives the load's mean."""
    load, looks = 0.0, 0
    until = time.monotonic() + WARM_UP
    measuring = False
    while True:
        for p in programs:
            if p.port:
                p.ask()
        time.sleep(INTERVAL / 2)  # between two looks, not for a condition
        for p in programs:
            p.look()
        time.sleep(INTERVAL / 2)
        load, looks = load + os.getloadavg()[0], looks + 1
        if time.monotonic() >= until:
            if measuring:
                return load / looks
            measuring, until = True, time.monotonic() + seconds
            begun = time.monotonic()
            for p in programs:
                p.begun, p.since = p.cpu(), begun


def table(programs):
    ours = programs[0]
    lines = ["%-26s %9s %9s %10s %8s %8s" % ("", "RSS MB", "PSS MB", "CPU %", "RSS / ours",
                                            "CPU / ours")]
    now = time.monotonic()
    for p in programs:
        p.share = 100 * (p.cpu() - p.begun) / (now - p.since)
    for p in programs:
        lines.append("%-26s %9.2f %9.2f %10.4f %9.1fx %9.1fx" %
                     (p.name, p.rss / 1024, p.pss / 1024, p.share, p.rss / ours.rss,
                      p.share / ours.share))
    return "\n".join(lines)


def main():
    bin_dir = sys.argv[1]
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    folder = tempfile.mkdtemp(prefix="aftercheck-bench-")
    sink, programs = serve(), []
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # takes what comes, reads nothing
    udp.bind(("127.0.0.1", 0))
    try:
        programs = start(bin_dir, folder, sink, udp.getsockname()[1])
        time.sleep(1)  # an exporter is asked when it is up; the first round does not count
        load = run(programs, seconds)
        text = table(programs)
    finally:
        for p in programs:
            p.end()
        shutil.rmtree(folder, True)
    if sink.bodies < 2 * seconds / INTERVAL:
        sys.exit("only %d bodies came: the agents did not work" % sink.bodies)
    print(text)
    if len(sys.argv) > 3:
        page.put(sys.argv[3], "agent", SECTION % {
            "date": time.strftime("%Y-%m-%d", time.gmtime()), "seconds": seconds,
            "interval": INTERVAL, "table": text, "groups": 3, "load": load,
            "cores": os.cpu_count(), "processes": len(glob.glob("/proc/[0-9]*")),
            "collectd": version_of(["/usr/sbin/collectd", "-h"], r"collectd (\d[\d.]*\d)"),
            "node": version_of(["prometheus-node-exporter", "--version"],
                               r"version (\d[\d.]*)")})


if __name__ == "__main__":
    main()
