"""`aftercheck run` around real commands, with the real service and without it."""
import json
import os
import signal
import subprocess
import time
import unittest

from flow import (CALL_RULES, PATIENCE, WINDOWS_OF_SECONDS, FlowTest, calls_record, program,
                  wait_for)

SECONDS = "samples: {step: 1s, keep: 15m}\n"
# Settled a few seconds after a batch, so that a gate is passed in a test.
SHORT = WINDOWS_OF_SECONDS.replace("before: 10s", "before: 5s").replace(
    "looks: [4s, 8s]", "looks: [4s, 6s]")


class Run(FlowTest):
    def setUp(self):
        super().setUp()
        self.s = self.service(SECONDS, self.rules(SHORT, CALL_RULES))
        self.spool = os.path.join(self.folder, "spool")
        self.seen = os.path.join(self.folder, "seen")

    def start_run(self, *args, command=("true",), **more):
        return subprocess.Popen(
            [program("aftercheck"), "run", "--server", "http://127.0.0.1:%d" % self.s.port,
             "--spool", self.spool, "--change-id", "c1"] + list(args) + ["--"] + list(command),
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            **more)

    def run_it(self, *args, command=("true",), text=None):
        """exit code, stdout, stderr"""
        p = self.start_run(*args, command=command)
        out, err = p.communicate(text, timeout=PATIENCE)
        return p.returncode, out, err

    def note(self, words="$AFTERCHECK_BATCH $AFTERCHECK_HOSTS"):
        """a command that writes a line into the file `seen`"""
        return ("sh", "-c", "echo \"%s\" >> %s" % (words, self.seen))

    def noted(self):
        if not os.path.exists(self.seen):
            return []
        with open(self.seen) as f:
            return f.read().split("\n")[:-1]

    def change(self):
        status, body = self.s.json("/v1/changes/c1")
        return body["change"] if status == 200 else None

    def test_a_command_is_a_change_and_keeps_its_input_output_and_code(self):
        self.s.start()
        code, out, err = self.run_it(
            "--kind", "config", "--service", "pay", "--hosts", "h1,h2", "--title", "t",
            command=("sh", "-c", "cat; echo $AFTERCHECK_CHANGE $AFTERCHECK_HOSTS >&2; exit 5"),
            text="typed")
        self.assertEqual((code, out), (5, "typed"))
        self.assertIn("change_id c1", err)
        self.assertIn("c1 h1,h2", err)
        c = self.change()
        self.assertEqual((c["kind"], c["service"], c["state"]), ("config", "pay", "finished"))
        self.assertEqual([h["name"] for h in c["hosts"]], ["h1", "h2"])
        self.assertEqual(c["extra"], {"outcome": "failed", "exit_code": 5})
        self.assertLessEqual(c["started_at"], c["finished_at"])

    def test_alone_it_is_about_this_host_and_does_not_tell_its_arguments(self):
        self.s.start()
        self.assertEqual(self.run_it(command=("/bin/echo", "password=secret"))[0], 0)
        c = self.change()
        self.assertEqual([h["name"] for h in c["hosts"]], [os.uname().nodename])
        self.assertEqual((c["title"], c["kind"]), ("echo", "other"))
        self.assertNotIn("secret", json.dumps(self.s.json("/v1/changes/c1")[1]))

    def test_signals_reach_the_command_and_its_end_is_told(self):
        self.s.start()
        p = self.start_run("--service", "pay", command=(
            "sh", "-c", "trap 'echo got; exit 9' TERM; echo ready; "
            "while :; do read x < /dev/null; done"))
        self.assertEqual(p.stdout.readline(), "ready\n")
        p.send_signal(signal.SIGTERM)
        out, _ = p.communicate(timeout=PATIENCE)
        self.assertEqual((p.returncode, out), (9, "got\n"))
        self.assertEqual(self.change()["extra"]["exit_code"], 9)
        p = self.start_run("--service", "pay", "--change-id", "c2",
                           command=("sh", "-c", "kill -KILL $$"))
        p.communicate(timeout=PATIENCE)
        self.assertEqual(p.returncode, 128 + signal.SIGKILL)

    def test_a_command_that_is_not_there_is_a_cancelled_change(self):
        self.s.start()
        self.assertEqual(self.run_it("--service", "pay", command=("/no/such",))[0], 127)
        c = self.change()
        self.assertEqual((c["state"], c["extra"]["outcome"]), ("cancelled", "not started"))

    def test_a_service_that_is_away_stops_no_change_and_hears_of_it_later(self):
        code, _, err = self.run_it("--service", "pay", "--hosts", "h1", command=self.note("ran"))
        self.assertEqual((code, self.noted()), (0, ["ran"]))
        self.assertIn("could not be posted", err)
        self.assertIn("runs the command all the same", err)
        self.s.start()
        sent = subprocess.run([program("aftercheck"), "send", "--flush", "--spool", self.spool,
                               "--server", "http://127.0.0.1:%d" % self.s.port],
                              text=True, capture_output=True, timeout=PATIENCE)
        self.assertIn("2 sent", sent.stdout)
        self.assertEqual(self.change()["state"], "finished")

    def test_required_the_service_must_be_there(self):
        code, _, err = self.run_it("--require", "--service", "pay", command=self.note())
        self.assertEqual((code, self.noted()), (75, []))
        self.assertIn("not run", err)
        self.assertFalse(os.path.exists(self.spool))

    def test_a_service_that_comes_while_the_command_runs_hears_of_both_ends(self):
        p = self.start_run("--service", "pay", command=(
            "sh", "-c", "echo up; read go; exit 3"))
        self.assertEqual(p.stdout.readline(), "up\n")
        self.s.start()
        p.communicate("go\n", timeout=PATIENCE)
        self.assertEqual(p.returncode, 3)
        c = self.change()
        self.assertEqual(c["state"], "finished")
        self.assertLess(c["started_at"], c["finished_at"])

    def test_wrong_usage_runs_nothing(self):
        for args, words in ((("--kind", "nonsense"), "kind"), (("--batches", "0"), "--batches"),
                            (("--batches", "2"), "--hosts"), (("--gate", "soon"), "soon"),
                            (("--hosts", "h1", "--batches", "2", "--batch-size", "1"),
                             "exclude")):
            code, _, err = self.run_it(*args, command=self.note())
            self.assertEqual((code, self.noted()), (2, []), args)
            self.assertIn(words, err)
        self.assertEqual(self.run_it(command=())[0], 2)

    # --- batches ---

    def traffic(self, stop, failing):
        """Calls of each second to all hosts, until stop() says so; those of `failing()` fail."""
        at = int(time.time()) - 12
        while not stop():
            wait_for("the next second", lambda: int(time.time()) > at or stop())
            records = []
            for host in ("h1", "h2", "h3", "h4"):
                bad = 40 if host in failing() else 0
                records.append(calls_record(at, 100 - bad, host=host))
                if bad:
                    records.append(calls_record(at, bad, "502", "fail", host=host))
            self.assertEqual(self.s.post("/v1/calls", records)[0], 204)
            at += 1

    def batches(self, *args, failing=lambda: ()):
        """Two batches under traffic."""
        self.s.start()
        p = self.start_run("--service", "pay", "--hosts", "h1,h2,h3,h4", "--batches", "2",
                           "--gate", "60s", *args, command=self.note())
        self.traffic(lambda: p.poll() is not None, failing)
        out, err = p.communicate(timeout=PATIENCE)
        return p.returncode, err

    def test_batches_wait_at_the_gate_and_all_are_run_when_nothing_is_wrong(self):
        code, err = self.batches()
        self.assertEqual((code, self.noted()), (0, ["1/2 h1,h2", "2/2 h3,h4"]), err)
        c = self.change()
        self.assertEqual((c["state"], c["batches"], c["kind"]),
                         ("finished", {"done": 2, "of": 2}, "batch-restart"))
        self.assertRegex(err, r"c1: (ok|attention|not-judged)")

    def test_must_handle_stops_before_the_next_batch(self):
        code, err = self.batches(failing=lambda: ("h1", "h2") if self.noted() else ())
        self.assertEqual((code, self.noted()), (2, ["1/2 h1,h2"]), err)
        c = self.change()
        self.assertEqual((c["state"], c["batches"]), ("cancelled", {"done": 1, "of": 2}))
        self.assertIn("c1: must-handle", err)
        self.assertIn("stops after batch 1 of 2", err)

    def test_a_later_batch_is_not_judged_by_the_verdict_on_an_earlier_one(self):
        code, err = self.batches("--wait", failing=lambda: (
            ("h3", "h4") if len(self.noted()) == 2 else ()))
        self.assertEqual(len(self.noted()), 2)
        self.assertEqual(code, 2, err)  # the final verdict is about the second batch, too

    def test_a_batch_that_fails_is_the_last(self):
        self.s.start()
        code, _, err = self.run_it("--service", "pay", "--hosts", "h1,h2,h3", "--batch-size", "1",
                                   command=("sh", "-c", "echo {hosts} >> %s; exit 4" % self.seen))
        self.assertEqual((code, self.noted()), (4, ["h1"]), err)
        self.assertEqual(self.change()["state"], "cancelled")

    def test_a_signal_at_the_gate_stops_the_change(self):
        self.s.start()
        p = self.start_run("--service", "pay", "--hosts", "h1,h2", "--batches", "2",
                           "--gate", "60s", command=self.note())
        wait_for("the first batch", lambda: (self.change() or {}).get("batches", {}).get("done"))
        p.send_signal(signal.SIGINT)
        p.communicate(timeout=PATIENCE)
        self.assertEqual(p.returncode, 128 + signal.SIGINT)
        self.assertEqual((self.noted(), self.change()["state"]), (["1/2 h1"], "cancelled"))

    def test_waiting_gives_the_grade(self):
        self.s.start()
        code, _, err = self.run_it("--service", "pay", "--hosts", "h1", "--wait", "--gate", "60s")
        self.assertEqual(code, 3, err)  # no data: not judged
        self.assertIn("c1: not-judged", err)
        code, _, err = self.run_it("--service", "pay", "--hosts", "h1", "--wait", "--change-id",
                                   "c2", command=("false",))
        self.assertEqual(code, 1)
        self.assertNotIn("c2: ", err)

    def test_help(self):
        p = subprocess.run([program("aftercheck"), "run", "--help"], text=True,
                           capture_output=True, timeout=PATIENCE)
        self.assertEqual(p.returncode, 0)
        for word in ("--batches", "AFTERCHECK_HOSTS", "outcome", "exit_code"):
            self.assertIn(word, p.stdout)


if __name__ == "__main__":
    unittest.main()
