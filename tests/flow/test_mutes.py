"""Mutes from outside: by command and over HTTP, into the verdict of an open change."""
import json
import os
import subprocess
import time
import unittest

from flow import CALL_RULES, FlowTest, calls_record, program, rfc3339, wait_for

SECONDS = "samples: {step: 1s, keep: 15m}\n"
# The first look is over when the change is posted, the second is far away.
WINDOWS = """format: 1
pack: test
windows:
  default: {before: 10s, settle: 1s, looks: [4s, 10m], late: 1s, unfinished: 20s}
"""


class Mutes(FlowTest):
    def setUp(self):
        super().setUp()
        self.s = self.service(SECONDS, self.rules(WINDOWS, CALL_RULES)).start()

    def aftercheck(self, *args):
        env = dict(os.environ, AFTERCHECK_URL="http://127.0.0.1:%d" % self.s.port,
                   USER="li")
        got = subprocess.run([program("aftercheck"), *args], env=env, text=True,
                             capture_output=True, timeout=60)
        return got.returncode, got.stdout.strip(), got.stderr.strip()

    def failing_change(self):
        pivot = int(time.time()) - 20
        records = []
        for t in range(pivot - 12, pivot + 12):
            bad = 20 if t >= pivot else 0
            records.append(calls_record(t, 100 - bad))
            if bad:
                records.append(calls_record(t, bad, "502", "fail"))
        self.assertEqual(self.s.post("/v1/calls", records)[0], 204)
        lines = "".join("cpu,host=h1,service=pay busy=%d %d\n" % (20 + t % 3, t * 10**9)
                        for t in range(pivot - 12, pivot + 12))
        self.assertEqual(self.s.post("/write", lines)[0], 204)
        self.assertEqual(self.s.post("/v1/changes", {
            "source": "deployer", "id": "e1", "change_id": "c1", "kind": "release",
            "service": "pay", "hosts": ["h1"], "time": rfc3339(pivot)})[0], 202)
        return self.verdict_of(1)

    def verdict_of(self, revision):
        def look():
            verdict = self.s.json("/v1/changes/c1/verdict")[1]
            return verdict if verdict.get("revision") == revision else None
        return wait_for("revision %d" % revision, look)

    def test_a_muted_finding_stays_in_the_verdict_and_no_longer_counts(self):
        first = self.failing_change()
        self.assertEqual((first["grade"], first["final"]), ("must-handle", False))
        self.assertNotIn("muted", first["findings"][0])
        code, muted, said = self.aftercheck(
            "mute", "add", "--rule", "calls.*", "--service", "pay", "--until", "2h",
            "--reason", "the old gateway is being drained")
        self.assertEqual((code, said), (0, ""))
        v = self.verdict_of(2)
        self.assertEqual(v["grade"], "ok", v)
        f = v["findings"][0]
        self.assertEqual((f["rule"], f["grade"]), ("calls.failing", "must-handle"))
        self.assertEqual((f["muted"]["id"], f["muted"]["author"], f["muted"]["reason"]),
                         (muted, "li", "the old gateway is being drained"))
        # every form of the report says so
        text = self.s.get("/v1/changes/c1/report?format=text")[1].decode()
        self.assertIn("OK, 1 finding muted", text.split("\n")[0])
        self.assertRegex(" ".join(text.split()), "Muted until .* by li: the old gateway "
                                                 "is being drained")
        for path in ("/changes/c1", "/v1/changes/c1/report?format=html"):
            page = self.s.get(path)[1].decode()
            self.assertIn("OK, 1 finding muted", page)
            self.assertIn("Muted</h2>", page)
        self.assertIn("1 mute is in force", self.s.get("/")[1].decode())
        self.assertIn(muted, self.s.get("/mutes")[1].decode())
        # taken back, the finding counts again
        code, out, said = self.aftercheck("mute", "end", muted, "--author", "wu")
        self.assertEqual((code, said), (0, ""))
        v = self.verdict_of(3)
        self.assertEqual(v["grade"], "must-handle")
        self.assertNotIn("muted", v["findings"][0])

    def test_a_mute_survives_a_kill_and_is_listed_until_it_ends(self):
        status, body = self.s.post("/v1/mutes", {
            "host": "db-*", "author": "wu", "reason": "moved", "until": "1h"})
        self.assertEqual(status, 201, body)
        muted = json.loads(body)["id"]
        self.s.stop(9)
        self.s.start()
        code, out, _ = self.aftercheck("mute", "list")
        self.assertEqual(code, 0)
        for word in (muted, "in force", "wu", "host db-*", "moved"):
            self.assertIn(word, out)
        self.assertEqual(self.aftercheck("mute", "end", muted)[0], 0)
        self.assertEqual(self.aftercheck("mute", "list")[1], "")
        out = self.aftercheck("mute", "list", "--all")[1]
        self.assertIn("ended", out)
        self.assertIn("by li", out)
        listed = json.loads(self.aftercheck("mute", "list", "--all", "--json")[1])
        self.assertEqual([(m["id"], m["ended_by"]) for m in listed], [(muted, "li")])
        self.assertEqual(self.s.json("/v1/mutes?active=true")[1], [])

    def test_mistakes_are_named_and_leave_no_mute(self):
        add = ("mute", "add", "--reason", "x")
        for args, code, words in [
                ((*add, "--until", "2h"), 1, "at least one of rule"),
                ((*add, "--rule", "a"), 1, "until"),
                ((*add, "--rule", "a", "--until", "91d"), 1, "more than 90 days"),
                ((*add, "--rule", "a", "--until", "soon"), 1, "'soon'"),
                (("mute", "add", "--rule", "a", "--until", "2h"), 1, "reason"),
                ((*add, "--rule", "a", "extra"), 2, "operands"),
                (("mute", "end"), 2, "id"),
                (("mute", "end", "m012345678901"), 1, "there is no mute"),
                (("mute", "stop"), 2, "none of add, list and end"),
                (("mute",), 2, "usage")]:
            with self.subTest(args=args):
                got, out, said = self.aftercheck(*args)
                self.assertEqual((got, out), (code, ""))
                self.assertIn(words, said)
        self.assertEqual(self.s.json("/v1/mutes")[1], [])
        for args in (("mute",), ("mute", "add"), ("mute", "list"), ("mute", "end")):
            self.assertIn("sage: aftercheck mute", self.aftercheck(*args, "--help")[1])


if __name__ == "__main__":
    unittest.main()
