"""A real collectd posts into the service: gauges as they are, counters as rates."""
import os
import shutil
import socket
import subprocess
import time
import unittest

from flow import PATIENCE, WINDOWS_OF_SECONDS, FlowTest, rfc3339, wait_for

COLLECTD = "/usr/sbin/collectd"
CONFIG = """Hostname "h1"
FQDNLookup false
Interval 1
BaseDir "%(folder)s"
PIDFile "%(folder)s/collectd.pid"
TypesDB "/usr/share/collectd/types.db"
LoadPlugin load
LoadPlugin memory
LoadPlugin cpu
LoadPlugin write_http
<Plugin write_http>
  <Node "aftercheck">
    URL "http://127.0.0.1:%(port)d/collectd"
    Format "JSON"
    BufferSize 1024
  </Node>
</Plugin>
"""

# A counter of jiffies is in the millions after a day; as a rate it is at most 100 a core.
RULES = """format: 1
rules:
  - id: jiffies
    title: CPU time
    series: cpu.cpu*
    limit: {above: 1000, hold: 3 of 5}
  - id: memory
    title: Memory
    series: memory.memory*
    limit: {below: -1, hold: 3 of 5}
"""


class Collectd(FlowTest):
    def test_its_values_are_kept_and_judged(self):
        self.assertTrue(os.path.exists(COLLECTD), "Debian's package collectd-core is missing")
        s = self.service("samples: {step: 1s, keep: 15m}\n",
                         self.rules(WINDOWS_OF_SECONDS, RULES)).start()
        config = os.path.join(self.folder, "collectd.conf")
        with open(config, "w") as f:
            f.write(CONFIG % {"folder": self.folder, "port": s.port})
        with open(os.path.join(self.folder, "collectd.log"), "wb") as log:
            p = subprocess.Popen([COLLECTD, "-f", "-C", config], stdout=log, stderr=log)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        kept = lambda: s.metric("aftercheck_samples_kept_total") or 0
        wait_for("the first values", kept)
        first = time.monotonic()
        wait_for("a whole window of them", lambda: time.monotonic() - first > 13)
        for reason in ("syntax", "name", "full", "late", "future", "not_finite"):
            self.assertEqual(s.metric('aftercheck_dropped_total{reason="%s"}' % reason), 0,
                             reason)
        status, body = s.post("/v1/changes", {
            "source": "t", "id": "c1", "kind": "config", "hosts": ["h1"],
            "time": rfc3339(time.time())})
        self.assertEqual(status, 202, body)

        def final():
            v = s.json("/v1/changes/c1/verdict")[1]
            return v if v.get("final") else None
        v = wait_for("the verdict", final, 2 * PATIENCE)
        self.assertEqual(v["grade"], "ok", v)
        self.assertEqual(v["coverage"]["rules"], 1, v)
        self.assertGreater(v["coverage"]["series_judged"], 8, v)
        self.assertEqual(v["findings"], [], v)


if __name__ == "__main__":
    unittest.main()
