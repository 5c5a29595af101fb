#!/usr/bin/python3
"""How long does lint take, and does ingest stall while rules are read anew?

Starts aftercheckd with many rules, posts samples on one connection without a pause, and
measures each answer: first in quiet, then while the rules are changed and SIGHUP is sent
again and again.  Prints the two side by side.

    bench/reload.py [--bin build/bin] [--rules 1000] [--seconds 10]
"""
import argparse
import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time

RULES_A_FILE = 100
HOSTS, FIGURES = 100, 10
EVERY = 0.5  # seconds between two reloads
RULE = """  - id: rule.%d
    title: Rule number %d
    owner: team-%d
    on: {kinds: [release, config], service: "service-%d*"}
    series: [app%d.requests.*, "app%d.*.errors{*", "/^jvm%d[.](gc|heap)/"]
    worse: up
    unit: ms
    attention: {q: 5%%, effect: 10%%, delta: 5ms}
    must-handle: {when: after > before * 1.5 and delta > 20ms, hold: 3 of 5}
"""


def write_rules(folder, n):
    for start in range(0, n, RULES_A_FILE):
        with open(os.path.join(folder, "%05d.yml" % start), "w") as f:
            f.write("format: 1\npack: bench\nrules:\n")
            for i in range(start, min(n, start + RULES_A_FILE)):
                f.write(RULE % (i, i, i % 50, i // 10, i, i, i))


class Service:
    def __init__(self, programs, folder, rules):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        config = os.path.join(folder, "aftercheckd.yml")
        with open(config, "w") as f:
            f.write("listen: 127.0.0.1:%d\ndata: %s\nrules: %s\n"
                    % (self.port, os.path.join(folder, "data"), rules))
        self.log = open(os.path.join(folder, "log"), "w+")
        self.process = subprocess.Popen([os.path.join(programs, "aftercheckd"), "--config", config],
                                        stdout=self.log, stderr=self.log)
        while True:
            try:
                if self.get("/-/ready").startswith("ready"):
                    return
            except OSError:
                pass
            if self.process.poll() is not None:
                self.log.seek(0)
                raise SystemExit("the service ended: " + self.log.read())
            time.sleep(0.02)  # between looks at the condition

    def get(self, path):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        c.request("GET", path)
        text = c.getresponse().read().decode()
        c.close()
        return text

    def metric(self, name):
        return float(next(line.split()[1] for line in self.get("/metrics").split("\n")
                          if line.startswith(name + " ")))


def post_for(service, seconds, every=None, change=None):
    """Milliseconds of each answer; `change` is called every so many seconds."""
    c = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    took, until = [], time.monotonic() + seconds
    due = time.monotonic() + (every or 2 * seconds)
    while time.monotonic() < until:
        now = time.time_ns()
        body = "\n".join("app%d,host=h%d,service=pay %s %d" % (
            h, h, ",".join("f%d=%d" % (k, (now + h * k) % 97) for k in range(FIGURES)), now)
            for h in range(HOSTS))
        if time.monotonic() >= due:
            change()
            due += every
        start = time.monotonic()
        c.request("POST", "/write", body)
        answer = c.getresponse()
        answer.read()
        if answer.status != 204:
            raise SystemExit("refused with %d" % answer.status)
        took.append((time.monotonic() - start) * 1000)
    c.close()
    return sorted(took)


def say(what, took, seconds, reloads):
    def at(share):
        return took[min(len(took) - 1, int(share * len(took)))]
    print("%-28s %8.0f %8.2f %8.2f %8.2f %8.2f %8d" % (
        what, len(took) * HOSTS * FIGURES / seconds, at(0.5), at(0.99), at(0.999), took[-1],
        reloads))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", default="build/bin")
    p.add_argument("--rules", type=int, default=1000)
    p.add_argument("--seconds", type=float, default=10)
    o = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rules = os.path.join(folder, "rules")
        os.mkdir(rules)
        write_rules(rules, o.rules)
        start = time.monotonic()
        done = subprocess.run([os.path.join(o.bin, "aftercheck"), "rules", "lint", rules],
                              stdout=subprocess.DEVNULL, check=False)
        print("rules lint of %d rules: %.0f ms, exit code %d"
              % (o.rules, (time.monotonic() - start) * 1000, done.returncode))
        s = Service(o.bin, folder, rules)
        try:
            turn = [0]

            def change():
                turn[0] += 1
                with open(os.path.join(rules, "00000.yml"), "a") as f:
                    f.write("# %d\n" % turn[0])
                s.process.send_signal(signal.SIGHUP)
            post_for(s, 2)  # files grow, caches fill
            print("%d rules; posts of %d samples on one connection, milliseconds an answer"
                  % (o.rules, HOSTS * FIGURES))
            print("%-28s %8s %8s %8s %8s %8s %8s" % (
                "", "samples/s", "median", "99 %", "99.9 %", "most", "reloads"))
            say("in quiet", post_for(s, o.seconds), o.seconds, 0)
            before = s.metric("aftercheck_rules_reloads_total")
            took = post_for(s, o.seconds, EVERY, change)
            reloads = s.metric("aftercheck_rules_reloads_total") - before
            say("rules read anew all the time", took, o.seconds, reloads)
            if s.metric("aftercheck_rules_last_reload_successful") != 1:
                raise SystemExit("the rules were refused")
        finally:
            s.process.terminate()
            s.process.wait(30)


if __name__ == "__main__":
    main()
