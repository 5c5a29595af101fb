"""Past changes judged anew beside a running service: flips as the rules have it, and
every number of an explanation as in the finding."""
import hashlib
import json
import os
import subprocess
import time
import unittest

from flow import WINDOWS_OF_SECONDS, FlowTest, program, rfc3339, wait_for

SECONDS = "samples: {step: 1s, keep: 15m}\n"

RULES = """format: 1
pack: test-cpu
rules:
  - id: cpu.high
    title: More work for the processors
    why: A test.
    owner: team-a
    series: cpu.busy
    worse: up
    unit: "%%"
    attention: {effect: %s, delta: %s, q: 5%%}
    must-handle: {effect: %s, delta: %s, q: 1%%}
  - id: disk.full
    title: A full disk
    why: A test.
    owner: team-a
    series: disk.used
    limit: {above: %s, hold: 3 of 5, grade: attention}
"""
USUAL = RULES % ("20%", "3", "500%", "100", "90")
STRICT = RULES % ("20%", "3", "30%", "5", "90")
LAX = RULES % ("1000%", "300", "5000%", "1000", "99")


class Backtest(FlowTest):
    def setUp(self):
        super().setUp()
        self.s = self.service(SECONDS, self.rules(WINDOWS_OF_SECONDS, USUAL)).start()
        self.pivot = int(time.time()) - 60
        lines = []
        for t in range(self.pivot - 15, self.pivot + 15):
            for i in range(1, 13):
                busy = 20 + (t * 7 + i * 3) % 5 * 0.2
                if i <= 2 and t >= self.pivot:
                    busy *= 1.6
                lines.append("cpu,host=h%d,service=pay busy=%.2f %d" % (i, busy, t * 10**9))
                full = 95 if i == 1 and t >= self.pivot else 60
                lines.append("disk,host=q%d,service=web used=%d %d" % (i, full, t * 10**9))
        self.assertEqual(self.s.post("/write", "\n".join(lines))[0], 204)
        self.change("c1", "pay", ["h1", "h2"], "pay 2.4 -> 2.5")
        self.change("c2", "web", ["q1"], "web 7")
        self.change("c3", "web", ["q5"], "web 8")
        self.said = {c: self.final(c) for c in ("c1", "c2", "c3")}

    def change(self, name, service, hosts, title):
        self.assertEqual(self.s.post("/v1/changes", {
            "source": "deployer", "id": name, "change_id": name, "kind": "release",
            "service": service, "hosts": hosts, "title": title,
            "time": rfc3339(self.pivot)})[0], 202)

    def final(self, name):
        def look():
            v = self.s.json("/v1/changes/%s/verdict" % name)[1]
            return v if v.get("final") else None
        return wait_for("the final verdict of " + name, look)

    def run_rules(self, *args):
        env = dict(os.environ, TZ="UTC")
        got = subprocess.run([program("aftercheck"), "rules", *args], env=env, text=True,
                             capture_output=True, timeout=120)
        return got.returncode, got.stdout, got.stderr

    def with_rules(self, text):
        folder = os.path.join(self.folder, "other")
        os.makedirs(folder, exist_ok=True)
        for name, content in (("00.yml", WINDOWS_OF_SECONDS), ("01.yml", text)):
            with open(os.path.join(folder, name), "w") as f:
                f.write(content)
        return folder

    def backtest(self, text, *args):
        return self.run_rules("backtest", self.with_rules(text), "--data", self.s.data,
                              "--since", "1h", *args)

    def test_flips_are_those_of_the_rules_and_the_service_goes_on(self):
        self.assertEqual({c: v["grade"] for c, v in self.said.items()},
                         {"c1": "attention", "c2": "attention", "c3": "ok"})
        # its own rules: nothing flips
        code, out, err = self.backtest(USUAL, "--fail-on-flip", "any")
        self.assertEqual(code, 0, out + err)
        self.assertIn("changes since", out)
        self.assertIn("judged 3, unchanged 3", out)
        self.assertIn("judged then by these very rules: 3, of which 0 flipped", out)
        self.assertRegex(err, r"took \d+\.\d s")
        # stricter: one gets worse, and its line says what of
        code, out, err = self.backtest(STRICT, "--fail-on-flip", "worse")
        self.assertEqual(code, 1, out + err)
        lines = [line for line in out.split("\n") if " -> " in line and " | " in line]
        self.assertEqual(len(lines), 1, out)
        self.assertTrue(lines[0].startswith("attention -> must-handle  c1  "), lines[0])
        for word in ("pay 2.4 -> 2.5", "now cpu.high (", "cpu.busy",
                     "from samples in rows of 1s"):
            self.assertIn(word, lines[0])
        self.assertIn("attention -> must-handle: 1", out)
        self.assertIn("1 grades got worse", err)
        self.assertEqual(self.backtest(STRICT, "--fail-on-flip", "better")[0], 0)
        # laxer: both get better
        code, out, err = self.backtest(LAX, "--format", "json")
        got = json.loads(out)
        self.assertEqual((code, [(f["change_id"], f["before"], f["after"], f["flip"],
                                  f["finding"]["of"], f["finding"]["rule"])
                                 for f in sorted(got["flips"], key=lambda f: f["change_id"])]),
                         (0, [("c1", "attention", "ok", "better", "before", "cpu.high"),
                              ("c2", "attention", "ok", "better", "before", "disk.full")]))
        self.assertEqual((got["summary"]["judged"], got["summary"]["unchanged"],
                          got["summary"]["better"]), (3, 1, 2))
        # all looks of each; the last alone says the same here
        looks = sum(v["looks_all"] for v in self.said.values())
        self.assertEqual((got["summary"]["looks"], got["summary"]["looks_too_coarse"],
                          got["flips"][0]["final_after"]), (looks, 0, "ok"))
        last = json.loads(self.backtest(LAX, "--format", "json", "--looks", "last")[1])
        self.assertEqual((last["summary"]["looks"], last["summary"]["better"]), (3, 2))
        self.assertEqual(self.backtest(LAX, "--looks", "some")[0], 2)
        # the same again is the same bytes; a part of it is a part
        self.assertEqual(self.backtest(LAX, "--format", "json")[1], out)
        got = json.loads(self.backtest(LAX, "--format", "json", "--service", "w*")[1])
        self.assertEqual([f["change_id"] for f in got["flips"]], ["c2"])
        self.assertEqual(json.loads(self.backtest(LAX, "--format", "json", "--limit",
                                                  "1")[1])["summary"]["changes"], 1)
        # the service has not noticed
        self.assertEqual(self.s.get("/-/healthy")[0], 200)
        self.assertEqual(self.s.post("/write", "cpu,host=h1,service=pay busy=1")[0], 204)
        for c, said in self.said.items():
            self.assertEqual(self.s.json("/v1/changes/%s/verdict" % c)[1], said)

    def explain(self, change, rule, text, *args):
        code, out, err = self.run_rules("explain", change, rule, "--rules",
                                        self.with_rules(text), "--data", self.s.data, *args)
        self.assertEqual(code, 0, err)
        return out

    def test_an_explanation_has_the_numbers_of_the_finding(self):
        got = json.loads(self.explain("c1", "cpu.high", USUAL, "--format", "json"))
        said = self.said["c1"]
        f = said["findings"][0]
        self.assertEqual((got["applies"], got["data"]["same_rules"], got["change"]["grade"],
                          got["data"]["said"]), (True, True, "attention", "attention"))
        level = got["levels"][0]
        group = level["group"]
        for key in ("before", "after", "p", "z", "control_before", "control_after"):
            if key in f:
                self.assertEqual(group[key], f[key], key)
        self.assertEqual(got["findings"][0]["because"], f["because"])
        self.assertEqual((group["grade"], group["outcome"]),
                         ("attention", "the bar of attention is met"))
        bar = group["attention"]
        self.assertTrue(bar["met"] and bar["p_met"] and group["p"] <= bar["p_bar"] <= 0.05)
        self.assertFalse(group["must-handle"]["effect_met"])
        self.assertEqual(level["control_hosts"],
                         sorted("h%d" % i for i in range(3, 13)))
        host = level["hosts"][0]
        self.assertEqual((host["host"], host["points_before"], host["points_before_missing"]),
                         ("h1", 10, 0))
        self.assertEqual(host["windows"]["before_from"], rfc3339(self.pivot - 10)[:19] + "Z")
        self.assertEqual(host["windows"]["after_to"], rfc3339(self.pivot + 8)[:19] + "Z")
        fields = {f["field"]: f for f in got["rule"]["fields"]}
        self.assertEqual(fields["attention.effect"]["value"], "20%")
        self.assertRegex(fields["attention.effect"]["from"], r"/01\.yml:11$")
        text = self.explain("c1", "cpu.high", USUAL)
        for words in ("rule cpu.high: More work for the processors", "the bar of attention",
                      "unchanged hosts that have it: h10, h11", "01.yml:11",
                      rfc3339(self.pivot)[:19].replace("T", " ") + " +0000"):
            self.assertIn(words, text)
        self.assertEqual(self.explain("c1", "cpu.high", USUAL), text)

    def test_a_rule_that_said_nothing_has_its_reason(self):
        got = json.loads(self.explain("c1", "cpu.high", LAX, "--format", "json"))
        self.assertFalse(got["data"]["same_rules"])
        self.assertEqual(got["levels"][0]["group"]["outcome"],
                         "the effect is below the rule's floor")
        self.assertIn("each part below says why", got["why_nothing"])
        got = json.loads(self.explain("c1", "disk.full", USUAL, "--format", "json"))
        self.assertEqual(got["why_nothing"], "no series that was judged is this rule's")
        got = json.loads(self.explain("c2", "disk.full", USUAL, "--format", "json"))
        limit = got["limits"][0]["hosts"][0]
        self.assertEqual((limit["host"], limit["outcome"], limit["over_after"],
                          limit["points_after"]), ("q1", "broken", 5, 5))
        got = json.loads(self.explain("c3", "disk.full", USUAL, "--format", "json"))
        self.assertEqual(got["limits"][0]["hosts"][0]["outcome"],
                         "not broken: no point after is beyond it")
        # a misspelled name, and a scope that leaves the change out
        text = self.explain("c1", "cpu.high", USUAL.replace("cpu.busy", "cpu.bussy"))
        self.assertIn("cpu.bussy: the nearest name there is cpu.busy", text)
        text = self.explain("c1", "cpu.high", USUAL.replace(
            "    series: cpu.busy", "    on: {service: web}\n    series: cpu.busy"))
        self.assertIn("its scope leaves out this service", text)
        # a condition, part by part
        text = self.explain("c1", "cpu.high", USUAL.replace(
            "attention: {effect: 20%, delta: 3, q: 5%}",
            "attention: {when: after > before * 1.3 and delta > 90}"))
        self.assertIn("it was judged and no bar was met", text)
        self.assertRegex(text, r"after > before \* 1.3: [0-9.]+% > [0-9.]+%, true")
        self.assertRegex(text, r"delta > 90: [0-9.]+% > 90%, false")
        for args, words in [(("c9", "cpu.high"), "c9"),
                            (("c1", "cpu.low"), "no rule 'cpu.low'")]:
            code, out, said = self.run_rules("explain", *args, "--data", self.s.data,
                                             "--config", self.s.config)
            self.assertEqual((code, out), (1, ""))
            self.assertIn(words, said)
        code, out, said = self.run_rules("explain", "c1", "cpu.high", "--config",
                                         self.s.config)
        self.assertEqual((code, said), (0, ""))
        self.assertIn("these are the same rules          yes", out)

    def test_nothing_in_the_data_is_changed_when_no_service_runs(self):
        self.assertEqual(self.s.stop(), 0)

        def state():
            got = {}
            for folder, _, files in os.walk(self.s.data):
                for name in files:
                    path = os.path.join(folder, name)
                    if not name.endswith(("-wal", "-shm")):
                        with open(path, "rb") as f:
                            got[path] = hashlib.sha256(f.read()).hexdigest()
            return got
        before = state()
        code, out, err = self.backtest(STRICT)
        self.assertEqual(code, 0, err)
        self.assertIn("attention -> must-handle  c1", out)
        self.assertEqual(state(), before)
        self.s.start()
        self.assertEqual(self.s.json("/v1/changes/c1/verdict")[1], self.said["c1"])

    def test_readers_marks_make_each_rules_precision(self):
        env = dict(os.environ, AFTERCHECK_URL="http://127.0.0.1:%d" % self.s.port,
                   USER="li")

        def feedback(*args):
            got = subprocess.run([program("aftercheck"), "feedback", *args], env=env,
                                 text=True, capture_output=True, timeout=60)
            return got.returncode, got.stdout + got.stderr
        self.assertEqual(feedback("c1", "--rule", "cpu.high", "--useful"), (0, ""))
        self.assertEqual(feedback("c1", "--rule", "cpu.high", "--not-useful", "--by", "wu"),
                         (0, ""))
        self.assertEqual(feedback("c2", "--rule", "disk.full", "--not-useful"), (0, ""))
        url = "/v1/changes/c2/feedback"
        mark = {"rule": "disk.full", "useful": False, "by": "li"}
        status, body = self.s.post(url, mark)
        self.assertEqual((status, json.loads(body)["status"]), (200, "repeat"))
        status, body = self.s.post(url, dict(mark, by="wu"))
        self.assertEqual((status, json.loads(body)["feedback"]["by"]), (201, "wu"))
        self.assertEqual(self.s.post("/v1/changes/c9/feedback", mark)[0], 404)
        status, body = self.s.post(url, dict(mark, useful="no"))
        self.assertEqual(status, 400)
        self.assertIn("useful (line 1", body)
        for args, words in [(("c1", "--useful"), "--rule is missing"),
                            (("--rule", "a", "--useful"), "one change"),
                            (("c1", "--rule", "a"), "either --useful or --not-useful")]:
            code, said = feedback(*args)
            self.assertEqual(code, 2)
            self.assertIn(words, said)
        code, said = feedback("c9", "--rule", "a", "--useful")
        self.assertEqual(code, 1)
        self.assertIn("c9", said)
        out = self.backtest(USUAL, "--against", "feedback")[1]
        self.assertIn("cpu.high: 50 %, 1 of 2 marks say useful; no longer told: 0 useful, "
                      "0 not useful", out)
        self.assertIn("disk.full: 0 %, 0 of 2 marks say useful", out)
        got = json.loads(self.backtest(LAX, "--against", "feedback", "--format", "json")[1])
        self.assertEqual(got["feedback"], [
            {"rule": "cpu.high", "useful": 0, "not_useful": 0, "precision": None,
             "gone_useful": 1, "gone_not_useful": 1},
            {"rule": "disk.full", "useful": 0, "not_useful": 0, "precision": None,
             "gone_useful": 0, "gone_not_useful": 2}])
        self.assertEqual(self.backtest(USUAL, "--against", "all")[0], 2)

    def test_mistakes_are_named(self):
        folder = self.with_rules(USUAL)
        for args, code, words in [
                (("backtest",), 2, "one operand"),
                (("backtest", folder, "--since", "soon"), 2, "--since: 'soon'"),
                (("backtest", folder, "--limit", "0"), 2, "--limit: '0'"),
                (("backtest", folder, "--format", "xml"), 2, "--format: 'xml'"),
                (("backtest", folder, "--fail-on-flip", "no"), 2, "--fail-on-flip: 'no'"),
                (("backtest", folder, "--data", self.folder), 1, "no data directory"),
                (("backtest", os.path.join(self.folder, "none")), 1, "errors")]:
            with self.subTest(args=args):
                got, out, said = self.run_rules(*args)
                self.assertEqual((got, out), (code, ""), said)
                self.assertIn(words, said)
        code, out, said = self.backtest(USUAL.replace("effect: 20%", "efect: 20%"))
        self.assertEqual((code, out), (1, ""))
        self.assertIn("did you mean", said)


if __name__ == "__main__":
    unittest.main()
