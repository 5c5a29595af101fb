"""A real Prometheus writes into the service; counters arrive as rates, nothing is lost."""
import json
import os
import shutil
import subprocess
import time
import unittest

from flow import PATIENCE, WINDOWS_OF_SECONDS, FlowTest, free_port, rfc3339, wait_for

CONFIG = """global: {scrape_interval: 1s}
scrape_configs:
  - job_name: prometheus
    static_configs: [{targets: ["127.0.0.1:%d"]}]
remote_write:
  - url: http://127.0.0.1:%d/api/v1/write
    queue_config: {batch_send_deadline: 1s, max_shards: 2}
    metadata_config: {send: true, send_interval: 1s}
"""

# Its own requests count up by more than one a second while it scrapes itself; were the
# counter taken as it is, it would climb beyond any limit within the window.
LIMIT = """format: 1
rules:
  - id: requests
    title: Requests answered
    series: prometheus_http_requests_total*
    limit: {above: 0.5, hold: 3 of 5}
  - id: heap
    title: Heap
    series: go_memstats_heap_*
    attention: {q: 5%, effect: 10000%}
"""


class Prometheus(FlowTest):
    def setUp(self):
        super().setUp()
        self.assertIsNotNone(shutil.which("prometheus"), "Debian's package prometheus is missing")
        self.s = self.service("samples: {step: 1s, keep: 15m}\n",
                              self.rules(WINDOWS_OF_SECONDS, LIMIT)).start()

    def start(self):
        port = free_port()
        config = os.path.join(self.folder, "prometheus.yml")
        with open(config, "w") as f:
            f.write(CONFIG % (port, self.s.port))
        with open(os.path.join(self.folder, "prometheus.log"), "wb") as log:
            p = subprocess.Popen(
                ["prometheus", "--config.file", config, "--storage.tsdb.path",
                 os.path.join(self.folder, "tsdb"), "--web.listen-address",
                 "127.0.0.1:%d" % port], stdout=log, stderr=log)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)

    def kept(self):
        return self.s.metric("aftercheck_samples_kept_total") or 0

    def test_its_samples_are_kept_and_judged(self):
        self.start()
        wait_for("the first samples", lambda: self.kept() > 0)
        wait_for("several scrapes", lambda: self.kept() > 6000)
        self.assertGreater(self.s.metric("aftercheck_remote_write_series"), 300)
        # its summaries know no quantiles until something happened: these are NaN
        for reason in ("syntax", "name", "no_entity", "full", "late", "future", "kind"):
            self.assertEqual(self.s.metric('aftercheck_dropped_total{reason="%s"}' % reason),
                             0, reason)
        begun = time.time()
        status, body = self.s.post("/v1/changes", {
            "source": "t", "id": "c1", "kind": "config", "service": "prometheus",
            "hosts": ["127.0.0.1"], "time": rfc3339(begun)})
        self.assertEqual(status, 202, body)
        v = wait_for("the verdict", self.final, 2 * PATIENCE)
        self.assertEqual(v["coverage"]["hosts"], 1.0, v)
        self.assertGreater(v["coverage"]["series_judged"], 4, v)
        for f in v["findings"]:  # scrapes go on as before: the rate is what it was
            self.assertNotEqual(f["rule"], "requests", f)

    def final(self):
        v = self.s.json("/v1/changes/c1/verdict")[1]
        return v if v.get("final") else None

    def test_what_is_not_its_format_is_refused(self):
        status, body = self.s.post("/api/v1/write", b"not snappy",
                                   {"Content-Encoding": "snappy"})
        self.assertEqual(status, 400)
        self.assertIn("Snappy", json.loads(body)["error"])
        status, body = self.s.post(
            "/api/v1/write", b"x",
            {"Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"})
        self.assertEqual(status, 415, body)
        self.assertEqual(self.s.metric('aftercheck_dropped_total{reason="syntax"}'), 1)


if __name__ == "__main__":
    unittest.main()
