"""The agent's checks, groups and scrapes in the real service: kept, and judged."""
import os
import shutil
import signal
import subprocess
import time
import unittest

from flow import (PATIENCE, WINDOWS_OF_SECONDS, FlowTest, free_port, program, rfc3339,
                  wait_for)

PROBES = """format: 1
rules:
  - id: probes
    title: Probes that began to fail
    probes: {series: [probe.success*, up, "up{*"], ok_when: 1}
    attention: {q: 5%, count: 1}
    must-handle: {q: 1%, count: 1}
"""


class AgentAndService(FlowTest):
    def setUp(self):
        super().setUp()
        self.s = self.service("samples: {step: 1s, keep: 15m}\n",
                              self.rules(WINDOWS_OF_SECONDS, PROBES)).start()

    def run_beside(self, *argv):
        with open(os.path.join(self.folder, os.path.basename(argv[0]) + ".log"), "ab") as log:
            p = subprocess.Popen(argv, stdout=log, stderr=log)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        return p

    def start_agent(self, config):
        path = os.path.join(self.folder, "agent.yml")
        with open(path, "w") as f:
            f.write("server: http://127.0.0.1:%d\nservice: pay\nhost: h1\ninterval: 1s\n"
                    "buffer: %s\n" % (self.s.port, os.path.join(self.folder, "buffer")) + config)
        return self.run_beside(program("aftercheck-agent"), "--config", path)

    def kept(self):
        return self.s.metric("aftercheck_samples_kept_total") or 0

    def dropped_nothing(self):
        for reason in ("syntax", "name", "no_entity", "full", "late", "future", "kind",
                       "not_finite"):
            self.assertEqual(self.s.metric('aftercheck_dropped_total{reason="%s"}' % reason),
                             0, reason)

    def test_a_real_node_exporter_is_scraped(self):
        if shutil.which("prometheus-node-exporter") is None:
            self.skipTest("prometheus-node-exporter is not installed")
        port = free_port()
        self.run_beside("prometheus-node-exporter", "--web.listen-address=127.0.0.1:%d" % port)
        self.start_agent("scrapes:\n  - {name: node, interval: 1s,"
                         " url: 'http://127.0.0.1:%d/metrics', drop: 'go_*'}\n" % port)
        wait_for("its series", lambda: (self.s.metric("aftercheck_remote_write_series") or 0) > 200)
        before = self.kept()
        wait_for("further scrapes", lambda: self.kept() > before + 1000)
        self.dropped_nothing()

    def final(self):
        v = self.s.json("/v1/changes/c1/verdict")[1]
        return v if v.get("final") else None

    def test_a_check_that_fails_after_a_change_is_a_finding(self):
        state = os.path.join(self.folder, "state")
        with open(state, "w") as f:
            f.write("0")
        self.start_agent("checks:\n  - name: smoke\n    interval: 1s\n    timeout: 1s\n"
                         "    command: [/bin/sh, -c, 'exit $(cat %s)']\n"
                         "groups:\n  - {name: agent, program: aftercheck-agent}\n" % state)
        wait_for("samples", lambda: self.kept() > 800)
        with open(state, "w") as f:
            f.write("2")
        status, body = self.s.post("/v1/changes", {
            "source": "t", "id": "c1", "kind": "config", "service": "pay", "hosts": ["h1"],
            "time": rfc3339(time.time())})
        self.assertEqual(status, 202, body)
        v = wait_for("the verdict", self.final, 2 * PATIENCE)
        found = [f for f in v["findings"] if f["rule"] == "probes"]
        self.assertEqual(len(found), 1, v)
        self.assertIn("smoke", found[0]["metric"])
        self.dropped_nothing()

    def test_an_agent_that_dies_is_seen_in_the_service(self):
        agent = self.start_agent("")
        wait_for("samples", lambda: self.kept() > 100)
        self.assertEqual(self.s.metric("aftercheck_hosts_silent"), 0)
        agent.kill()
        agent.wait()
        gone = time.time()
        wait_for("its silence", lambda: self.s.metric("aftercheck_hosts_silent") == 1)
        self.assertLess(time.time() - gone, 20)
        self.start_agent("")
        wait_for("its return", lambda: self.s.metric("aftercheck_hosts_silent") == 0)

    def test_what_was_kept_while_the_service_was_away_arrives(self):
        agent = self.start_agent("")
        wait_for("samples", lambda: self.kept() > 100)
        self.s.stop(signal.SIGKILL)
        away = time.time()
        wait_for("batches on disk", lambda: any(
            f.endswith(".batches") and
            os.path.getsize(os.path.join(self.folder, "buffer", f)) > 8192
            for f in os.listdir(os.path.join(self.folder, "buffer"))))
        agent.kill()
        agent.wait()
        self.s.start()
        at_start = self.kept()
        self.start_agent("")
        wait_for("what was kept", lambda: self.kept() > at_start + 150)
        self.assertLess(time.time() - away, 2 * PATIENCE)
        self.dropped_nothing()


if __name__ == "__main__":
    unittest.main()
