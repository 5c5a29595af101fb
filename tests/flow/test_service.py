"""The service from outside: every call of the contract, good input and bad."""
import email
import gzip
import json
import os
import signal
import threading
import time
import unittest

from flow import CALL_RULES, WINDOWS_OF_SECONDS, FlowTest, calls_record, rfc3339, wait_for

SECONDS = "samples: {step: 1s, keep: 15m}\n"


def event(**more):
    return dict({"source": "deployer", "id": "e1", "change_id": "c1", "kind": "release",
                 "service": "pay", "hosts": ["h1"], "title": "pay 2.4.1 -> 2.5.0"}, **more)


class Changes(FlowTest):
    def setUp(self):
        super().setUp()
        self.s = self.service(SECONDS, self.rules(WINDOWS_OF_SECONDS, CALL_RULES)).start()

    def test_a_new_event_is_accepted_and_its_repeat_has_no_second_effect(self):
        status, body = self.s.post("/v1/changes", event())
        self.assertEqual((status, json.loads(body)["change_id"]), (202, "c1"))
        status, body = self.s.post("/v1/changes", event())
        self.assertEqual((status, json.loads(body)["change_id"]), (200, "c1"))
        self.assertEqual(len(self.s.json("/v1/changes")[1]), 1)

    def test_the_same_id_with_another_body_is_a_conflict(self):
        self.s.post("/v1/changes", event())
        status, body = self.s.post("/v1/changes", event(title="something else"))
        self.assertEqual(status, 409, body)
        self.assertEqual(self.s.json("/v1/changes/c1")[1]["change"]["title"],
                         "pay 2.4.1 -> 2.5.0")

    def test_bad_events_are_refused_naming_field_and_place(self):
        bad = [
            ('{"source": "d", "id": ', "line 1"),
            ("[]", "object"),
            (event(kind="relase"), "kind"),
            (event(kind=7), "kind"),
            (event(source=None), "source"),
            (event(id=""), "id"),
            (event(hosts="h1"), "hosts"),
            (event(hosts=["h1", 3]), "hosts[1]"),
            (event(phase="begun"), "phase"),
            (event(time="yesterday"), "time"),
            (event(time="2020-01-01T00:00:00Z"), "time"),
            (event(time=rfc3339(time.time() + 3600)), "time"),
            (event(service="a\nb"), "service"),
            (event(service="x" * 201), "service"),
            (event(batch={"no": 5, "of": 4}), "batch"),
            (event(url="javascript:alert(1)"), "url"),
            ({k: v for k, v in event().items() if k not in ("service", "hosts")}, "service"),
        ]
        for body, word in bad:
            with self.subTest(word=word, body=str(body)[:60]):
                status, answer = self.s.post("/v1/changes", body)
                self.assertEqual(status, 400, answer)
                self.assertIn(word, json.loads(answer)["error"])
        self.assertEqual(self.s.json("/v1/changes")[1], [])

    def test_a_mistyped_field_is_named_with_line_and_column(self):
        body = '{"source": "d", "id": "1",\n "kind": "config",\n "service": 12}'
        status, answer = self.s.post("/v1/changes", body)
        self.assertEqual(status, 400)
        self.assertIn("service (line 3, column 13)", json.loads(answer)["error"])

    def test_wrong_methods_paths_and_sizes(self):
        self.assertEqual(self.s.call("DELETE", "/v1/changes")[0], 405)
        self.assertEqual(self.s.call("GET", "/write")[0], 405)
        self.assertEqual(self.s.get("/v1/nothing")[0], 404)
        self.assertEqual(self.s.get("/v1/changes/unknown")[0], 404)
        self.assertEqual(self.s.get("/v1/changes/unknown/verdict")[0], 404)
        self.assertEqual(self.s.post("/v1/changes", event(title="x" * 300000))[0], 413)

    def test_cloudevents_are_opened(self):
        own = {"kind": "config", "service": "pay", "hosts": ["h1"], "change_id": "k1"}
        envelope = {"specversion": "1.0", "id": "ce-1", "source": "/ci", "type": "change",
                    "time": rfc3339(time.time()), "data": own}
        structured = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
        self.assertEqual(self.s.post("/v1/changes", envelope, structured)[0], 202)
        binary = {"ce-specversion": "1.0", "ce-id": "ce-1", "ce-source": "%2Fci",
                  "ce-type": "change", "ce-time": envelope["time"],
                  "Content-Type": "application/json"}
        self.assertEqual(self.s.post("/v1/changes", own, binary)[0], 200)  # the same event
        event = self.s.json("/v1/changes/k1")[1]["change"]
        self.assertEqual((event["source"], event["kind"]), ("/ci", "config"))
        status, body = self.s.post("/v1/changes", dict(own, kind="confog"), binary)
        self.assertEqual(status, 400)
        self.assertRegex(json.loads(body)["error"], r"^data\.kind: ")
        status, body = self.s.post("/v1/changes", [envelope], {
            "Content-Type": "application/cloudevents-batch+json"})
        self.assertEqual(status, 400, body)

    def test_unknown_fields_are_kept_and_shown(self):
        self.s.post("/v1/changes", event(ticket="OPS-1182"))
        self.assertIn("OPS-1182", self.s.get("/v1/changes/c1")[1].decode())

    def test_the_list_is_filtered_and_paged_newest_first(self):
        now = time.time()
        for i in range(7):
            self.s.post("/v1/changes", event(id="e%d" % i, change_id="c%d" % i,
                                             service="pay" if i % 2 else "web",
                                             time=rfc3339(now - 100 + i)))
        ids = [c["change_id"] for c in self.s.json("/v1/changes")[1]]
        self.assertEqual(ids, ["c6", "c5", "c4", "c3", "c2", "c1", "c0"])
        ids = [c["change_id"] for c in self.s.json("/v1/changes?service=pay")[1]]
        self.assertEqual(ids, ["c5", "c3", "c1"])
        since = rfc3339(now - 97.5)
        ids = [c["change_id"] for c in self.s.json("/v1/changes?since=" + since)[1]]
        self.assertEqual(ids, ["c6", "c5", "c4", "c3"])
        status, body, headers = self.s.call("GET", "/v1/changes?limit=3")
        self.assertEqual(len(json.loads(body)), 3)
        following = headers["Link"].split(">")[0].lstrip("<")
        ids = [c["change_id"] for c in self.s.json(following)[1]]
        self.assertEqual(ids, ["c3", "c2", "c1"])
        self.assertEqual(self.s.get("/v1/changes?grade=bad")[0], 400)
        self.assertEqual(self.s.get("/v1/changes?since=soon")[0], 400)

    def test_nothing_is_lost_over_a_restart(self):
        self.s.post("/v1/changes", event())
        self.assertEqual(self.s.stop(), 0)
        self.s.start()
        self.assertEqual(self.s.post("/v1/changes", event())[0], 200)
        self.assertEqual(self.s.json("/v1/changes")[1][0]["change_id"], "c1")


class Samples(FlowTest):
    def setUp(self):
        super().setUp()
        self.s = self.service(SECONDS, self.rules(WINDOWS_OF_SECONDS, CALL_RULES)).start()

    def test_good_lines_are_taken_plain_and_gzipped(self):
        at = int(time.time() * 1e9)
        lines = "cpu,host=h1,service=pay busy=31.5 %d\nmem,host=h1 used=5i %d\n" % (at, at)
        self.assertEqual(self.s.post("/write", lines)[0], 204)
        packed = gzip.compress(lines.encode())
        status, _ = self.s.post("/api/v2/write?org=o&bucket=b", packed,
                                {"Content-Encoding": "gzip"})
        self.assertEqual(status, 204)
        self.assertEqual(self.s.metric("aftercheck_samples_total"), 4)

    def test_precision_is_honoured(self):
        self.assertEqual(self.s.post("/write?precision=s", "a,host=h b=1 %d" % time.time())[0],
                         204)
        self.assertEqual(self.s.post("/write?precision=s",
                                     "a,host=h b=1 %d" % time.time_ns())[0], 400)
        self.assertEqual(self.s.post("/write?precision=fortnight", "a,host=h b=1")[0], 400)

    def test_good_lines_of_a_bad_body_stay_and_the_first_bad_one_is_named(self):
        status, body = self.s.post("/write", "cpu,host=h1 busy=1\ncpu,host=h1 busy=\n"
                                   "nonsense\ncpu,host=h2 busy=2\n")
        self.assertEqual(status, 400)
        error = json.loads(body)["error"]
        self.assertIn("line 2", error)
        self.assertIn("2 of 4", error)
        kept = self.s.metric("aftercheck_samples_kept_total")
        self.assertEqual(kept, 2)

    def test_what_is_refused_is_counted_by_its_reason(self):
        old, ahead = time.time_ns() - 31 * 86400 * 10**9, time.time_ns() + 660 * 10**9
        for line, reason in [("cpu,host=h1 busy=NaN", "not_finite"),
                             ("cpu,host=h1 busy=1e999", "not_finite"),
                             ("cpu,host=h1 busy=1 %d" % old, "too_old"),
                             ("cpu,host=h1 busy=1 %d" % ahead, "future"),
                             ("cpu,host=%s busy=1" % ("x" * 201), "name"),
                             ("cpu,host=h\x011 busy=1", "name"),
                             ("cpu busy=1", "no_entity"),
                             ("cpu,host=h1", "syntax")]:
            with self.subTest(line=line[:40]):
                name = 'aftercheck_dropped_total{reason="%s"}' % reason
                before = self.s.metric(name)
                self.assertEqual(self.s.post("/write", line)[0], 400)
                self.assertEqual(self.s.metric(name), before + 1)

    def test_bodies_over_the_limit_and_broken_gzip(self):
        self.assertEqual(self.s.post("/write", "#" * (5 << 20))[0], 413)
        bomb = gzip.compress(b"#" * (40 << 20))
        self.assertEqual(self.s.post("/write", bomb, {"Content-Encoding": "gzip"})[0], 413)
        self.assertEqual(self.s.post("/write", b"\x1f\x8bxx",
                                     {"Content-Encoding": "gzip"})[0], 400)
        self.assertEqual(self.s.post("/write", "x", {"Content-Encoding": "br"})[0], 415)

    def test_call_records(self):
        now = time.time()
        self.assertEqual(self.s.post("/v1/calls", calls_record(now, 5))[0], 204)
        self.assertEqual(self.s.post("/v1/calls", [calls_record(now, 5)] * 3)[0], 204)
        status, body = self.s.post("/v1/calls", [calls_record(now, 5),
                                                 calls_record(now, 5, outcome="maybe")])
        self.assertEqual(status, 400)
        self.assertIn("outcome", json.loads(body)["error"])
        self.assertEqual(self.s.post("/v1/calls", calls_record(now, -1))[0], 400)
        self.assertEqual(self.s.post("/v1/calls", "7")[0], 400)

    def test_health_and_metrics(self):
        self.assertEqual(self.s.get("/-/healthy")[0], 200)
        self.assertEqual(self.s.get("/-/ready")[0], 200)
        text = self.s.get("/metrics")[1].decode()
        for name in ("aftercheck_samples_total", "aftercheck_changes_total",
                     'aftercheck_dropped_total{reason="syntax"}'):
            self.assertIn(name, text)


class Checkup(FlowTest):
    """Judged in no time: the samples and the change lie half a minute back."""

    def setUp(self):
        super().setUp()
        self.s = self.service(SECONDS, self.rules(WINDOWS_OF_SECONDS, CALL_RULES)).start()
        self.pivot = int(time.time()) - 20

    def traffic(self, failing):
        records = []
        for t in range(self.pivot - 12, self.pivot + 12):
            bad = failing if t >= self.pivot else 0
            records.append(calls_record(t, 100 - bad))
            if bad:
                records.append(calls_record(t, bad, "502", "fail"))
        self.assertEqual(self.s.post("/v1/calls", records)[0], 204)
        lines = "".join("cpu,host=h1,service=pay busy=%d %d\n" % (20 + t % 3, t * 10**9)
                        for t in range(self.pivot - 12, self.pivot + 12))
        self.assertEqual(self.s.post("/write", lines)[0], 204)

    def change(self, **more):
        self.assertEqual(self.s.post("/v1/changes", event(
            time=rfc3339(self.pivot), **more))[0], 202)

    def verdict(self, path="/v1/changes/c1/verdict?wait=30s"):
        status, verdict = self.s.json(path)
        self.assertEqual(status, 200)
        return verdict

    def test_failing_calls_must_be_handled_with_numbers(self):
        self.traffic(20)
        self.change()
        v = self.verdict()
        self.assertEqual((v["grade"], v["final"]), ("must-handle", True), v)
        worst = v["findings"][0]
        self.assertAlmostEqual(worst["after"], 20, delta=1)
        self.assertEqual(worst["before"], 0)
        self.assertIn("502", json.dumps(v["findings"]))
        self.assertRegex(worst["because"], r"20(\.\d+)? ?%")

    def test_a_change_that_broke_nothing_is_ok(self):
        self.traffic(0)
        self.change()
        v = self.verdict()
        self.assertEqual((v["grade"], v["findings"]), ("ok", []), v)

    def test_a_change_without_data_is_not_judged_and_says_why(self):
        self.change()
        v = self.verdict()
        self.assertEqual(v["grade"], "not-judged")
        self.assertTrue(v["reason"])

    def test_the_same_data_gives_the_same_bytes_everywhere(self):
        self.traffic(20)
        self.change()
        first = self.verdict()
        self.assertEqual(self.s.stop(), 0)
        self.s.start()
        self.assertEqual(self.verdict(), first)
        whole = self.s.json("/v1/changes/c1")[1]
        self.assertEqual(whole["verdict"], first)
        self.assertEqual(whole["revisions"][-1]["revision"], first["revision"])

    def test_a_waiting_call_is_answered_when_the_verdict_comes(self):
        self.pivot = int(time.time()) - 4  # its last look is still to come
        self.traffic(0)
        self.change()
        got = []
        t = threading.Thread(target=lambda: got.append(self.verdict()))
        t.start()
        t.join(60)
        self.assertTrue(got and got[0]["final"], got)

    def test_reports_in_every_format_and_pages(self):
        self.traffic(20)
        self.change(title="<script>alert(1)</script>")
        self.verdict()
        for form, mark in [("text", "Must handle"), ("html", "Must handle"),
                           ("json", '"must-handle"'), ("eml", "X-Aftercheck-Grade")]:
            status, body = self.s.get("/v1/changes/c1/report?format=" + form)
            self.assertEqual(status, 200)
            self.assertIn(mark, body.decode())
        self.assertEqual(self.s.get("/v1/changes/c1/report?format=pdf")[0], 400)
        for path in ("/", "/changes/c1"):
            status, body, headers = self.s.call("GET", path)
            self.assertEqual(status, 200)
            self.assertNotIn(b"<script>alert", body)
            self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        status, body, headers = self.s.call("GET", "/changes/c1/chart/1.png")
        self.assertEqual((status, headers["Content-Type"]), (200, "image/png"))
        self.assertEqual(body[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(self.s.get("/changes/nothing")[0], 404)

    def test_the_mail_lies_in_the_data_directory(self):
        self.traffic(20)
        self.change()
        self.verdict()
        folder = os.path.join(self.s.data, "mail")
        wait_for("the mail", lambda: os.path.isdir(folder) and
                 [f for f in os.listdir(folder) if f.endswith(".eml")])

    def test_bad_rules_never_replace_good_ones(self):
        path = os.path.join(self.s.rules, "01.yml")
        with open(path, "w") as f:
            f.write("format: 1\nrules:\n  - idd: x\n")
        self.s.process.send_signal(signal.SIGHUP)
        wait_for("the refused reload",
                 lambda: self.s.metric("aftercheck_config_last_reload_successful") == 0)
        self.assertIn("01.yml:3:5", self.s.tail())
        self.traffic(20)
        self.change()
        self.assertEqual(self.verdict()["grade"], "must-handle")
        with open(path, "w") as f:
            f.write(CALL_RULES)
        self.s.process.send_signal(signal.SIGHUP)
        wait_for("the good reload",
                 lambda: self.s.metric("aftercheck_config_last_reload_successful") == 1)

    def test_rules_are_read_anew_when_their_files_change(self):
        path = os.path.join(self.s.rules, "01.yml")
        with open(path) as f:
            good = f.read()
        with open(path, "w") as f:
            f.write("format: 1\nrules:\n  - idd: <x>\n")
        wait_for("the refused rules",
                 lambda: self.s.metric("aftercheck_rules_last_reload_successful") == 0)
        page = self.s.get("/")[1].decode()
        self.assertIn("The rules on disk could not be read", page)
        self.assertIn("01.yml:3:5", page)
        self.traffic(20)
        self.change()
        self.assertEqual(self.verdict()["grade"], "must-handle")
        folder = os.path.join(self.s.data, "mail")
        wait_for("the mail", lambda: os.path.isdir(folder) and
                 [f for f in os.listdir(folder) if f.endswith(".eml")])
        mail = [f for f in os.listdir(folder) if f.endswith(".eml")][0]
        with open(os.path.join(folder, mail), "rb") as f:
            parts = [p for p in email.message_from_binary_file(f).walk()
                     if p.get_content_maintype() == "text"]
        self.assertEqual(len(parts), 2)
        for part in parts: # in its foot, as text and as HTML
            said = " ".join(part.get_payload(decode=True).decode().split())
            self.assertIn("The rules on disk could not be read, what was before stays in "
                          "force.", said)
            self.assertIn("01.yml:3:5", said)
        before = self.s.metric("aftercheck_rules_reloads_total")
        with open(path, "w") as f:
            f.write(good + "\n# changed\n")
        wait_for("the good rules",
                 lambda: self.s.metric("aftercheck_rules_last_reload_successful") == 1)
        self.assertEqual(self.s.metric("aftercheck_rules_reloads_total"), before + 1)
        self.assertNotIn("could not be read", self.s.get("/")[1].decode())


if __name__ == "__main__":
    unittest.main(verbosity=1)
