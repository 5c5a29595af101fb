"""Single events as evidence: alarms, coredumps, results of tests and of probes go in as the
tools that make them send them, and the verdict of a change holds what began with it."""
import json
import os
import re
import shutil
import subprocess
import threading
import time
import unittest

from flow import FlowTest, program, rfc3339, wait_for

SECONDS = "samples: {step: 1s, keep: 15m}\n"
WINDOWS = """format: 1
pack: test
windows:
  default: {before: 10s, settle: 1s, looks: [4s, 12s], late: 1s, unfinished: 30s}
"""
HERE = os.path.dirname(os.path.abspath(__file__))
DEFAULTS = os.path.join(HERE, "../../rules/defaults")
MANUAL = os.path.join(HERE, "../../docs/evidence.md")
CHANGED, OTHERS = ["h1", "h2"], ["h3", "h4", "h5", "h6", "h7"]


def alertmanager(*alerts):
    """A notification as Alertmanager's webhook receiver sends it (version 4)."""
    common = {"alertname": "HighLatency", "severity": "critical", "service": "pay"}
    return {
        "version": "4", "groupKey": '{}/{severity="critical"}:{alertname="HighLatency"}',
        "truncatedAlerts": 0, "status": "firing", "receiver": "aftercheck",
        "groupLabels": {"alertname": "HighLatency"}, "commonLabels": common,
        "commonAnnotations": {"summary": "p99 above 500 ms"},
        "externalURL": "http://alertmanager.example.org:9093",
        "alerts": [{
            "status": status, "labels": dict(common, instance=host + ":9100"),
            "annotations": {"summary": "p99 above 500 ms"},
            "startsAt": rfc3339(starts),
            "endsAt": rfc3339(ends) if ends else "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example.org:9090/graph?g0.expr=x&g0.tab=1",
            "fingerprint": "1a30ba71cca2921" + host[-1]}
            for host, status, starts, ends in alerts]}


def coredump(host, at, pid=4711):
    return {"time": rfc3339(at), "host": host, "service": "pay", "exe": "/opt/pay/bin/pay",
            "pid": pid, "signal": "SIGSEGV",
            "frames": [{"fn": "pay::Ledger::post(pay::Entry const&)",
                        "module": "/opt/pay/bin/pay", "build_id": "8c1f", "offset": 4242},
                       {"fn": "pay::handle", "module": "/opt/pay/bin/pay"},
                       {"fn": "main", "module": "/opt/pay/bin/pay"}]}


def pytest_xml(at, failing):
    """As pytest --junit-xml writes it."""
    stamp = rfc3339(at).replace("Z", "000+00:00")
    case = '<testcase classname="tests.test_pay" name="test_%s" time="0.004"%s'
    failure = ('><failure message="assert 502 == 200&#10; +  where 502 = status()">def '
               'test_%s():\n&gt;       assert status() == 200\nE       assert 502 == 200\n\n'
               'tests/test_pay.py:12: AssertionError</failure></testcase>')
    cases = "".join(case % (n, failure % n if n in failing else " />")
                    for n in ("charge", "refund", "history"))
    return ('<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite '
            'name="pytest" errors="0" failures="%d" skipped="0" tests="3" time="0.051" '
            'timestamp="%s" hostname="ci-4">%s</testsuite></testsuites>'
            % (len(failing), stamp, cases))


def surefire_xml(failing):
    """As Maven Surefire writes it, one file a class."""
    body = "".join(
        '  <testcase name="%s" classname="com.example.PayIT" time="0.012">%s</testcase>\n'
        % (n, '\n    <failure message="expected:&lt;200&gt; but was:&lt;502&gt;" '
              'type="java.lang.AssertionError"><![CDATA[java.lang.AssertionError: expected:'
              '<200> but was:<502>\n\tat com.example.PayIT.%s(PayIT.java:31)\n]]></failure>\n'
              '    <system-out><![CDATA[ready\n]]></system-out>\n  ' % n if n in failing else "")
        for n in ("chargeWorks", "refundWorks"))
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<testsuite xmlns:xsi="http://www.w3.org/2001'
            '/XMLSchema-instance" xsi:noNamespaceSchemaLocation="https://maven.apache.org/'
            'surefire/maven-surefire-plugin/xsd/surefire-test-report.xsd" version="3.0" '
            'name="com.example.PayIT" time="0.103" tests="2" errors="0" skipped="0" '
            'failures="%d">\n  <properties>\n    <property name="java.version" value="17"/>\n'
            '  </properties>\n%s</testsuite>\n' % (len(failing), body))


def tap(failing):
    return "TAP version 13\n1..2\n%sok 1 - login\n  ---\n  at: login.t\n  ...\nok 2 - logout\n" \
        % ("not " if failing else "")


class Pump:
    """Sends the hosts' samples every half second, as Telegraf would: CPU, and a probe of the
    host's own service; the probe's result is among its tags."""

    def __init__(self, service):
        self.service, self.failing = service, set()
        self.ending = threading.Event()
        now = time.time()
        for t in range(15, 0, -1):  # a before window that has passed already
            self.send(now - t)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def send(self, at):
        lines = []
        for host in CHANGED + OTHERS:
            bad = host in self.failing
            result = ("connection_failed", 3) if bad else ("success,status_code=200", 0)
            lines.append("cpu,host=%s,service=pay busy=30 %d" % (host, at * 1e9))
            lines.append("http_response,host=%s,service=pay,server=http://localhost/health,"
                         "method=GET,result=%s result_code=%di %d"
                         % (host, result[0], result[1], at * 1e9))
        self.service.post("/write", "\n".join(lines))

    def run(self):
        while not self.ending.wait(0.5):
            try:
                self.send(time.time())
            except OSError:
                pass  # the service is being started again

    def stop(self):
        self.ending.set()
        self.thread.join()


class Evidence(FlowTest):
    def setUp(self):
        super().setUp()
        rules = self.rules(WINDOWS)
        for name in os.listdir(DEFAULTS):
            if "windows" not in name:
                shutil.copy(os.path.join(DEFAULTS, name), rules)
        self.s = self.service(SECONDS, rules).start()
        self.pump = Pump(self.s)
        self.addCleanup(self.pump.stop)

    def taken(self, path, body, repeat=False):
        status, answer = self.s.post(path, body)
        self.assertEqual(status, 202, answer)
        if "status" in json.loads(answer):
            self.assertEqual(json.loads(answer)["status"], "repeat" if repeat else "accepted")

    def change(self):
        now = time.time()
        status, answer = self.s.post("/v1/changes", {
            "source": "deployer", "id": "8812-done", "change_id": "8812", "kind": "release",
            "service": "pay", "hosts": CHANGED, "title": "pay 2.4.1 -> 2.5.0",
            "time": rfc3339(now)})
        self.assertEqual(status, 202, answer)
        return now

    def verdict(self, revision=None, final=False):
        def there():
            status, v = self.s.json("/v1/changes/8812")
            v = v.get("verdict") if status == 200 else None
            return v if v and (v["final"] or not final) else None
        return wait_for("a verdict", there)

    def findings(self, v, kind):
        return [f for f in v["findings"] if f["kind"] == kind and f["grade"] != "ok"]

    def test_what_began_with_a_change_is_in_its_verdict_late_ones_and_each_once(self):
        before = time.time() - 60
        self.taken("/v1/tests?service=pay", pytest_xml(before, []))
        self.taken("/v1/tests?service=pay&suite=it&time=" + rfc3339(before), surefire_xml([]))
        self.taken("/v1/tests?service=pay&suite=smoke&time=" + rfc3339(before), tap(False))
        pivot = self.change()
        self.pump.failing = {"h1"}
        bodies = [
            ("/v1/alarms/alertmanager", alertmanager(("h1", "firing", pivot + 0.2, None))),
            ("/v1/coredumps", coredump("h1", pivot + 0.3)),
            ("/v1/tests?change=8812&service=pay", pytest_xml(pivot + 0.4, ["refund"])),
            ("/v1/tests?change=8812&service=pay&suite=it&time=" + rfc3339(pivot + 0.5),
             surefire_xml(["refundWorks"])),
            ("/v1/tests?change=8812&service=pay&suite=smoke&time=" + rfc3339(pivot + 0.6),
             tap(True))]
        for path, body in bodies:
            self.taken(path, body)
        v = self.verdict()
        self.assertFalse(v["final"])
        self.assertEqual(v["grade"], "must-handle")
        core, = self.findings(v, "core")
        self.assertIn("pay::Ledger::post", core["metric"])
        self.assertEqual((core["host"], core["after"]), ("h1", 1))
        alarm, = self.findings(v, "alarm")
        self.assertEqual((alarm["metric"], alarm["host"]), ("alarm HighLatency", "h1"))
        self.assertIn("p99 above 500 ms", alarm["because"])
        tests = {f["metric"]: f["because"] for f in self.findings(v, "test")}
        self.assertEqual(len(tests), 3, tests)
        said = " ".join(tests.values())
        for words in ("test_refund", "refundWorks", "502", "login"):
            self.assertIn(words, said)

        # late, as both are older than the look that was: the next look takes them in
        self.taken("/v1/alarms/alertmanager",
                   alertmanager(("h1", "firing", pivot + 0.2, None),
                                ("h2", "firing", pivot + 0.7, None)))
        self.taken("/v1/coredumps", coredump("h2", pivot + 0.8))
        for path, body in bodies[1:]:  # and what is there already does nothing
            self.taken(path, body, repeat=True)
        last = self.verdict(final=True)
        self.assertGreater(last["revision"], v["revision"])
        core, = self.findings(last, "core")
        self.assertEqual(core["after"], 2)
        alarm, = self.findings(last, "alarm")
        self.assertEqual(sorted(h["name"] for h in alarm["hosts"]), CHANGED)
        self.assertEqual(len(self.findings(last, "test")), 3)
        probe, = self.findings(last, "probe")
        self.assertEqual((probe["host"], probe["before"]), ("h1", 0))
        self.assertEqual(probe["metric"],
                         "http_response.result_code{method=GET,server=http://localhost/health}")
        self.assertEqual(self.s.metric("aftercheck_coredumps_total"), 2)
        self.assertEqual(self.s.metric("aftercheck_alarms_total"), 2)
        self.assertEqual(self.s.metric("aftercheck_test_runs_total"), 6)

    def test_what_was_there_before_or_is_everywhere_is_no_finding(self):
        now = time.time()
        self.taken("/v1/tests?service=pay", pytest_xml(now - 60, ["refund"]))
        self.taken("/v1/alarms/alertmanager",
                   alertmanager(("h1", "firing", now - 5, None)))
        pivot = self.change()
        self.pump.failing = set(CHANGED + OTHERS)
        self.taken("/v1/tests?change=8812&service=pay", pytest_xml(pivot + 0.4, ["refund"]))
        self.taken("/v1/alarms/alertmanager", alertmanager(
            ("h2", "firing", pivot + 0.5, None),
            *[(h, "firing", pivot + 0.5, None) for h in OTHERS]))
        self.taken("/v1/coredumps", coredump("h7", pivot + 0.3))  # of an unchanged host
        v = self.verdict(final=True)
        for kind in ("core", "alarm", "test", "probe"):
            self.assertEqual(self.findings(v, kind), [], kind)

    def test_every_example_of_the_manual_is_taken_as_it_stands(self):
        with open(MANUAL) as f:
            blocks = re.findall(r"^```(\w+)\n(.*?)^```", f.read(), re.M | re.S)
        for name, text in (("junit.xml", pytest_xml(time.time(), [])), ("results.tap", tap(False))):
            with open(os.path.join(self.folder, name), "w") as f:
                f.write(text)
        tried = 0
        for text in [t for kind, t in blocks if kind == "sh"]:
            text = text.replace("TIME", rfc3339(time.time())) \
                .replace("http://localhost:8190", "http://127.0.0.1:%d" % self.s.port)
            done = subprocess.run(["bash", "-euc", text], cwd=self.folder,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.assertEqual(done.returncode, 0, text + done.stdout.decode())
            tried += 1
        self.assertGreaterEqual(tried, 5)
        self.assertEqual(self.s.metric("aftercheck_coredumps_total"), 1)
        self.assertEqual(self.s.metric("aftercheck_alarms_total"), 1)
        self.assertEqual(self.s.metric("aftercheck_test_runs_total"), 3)
        self.assertIn("receivers:", blocks[1][1])  # Alertmanager's own; ours are checked
        own = [t for kind, t in blocks[2:] if kind == "yaml"]
        self.assertEqual(len(own), 2)
        rules = os.path.join(self.folder, "own.yml")
        config = os.path.join(self.folder, "own-config.yml")
        with open(rules, "w") as f:
            f.write(own[0])
        with open(config, "w") as f:
            f.write("rules: %s\n%s" % (rules, own[1]))
        done = subprocess.run([program("aftercheckd"), "--config", config, "--check-config"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout.decode())

    def test_old_evidence_goes_and_is_counted(self):
        day = 86400
        now = time.time()
        self.taken("/v1/tests?service=pay&suite=old&time=" + rfc3339(now - 3 * day), tap(False))
        self.taken("/v1/tests?service=pay&suite=new", tap(False))
        self.taken("/v1/coredumps", coredump("h1", now - 3 * day, pid=1))
        self.taken("/v1/coredumps", coredump("h1", now, pid=2))
        self.s.stop()
        folder = os.path.join(self.s.data, "history/ab/cd")  # of history: a file set aside
        os.makedirs(folder)
        aside = os.path.join(folder, "0" * 64 + ".rrd.damaged")
        open(aside, "w").close()
        os.utime(aside, (now - 31 * day, now - 31 * day))
        self.s.configure(SECONDS + "evidence: {coredumps: 2d, alarms: 2d, tests: 2d}\n")
        self.s.start()
        wait_for("the old ones to go", lambda: self.s.metric(
            'aftercheck_pruned_total{what="coredumps"}') == 1)
        self.assertEqual(self.s.metric('aftercheck_pruned_total{what="test_runs"}'), 1)
        self.assertEqual(self.s.metric("aftercheck_coredumps"), 1)
        self.assertEqual(self.s.metric("aftercheck_test_runs"), 1)
        wait_for("the old file to go", lambda: self.s.metric(
            "aftercheck_history_forgotten_total") == 1)
        self.assertFalse(os.path.exists(aside))


if __name__ == "__main__":
    unittest.main()
