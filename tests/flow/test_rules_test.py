"""`aftercheck rules test`: which files, which exit codes, JUnit, coverage."""
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(os.environ.get("AFTERCHECK_BIN", os.path.join(ROOT, "build", "bin")),
                       "aftercheck")
RULES = """format: 1
rules:
  - id: full
    series: disk.used
    limit: {above: 95}
  - id: pool
    series: pool.free
    limit: {below: 2}
"""
TEST = """  - name: %s
    change: {kind: config, service: pay, hosts: h1}
    series:
      - {metric: disk.used, before: 20x30, after: %dx20}
    expect:
      - {rule: full, grade: %s}
"""


class RulesTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.write("pay.yml", RULES)

    def write(self, name, text):
        with open(os.path.join(self.folder.name, name), "w") as f:
            f.write(text)

    def tests(self, *tests):
        self.write("pay_test.yml", "format: 1\npacks: [pay.yml]\ntests:\n" +
                   "".join(TEST % t for t in tests))

    def run_it(self, *args):
        done = subprocess.run([PROGRAM, "rules", "test", *args], cwd=self.folder.name,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout.decode()

    def test_conditions_speak_of_the_mean_time_of_calls(self):
        self.write("slow.yml", """format: 1
rules:
  - id: slow
    calls: {measure: latency, edges: "web->pay:*"}
    attention: {when: after > 30ms and ratio > 1.2, hold: 3 of 5}
    must-handle: {when: after > 100}
""")
        self.write("slow_test.yml", "format: 1\npacks: [slow.yml]\ntests:\n" + "".join(
            """  - name: %s
    change: {kind: release, service: pay, hosts: h1..h2}
    series:
      - {metric: cpu.busy, before: 31~2}
    calls:
      - {caller: web, iface: /pay, before: 900~20, ms: 20~1, ms_after: %s}
    expect:
      - {rule: slow, grade: %s}
""" % case for case in (
                ("a little slower", "22~2", "ok"),
                ("slow at last", "20x8 62~2x*", "attention, because: in 5 of the last 5"),
                ("very slow", "162~2", "must-handle, because: mean time of calls web->pay"))))
        done = subprocess.run([PROGRAM, "rules", "test", "slow.yml"], cwd=self.folder.name,
                              capture_output=True, text=True, timeout=120)
        self.assertIn("3 passed, 0 failed; 0 of 1 rules lack", done.stdout)

    def test_a_rule_file_its_tests_and_the_folder_are_the_same(self):
        self.tests(("it is full", 97, "must-handle"))
        for path in ("pay.yml", "pay_test.yml", "."):
            code, text = self.run_it(path)
            self.assertEqual(code, 0, text)
            self.assertIn("1 tests: 1 passed, 0 failed; 2 of 2 rules lack a test", text)

    def test_a_failure_is_exit_1_with_its_place(self):
        self.tests(("it is full", 97, "must-handle"), ("it is not", 96, "attention"))
        code, text = self.run_it(".")
        self.assertEqual(code, 1)
        self.assertIn("ok    ./pay_test.yml: it is full\n", text)
        self.assertIn("FAIL  ./pay_test.yml: it is not\n./pay_test.yml:15:9: expected "
                      "attention by 'full', found must-handle by 'full' on h1: \"", text)

    def test_run_chooses_by_name(self):
        self.tests(("it is full", 97, "must-handle"), ("it is not", 96, "attention"))
        code, text = self.run_it("--run", "*full", ".")
        self.assertEqual((code, text), (0, "ok    ./pay_test.yml: it is full\n"
                                           "1 tests: 1 passed, 0 failed\n"))
        code, text = self.run_it("--run", "nothing", ".")
        self.assertEqual(code, 1)
        self.assertIn("no test has a name like 'nothing'", text)

    def test_rules_without_a_test_are_listed_and_can_fail(self):
        self.tests(("it is full", 97, "must-handle"), ("it is not", 21, "ok"))
        code, text = self.run_it(".")
        self.assertEqual(code, 0)
        self.assertIn("./pay.yml:6: rule 'pool' has no test\n", text)
        self.assertNotIn("rule 'full'", text)
        code, text = self.run_it("--require-coverage", ".")
        self.assertEqual(code, 1)
        self.tests(("it is full", 97, "must-handle"))
        _, text = self.run_it(".")
        self.assertIn("./pay.yml:3: rule 'full' has no test that keeps it quiet\n", text)

    def test_junit_holds_failures_and_broken_files(self):
        self.tests(("it is full", 97, "must-handle"), ('a <"&> b', 96, "attention"))
        self.write("other_test.yml", "format: 1\npacks: [nowhere.yml]\ntests: []\n")
        code, _ = self.run_it("--junit", "out.xml", ".")
        self.assertEqual(code, 1)
        root = xml.parse(os.path.join(self.folder.name, "out.xml")).getroot()
        other, pay = root.findall("testsuite")
        self.assertEqual((pay.get("tests"), pay.get("failures"), pay.get("errors")),
                         ("2", "1", "0"))
        self.assertEqual(pay.findall("testcase")[1].get("name"), 'a <"&> b')
        self.assertIn("expected attention", pay.find(".//failure").text)
        self.assertEqual(other.get("errors"), "1")
        self.assertIn("no test at all", other.find(".//error").text)

    def test_what_cannot_be_run_says_why(self):
        self.write("pay_test.yml", "format: 1\npacks: [nowhere.yml]\ntests:\n" +
                   TEST % ("x", 1, "ok"))
        code, text = self.run_it(".")
        self.assertEqual(code, 1)
        self.assertIn("nowhere.yml", text)
        self.assertIn("cannot be read", text)
        code, text = self.run_it("missing.yml")
        self.assertEqual(code, 1)
        self.assertIn("missing.yml cannot be read", text)
        self.assertEqual(self.run_it()[0], 2)
        self.assertEqual(self.run_it("--nope", ".")[0], 2)

    def test_a_junit_file_that_cannot_be_written_is_a_failure(self):
        self.tests(("it is full", 97, "must-handle"))
        code, text = self.run_it("--junit", "no/such/folder.xml", ".")
        self.assertEqual(code, 1)
        self.assertIn("no/such/folder.xml cannot be written", text)


if __name__ == "__main__":
    sys.exit(unittest.main())
