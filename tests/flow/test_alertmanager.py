"""A real Alertmanager tells the service of an alert: once new, repeated, resolved, and it is
seen in the verdict of a change."""
import http.client
import json
import os
import shutil
import sqlite3
import subprocess
import time
import unittest

from flow import FlowTest, free_port, rfc3339, wait_for

DEFAULTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../rules/defaults")
WINDOWS = """format: 1
pack: test
windows:
  default: {before: 10s, settle: 1s, looks: [4s, 12s], late: 1s, unfinished: 30s}
"""
CONFIG = """route:
  receiver: aftercheck
  group_by: [alertname]
  group_wait: 100ms
  group_interval: 500ms
  repeat_interval: 1s
receivers:
  - name: aftercheck
    webhook_configs:
      - url: http://127.0.0.1:%d/v1/alarms/alertmanager
        send_resolved: true
"""


class Alertmanager(FlowTest):
    def setUp(self):
        super().setUp()
        self.assertIsNotNone(shutil.which("prometheus-alertmanager"),
                             "Debian's package prometheus-alertmanager is missing")
        rules = self.rules(WINDOWS)
        shutil.copy(os.path.join(DEFAULTS, "60-alarms.yml"), rules)
        self.s = self.service("samples: {step: 1s, keep: 15m}\n", rules).start()
        self.port = free_port()
        config = os.path.join(self.folder, "alertmanager.yml")
        with open(config, "w") as f:
            f.write(CONFIG % self.s.port)
        with open(os.path.join(self.folder, "alertmanager.log"), "wb") as log:
            p = subprocess.Popen(
                ["prometheus-alertmanager", "--config.file", config, "--storage.path",
                 os.path.join(self.folder, "alerts"), "--cluster.listen-address=",
                 "--web.listen-address", "127.0.0.1:%d" % self.port], stdout=log, stderr=log)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        wait_for("Alertmanager to get ready", self.ready)

    def ask(self, method, path, body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            c.request(method, path, body, {"Content-Type": "application/json"})
            return c.getresponse().status
        finally:
            c.close()

    def ready(self):
        try:
            return self.ask("GET", "/-/ready") == 200
        except OSError:
            return False

    def alert(self, starts, ends=None):
        """As Prometheus posts it."""
        body = {"labels": {"alertname": "HighLatency", "severity": "critical",
                           "instance": "h1:9100", "service": "pay"},
                "annotations": {"summary": "p99 above 500 ms"}, "startsAt": rfc3339(starts),
                "endsAt": rfc3339(ends if ends else time.time() + 300)}
        self.assertEqual(self.ask("POST", "/api/v2/alerts", json.dumps([body])), 200)

    def ended(self):
        """The one alarm has an end in the ledger."""
        db = sqlite3.connect("file:%s?mode=ro" % os.path.join(self.s.data, "ledger.db"), uri=True)
        try:
            rows = db.execute("SELECT ends FROM alarms").fetchall()
        finally:
            db.close()
        self.assertEqual(len(rows), 1)
        return rows[0][0] is not None

    def finding(self):
        v = self.s.json("/v1/changes/8812")[1].get("verdict") or {"findings": []}
        found = [f for f in v["findings"] if f["kind"] == "alarm"]
        return found[0] if found else None

    def messages(self):
        return self.s.metric("aftercheck_alarm_messages_total") or 0

    def test_an_alert_is_told_repeated_resolved_and_judged(self):
        status, answer = self.s.post("/v1/changes", {
            "source": "deployer", "id": "1", "change_id": "8812", "kind": "release",
            "service": "pay", "hosts": ["h1", "h2"]})
        self.assertEqual(status, 202, answer)
        starts = time.time()
        self.alert(starts)
        wait_for("the alert", lambda: self.s.metric("aftercheck_alarms_total") == 1)
        wait_for("its repeats", lambda: self.messages() >= 3)
        self.assertEqual(self.s.metric("aftercheck_alarms_total"), 1)  # no new alarms
        alarm = wait_for("a verdict that names it", self.finding)
        self.assertEqual((alarm["metric"], alarm["host"], alarm["after"]),
                         ("alarm HighLatency", "h1", 1))
        self.assertIn("p99 above 500 ms", alarm["because"])
        self.alert(starts, time.time())
        wait_for("its end", self.ended)
        status, page = self.s.get("/inputs")
        self.assertEqual(status, 200)
        self.assertIn("Alertmanager/", page.decode())


if __name__ == "__main__":
    unittest.main()
