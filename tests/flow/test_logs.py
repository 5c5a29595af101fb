"""The agent follows access logs: the real nginx, whose log is rotated while it is used."""
import os
import re
import shutil
import signal
import subprocess
import threading
import time
import unittest
import urllib.error
import urllib.request

from flow import PATIENCE, FlowTest, free_port, program, wait_for
from test_agent import FakeService

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


class Load:
    """Asks one URL after another, as fast as they are answered, until it is stopped."""

    def __init__(self, port):
        self.port, self.asked, self.stopping = port, 0, False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopping:
            ask(self.port, "/r%d/%d?x=%d" % (self.asked % 3, self.asked, self.asked))
            self.asked += 1

    def stop(self):
        self.stopping = True
        self.thread.join(PATIENCE)


def ask(port, path):
    try:
        with urllib.request.urlopen("http://127.0.0.1:%d%s" % (port, path), timeout=PATIENCE) as r:
            return r.read()
    except urllib.error.HTTPError as e:
        return e.read()


class Logs(FlowTest):
    def setUp(self):
        super().setUp()
        self.service_port = free_port()
        self.taken = FakeService(self.service_port)
        self.addCleanup(self.taken.close)
        self.access = os.path.join(self.folder, "access.log")
        self.agent = None

    # --- nginx ---

    def nginx(self):
        if not os.path.exists(NGINX):
            self.skipTest("nginx is not installed")
        self.port = free_port()
        conf = os.path.join(self.folder, "nginx.conf")
        with open(conf, "w") as f:
            f.write("""daemon off; worker_processes 2; pid %(d)s/nginx.pid; error_log %(d)s/error.log;
events {}
http {
  client_body_temp_path %(d)s/b; proxy_temp_path %(d)s/p; fastcgi_temp_path %(d)s/f;
  uwsgi_temp_path %(d)s/u; scgi_temp_path %(d)s/s;
  log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status '
                   '$body_bytes_sent "$http_referer" "$http_user_agent" $request_time';
  access_log %(d)s/access.log timed;
  access_log %(d)s/plain.log combined;
  server {
    listen 127.0.0.1:%(p)d;
    location / { return 200 "ok"; }
    location /bad { return 503; }
    location /late { return 504; }
    location /none { return 404; }
  }
}
""" % {"d": self.folder, "p": self.port})
        self.server = subprocess.Popen([NGINX, "-p", self.folder, "-c", conf],
                                       stderr=subprocess.DEVNULL)
        self.addCleanup(self.stop_nginx)
        wait_for("nginx", lambda: self.answers())

    def stop_nginx(self):
        self.server.terminate()
        self.server.wait(PATIENCE)

    def answers(self):
        try:
            return ask(self.port, "/up") == b"ok"
        except OSError:
            return False

    # --- the agent ---

    def start(self, entry, **fields):
        fields = dict({"path": self.access, "format": "nginx"}, **fields)
        config = os.path.join(self.folder, "agent.yml")
        with open(config, "w") as f:
            f.write("service: shop\nlogs:\n  - name: %s\n    interval: 1s\n" % entry)
            for name, value in fields.items():
                if value:
                    f.write("    %s: %s\n" % (name, value))
        with open(os.path.join(self.folder, "agent.log"), "ab") as log:
            self.agent = subprocess.Popen(
                [program("aftercheck-agent"), "--server",
                 "http://127.0.0.1:%d" % self.service_port, "--host", "h1", "--interval", "1s",
                 "--buffer", os.path.join(self.folder, "buffer"), "--config", config],
                stdout=log, stderr=log)
        self.addCleanup(self.kill)
        return config

    def follow(self, entry, **fields):
        """Starts it, and waits until it is at the end of what is there."""
        seen = self.figure("files", whole=True)
        self.start(entry, **fields)
        wait_for("the first figures", lambda: len(self.figure("files", whole=True)) > len(seen))

    def kill(self):
        if self.agent.poll() is None:
            self.agent.kill()
        self.agent.wait()

    def end(self):
        self.agent.send_signal(signal.SIGTERM)
        self.assertEqual(self.agent.wait(PATIENCE), 0)

    def records(self):
        """All call records that came: (edge, code, count, the rest)."""
        got = []
        for path, body in zip(list(self.taken.paths), list(self.taken.bodies)):
            if path == "/v1/calls":
                for line in body.rstrip("\n").split("\n"):
                    edge, code, count, rest = line.split(" ", 3)
                    got.append((edge, code, int(count), rest))
        return got

    def calls(self, edge=None, code=None):
        return sum(n for e, c, n, _ in self.records()
                   if edge in (None, e) and code in (None, c))

    def figure(self, name, whole=False):
        """This figure of all reports, added up unless they are wanted one by one."""
        values = [int(v) for body in list(self.taken.bodies)
                  for v in re.findall(r"^log,log=\w+,host=h1,service=shop .*\b%s=(\d+)" % name,
                                      body, re.M)]
        return values if whole else sum(values)

    def reopen(self):
        with open(os.path.join(self.folder, "nginx.pid")) as f:
            os.kill(int(f.read()), signal.SIGUSR1)

    def lines_on_disk(self, name="access.log"):
        n = 0
        for f in os.listdir(self.folder):
            if f.startswith(name):
                with open(os.path.join(self.folder, f), "rb") as log:
                    n += log.read().count(b"\n")
        return n

    # --- tests ---

    def test_what_a_request_becomes(self):
        self.nginx()
        self.follow("web", counts="{broken: '\" 50[34] ', plain: ' 200 '}")
        before = self.lines_on_disk()
        self.assertGreaterEqual(before, 1)  # nginx was asked already: not counted
        begun = time.time()
        for path in ("/shop/cart", "/shop/cart?id=1", "/orders/4711/items", "/bad/one",
                     "/late/one", "/none/x1"):
            ask(self.port, path)
        wait_for("all of it", lambda: self.calls() >= 6)
        self.assertEqual(self.calls("clients>shop:/shop/cart", "200"), 2)
        self.assertEqual(self.calls("clients>shop:/orders/*", "200"), 1)
        self.assertEqual(self.calls("clients>shop:/bad/one", "503"), 1)
        self.assertEqual(self.calls("clients>shop:/late/one", "504"), 1)
        self.assertEqual(self.calls("clients>shop:other", "404"), 1)
        for _, code, _, rest in self.records():
            self.assertRegex(rest, r"^[\d.]+ [\d.]+ outcome=(ok|fail|timeout) "
                                   r"callee_host=h1 side=server ts=\d+ span_s=1$")
            self.assertIn("outcome=" + {"200": "ok", "504": "timeout"}.get(code, "fail"), rest)
            at = int(re.search(r"ts=(\d+)", rest).group(1))
            self.assertLess(abs(at - begun), PATIENCE)
        wait_for("the figures", lambda: self.figure("lines") >= 6)
        self.assertEqual((self.figure("lines"), self.figure("unmatched"), self.figure("folded")),
                         (6, 0, 1))
        matches = re.findall(r"^log,log=web,count=(\w+),host=h1,service=shop matches=(\d+)",
                             "\n".join(self.taken.bodies), re.M)
        self.assertEqual(sum(int(n) for name, n in matches if name == "broken"), 2)
        self.assertEqual(sum(int(n) for name, n in matches if name == "plain"), 3)
        self.end()

    def rotated(self, rotate):
        """Rotates again and again while requests run: every line counts, and once."""
        self.nginx()
        self.follow("web")
        before = self.lines_on_disk()
        load = Load(self.port)
        for i in range(4):
            seen = self.calls()
            wait_for("requests", lambda: self.calls() > seen + 20)
            rotate(i)
        seen = self.calls()
        wait_for("requests", lambda: self.calls() > seen + 20)
        load.stop()
        want = self.lines_on_disk() - before
        wait_for("the last of them", lambda: self.calls() >= want)
        self.end()
        self.assertEqual(self.calls(), want)
        self.assertEqual(self.figure("lines"), want)
        self.assertEqual(self.figure("unmatched") + self.figure("lost"), 0)
        return load, want

    def test_a_log_that_is_renamed_loses_nothing(self):
        def rotate(i):
            os.rename(self.access, "%s.%d" % (self.access, i))
            self.reopen()
        load, want = self.rotated(rotate)
        self.assertEqual(load.asked, want)  # not a request without its line

    def test_a_log_that_is_copied_and_truncated_loses_nothing_that_the_copy_has(self):
        def rotate(i):
            shutil.copyfile(self.access, "%s.%d" % (self.access, i))
            os.truncate(self.access, 0)
        load, want = self.rotated(rotate)
        self.assertLessEqual(want, load.asked)  # between copy and truncation lines are lost

    def test_it_goes_on_where_it_was_after_an_end_a_rotation_and_a_kill(self):
        self.nginx()
        self.follow("web")
        before = self.lines_on_disk()
        for i in range(30):
            ask(self.port, "/a/%d" % i)
        self.end()
        for i in range(20):
            ask(self.port, "/a/%d" % i)
        os.rename(self.access, self.access + ".1")
        self.reopen()
        wait_for("the new log", lambda: os.path.exists(self.access))
        for i in range(10):
            ask(self.port, "/b/%d" % i)
        self.follow("web")
        wait_for("what came meanwhile", lambda: self.calls() >= 60)
        wait_for("rest", lambda: self.figure("lines") >= 60)
        self.kill()
        for i in range(5):
            ask(self.port, "/a/%d" % i)
        self.follow("web")
        wait_for("the last", lambda: self.calls() >= 65)
        self.end()
        self.assertEqual(self.calls(), self.lines_on_disk() - before)
        self.assertEqual(self.calls("clients>shop:/b/*", "200"), 10)
        self.assertEqual(self.figure("lost"), 0)

    def test_a_reload_with_another_entry_loses_nothing(self):
        self.nginx()
        config = self.start("web")
        wait_for("figures", lambda: self.figure("files", whole=True))
        before = self.lines_on_disk()
        load = Load(self.port)
        with open(config) as f:
            text = f.read()
        for i in range(5):
            seen = self.calls()
            wait_for("requests", lambda: self.calls() > seen + 10)
            with open(config, "w") as f:
                f.write(text + "    ifaces: %d\n" % (50 + i))
            self.agent.send_signal(signal.SIGHUP)
        seen = self.calls()
        wait_for("requests", lambda: self.calls() > seen + 10)
        load.stop()
        want = self.lines_on_disk() - before
        wait_for("the last of them", lambda: self.calls() >= want)
        self.end()
        self.assertEqual(self.calls(), want)

    def test_what_is_too_long_too_much_or_no_call_is_counted(self):
        with open(self.access, "w"):
            pass
        self.follow("web", format=None, pattern="'^(?<iface>\\w+) (?<code>\\d+) (?<ms>\\d+)$'",
                    line_bytes="100B", rate="50", caller="front")
        with open(self.access, "a") as f:
            f.write("charge 0 12\ncharge 7 30\nnothing\n" + "x" * 100000 + "\nrefund 0 5\n")
        wait_for("the calls", lambda: self.calls() >= 3)
        got = {(e, c): (n, rest) for e, c, n, rest in self.records()}
        self.assertEqual(got[("front>shop:charge", "0")][0], 1)
        self.assertTrue(got[("front>shop:charge", "7")][1].startswith("30 30 outcome=fail "))
        wait_for("figures", lambda: self.figure("too_long") == 1)
        self.assertEqual((self.figure("unmatched"), self.figure("dropped")), (1, 0))
        with open(self.access, "a") as f:
            f.write("charge 0 12\n" * 1000)
        wait_for("drops", lambda: self.figure("dropped") >= 900)
        wait_for("all", lambda: self.figure("lines") == 1004)
        self.assertEqual(self.calls() + self.figure("dropped"), 1003)
        self.end()

    def test_a_look_at_what_a_log_holds(self):
        with open(self.access, "w") as f:
            f.write('10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] "GET /a/b/c HTTP/1.1" 200 5 "-" "x" 0.020\n')
        config = self.start("web")
        wait_for("figures", lambda: self.figure("files", whole=True))
        self.end()
        got = subprocess.run([program("aftercheck-agent"), "--config", config, "--host", "h1",
                              "--print"], capture_output=True, text=True, timeout=PATIENCE)
        self.assertIn("clients>shop:/a/b 200 1 20 20 outcome=ok callee_host=h1 side=server "
                      "ts=1795255200 span_s=1\n", got.stdout)

    def test_mistakes_in_entries_are_told(self):
        config = os.path.join(self.folder, "bad.yml")
        for fields, words in (("path: access.log, format: nginx", "expected a full path"),
                              ("path: /a, format: iis", "there is no format 'iis'"),
                              ("path: /a", "expected a format, a pattern or counts"),
                              ("path: /a, pattern: '(x'", "wrong at byte 3"),
                              ("path: /a, pattern: 'x'", "needs a group (?<code>...)"),
                              ("path: /a, pattern: '(?<cod>x)'", "the group 'cod' has no meaning"),
                              ("path: /a, counts: {oom: '['}", "counts: oom: "),
                              ("path: /a, format: nginx, caller: 'a b'", "caller: expected"),
                              ("path: /a, format: nginx, side: client", "needs a callee")):
            with open(config, "w") as f:
                f.write("logs:\n  - {name: x, %s}\n" % fields)
            got = subprocess.run([program("aftercheck-agent"), "--config", config,
                                  "--check-config"], capture_output=True, text=True)
            self.assertEqual(got.returncode, 1, fields)
            self.assertIn("%s:2:5: error[" % config, got.stderr)
            self.assertIn(words, got.stderr)


if __name__ == "__main__":
    unittest.main()
