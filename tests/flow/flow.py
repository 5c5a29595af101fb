"""What the flow tests share: the real programs on loopback, in a directory of their own.

Nothing here sleeps for luck: every wait is on a condition with a time limit.  Programs are
looked for in $AFTERCHECK_BIN."""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

BIN = os.environ.get("AFTERCHECK_BIN", "build/bin")
PATIENCE = 60  # seconds; sanitizers are slow


def program(name):
    return os.path.join(BIN, name)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, check, patience=PATIENCE):
    """The first true value of check(); fails the test when it stays false."""
    until = time.monotonic() + patience
    while True:
        got = check()
        if got:
            return got
        if time.monotonic() > until:
            raise AssertionError("waited %d s in vain for %s" % (patience, what))
        time.sleep(0.02)  # between looks at the condition, not instead of one


def rfc3339(t):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t)) + ".%03dZ" % (t % 1 * 1000)


class Service:
    """aftercheckd with a configuration of its own."""

    def __init__(self, folder, config="", rules=None, port=None):
        self.folder = folder
        self.port = port or free_port()
        self.data = os.path.join(folder, "data")
        self.log = os.path.join(folder, "service.log")
        self.config = os.path.join(folder, "aftercheckd.yml")
        self.rules = rules
        self.process = None
        self.configure(config)

    def configure(self, config):
        text = "listen: 127.0.0.1:%d\ndata: %s\n" % (self.port, self.data)
        if self.rules:
            text += "rules: %s\n" % self.rules
        with open(self.config, "w") as f:
            f.write(text + config)

    def start(self):
        log = open(self.log, "ab")
        self.process = subprocess.Popen([program("aftercheckd"), "--config", self.config],
                                        stdout=log, stderr=log)
        log.close()
        wait_for("the service to get ready", self.ready)
        return self

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError("the service ended with %d:\n%s" %
                                 (self.process.returncode, self.tail()))
        try:
            return self.get("/-/ready")[0] == 200
        except OSError:
            return False

    def tail(self):
        with open(self.log, errors="replace") as f:
            return f.read()[-4000:]

    def stop(self, sig=signal.SIGTERM):
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(sig)
        code = self.process.wait(PATIENCE)
        self.process = None
        return code

    def call(self, method, path, body=None, headers=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            c.request(method, path, body, headers or {})
            r = c.getresponse()
            return r.status, r.read(), r.headers
        finally:
            c.close()

    def get(self, path):
        status, body, _ = self.call("GET", path)
        return status, body

    def json(self, path):
        status, body = self.get(path)
        return status, json.loads(body)

    def post(self, path, body, headers=None):
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        status, body, _ = self.call("POST", path, body, headers)
        return status, body.decode(errors="replace")

    def metric(self, line):
        """The value of a line of /metrics, such as 'aftercheck_changes_total'."""
        for text in self.get("/metrics")[1].decode().split("\n"):
            if text.startswith(line + " "):
                return float(text.rsplit(" ", 1)[1])
        return None


class FlowTest(unittest.TestCase):
    """A test with a folder, and services that are stopped after it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="aftercheck-flow-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def service(self, config="", rules=None):
        s = Service(self.folder, config, rules)
        self.addCleanup(s.stop, signal.SIGKILL)
        return s

    def rules(self, *texts):
        """A folder with these rule files and, unless one is given, windows of seconds."""
        folder = os.path.join(self.folder, "rules")
        os.makedirs(folder, exist_ok=True)
        for i, text in enumerate(texts):
            with open(os.path.join(folder, "%02d.yml" % i), "w") as f:
                f.write(text)
        return folder


WINDOWS_OF_SECONDS = """format: 1
pack: test
windows:
  default: {before: 10s, settle: 1s, looks: [4s, 8s], late: 1s, unfinished: 20s}
"""

CALL_RULES = """format: 1
pack: test-calls
rules:
  - id: calls.failing
    title: Failing calls
    calls: {measure: fail_share}
    worse: up
    attention: {effect: 50%, delta: 1%, count: 5}
    must-handle: {effect: 100%, delta: 5%, count: 20}
    needs: {calls: 50}
"""


def calls_record(at, count, code="0", outcome="ok", host="h1", **more):
    return dict({"ts": rfc3339(at), "span_s": 1, "caller": "web", "callee": "pay",
                 "iface": "/pay", "callee_host": host, "code": code, "outcome": outcome,
                 "count": count, "sum_ms": 5 * count, "max_ms": 9, "side": "server"}, **more)
