"""The agent, against a service of the test's own that can be away, hang or refuse."""
import http.server
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest

from flow import PATIENCE, FlowTest, free_port, program, wait_for


class FakeService:
    """Takes what is posted; `status` is its answer, None hangs until it is closed."""

    def __init__(self, port):
        self.bodies, self.paths, self.connections = [], [], 0
        self.sizes, self.when = [], []
        self.status, self.answer = 204, b""
        self.closing = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                outer.connections += 1
                super().setup()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.sizes.append(len(body))
                outer.when.append(time.monotonic())
                body = body.decode(errors="replace")
                outer.bodies.append(body)
                outer.paths.append(self.path)
                if outer.status is None:
                    outer.closing.wait(PATIENCE)
                    return
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(outer.answer)))
                self.end_headers()
                self.wfile.write(outer.answer)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def times(self):
        """The time of each reading, in the order in which they came."""
        return [int(t) for body in self.bodies
                for t in re.findall(r"^procs,.*total=.* (\d+)$", body, re.M)]


class Agent(FlowTest):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.log = os.path.join(self.folder, "agent.log")
        self.agent = None

    def service(self):
        s = FakeService(self.port)
        self.addCleanup(s.close)
        return s

    def start(self, *args, named=False):
        server = [] if named else ["--server", "http://127.0.0.1:%d" % self.port]
        with open(self.log, "ab") as log:
            self.agent = subprocess.Popen(
                [program("aftercheck-agent")] + server +
                ["--host", "h1", "--interval", "1s",
                 "--buffer", os.path.join(self.folder, "buffer")] + list(args),
                stdout=log, stderr=log)
        self.addCleanup(self.kill)

    def kill(self):
        if self.agent.poll() is None:
            self.agent.kill()
        self.agent.wait()

    def logged(self, words):
        with open(self.log) as f:
            return words in f.read()

    def end(self):
        begun = time.monotonic()
        self.agent.send_signal(signal.SIGTERM)
        self.assertEqual(self.agent.wait(PATIENCE), 0)
        return time.monotonic() - begun

    def test_readings_come_each_second_over_one_connection(self):
        s = self.service()
        self.start("--service", "pay")
        wait_for("four readings", lambda: len(s.times()) >= 4)
        self.end()
        times = s.times()
        self.assertEqual(times, sorted(set(times)))
        self.assertLessEqual(abs(times[0] - time.time()), PATIENCE)
        self.assertEqual(s.connections, 1)
        self.assertEqual(set(s.paths), {"/write?precision=s"})
        for line in s.bodies[1].rstrip("\n").split("\n"):
            self.assertRegex(line, r"^[a-z]+(,[a-z]+=[^ ,]+)?,host=h1,service=pay "
                                   r"([\w]+=[-+.\de]+,?)+ \d+$")
        for name in ("cpu", "load", "mem", "procs", "ctxt", "tcp", "agent"):
            self.assertIn("\n%s," % name, "\n" + s.bodies[-1])

    def test_while_the_service_is_away_readings_are_kept_and_come_in_order(self):
        self.start()
        wait_for("a line in the log", lambda: self.logged("samples are kept"))
        begun = int(time.time())
        wait_for("some seconds", lambda: time.time() > begun + 4)
        s = self.service()
        wait_for("all readings", lambda: len(s.times()) >= 6)
        self.end()
        times = s.times()
        self.assertEqual(times, list(range(times[0], times[0] + len(times))))
        self.assertLessEqual(times[0], begun + 1)
        self.assertTrue(self.logged("sending to 127.0.0.1:%d again" % self.port))

    def test_what_is_not_taken_for_now_is_sent_again(self):
        s = self.service()
        s.status = 503
        self.start()
        wait_for("three tries", lambda: len(s.bodies) >= 3)
        s.status = 204
        seen = len(s.bodies)
        wait_for("more", lambda: len(s.bodies) >= seen + 2)
        self.end()
        first = s.times()[0]
        accepted = sorted(set(s.times()))
        self.assertEqual(accepted, list(range(first, first + len(accepted))))
        self.assertGreaterEqual(s.times().count(first), 2)

    def test_only_the_lines_that_were_refused_count_as_lost(self):
        s = self.service()
        s.status, s.answer = 400, b'{"error": "line 3: 1 of 2 apples; 1 of 1000 lines refused"}'
        self.start()
        wait_for("readings", lambda: len(s.times()) >= 3)
        lost = [float(v) for body in s.bodies
                for v in re.findall(r"^agent,host=h1 dropped=([\d.]+),", body, re.M)]
        self.assertTrue(any(v > 0 for v in lost), lost)
        self.assertLess(max(lost), 10)
        self.assertTrue(self.has_line(s, "agent,reason=refused,host=h1 dropped="))
        self.end()

    def test_what_waited_long_is_sent_at_a_bounded_pace(self):
        body = "".join("m{x=\"%s\"} 1\n" % os.urandom(32).hex() for _ in range(4000)).encode()
        url = self.exporter(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" %
                            (len(body), body))
        self.configured("scrapes:\n  - {name: much, interval: 1s, url: '%s'}\n" % url)
        wait_for("three megabytes", lambda: self.on_disk() > 3 << 20)
        s = FakeService(self.port)
        self.addCleanup(s.close)
        wait_for("all of it", lambda: self.on_disk() < 1 << 20 and len(s.bodies) > 5)
        sizes, times = s.sizes[:], s.when[:]
        self.end()
        rate = sum(sizes[:-1]) / (times[-1] - times[0])
        self.assertLess(rate, 1.5 * (1 << 20))
        self.assertTrue(self.logged("batches wait"))

    def test_a_server_may_have_a_name(self):
        s = self.service()
        self.start("--server", "http://localhost:%d" % self.port)
        wait_for("readings", lambda: len(s.times()) >= 2)
        self.end()
        self.assertEqual(s.connections, 1)

    def test_a_server_may_be_behind_tls(self):
        key, cert = (os.path.join(self.folder, n) for n in ("key.pem", "cert.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
                        "-out", cert, "-days", "2", "-subj", "/CN=x",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                       check=True, capture_output=True)
        s = self.service()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        s.server.socket = context.wrap_socket(s.server.socket, server_side=True)
        config = self.configured("server: https://localhost:%d\nca: %s\n" % (self.port, cert),
                                 named=True)
        wait_for("readings", lambda: len(s.times()) >= 3)
        self.assertEqual(s.connections, 1)
        with open(config, "w") as f:
            f.write("server: https://127.0.0.1:%d\nca: %s\n" % (self.port, cert))
        self.agent.send_signal(signal.SIGHUP)
        wait_for("another connection", lambda: s.connections == 2)
        seen = len(s.times())
        wait_for("readings over it", lambda: len(s.times()) > seen)
        with open(config, "w") as f:  # nobody else trusts this certificate
            f.write("server: https://localhost:%d\n" % self.port)
        self.agent.send_signal(signal.SIGHUP)
        wait_for("a complaint", lambda: self.logged("its certificate is not trusted"))
        self.end()

    def test_a_plain_server_is_no_tls(self):
        self.service()
        self.configured("server: https://127.0.0.1:%d\n" % self.port, named=True)
        wait_for("a complaint", lambda: self.logged("samples are kept"))
        self.end()

    def test_reloading_again_and_again_loses_nothing(self):
        s = self.service()
        config = self.configured(
            "groups:\n  - {name: me, program: aftercheck-agent}\n"
            "checks:\n  - {name: tool, interval: 1s, timeout: 1s, command: [/bin/echo, '|n=1c']}\n")
        wait_for("a reading", lambda: self.has_line(s, "group,group=me,", "cpu="))
        with open(config) as f:
            text = f.read()
        for i in range(20):
            with open(config, "w") as f:
                f.write(text + "  - {name: more%d, interval: 1s, command: [/bin/true]}\n" % i)
            self.agent.send_signal(signal.SIGHUP)
            wait_for("reload %d" % i, lambda: self.count("was read again") > i)
        wait_for("the last one", lambda: self.has_line(s, "probe,check=more19,", "success=1"))
        times = s.times()
        self.assertEqual(times, list(range(times[0], times[0] + len(times))))
        self.assertEqual(self.count("group me gives nothing"), 0)
        self.end()

    def test_a_reload_that_cannot_be_done_changes_nothing(self):
        s = self.service()
        config = self.configured("checks:\n  - {name: tool, interval: 1s, timeout: 1s, command: /bin/true}\n")
        wait_for("a result", lambda: self.has_line(s, "probe,check=tool,", "success=1"))
        with open(config, "a") as f:  # more groups than there can be: seen when they are opened
            f.write("  - {name: new, interval: 1s, timeout: 1s, command: /bin/true}\ngroups:\n" +
                    "".join("  - {name: g%d, program: x}\n" % i for i in range(65)))
        self.agent.send_signal(signal.SIGHUP)
        wait_for("a complaint", lambda: self.logged("at most 64 groups"))
        seen = len(s.times())
        wait_for("readings", lambda: len(s.times()) > seen + 2)
        self.assertFalse(self.has_line(s, "probe,check=new,"))
        self.assertTrue(self.has_line(s, "probe,check=tool,", "success=1"))
        self.assertEqual(s.connections, 1)
        self.end()

    def count(self, words):
        with open(self.log) as f:
            return f.read().count(words)

    def test_what_is_refused_for_good_is_not_sent_again(self):
        s = self.service()
        s.status = 400
        self.start()
        wait_for("three readings", lambda: len(s.times()) >= 3)
        self.end()
        self.assertEqual(len(s.times()), len(set(s.times())))
        self.assertTrue(self.logged("refused samples"))

    def test_the_end_sends_what_waits(self):
        self.start()
        wait_for("a line in the log", lambda: self.logged("samples are kept"))
        s = self.service()
        self.end()
        self.assertGreaterEqual(len(s.bodies), 1)

    def test_what_waits_survives_a_kill_and_is_sent_in_order(self):
        self.start()
        wait_for("batches on disk", lambda: self.on_disk() > 4096)
        self.agent.send_signal(signal.SIGKILL)
        self.agent.wait(PATIENCE)
        kept = self.on_disk()
        self.assertGreater(kept, 4096)
        s = self.service()
        self.start()
        wait_for("the old readings and new ones", lambda: len(s.times()) >= 4)
        first = s.times()[0]
        self.end()
        times = s.times()
        self.assertEqual(times, sorted(times))
        self.assertEqual(times[0], first)
        self.assertLess(self.on_disk(), kept)

    def on_disk(self):
        folder = os.path.join(self.folder, "buffer")
        if not os.path.isdir(folder):
            return 0
        return sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder)
                   if f.endswith(".batches"))

    def test_two_agents_do_not_share_a_buffer(self):
        self.start()
        wait_for("the first", lambda: os.path.exists(os.path.join(self.folder, "buffer", "lock"))
                 and self.logged("host h1"))
        got = self.run_once("--buffer", os.path.join(self.folder, "buffer"))
        self.assertEqual(got.returncode, 1)
        self.assertIn("is used by another agent", got.stderr)

    def test_the_end_does_not_wait_for_a_service_that_hangs(self):
        s = self.service()
        s.status = None
        self.start()
        wait_for("a request", lambda: len(s.bodies) >= 1)
        self.assertLess(self.end(), 10)
        self.assertTrue(self.logged("were not sent"))

    def test_a_new_configuration_is_taken_over_and_a_bad_one_is_not(self):
        s = self.service()
        config = os.path.join(self.folder, "agent.yml")
        with open(config, "w") as f:
            f.write("service: pay\n")
        self.start("--config", config)
        wait_for("a reading", lambda: s.bodies)
        self.assertIn("service=pay", s.bodies[-1])
        with open(config, "w") as f:
            f.write("service: cart\n")
        self.agent.send_signal(signal.SIGHUP)
        wait_for("the new name", lambda: "service=cart" in s.bodies[-1])
        with open(config, "w") as f:
            f.write("servise: list\n")
        self.agent.send_signal(signal.SIGHUP)
        wait_for("a complaint", lambda: self.logged(config + ":1:1: "))
        seen = len(s.bodies)
        wait_for("a reading", lambda: len(s.bodies) > seen + 1)
        self.assertIn("config_errors=1", s.bodies[-1])
        self.assertIn("service=cart", s.bodies[-1])
        self.end()

    PLUGINS = "/usr/lib/nagios/plugins/"

    def configured(self, text, named=False):
        """Starts the agent with this configuration; `named`: it says the server."""
        config = os.path.join(self.folder, "agent.yml")
        with open(config, "w") as f:
            f.write(text)
        self.start("--config", config, named=named)
        return config

    def has_line(self, s, *words):
        return any(all(w in line for w in words) for body in s.bodies
                   for line in body.split("\n"))

    def test_groups_of_processes_are_measured_and_tagged_with_their_service(self):
        s = self.service()
        worker = subprocess.Popen(["/bin/sh", "-c", "read x; while :; do :; done"],
                                  stdin=subprocess.PIPE)
        self.addCleanup(worker.wait)
        self.addCleanup(worker.stdin.close)
        self.addCleanup(worker.kill)
        self.configured("service: pay\ngroups:\n"
                        "  - {name: spin, command: \"*while :*\", service: cart}\n"
                        "  - {name: none, program: no-such-program}\n")
        wait_for("the group", lambda: self.has_line(s, "group,group=spin,host=h1,service=cart ",
                                                    "processes=1", "threads=1"))
        worker.stdin.write(b"\n")
        worker.stdin.flush()
        wait_for("a busy group", lambda: any(
            float(m) > 2 for body in s.bodies
            for m in re.findall(r"^group,group=spin,.* cpu=([\d.]+),", body, re.M)))
        self.assertTrue(self.has_line(s, "group,group=none,host=h1,service=pay ", "processes=0"))
        self.assertTrue(self.has_line(s, "agent,source=group:spin,host=h1,service=cart points="))
        self.end()

    def test_checks_give_results_perfdata_and_alarms(self):
        if not os.path.exists(self.PLUGINS + "check_disk"):
            self.skipTest("monitoring-plugins-basic is not installed")
        # in a root that is no mount of its own the plugin does not find "/"
        mount = next((m for m in ("/", "/dev", "/dev/shm", "/proc") if subprocess.run(
            [self.PLUGINS + "check_disk", "-w", "1", "-c", "0", "-p", m],
            capture_output=True).returncode == 0), None)
        self.assertIsNotNone(mount, "check_disk finds no mount here")
        s = self.service()
        state = os.path.join(self.folder, "state")
        with open(state, "w") as f:
            f.write("0")
        self.configured(
            "checks:\n"
            "  - name: disk\n    interval: 1s\n    timeout: 1s\n"
            "    command: [%scheck_disk, -w, '1', -c, '0', -p, %s]\n"
            "  - name: dummy\n    interval: 1s\n    timeout: 1s\n    alarm: true\n"
            "    command: [/bin/sh, -c, 'exec %scheck_dummy $(cat %s) \"said | it=4s\"']\n"
            % (self.PLUGINS, mount, self.PLUGINS, state))
        wait_for("a good disk", lambda: self.has_line(s, "probe,check=disk,host=h1 ", "success=1"))
        self.assertTrue(self.has_line(s, "perf,check=disk,label=%s,unit=bytes,host=h1 value=" % mount))
        wait_for("a good dummy", lambda: self.has_line(s, "probe,check=dummy,", "success=1"))
        wait_for("its perfdata", lambda: self.has_line(s, "perf,check=dummy,label=it,unit=s,"))
        with open(state, "w") as f:
            f.write("2")
        wait_for("a bad dummy", lambda: self.has_line(s, "probe,check=dummy,", "state=2", "success=0"))
        wait_for("an alarm", lambda: any("/v1/alarms" == p for p in s.paths) and
                 self.has_line(s, '"name":"dummy"', '"severity":"critical"', '"firing"'))
        with open(state, "w") as f:
            f.write("0")
        wait_for("its end", lambda: sum('"resolved"' in b for b in s.bodies) >= 2)
        self.end()

    def test_a_check_that_hangs_is_killed_with_all_it_started(self):
        s = self.service()
        pid = os.path.join(self.folder, "pid")
        self.configured("checks:\n"
                        "  - name: hang\n    interval: 2s\n    timeout: 1s\n"
                        "    command: [/bin/sh, -c, 'sleep 1000 & echo $! >%s; wait']\n"
                        "  - name: loud\n    interval: 1s\n"
                        "    command: [/bin/sh, -c, 'yes']\n    timeout: 1s\n" % pid)
        wait_for("its result", lambda: self.has_line(s, "probe,check=hang,", "state=2", "success=0"))
        wait_for("the loud one's", lambda: self.has_line(s, "probe,check=loud,", "success=0"))
        times = s.times()
        self.assertEqual(times, list(range(times[0], times[0] + len(times))))
        self.end()
        with open(pid) as f:
            child = int(f.read())
        wait_for("the child's end", lambda: not self.runs(child))

    def runs(self, pid):
        try:
            with open("/proc/%d/stat" % pid) as f:
                return f.read().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError:
            return False

    def exporter(self, answer):
        """A server that gives these bytes, whatever it is asked, and then hangs or ends."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve():
            while True:
                try:
                    c, _ = listener.accept()
                except OSError:
                    return
                c.recv(4096)
                try:
                    c.sendall(answer)
                except OSError:
                    pass
                if answer == b"":
                    self.hung.append(c)
                else:
                    c.close()

        self.hung = []
        threading.Thread(target=serve, daemon=True).start()
        return "http://127.0.0.1:%d/metrics" % listener.getsockname()[1]

    def test_exporters_that_fail_are_told_and_hold_nothing_up(self):
        s = self.service()
        head = b"HTTP/1.1 200 OK\r\n"
        answers = {
            "hangs": b"",
            "refuses": b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
            "endless": head + b"\r\n" + b"a_metric 1\n" * 200000,
            "nonsense": head + b"Content-Length: 12\r\n\r\n<html>no</h>",
            "cut": head + b"Content-Length: 1200\r\n\r\na 1\n",
            "chunked": head + b"Transfer-Encoding: chunked\r\n\r\n"
                       b"6\r\nabc 1\n\r\n4\r\nb 2\n\r\n0\r\n\r\n",
        }
        self.configured("scrapes:\n" + "".join(
            "  - {name: %s, interval: 2s, timeout: 1s, bytes: 1MiB, url: '%s'}\n"
            % (name, self.exporter(answer)) for name, answer in answers.items()) +
            "  - {name: nobody, interval: 2s, url: 'http://127.0.0.1:%d/'}\n" % free_port())
        for name in answers:
            if name != "chunked":
                wait_for("a failure of " + name, lambda: self.has_line(
                    s, "agent,source=scrape:%s," % name, "points=0", "failures=1"))
        wait_for("the good one", lambda: self.has_line(
            s, "agent,source=scrape:chunked,", "points=2", "failures=0"))
        for words in ("no answer in time", "status 503", "longer than 1048576 bytes",
                      "no samples", "closed before", "refused"):
            wait_for("words in the log: " + words, lambda: self.logged(words))
        self.assertIn("/api/v1/write", s.paths)
        times = s.times()
        self.assertEqual(times, list(range(times[0], times[0] + len(times))))
        self.end()

    def test_a_source_that_stops_is_told_within_two_intervals(self):
        s = self.service()
        tool = os.path.join(self.folder, "tool")
        with open(tool, "w") as f:
            f.write("#!/bin/sh\nexit 0\n")
        os.chmod(tool, 0o755)
        self.configured("checks:\n  - {name: tool, interval: 1s, timeout: 1s, command: [%s]}\n" % tool)
        wait_for("points", lambda: self.has_line(s, "agent,source=check:tool,host=h1 points=",
                                                 "silent=0"))
        os.remove(tool)
        gone = time.time()
        wait_for("a line in the log", lambda: self.logged(
            "check tool gives nothing any more: the command cannot be run"))
        self.assertLess(time.time() - gone, 30)
        wait_for("silence", lambda: self.has_line(s, "agent,source=check:tool,", "silent=1"))
        self.assertTrue(self.has_line(s, "agent,host=h1 ", "silent_sources=1"))
        with open(tool, "w") as f:
            f.write("#!/bin/sh\nexit 0\n")
        os.chmod(tool, 0o755)
        wait_for("its return", lambda: self.logged("check tool gives points again"))
        self.end()

    def run_once(self, *args):
        return subprocess.run([program("aftercheck-agent")] + list(args), text=True,
                              capture_output=True, timeout=PATIENCE)

    def test_configurations_are_checked(self):
        config = os.path.join(self.folder, "agent.yml")
        with open(config, "w") as f:
            f.write("server: http://127.0.0.1:8190\nservice: pay\nhost: h1\ninterval: 5s\n")
        self.assertEqual(self.run_once("--config", config, "--check-config").returncode, 0)
        with open(config, "w") as f:
            f.write("sevice: pay\ninterval: 3h\n")
        got = self.run_once("--config", config, "--check-config")
        self.assertEqual(got.returncode, 1)
        self.assertIn(config + ":1:1: error", got.stderr)
        self.assertIn("service", got.stderr)
        self.assertIn(config + ":2:11: error", got.stderr)
        for args, word in ((("--interval", "1500ms"), "interval"),
                           (("--server", "ftp://x:1"), "server"), (("--server", "https://x"), "server"),
                           (("--host", "a\nb"), "host")):
            got = self.run_once("--check-config", *args)
            self.assertEqual(got.returncode, 1, args)
            self.assertTrue(got.stderr.startswith(word) or
                            got.stderr.startswith("--" + word), got.stderr)

    def test_the_packaged_configuration_is_right(self):
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
        got = self.run_once("--config", os.path.join(source, "packaging", "aftercheck-agent.yml"),
                            "--check-config")
        self.assertEqual((got.returncode, got.stderr), (0, ""))

    def test_every_option_of_the_configuration_is_in_the_guide(self):
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
        shown = self.run_once("--help").stdout.split("A configuration file may have:\n")[1]
        shown = shown.split("\nA flag stands above")[0]
        names = re.findall(r"^ {2,4}([a-z_]+) ", shown, re.M)
        self.assertGreater(len(names), 20)
        with open(os.path.join(source, "docs", "agent.md")) as f:
            guide = f.read()
        with open(os.path.join(source, "man", "aftercheck-agent.8")) as f:
            manual = f.read()
        for name in names:
            self.assertIn("`%s`" % name, guide)
            self.assertIn(name, manual)

    def test_help_and_print(self):
        got = self.run_once("--help")
        self.assertEqual(got.returncode, 0)
        for word in ("--server", "--interval", "10s", "disk{device=}"):
            self.assertIn(word, got.stdout)
        got = self.run_once("--print", "--host", "h1")
        self.assertEqual(got.returncode, 0)
        self.assertIn("\ncpu,host=h1 busy=", "\n" + got.stdout)

    def test_it_stays_small(self):
        with open(program("aftercheck-agent"), "rb") as f:
            if re.search(rb"lib[at]san\.so", f.read()):
                self.skipTest("a sanitizer's memory is not ours")
        s = self.service()
        self.start()
        wait_for("three readings", lambda: len(s.times()) >= 3)
        with open("/proc/%d/status" % self.agent.pid) as f:
            rss = int(re.search(r"VmRSS:\s+(\d+) kB", f.read()).group(1))
        self.end()
        self.assertLess(rss, 3072)


if __name__ == "__main__":
    unittest.main()
