"""`aftercheck send` with the real service: away, back, killed, refusing."""
import json
import os
import socket
import subprocess
import threading
import time
import unittest

from flow import PATIENCE, FlowTest, free_port, program, wait_for


class Send(FlowTest):
    def setUp(self):
        super().setUp()
        self.spool = os.path.join(self.folder, "spool")
        self.s = self.service()
        self.url = "http://127.0.0.1:%d" % self.s.port

    def start_send(self, *args):
        return subprocess.Popen([program("aftercheck"), "send"] + list(args) +
                                ["--spool", self.spool, "--server", self.url], text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def send(self, *args, text=None):
        """exit code, stdout, stderr"""
        p = self.start_send(*args)
        out, err = p.communicate(text, timeout=PATIENCE)
        return p.returncode, out, err

    def waiting(self, folder="queue"):
        path = os.path.join(self.spool, folder)
        return sorted(f for f in os.listdir(path) if len(f) == 16) if os.path.isdir(path) else []

    def read(self, name):
        """head and body of a record in the queue"""
        with open(os.path.join(self.spool, "queue", name)) as f:
            head, body = f.read().split("\n", 1)
        return json.loads(head), json.loads(body)

    def taken(self, name):
        return self.s.metric(name) or 0

    def alarm(self, name, *args):
        return self.send("alarm", "--name", name, "--host", "h1", *args)

    def test_records_of_every_kind_are_taken(self):
        self.s.start()
        self.assertEqual(self.alarm("DiskFull", "--state", "CRITICAL"), (0, "", ""))
        self.assertEqual(self.send("calls", text="web>pay:/x -1001 12 340.5\n"), (0, "", ""))
        self.assertEqual(self.send("calls", text='{"caller": "a", "callee": "b", "code": 0, '
                                   '"outcome": "ok", "count": 1}'), (0, "", ""))
        self.assertEqual(self.send("tests", "--service", "pay",
                                   text="ok 1 - a\nnot ok 2 - b\n1..2\n"), (0, "", ""))
        self.assertEqual(self.send("metrics", "--host", "h1", "cpu.busy=31.5",
                                   "disk.util{device=sda}=97"), (0, "", ""))
        self.assertEqual(self.send("metrics", "--service", "pay", text="q len=3\nq len=4\n"),
                         (0, "", ""))
        self.assertEqual(self.waiting(), [])
        self.assertEqual(self.taken("aftercheck_alarms"), 1)
        self.assertEqual(self.taken("aftercheck_test_runs"), 1)
        # calls: a count and milliseconds, and a count; four samples
        self.assertEqual(self.taken("aftercheck_samples_kept_total"), 2 + 1 + 4)

    def test_what_was_sent_while_the_service_was_away_comes_later_in_order(self):
        for i in range(3):
            code, _, err = self.alarm("A%d" % i)
            self.assertEqual(code, 0)
            self.assertIn("connection refused", err)
            self.assertIn(self.spool, err)
        self.assertEqual(self.alarm("A3", "--require")[0], 75)
        before = self.waiting()
        self.assertEqual(len(before), 4)
        self.assertEqual([self.read(f)[1][0]["name"] for f in before],
                         ["A0", "A1", "A2", "A3"])
        self.s.start()
        code, _, err = self.alarm("A4")
        self.assertEqual(code, 0)
        self.assertIn("4 requests that had waited were sent", err)
        self.assertEqual(self.taken("aftercheck_alarms"), 5)
        self.assertEqual(self.waiting(), [])

    def test_records_keep_the_time_of_their_sending(self):
        self.send("metrics", "--host", "h1", "cpu.busy=1")
        self.send("metrics", text="cpu,host=h1 busy=2\n")
        for f in self.waiting():
            with open(os.path.join(self.spool, "queue", f)) as record:
                line = record.read().split("\n")[1]
            at = int(line.rsplit(" ", 1)[1]) / 1e9
            self.assertLess(abs(at - time.time()), PATIENCE)
        self.assertEqual(self.send("--flush")[0], 0)
        self.assertEqual(self.send("--flush", "--require")[0], 75)
        self.assertEqual(len(self.waiting()), 2)
        self.s.start()
        code, out, _ = self.send("--flush")
        self.assertEqual(code, 0)
        self.assertIn("2 sent, 0 refused, 0 waiting", out)

    def test_a_refused_record_is_set_aside_with_its_answer_and_not_sent_again(self):
        self.alarm("good-before")
        self.send("metrics", text="cpu,host=h1 busy=oops\n")
        self.alarm("good-after")
        self.s.start()
        code, out, err = self.send("--flush")
        self.assertEqual(code, 1)
        self.assertIn("2 sent, 1 refused, 0 waiting", out)
        self.assertIn("line 1", err)
        refused = self.waiting("refused")
        self.assertEqual(len(refused), 1)
        with open(os.path.join(self.spool, "refused", refused[0] + ".answer")) as f:
            self.assertIn("answered 400: line 1", f.read())
        self.assertEqual(self.taken("aftercheck_alarms"), 2)
        code, out, err = self.send("--flush")
        self.assertIn("0 sent, 0 refused, 0 waiting", out)
        self.assertIn("since the beginning: 1 request refused by the service", err)

    def test_ours_that_is_refused_is_told_in_the_services_words(self):
        self.s.start()
        code, _, err = self.send("metrics", text="cpu,host=h1 busy=oops\n")
        self.assertEqual(code, 1)
        self.assertIn("the service answered 400: line 1", err)
        code, _, err = self.send("calls", text='{"caller": "a"}')
        self.assertEqual(code, 1)
        self.assertIn("'callee' is missing", err)

    def test_what_cannot_be_read_is_told_at_once_and_not_kept(self):
        for args, text, words in ((("alarm", "--name", "x"), None, "host"),
                                  (("calls",), "a>b 0\n", "line 1"),
                                  (("tests", "--service", "p"), "<junit", "standard input"),
                                  (("tests",), "ok 1\n1..1\n", "service"),
                                  (("metrics", "--host", "h", "cpu=1"), None, "cpu=1")):
            code, _, err = self.send(*args, text=text)
            self.assertEqual(code, 1, args)
            self.assertIn(words, err)
        self.assertEqual(self.send("alarms")[0], 2)
        self.assertEqual(self.send("metrics", "--timeout", "soon", "a.b=1")[0], 2)
        self.assertEqual(self.waiting(), [])

    def test_soft_states_of_nagios_are_not_sent(self):
        self.assertEqual(self.alarm("x", "--state", "CRITICAL", "--state-type", "SOFT"),
                         (0, "", ""))
        self.assertEqual(self.waiting(), [])

    def test_records_for_another_service_stay_theirs(self):
        self.alarm("here")
        other = "http://127.0.0.1:%d" % free_port()
        self.url, mine = other, self.url
        self.alarm("there")
        self.url = mine
        self.s.start()
        code, out, _ = self.send("--flush")
        self.assertEqual(code, 0)
        self.assertIn("1 sent, 0 refused, 1 waiting", out)
        self.assertEqual(self.taken("aftercheck_alarms"), 1)

    def test_a_spool_that_cannot_be_used_does_not_stop_sending(self):
        self.s.start()
        self.spool = "/dev/null/spool"
        code, _, err = self.alarm("x")
        self.assertEqual(code, 0)
        self.assertIn("cannot be", err)
        self.assertEqual(self.taken("aftercheck_alarms"), 1)
        self.s.stop()
        code, _, err = self.alarm("y")
        self.assertEqual(code, 1)
        self.assertIn("neither sent nor kept", err)

    def test_many_at_once_send_each_record_once(self):
        for i in range(10):
            self.send("calls", text="web>pay:/x 0 1\n")
        self.s.start()
        kept = self.taken("aftercheck_samples_kept_total")
        started = [self.start_send("calls") for _ in range(8)]
        for p in started:
            p.stdin.write("web>pay:/x 0 1\n")
            p.stdin.close()
        for p in started:
            self.assertEqual(p.wait(PATIENCE), 0, p.stderr.read())
            p.stdout.close()
            p.stderr.close()
        self.assertEqual(self.waiting(), [])
        self.assertEqual(self.taken("aftercheck_samples_kept_total") - kept, 18)

    def test_killed_at_any_moment_nothing_is_lost(self):
        """Alarms are the same however often they come: none may be missing."""
        begun, certain = 0, 0
        for i in range(int(os.environ.get("AFTERCHECK_KILLS", "100")) // 5):
            p = self.start_send("alarm", "--name", "A%d" % i, "--host", "h1")
            # at a moment of its own each time: while it starts, writes, connects, ends
            try:
                p.wait(0.004 * (i % 20))
            except subprocess.TimeoutExpired:
                p.kill()
            begun += 1
            certain += p.wait(PATIENCE) == 0
            for f in (p.stdin, p.stdout, p.stderr):
                f.close()
        on_disk = len(self.waiting())
        self.assertGreaterEqual(on_disk, certain)
        self.assertLessEqual(on_disk, begun)
        self.assertEqual(self.alarm("last")[0], 0)
        self.s.start()
        code, out, _ = self.send("--flush")
        self.assertEqual(code, 0)
        self.assertEqual(self.taken("aftercheck_alarms"), on_disk + 1)
        self.assertEqual(self.waiting("refused"), [])

    def test_killed_while_the_service_holds_its_answer_it_is_sent_again(self):
        with socket.socket() as mute:  # takes the request and says nothing
            mute.bind(("127.0.0.1", self.s.port))
            mute.listen()
            p = self.start_send("alarm", "--name", "x", "--host", "h1")
            c, _ = mute.accept()
            wait_for("the request", lambda: b"POST /v1/alarms" in c.recv(65536))
            p.kill()
            p.wait(PATIENCE)
            c.close()
            for f in (p.stdin, p.stdout, p.stderr):
                f.close()
        self.assertEqual(len(self.waiting()), 1)
        self.s.start()
        self.assertEqual(self.send("--flush")[0], 0)
        self.assertEqual(self.taken("aftercheck_alarms"), 1)

    def test_a_service_that_hangs_holds_up_for_the_timeout_only(self):
        with socket.socket() as mute:
            mute.bind(("127.0.0.1", self.s.port))
            mute.listen()
            begun = time.monotonic()
            code, _, err = self.alarm("x", "--timeout", "500ms")
            self.assertEqual(code, 0)
            self.assertIn("kept in", err)
            self.assertLess(time.monotonic() - begun, 10)
        self.assertEqual(len(self.waiting()), 1)

    def test_a_busy_service_gets_it_later(self):
        """503 is no refusal."""
        server = socket.socket()
        server.bind(("127.0.0.1", self.s.port))
        server.listen()

        def busy():
            c, _ = server.accept()
            c.recv(65536)
            c.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
            c.close()
        t = threading.Thread(target=busy)
        t.start()
        code, _, err = self.alarm("x")
        t.join()
        server.close()
        self.assertEqual(code, 0)
        self.assertIn("503", err)
        self.assertEqual(len(self.waiting()), 1)
        self.assertEqual(self.waiting("refused"), [])

    def test_help(self):
        for args in ((), ("alarm",), ("calls",), ("tests",), ("metrics",)):
            p = subprocess.run([program("aftercheck"), "send"] + list(args) + ["--help"],
                               text=True, capture_output=True, timeout=PATIENCE)
            self.assertEqual(p.returncode, 0)
            self.assertIn("--spool", p.stdout)
            self.assertTrue(all(len(line) <= 100 for line in p.stdout.split("\n")))


if __name__ == "__main__":
    unittest.main()
