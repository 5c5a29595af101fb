"""SIGKILL at random instants under load: what was answered 2xx is there once, and no mail
went out twice for one revision."""
import email
import json
import os
import random
import signal
import threading
import time
import unittest

from flow import CALL_RULES, WINDOWS_OF_SECONDS, FlowTest, calls_record, rfc3339, wait_for

ROUNDS = int(os.environ.get("AFTERCHECK_KILLS", "100"))
POSTERS = 3
NEW_IN_A_ROUND = 12  # changes; what is posted beyond that are repeats


class Kill(FlowTest):
    def setUp(self):
        super().setUp()
        self.s = self.service("samples: {step: 1s, keep: 15m}\n",
                              self.rules(WINDOWS_OF_SECONDS, CALL_RULES))
        self.accepted = []  # (source, id) answered 2xx
        self.times = {}
        self.serial = self.fresh = 0
        self.lock = threading.Lock()

    def poster(self, no, stop):
        """Posts until the service dies under it; ids go on over all rounds."""
        while not stop.is_set():
            with self.lock:
                if self.fresh > 0:
                    self.fresh -= 1
                    self.serial += 1
                n = self.serial
            name = "k%06d" % n
            body = {"source": "killer", "id": name, "kind": "config", "service": "pay",
                    "hosts": ["h%d" % (n % 40 + 1)],  # h1 has calls, the others none
                    "time": rfc3339(self.times.setdefault(n, time.time() - 15))}
            try:
                status, _ = self.s.post("/v1/changes", body)
            except (OSError, ValueError):
                continue
            if status in (200, 202):
                with self.lock:
                    self.accepted.append(name)

    def feed(self):
        now = int(time.time())
        records = []
        for t in range(now - 30, now):
            records.append(calls_record(t, 80))
            if t > now - 15:
                records.append(calls_record(t, 20, "502", "fail"))
        try:
            self.s.post("/v1/calls", records)
        except OSError:
            pass

    def one_round(self, rng):
        self.s.start()
        self.fresh = NEW_IN_A_ROUND
        stop = threading.Event()
        posters = [threading.Thread(target=self.poster, args=(i, stop))
                   for i in range(POSTERS)]
        for p in posters:
            p.start()
        self.feed()
        # the instant is the point of the test: anywhere in the first 150 ms of load
        stop.wait(rng.random() * 0.15)
        self.s.stop(signal.SIGKILL)
        stop.set()
        for p in posters:
            p.join()

    def stored(self):
        ids, path = [], "/v1/changes?limit=500"
        while path:
            status, body, headers = self.s.call("GET", path)
            self.assertEqual(status, 200, body)
            ids += [c["change_id"] for c in json.loads(body)]
            link = headers["Link"]
            path = link.split(">")[0].lstrip("<") if link else None
        return ids

    def check_mails(self):
        folder = os.path.join(self.s.data, "mail")
        seen = {}
        names = [f for f in os.listdir(folder)] if os.path.isdir(folder) else []
        # ".new" is the mail being written, or what a kill left of one
        names = [f for f in names if f != ".new"]
        self.assertEqual([f for f in names if not f.endswith(".eml")], [])
        for name in names:
            with open(os.path.join(folder, name), "rb") as f:
                m = email.message_from_binary_file(f)
            key = (m["X-Aftercheck-Change"], m["X-Aftercheck-Revision"])
            self.assertNotIn(key, seen, "%s and %s" % (name, seen.get(key)))
            seen[key] = name
        return len(seen)

    def test_nothing_accepted_is_lost_and_no_mail_is_written_twice(self):
        seed = int(os.environ.get("AFTERCHECK_SEED", time.time()))
        print("seed %d, %d rounds" % (seed, ROUNDS))
        rng = random.Random(seed)
        for _ in range(ROUNDS):
            self.one_round(rng)
        self.s.start()
        stored = self.stored()
        self.assertEqual(len(stored), len(set(stored)))
        missing = set(self.accepted) - set(stored)
        self.assertFalse(missing, "accepted but gone: %s" % sorted(missing)[:5])
        print("%d stored" % len(stored))
        wait_for("every change's verdict and mail",
                 lambda: self.check_mails() >= len(stored), patience=300)
        print("%d accepted, %d stored, %d mails" % (len(self.accepted), len(stored),
                                                    self.check_mails()))


if __name__ == "__main__":
    unittest.main(verbosity=1)
