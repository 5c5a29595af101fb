"""Graphite over TCP and StatsD over UDP, as their senders speak, and what becomes of it."""
import os
import re
import socket
import subprocess
import time
import unittest

from flow import BIN, PATIENCE, FlowTest, free_port, wait_for

MANUAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/inputs.md")
COLLECTD = "/usr/sbin/collectd"
COLLECTD_CONFIG = """Hostname "h1"
FQDNLookup false
Interval 1
BaseDir "%(folder)s"
PIDFile "%(folder)s/collectd.pid"
TypesDB "/usr/share/collectd/types.db"
LoadPlugin load
LoadPlugin memory
LoadPlugin write_graphite
<Plugin write_graphite>
  <Node "aftercheck">
    Host "127.0.0.1"
    Port "%(port)d"
    Protocol "tcp"
    Prefix "collectd."
    StoreRates true
  </Node>
</Plugin>
"""

CONFIG = """samples: {step: 1m}
graphite:
  listen: 127.0.0.1:%d
  templates: ["collectd.* _.host.metric*", "* service.host.metric*"]
  counters: ["*.total"]
statsd:
  listen: 127.0.0.1:%d
  flush: 1s
  host: lab
limits: {sender_names: 40}
"""


class Wires(FlowTest):
    def setUp(self):
        super().setUp()
        self.tcp, self.udp = free_port(), free_port()
        self.s = self.service(CONFIG % (self.tcp, self.udp)).start()

    def graphite(self, text):
        with socket.create_connection(("127.0.0.1", self.tcp)) as c:
            c.sendall(text.encode())

    def statsd(self, text):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as c:
            c.sendto(text.encode(), ("127.0.0.1", self.udp))

    def taken(self, name):
        return self.s.metric('aftercheck_input_taken_total{input="%s"}' % name) or 0

    def test_lines_and_datagrams_become_samples(self):
        now = time.time()
        self.graphite("collectd.h1.load.load 1.5 %d\npay.h1.hits.total 5 %d\n"
                      "pay.h1.hits.total 9 %d\nnonsense\n" % (now - 9, now - 8, now - 4))
        wait_for("Graphite's lines", lambda: self.taken("graphite") == 4)
        self.statsd("pay.charges:1|c|#host:h1\npay.ms:12|ms|@0.5")
        self.statsd("pay.charges:2|c|#host:h1")
        wait_for("StatsD's datagrams", lambda: self.taken("statsd") == 3)
        wait_for("a flush", lambda: self.s.metric("aftercheck_statsd_series") == 2)
        self.assertEqual(self.s.metric('aftercheck_dropped_total{reason="syntax"}'), 1)
        # what came is under h1, pay's h1 and lab: as many entities as that
        wait_for("entities", lambda: self.s.metric("aftercheck_entities") >= 3)
        page = self.s.get("/inputs")[1].decode()
        self.assertIn("nonsense", page)
        self.assertIn("127.0.0.1", page)

    def test_one_sender_cannot_take_all_the_names(self):
        now = time.time()
        self.graphite("".join("collectd.h1.user.%d 1 %d\n" % (i, now) for i in range(100)))
        wait_for("the lines", lambda: self.taken("graphite") == 100)
        self.assertEqual(self.s.metric('aftercheck_dropped_total{reason="full"}'), 61)
        self.graphite("collectd.h1.user.7 2 %d\n" % (now + 1))  # what is known goes on
        wait_for("one more", lambda: self.taken("graphite") == 101)
        self.assertEqual(self.s.metric('aftercheck_dropped_total{reason="full"}'), 61)
        body = "cpu,host=h9 busy=1\n"  # another sender has room of its own
        self.assertEqual(self.s.post("/write", body, {"User-Agent": "other/1"})[0], 204)

    def test_a_sender_over_its_rate_hears_so_and_is_counted(self):
        self.s.stop()
        self.s.configure("limits: {sender_rate: 5}\n")
        self.s.start()
        many = "".join("cpu,host=h%d busy=1\n" % i for i in range(200))
        self.assertEqual(self.s.post("/write", many)[0], 204)
        status, answer = self.s.post("/write", many)
        self.assertEqual(status, 429, answer)
        self.assertIn("more than 5 samples a second", answer)
        self.assertEqual(self.s.metric('aftercheck_dropped_total{reason="rate"}'), 1)
        other = {"User-Agent": "other/1"}  # goes on
        self.assertEqual(self.s.post("/write", "cpu,host=h1 busy=2\n", other)[0], 204)

    def test_a_real_collectd_writes_as_to_graphite(self):
        self.assertTrue(os.path.exists(COLLECTD), "Debian's package collectd-core is missing")
        config = os.path.join(self.folder, "collectd.conf")
        with open(config, "w") as f:
            f.write(COLLECTD_CONFIG % {"folder": self.folder, "port": self.tcp})
        with open(os.path.join(self.folder, "collectd.log"), "wb") as log:
            p = subprocess.Popen([COLLECTD, "-f", "-C", config], stdout=log, stderr=log)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        wait_for("collectd's lines", lambda: self.taken("graphite") > 10)
        self.assertEqual(self.s.metric('aftercheck_input_dropped_total{input="graphite"}'), 0)

    def test_every_shell_example_of_the_manual_is_taken(self):
        with open(MANUAL) as f:
            blocks = re.findall(r"^```sh\n(.*?)^```", f.read(), re.M | re.S)
        self.assertGreaterEqual(len(blocks), 4)
        for block in blocks:
            for was, becomes in (("127.0.0.1:8190", "127.0.0.1:%d" % self.s.port),
                                 ("127.0.0.1/2003", "127.0.0.1/%d" % self.tcp),
                                 ("127.0.0.1/8125", "127.0.0.1/%d" % self.udp),
                                 ("curl ", "curl -sS --fail-with-body "),
                                 ("ansible-playbook restart.yml", "true")):
                block = block.replace(was, becomes)
            env = dict(os.environ, PATH=os.path.abspath(BIN) + ":" + os.environ["PATH"],
                       AFTERCHECK_URL="http://127.0.0.1:%d" % self.s.port)
            run = subprocess.run(["bash", "-euc", block], env=env, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True, timeout=PATIENCE)
            self.assertEqual(run.returncode, 0, block + run.stdout)
        wait_for("Graphite's line", lambda: self.taken("graphite") == 1)
        wait_for("StatsD's datagram", lambda: self.taken("statsd") == 1)
        self.assertGreater(self.taken("calls"), 0)
        self.assertGreaterEqual(self.s.metric("aftercheck_changes_total"), 3)
        for reason in ("syntax", "name", "full", "no_entity"):
            self.assertEqual(self.s.metric('aftercheck_dropped_total{reason="%s"}' % reason), 0)


if __name__ == "__main__":
    unittest.main()
