"""The pages in a real Chromium, as somebody uses them: wide and narrow, with a pointer and
with the keyboard, and looked at by axe-core.

playwright-core and axe-core come from the npm registry, pinned, into a cache outside the
tree.  Without node, npm, Chromium or the registry this is skipped, and says so."""
import json
import os
import random
import shutil
import subprocess
import time
import unittest

from flow import FlowTest, rfc3339, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = {"playwright-core": "1.65.1", "axe-core": "4.14.1"}
HOSTS, CHANGED, MINUTES, AGO = 12, 4, 90, 25


def chromium():
    return shutil.which("chromium")


def packages():
    """The folder with node_modules in it; None when they cannot be had."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    name = "-".join("%s-%s" % p for p in sorted(PACKAGES.items()))
    folder = os.path.join(base, "aftercheck", name)
    done = os.path.join(folder, "done")
    if os.path.exists(done):
        return folder
    os.makedirs(folder, exist_ok=True)
    got = subprocess.run(
        ["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts",
         "--no-save", *["%s@%s" % p for p in PACKAGES.items()]],
        capture_output=True, text=True, timeout=300,
        env=dict(os.environ, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD="1"))
    if got.returncode != 0:
        return None
    open(done, "w").close()
    return folder


def samples(now):
    """Hosts of one service; the processors of the changed ones are busier from AGO on."""
    dice = random.Random(1)
    lines = []
    for minute in range(MINUTES):
        at = (now - (MINUTES - minute) * 60) * 10**9
        for host in range(HOSTS):
            worse = 25 if host < CHANGED and minute >= MINUTES - AGO else 0
            lines.append("cpu,host=pay-%02d,service=pay busy=%.2f %d" %
                         (host, 30 + 5 * dice.random() + worse, at))
            lines.append("mem,host=pay-%02d,service=pay used_pct=%.2f %d" %
                         (host, 50 + dice.random(), at))
    return "\n".join(lines) + "\n"


class Pages(FlowTest):
    def setUp(self):
        for tool in ("node", "npm"):
            if shutil.which(tool) is None:
                self.skipTest("SKIPPED: the pages are not clicked through, %s is missing" % tool)
        if chromium() is None:
            self.skipTest("SKIPPED: the pages are not clicked through, Chromium is missing")
        self.packages = packages()
        if self.packages is None:
            self.skipTest("SKIPPED: the pages are not clicked through, playwright-core and "
                          "axe-core cannot be fetched")
        super().setUp()
        self.s = self.service().start()
        now = int(time.time())
        self.assertEqual(self.s.post("/write", samples(now))[0], 204)
        calls = [{"ts": rfc3339(now - m * 60), "span_s": 60, "caller": a, "callee": b,
                  "iface": "x", "code": "0", "outcome": "ok", "count": 100, "sum_ms": 1000,
                  "side": "client"} for m in range(5) for a, b in (("shop", "pay"), ("pay", "bank"))]
        self.assertEqual(self.s.post("/v1/calls", calls)[0], 204)
        for change, service, title, ago in (
                ("c1", "pay", "pay 2.4.1 -> 2.5.0", AGO * 60),
                ("c2", "bank", "<script>alert(1)</script>", 40 * 60)):
            self.assertEqual(self.s.post("/v1/changes", {
                "source": "deployer", "id": change, "kind": "release", "service": service,
                "title": title, "actor": "li", "time": rfc3339(now - ago),
                "hosts": ["pay-%02d" % h for h in range(CHANGED)] if service == "pay"
                else ["bank-1"]})[0], 202)
        wait_for("a verdict", lambda: self.s.json(
            "/v1/changes/c1/verdict")[1].get("grade") == "must-handle")

    def test_every_page_can_be_used(self):
        env = dict(os.environ, NODE_PATH=os.path.join(self.packages, "node_modules"),
                   CHROMIUM=chromium(), URL="http://127.0.0.1:%d" % self.s.port)
        got = subprocess.run(["node", os.path.join(HERE, "pages.js")], env=env, text=True,
                             capture_output=True, timeout=400)
        if got.returncode != 0:
            self.fail("the pages: %s\n%s" % (got.stdout, got.stderr))
        self.assertEqual(json.loads(got.stdout.splitlines()[-1])["failed"], 0)


if __name__ == "__main__":
    unittest.main()
