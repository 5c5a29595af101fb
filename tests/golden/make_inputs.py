"""Makes the inputs of the golden cases; the same every time.  A case added by hand, from a
recording say, needs no place in here."""
import datetime
import json
import os
import random

HERE = os.path.dirname(os.path.abspath(__file__))
PIVOT = 1795255200  # 2026-11-21T10:00:00Z
BEFORE, AFTER = 40, 32
WINDOWS = """format: 1
pack: golden
windows:
  default: {before: 30s, settle: 2s, looks: [15s, 30s], late: 2s, unfinished: 60s}
"""
HOSTS = ["h1", "h2", "h3", "h4"]
OTHERS = ["h5", "h6", "h7", "h8", "h9", "ha"]


def stamp(at):
    return datetime.datetime.fromtimestamp(PIVOT + at, datetime.timezone.utc) \
        .strftime("%Y-%m-%dT%H:%M:%SZ")


class Case:
    def __init__(self, name):
        self.folder = os.path.join(HERE, name)
        self.lines, self.events = [], []
        self.windows = WINDOWS
        self.random = random.Random(name)

    def hosts(self, names, effect=lambda host, metric, t: 1, until=AFTER, since=-BEFORE,
              away={}, effect_from=0):
        """Three metrics a host and second; effect multiplies one from effect_from on, the
        pivot; away says from when to when a host sends nothing."""
        for host in names:
            for t in range(since, until):
                if t in away.get(host, ()):
                    continue
                values = {"busy": 30, "user": 22, "iowait": 2}
                line = ",".join("%s=%.2f" % (m, v * (1 + 0.05 * self.random.uniform(-1, 1)) *
                                             (effect(host, m, t) if t >= effect_from else 1))
                                for m, v in values.items())
                self.lines.append("cpu,host=%s,service=pay %s %d" % (host, line, PIVOT + t))
        return self

    def memory(self, names, effect=lambda t: 1, since=-720, until=126):
        """Memory use, a sample every two seconds, for the slow look."""
        for host in names:
            level = 40 + self.random.uniform(-2, 2)
            for t in range(since, until, 2):
                v = level * (1 + 0.01 * self.random.uniform(-1, 1)) * \
                    (effect(t) if t >= 0 else 1)
                self.lines.append("mem,host=%s,service=pay used_pct=%.2f %d" %
                                  (host, v, PIVOT + t))
        return self

    def slow(self, look):
        self.windows = self.windows.replace("unfinished: 60s", "unfinished: 60s, slow: " + look)
        return self

    def calls(self, names, failing=0, gone=False, slow=1, since=-BEFORE, until=AFTER,
              after=50, away={}):
        """Fifty calls a host and second, `after` of them from the pivot on."""
        for host in names:
            for t in range(since, 0 if gone else until):
                if t in away.get(host, ()):
                    continue
                bad = failing if t >= 0 else 0
                all = after if t >= 0 else 50
                ms = 12 * (slow if t >= 0 else 1) * (1 + 0.1 * self.random.uniform(-1, 1))
                for code, outcome, count in (("0", "ok", all - bad), ("-1001", "fail", bad)):
                    if count:
                        self.event("calls", ts=PIVOT + t, span_s=1, caller="web",
                                   callee="pay", iface="charge", callee_host=host,
                                   code=code, outcome=outcome, count=count,
                                   sum_ms=round(ms * count, 1), max_ms=round(ms * 2, 1),
                                   side="server")
        return self

    def probes(self, names, fails=lambda host, t: False):
        """An HTTP check of each host itself every second, as Telegraf sends it: labels tell
        the result, too.  It fails where `fails` says so."""
        for host in names:
            for t in range(-BEFORE, AFTER):
                bad = fails(host, t)
                labels = "result=connection_failed" if bad else "result=success,status_code=200"
                fields = "result_code=3i" if bad else \
                    "result_code=0i,http_response_code=200i,response_time=%.4f" % \
                    (0.012 * (1 + 0.1 * self.random.uniform(-1, 1)))
                self.lines.append("http_response,host=%s,service=pay,server=http://localhost/health,"
                                  "method=GET,%s %s %d" % (host, labels, fields, PIVOT + t))
        return self

    def dump(self, host, at, frames, pid=100, signal="SIGSEGV"):
        """A coredump of pay so many seconds after the pivot."""
        return self.event("coredump", time=stamp(at), host=host, service="pay",
                          exe="/opt/pay/bin/pay", pid=pid + at % 1000, signal=signal,
                          frames=[{"fn": f, "module": "/opt/pay/bin/pay"} for f in frames])

    def alarm(self, host, at, name, severity="critical", **more):
        fields = {"host": host} if host else {}
        return self.event("alarm", time=stamp(at), name=name, severity=severity,
                          service="pay", **fields, **more)

    def tests(self, at, failing, **whom):
        names = ["login", "refund", "charge", "history"]
        return self.event("tests", time=stamp(at), suite="smoke", **whom, tests=[
            {"class": "api", "name": n, "result": "fail", "message": "expected 200, got 502"}
            if n in failing else {"class": "api", "name": n, "result": "pass"}
            for n in names])

    def event(self, type, **fields):
        self.events.append(dict({"type": type}, **fields))
        return self

    def change(self, hosts, phase="finished", at=0, id="8812", **more):
        return self.event("change", **dict({
            "source": "deployer", "id": id + "-" + phase + str(at), "change_id": id,
            "phase": phase, "kind": "release", "service": "pay", "hosts": hosts,
            "title": "pay 2.4.1 -> 2.5.0", "actor": "li", "time": stamp(at),
            "artifact": {"from": "2.4.1", "to": "2.5.0"}}, **more))

    def write(self):
        os.makedirs(self.folder, exist_ok=True)
        for name, text in (("samples.lp", "\n".join(self.lines) + "\n"),
                           ("events.jsonl", "".join(json.dumps(e) + "\n"
                                                    for e in self.events)),
                           ("windows.yml", self.windows)):
            with open(os.path.join(self.folder, name), "w") as f:
                f.write(text)


def cases():
    yield Case("quiet").hosts(HOSTS + OTHERS).calls(HOSTS + OTHERS).change(HOSTS)
    yield Case("failing-calls").hosts(HOSTS + OTHERS).calls(HOSTS, failing=10) \
        .calls(OTHERS).change(HOSTS)
    yield Case("cpu-doubles").hosts(
        HOSTS, lambda h, m, t: 2.2 if m in ("busy", "user") else 1).hosts(OTHERS) \
        .calls(HOSTS + OTHERS).change(HOSTS)
    yield Case("everybody-doubles").hosts(HOSTS + OTHERS, lambda h, m, t: 2) \
        .calls(HOSTS + OTHERS).change(HOSTS)
    yield Case("dip-that-recovers").hosts(
        HOSTS, lambda h, m, t: 0.2 if t < 14 else 1).hosts(OTHERS) \
        .calls(HOSTS + OTHERS).change(HOSTS)
    yield Case("traffic-gone").hosts(HOSTS + OTHERS).calls(HOSTS, gone=True) \
        .calls(OTHERS).change(HOSTS)
    yield Case("slower-calls").hosts(HOSTS + OTHERS).calls(HOSTS, slow=4) \
        .calls(OTHERS).change(HOSTS)
    yield Case("silent-host").hosts(HOSTS[:3] + OTHERS).hosts(HOSTS[3:], until=0) \
        .calls(HOSTS + OTHERS).change(HOSTS)
    yield Case("no-data").change(HOSTS)
    yield Case("no-hosts-known").hosts(OTHERS).change([], service="unknown")
    yield Case("cancelled").hosts(HOSTS + OTHERS).calls(HOSTS + OTHERS) \
        .change(HOSTS, "started").change([], "cancelled", at=10)
    yield Case("never-finished").hosts(HOSTS + OTHERS).calls(HOSTS + OTHERS) \
        .change(HOSTS, "started")
    batches = Case("batches").hosts(HOSTS + OTHERS,
                                    lambda h, m, t: 3 if h == "h1" and m == "busy" else 1)
    batches.calls(HOSTS + OTHERS).change(HOSTS, "started")
    batches.change(["h1", "h2"], "batch_finished", at=0, batch={"no": 1, "of": 2})
    yield batches
    yield Case("overlap").hosts(HOSTS + OTHERS).calls(HOSTS, failing=10).calls(OTHERS) \
        .change(HOSTS).change(["h1", "h5"], at=-10, id="8811", kind="config",
                              title="timeout 3 s -> 1 s", actor="wang")
    # h1, h2, h5, h6 are the other change's: on the latter it shows at once
    shows = {"h1": 0, "h2": 0, "h5": -10, "h6": -10}
    yield Case("overlap-other-did-it") \
        .hosts(HOSTS + OTHERS, lambda h, m, t: 2 if t >= shows.get(h, AFTER) and
               m != "iowait" else 1, effect_from=-10).calls(HOSTS + OTHERS).change(HOSTS) \
        .change(["h1", "h2", "h5", "h6"], at=-10, id="8811", kind="config",
                title="timeout 3 s -> 1 s", actor="wang")
    crash = Case("new-crash").hosts(HOSTS + OTHERS).calls(HOSTS + OTHERS).change(HOSTS)
    old = ["raise", "abort", "check_config(char const*)", "reload.cold", "main"]
    for day in range(1, 31):  # an old crash, once a day, and once more now
        crash.dump("h2", -86400 * day, old, signal="SIGABRT")
    crash.dump("h2", 9, old, signal="SIGABRT")
    new = ["__memmove_avx_unaligned_erms", "void Reader<int>::parse_header(char*)",
           "read_file.isra.0", "main"]
    for host, at in (("h1", 4), ("h3", 11), ("h1", 20)):
        crash.dump(host, at, new)
    yield crash
    alarms = Case("new-alarm").hosts(HOSTS + OTHERS).calls(HOSTS + OTHERS).change(HOSTS)
    for hour in range(1, 24):  # one that comes and goes all day
        alarms.alarm("h2", -3600 * hour, "Flapping", ends=stamp(-3600 * hour + 60))
    alarms.alarm("h2", 20, "Flapping")
    alarms.alarm("h4", -20, "DiskFull").alarm("h4", 10, "DiskFull")  # fires all along
    for host, at in (("h1", 5), ("h3", 9), ("h3", 15)):  # the last is a repeat
        alarms.alarm(host, at, "HighLatency", text="p99 above 500 ms")
    for host in HOSTS + OTHERS:  # as new on unchanged hosts
        alarms.alarm(host, 12, "ClockSkew", severity="warning")
    alarms.alarm("h1", 2, "Down").alarm("h1", 6, "Down", state="resolved")
    alarms.alarm(None, 18, "ErrorBudget", severity="warning")
    yield alarms
    tests = Case("failed-test").hosts(HOSTS + OTHERS).calls(HOSTS + OTHERS).change(HOSTS)
    yield tests.tests(-86400, ["charge"], service="pay") \
        .tests(-20, ["history"], service="pay") \
        .tests(8, ["history", "refund", "charge"], change_id="8812") \
        .tests(12, ["login"], service="pay").tests(14, ["charge"], service="pay")
    all = HOSTS + OTHERS
    everywhere = Case("alarm-everywhere").hosts(all).calls(all).change(HOSTS)
    for i, host in enumerate(all):  # a certificate that ends for all of them, change or not
        everywhere.alarm(host, 4 + i, "CertificateExpires", text="it ends today")
    everywhere.alarm("h1", 9, "LinkDown", severity="warning")
    for host in OTHERS[:2]:  # as large a share of the unchanged hosts
        everywhere.alarm(host, 11, "LinkDown", severity="warning")
    yield everywhere
    loop = Case("crash-loop").hosts(all).calls(all).change(HOSTS)
    start = ["raise", "abort", "std::terminate()", "Config::load(std::string const&)", "main"]
    for at in range(1, 30, 3):  # it starts, reads its configuration, falls over
        for n, host in enumerate(HOSTS[:3]):
            loop.dump(host, at + n, start, pid=1000 * n, signal="SIGABRT")
    yield loop
    # one host's check fails for good, one's for a while; h5 fails now and then, change or not
    yield Case("probe-fails").hosts(all).calls(all).change(HOSTS).probes(
        all, lambda h, t: (h in ("h2", "h3") and t >= 4) or (h == "h4" and 3 <= t < 12) or
        (h == "h5" and t % 9 == 0))
    yield Case("probe-quiet").hosts(all).calls(all).change(HOSTS).probes(
        all, lambda h, t: t % 11 == 3 or (h == "h1" and t == 20))
    # too slow for the looks of the first half minute
    yield Case("slow-leak").slow("2m").change(HOSTS).memory(OTHERS) \
        .memory(HOSTS, lambda t: 1 + 0.4 * (t / 120) ** 2)
    yield Case("slow-quiet").slow("2m").change(HOSTS).memory(HOSTS + OTHERS)
    more = dict(kind="scale-out", title="4 more hosts for pay", artifact=None)
    yield Case("scale-out-good").hosts(HOSTS, lambda h, m, t: 0.6, since=0) \
        .hosts(OTHERS, lambda h, m, t: 0.6).calls(HOSTS, since=0, after=30) \
        .calls(OTHERS, after=30).change(HOSTS, **more)
    yield Case("scale-out-no-load").hosts(HOSTS, lambda h, m, t: 0.08, since=0) \
        .hosts(OTHERS).calls(OTHERS).change(HOSTS, **more)
    yield Case("fresh-host-failing") \
        .hosts(HOSTS, lambda h, m, t: 1.5 if h == "h2" and m != "iowait" else 0.6, since=0) \
        .hosts(OTHERS, lambda h, m, t: 0.6).calls(["h1", "h3", "h4"], since=0, after=30) \
        .calls(["h2"], since=0, after=30, failing=6).calls(OTHERS, after=30) \
        .change(HOSTS, **more)
    end = AFTER + 16
    for name, last in (("batch-restart-good", 16), ("batch-restart-one-stays-down", end)):
        away = {"h1": range(1, 5), "h2": range(1, 6), "h3": range(8, 14),
                "h4": range(9, last)}
        restart = dict(kind="batch-restart", title="restart of pay", artifact=None)
        yield Case(name).hosts(HOSTS + OTHERS, until=end, away=away) \
            .calls(HOSTS + OTHERS, until=end, away=away) \
            .change([], "started", **restart) \
            .change(["h1", "h2"], "batch_finished", 7, batch={"no": 1, "of": 2}, **restart) \
            .change(["h3", "h4"], "batch_finished", 15, batch={"no": 2, "of": 2}, **restart) \
            .change([], at=15, **restart)
    nasty = '<script>alert(1)</script>\u202e "quoted" & %s {}'
    yield Case("hostile-texts").hosts(HOSTS + OTHERS).calls(HOSTS, failing=10) \
        .calls(OTHERS).change(HOSTS, title=nasty, actor="o'neil <li@example.com>",
                              ticket={"no": "OPS-1182\t"})


if __name__ == "__main__":
    for case in cases():
        case.write()
