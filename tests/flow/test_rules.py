"""`aftercheck rules` as people and pipelines call it: what it prints and how it exits."""
import json
import os
import stat
import subprocess
import tempfile
import unittest

PROGRAM = os.path.join(os.environ.get("AFTERCHECK_BIN", "build/bin"), "aftercheck")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEFAULTS = os.path.join(ROOT, "rules", "defaults")

UNTIDY = """\
format: 1
owner: pe
rules:
- series: queue
  id:  a
  attention: {effect: 10%, q: 5%} # as usual
"""


class Rules(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)

    def file(self, name, text):
        path = os.path.join(self.scratch.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        return path

    def rules(self, *args, expect=0, given=None):
        done = subprocess.run([PROGRAM, "rules", *args], capture_output=True, text=True,
                              timeout=120, input=given)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def test_a_new_file_is_good_and_tidy(self):
        path = self.file("new.yml", self.rules("new").stdout)
        self.assertEqual(self.rules("lint", "--strict", path).stdout, "")
        self.rules("fmt", "--check", path)
        # and its tests are those of its rules
        path = self.file("my-service.yml", self.rules("new").stdout)
        said = self.rules("test", path, expect=1).stderr
        self.assertIn("my-service.yml has no tests beside it: expected ", said)
        test = self.file("my-service_test.yml", self.rules("new", "--test").stdout)
        self.assertEqual(self.rules("lint", "--strict", path, test).stdout, "")
        self.rules("fmt", "--check", test)
        self.assertIn("0 of 3 rules lack a test",
                      self.rules("test", "--require-coverage", path).stdout)

    def test_lint_exits_by_the_worst_it_found(self):
        good = self.file("new.yml", self.rules("new").stdout)
        doubtful = self.file("doubtful.yml", UNTIDY)
        wrong = self.file("wrong.yml", "format: 1\nrules:\n  - {id: x, sries: y}\n")
        self.rules("lint", good)
        self.rules("lint", doubtful)
        self.rules("lint", "--strict", good, doubtful, expect=3)
        both = self.rules("lint", "--strict", doubtful, wrong, expect=1).stdout
        self.assertIn("doubtful.yml:5:8: warning[W408]", both)
        self.assertIn("wrong.yml:3:13: error[E101]", both)
        self.assertIn("series", both)
        self.rules("lint", expect=2)
        self.rules("lint", "--format", "xml", good, expect=2)
        self.rules("lint", "--today", "yesterday", good, expect=2)
        self.rules("lint", "--data", self.scratch.name, good, expect=2)
        self.rules("lint", os.path.join(self.scratch.name, "none.yml"), expect=1)

    def test_lint_checks_the_tests_beside_the_rules(self):
        self.file("p/new.yml", self.rules("new").stdout)
        test = self.file("p/new_test.yml", "format: 1\npacks: [.]\ntests:\n"
                         "  - name: a\n    change: {kind: config, service: pay, hosts: h1}\n"
                         "    expect:\n      - {rule: nobody, grade: ok}\n")
        for path in (test, os.path.dirname(test)):
            said = self.rules("lint", path, expect=1).stdout
            self.assertRegex(said, r"new_test\.yml:7:16: error\[E502\]: .*'nobody'")
            self.assertEqual(said.count("\n"), 1, said)
        # the rules that a test names are part of what it is
        broken = self.file("p/bad.yml", "format: 1\nrules:\n  - {id: x, sries: y}\n")
        self.assertIn(broken + ":3:13: error[E101]",
                      self.rules("lint", test, expect=1).stdout.replace("/./", "/"))

    def test_lint_is_read_by_other_programs(self):
        path = self.file("doubtful.yml", UNTIDY)
        said = json.loads(self.rules("lint", "--format", "json", path).stdout)
        self.assertEqual((said["errors"], said["warnings"]), (0, len(said["complaints"])))
        sarif = json.loads(self.rules("lint", "--format", "sarif", path).stdout)
        self.assertEqual(sarif["version"], "2.1.0")
        codes = {r["ruleId"] for r in sarif["runs"][0]["results"]}
        self.assertEqual(codes, {c["code"] for c in said["complaints"]})
        known = {r["id"] for r in sarif["runs"][0]["tool"]["driver"]["rules"]}
        self.assertEqual(codes, known)
        github = self.rules("lint", "--format", "github", path).stdout
        self.assertTrue(github.startswith("::warning file="), github)

    def test_lint_knows_what_was_ever_sent(self):
        index = "%s 1 %s\n" % ("a" * 64, json.dumps({"kind": "host", "sources": {
            "x": "queue{shard=1}"}}))
        self.file("data/history/index", index)
        data = os.path.join(self.scratch.name, "data")
        path = self.file("doubtful.yml", UNTIDY)
        self.assertNotIn("W403", self.rules("lint", "--data", data, path).stdout)
        path = self.file("doubtful.yml", UNTIDY.replace("queue", "quue"))
        self.assertIn("W403", self.rules("lint", "--data", data, path).stdout)

    def test_fmt_tidies_in_place_and_keeps_the_mode(self):
        path = self.file("pack/a.yml", UNTIDY)
        os.chmod(path, 0o640)
        folder = os.path.dirname(path)
        self.assertEqual(self.rules("fmt", "--check", folder, expect=1).stdout, path + "\n")
        with open(path) as f:
            self.assertEqual(f.read(), UNTIDY)
        self.assertEqual(self.rules("fmt", folder).stdout, path + "\n")
        with open(path) as f:
            tidy = f.read()
        self.assertEqual(tidy, "format: 1\nowner: pe\n\nrules:\n  - id: a\n    series: queue\n"
                         "    attention: {q: 5%, effect: 10%} # as usual\n")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o640)
        self.assertEqual(os.listdir(folder), ["a.yml"])
        self.assertEqual(self.rules("fmt", "--check", folder).stdout, "")
        self.assertEqual(self.rules("fmt", "-", given=UNTIDY).stdout, tidy)
        self.rules("fmt", expect=2)
        self.rules("fmt", "-", given="[1, 2]", expect=1)

    def test_show_says_where_each_value_comes_from(self):
        said = self.rules("show", "--service", "pay", "--rule", "cpu.busy").stdout
        self.assertRegex(said, r"cpu\.busy: CPU use \(defaults/20-hosts\.yml:\d+\)")
        self.assertRegex(said, r"attention\.delta +5 +defaults/20-hosts\.yml:\d+")
        self.assertRegex(said, r"needs\.points +60% +standard")
        path = self.file("o.yml", "overrides:\n  - {rule: cpu.busy, scope: {service: pay}, set: "
                         "{attention.delta: 9}, by: li, reason: noisy, until: 2099-01-31}\n"
                         "format: 1\nrules:\n  - {id: cpu.busy, series: cpu.busy, unit: \"%\", "
                         "attention: {delta: 5}}\n")
        said = self.rules("show", "--service", "pay", "--rules", path).stdout
        self.assertRegex(said, r"attention\.delta +9 .*:2, override by li until 2099-01-31: noisy")
        self.assertIn("windows of release", said)
        said = self.rules("show", "--service", "other", "--rules", path).stdout
        self.assertRegex(said, r"attention\.delta +5 ")
        self.rules("show", expect=2)
        self.rules("show", "--service", "pay", "--kind", "party", expect=2)
        self.rules("show", "--service", "pay", "--rules", "/nonexistent", expect=1)

    def test_shipped_rules_are_shown_for_every_kind(self):
        for kind in ("release", "config", "scale-out", "batch-restart", "rollback", "other"):
            said = self.rules("show", "--service", "pay", "--kind", kind).stdout
            self.assertEqual("scale.no-load" in said, kind == "scale-out", kind)

    def test_there_is_no_such_command(self):
        self.rules("lnit", expect=2)
        self.rules(expect=2)
        self.assertIn("lint", self.rules("--help").stdout)


if __name__ == "__main__":
    unittest.main(verbosity=1)
