"""aftercheck-coredump with real cores of a program that really crashes, the real service, and
a real journal."""
import fcntl
import glob
import gzip
import json
import os
import random
import resource
import shutil
import signal
import struct
import subprocess
import time
import unittest

from flow import PATIENCE, FlowTest, program, rfc3339, wait_for
from test_agent import FakeService, free_port

HERE = os.path.dirname(os.path.abspath(__file__))
DEFAULTS = os.path.join(HERE, "../../rules/defaults")
WINDOWS = """format: 1
pack: test
windows:
  default: {before: 10s, settle: 1s, looks: [4s, 12s], late: 1s, unfinished: 30s}
"""
BUILDS = {"debug": ["-g", "-O1"], "plain": ["-O1"], "stripped": ["-O1", "-s"]}
REMOTE = "/lib/systemd/systemd-journal-remote"
MESSAGE_ID = "fc2e22bc6ee647b6b90729ab34a250b1"
NOBODY = 4190000  # a number that no process has
SECRET = "correct-horse-battery-staple"


class Cores(FlowTest):
    """What the tests share: programs that crash, and their cores."""

    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)  # stacks are taken as the user who died, or nobody

    def build(self, how):
        path = os.path.join(self.folder, "crash-" + how)
        subprocess.run(["gcc", "-pthread", "-o", path, os.path.join(HERE, "crash.c")] +
                       BUILDS[how], check=True)
        return path

    def core(self, exe, letter):
        """The core's bytes, as the kernel wrote it; by gdb's gcore where the machine's
        core_pattern hands cores to somebody else."""
        with open("/proc/sys/kernel/core_pattern") as f:
            pattern = f.read().strip()
        if pattern.startswith(("|", "/", "@")):
            return self.core_by_gdb(exe, letter)
        place = os.path.join(self.folder, "place")
        os.mkdir(place)

        def limits():
            resource.setrlimit(resource.RLIMIT_CORE,
                               (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        p = subprocess.run([exe, letter, SECRET], cwd=place, preexec_fn=limits,
                           env={"SECRET": SECRET}, stderr=subprocess.DEVNULL)
        self.assertLess(p.returncode, 0)
        files = glob.glob(place + "/*")
        self.assertEqual(len(files), 1, "the program left no core (is ulimit -Hc 0?)")
        with open(files[0], "rb") as f:
            core = f.read()
        shutil.rmtree(place)
        return core

    def core_by_gdb(self, exe, letter):
        if not shutil.which("gdb"):
            self.skipTest("kernel.core_pattern is not a file's name, and there is no gdb")
        path = os.path.join(self.folder, "gcore")
        subprocess.run(["gdb", "-batch", "-ex", "run", "-ex", "gcore " + path, "--args", exe,
                        letter, SECRET], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(path, "rb") as f:
            core = f.read()
        os.unlink(path)
        return core

    def beginning(self, core):
        """Headers and notes alone, in the order in which the kernel writes them."""
        count = struct.unpack_from("<H", core, 56)[0]
        where = struct.unpack_from("<Q", core, 32)[0]
        rows = [list(struct.unpack_from("<IIQQQQQQ", core, where + 56 * i))
                for i in range(count)]
        note = next(r for r in rows if r[0] == 4)
        notes = core[note[2]:note[2] + note[5]]
        at = 64 + 56 * count
        place = (at + len(notes) + 4095) & ~4095
        for r in rows:
            r[2] = at if r[0] == 4 else place
            place += r[5] if r[0] == 1 else 0
        head = bytearray(core[:64])
        struct.pack_into("<Q", head, 32, 64)
        return bytes(head) + b"".join(struct.pack("<IIQQQQQQ", *r) for r in rows) + notes

    def end(self, process):
        process.kill()
        process.communicate()

    def run_it(self, core, *args, timeout=PATIENCE):
        """exit code, stdout, stderr of --pipe with this core on a pipe"""
        p = subprocess.Popen([program("aftercheck-coredump"), "--pipe"] + list(args),
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        out, err = p.communicate(core, timeout=timeout)
        return p.returncode, out.decode(), err.decode()

    def record(self, core, *args):
        code, out, err = self.run_it(core, "--print", *args)
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def names(self, record):
        return [f.get("fn", os.path.basename(f.get("module", "")) + "?")
                for f in record["frames"]]


class Stacks(Cores):
    def check_all(self, how, poke, segv):
        exe = self.build(how)
        r = self.record(self.core(exe, "s"), "0", "11", "1795255200")
        self.assertEqual(self.names(r)[:len(poke) + len(segv)], poke + segv)
        self.assertEqual((r["exe"], r["signal"], r["time"]),
                         (exe, "SIGSEGV", "2026-11-21T10:00:00Z"))
        self.assertGreater(r["pid"], 0)
        for f in r["frames"][:3]:
            self.assertEqual(f["module"], exe)
            self.assertRegex(f["build_id"], "^[0-9a-f]{40}$")
            self.assertRegex(f["offset"], "^0x1[0-9a-f]{3}$")
        r = self.record(self.core(exe, "t"))
        self.assertEqual(self.names(r)[:len(poke) + 2], poke + segv[:2])
        self.assertTrue(self.names(r)[-1].startswith(("clone", "__clone", "libc.so")))
        r = self.record(self.core(exe, "a"))
        self.assertEqual(r["signal"], "SIGABRT")
        self.assertIn("abort", self.names(r))
        self.assertIn(segv[-1], self.names(r))
        return exe

    def test_with_debug_information_inlined_functions_are_frames(self):
        exe = self.check_all("debug", ["poke"], ["parse_header", "read_file", "main"])
        r = self.record(self.core(exe, "o"))
        self.assertEqual(self.names(r), ["deep"] * 64)
        r = self.record(self.core(exe, "o"), "--config", self.config("frames: 5\n"))
        self.assertEqual(self.names(r), ["deep"] * 5)

    def config(self, text):
        path = os.path.join(self.folder, "coredump.yml")
        with open(path, "w") as f:
            f.write(text)
        return path

    def test_with_symbols_functions_have_names(self):
        self.check_all("plain", [], ["parse_header", "read_file", "main"])

    def test_without_symbols_there_are_module_build_id_and_offset(self):
        self.check_all("stripped", [], ["crash-stripped?"] * 3)

    def test_nothing_of_memory_arguments_and_environment_is_sent(self):
        exe = self.build("debug")
        core = self.core(exe, "s")
        self.assertIn(SECRET.encode(), core)
        code, out, err = self.run_it(core, "--print")
        self.assertNotIn(SECRET, out + err)
        self.assertLessEqual(set(json.loads(out)),
                             {"time", "host", "service", "exe", "pid", "signal", "frames"})

    def test_a_packed_core_is_read_as_well(self):
        exe = self.build("plain")
        core = self.core(exe, "s")
        want = self.names(self.record(core))
        self.assertEqual(self.names(self.record(gzip.compress(core))), want)
        if shutil.which("zstd"):
            packed = subprocess.run(["zstd", "-q"], input=core, stdout=subprocess.PIPE,
                                    check=True).stdout
            self.assertEqual(self.names(self.record(packed)), want)

    def test_an_exe_that_was_replaced_gives_no_wrong_names(self):
        exe = self.build("plain")
        core = self.core(exe, "s")
        shutil.copy(self.build("stripped"), exe + ".new")
        os.rename(exe + ".new", exe)  # the new release, while the old one ran
        r = self.record(core)
        self.assertNotIn("main", self.names(r))
        self.assertEqual(r["frames"][0]["module"], exe)

    def test_cores_that_are_cut_or_damaged_give_a_record_or_an_error(self):
        exe = self.build("plain")
        core = self.core(exe, "s")
        whole = self.names(self.record(core))
        chance = random.Random(1)
        ends = [0, 1, 63, 64, 65, 120, 500, 1000, 2000, 4096, 8000]
        ends += [len(core) * i // 8 for i in range(1, 8)]
        for end in ends:
            code, out, err = self.run_it(core[:end], "--print", "0", "11")
            self.assertIn(code, (0, 1), "%d bytes: %s" % (end, err))
            self.assertNotIn("Sanitizer", err)
            self.assertTrue(out if code == 0 else "is lost" in err, err)
            if code == 0:
                self.assertLessEqual(len(json.loads(out)["frames"]), 64)
        for _ in range(40):
            bad = bytearray(core)
            for _ in range(chance.choice((1, 10, 300))):
                # where headers and notes stand, and anywhere
                at = chance.randrange(chance.choice((64, 4096, len(bad))))
                bad[at] = chance.randrange(256)
            code, out, err = self.run_it(bytes(bad), "--print", "0", "11")
            self.assertIn(code, (0, 1), err)
            self.assertNotIn("Sanitizer", err)
        self.assertEqual(self.names(self.record(core)), whole)

    def test_a_core_without_an_end_is_read_no_longer_than_it_may_hold(self):
        exe = self.build("plain")
        core = bytearray(self.core(exe, "s"))
        where, count = struct.unpack_from("<Q", core, 32)[0], core[56]
        # the stack, which stands near the end, comes after 2^40 bytes only
        for i in range(count):
            at = where + 56 * i
            kind, vaddr = struct.unpack_from("<I", core, at)[0], \
                struct.unpack_from("<Q", core, at + 16)[0]
            if kind == 1 and vaddr > 0x7f0000000000:
                offset = struct.unpack_from("<Q", core, at + 8)[0]
                struct.pack_into("<Q", core, at + 8, offset + (1 << 40))
        path = os.path.join(self.folder, "endless")
        with open(path, "wb") as f:
            f.write(core)
        config = self.config("hold: 500ms\n")
        begun = time.monotonic()
        p = subprocess.run("cat %s /dev/zero | %s --pipe --print --config %s 0 11" %
                           (path, os.path.abspath(program("aftercheck-coredump")), config),
                           shell=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           timeout=PATIENCE)
        self.assertGreaterEqual(time.monotonic() - begun, 0.5)
        self.assertIn(b"not all of the core", p.stderr)
        r = json.loads(p.stdout)
        self.assertEqual(r["exe"], exe)
        self.assertEqual(self.names(r)[0], "parse_header")

    def test_of_a_process_that_is_still_there_only_the_notes_are_read(self):
        if not shutil.which("gcore"):
            self.skipTest("no gcore, which gdb has")
        exe = self.build("plain")
        p = subprocess.Popen([exe, "w"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(self.end, p)
        p.stdout.readline()
        base = os.path.join(self.folder, "live")
        subprocess.run(["gcore", "-o", base, str(p.pid)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open("%s.%d" % (base, p.pid), "rb") as f:
            core = f.read()
        notes = self.beginning(core)
        self.assertLess(len(notes), 64000)
        want = self.names(self.record(core, "0", "11"))
        self.assertIn("main", want)
        self.assertEqual(self.names(self.record(notes, str(p.pid), "11")), want)
        # another process of that number: its memory is not read, nor its name believed
        other = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(self.end, other)
        code, out, err = self.run_it(core, "--print", str(other.pid), "11")
        self.assertIn("another one by now", err)
        self.assertEqual(json.loads(out)["exe"], exe)
        self.assertEqual(self.names(json.loads(out)), want)


class Desk(Cores):
    """With a configuration, a state directory and a service that takes records."""

    def setUp(self):
        super().setUp()
        self.state = os.path.join(self.folder, "state")
        self.port = free_port()
        self.config = os.path.join(self.folder, "coredump.yml")
        self.configure()

    def configure(self, more="", port=None):
        with open(self.config, "w") as f:
            f.write("server: http://127.0.0.1:%d\nhost: h1\nstate: %s\n"
                    "services:\n- {exe: \"*/crash-*\", service: pay}\n%s"
                    % (port or self.port, self.state, more))

    def crash(self, core, pid, at, sig=11):
        return self.run_it(core, "--config", self.config, str(pid), str(sig), str(int(at)))

    def other(self, *args):
        p = subprocess.run([program("aftercheck-coredump"), "--config", self.config] +
                           list(args), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           timeout=PATIENCE)
        return p.returncode, p.stdout.decode(), p.stderr.decode()

    def fake(self):
        s = FakeService(self.port)
        s.status = 202
        self.addCleanup(s.close)
        return s


class Sending(Desk):
    def test_a_new_crash_after_a_change_is_a_finding(self):
        rules = self.rules(WINDOWS)
        shutil.copy(os.path.join(DEFAULTS, "50-crashes.yml"), rules)
        s = self.service("samples: {step: 1s, keep: 15m}\n", rules).start()
        self.configure(port=s.port)
        exe = self.build("plain")
        old, new = self.core(exe, "d"), self.core(exe, "s")
        now = time.time()
        self.assertEqual(self.crash(old, NOBODY, now - 7200)[0], 0)
        status, body = s.post("/v1/changes", {
            "source": "t", "id": "c1", "kind": "release", "service": "pay",
            "hosts": ["h1"], "time": rfc3339(now), "phase": "finished"})
        self.assertEqual(status, 202, body)
        wait_for("the settle time", lambda: time.time() > now + 2)
        code, _, err = self.crash(new, NOBODY + 1, now + 2)
        self.assertEqual((code, err.count("error")), (0, 0), err)
        self.assertEqual(s.metric("aftercheck_coredumps_total"), 2)

        def found():
            status, v = s.json("/v1/changes/c1/verdict")
            return status == 200 and [f for f in v.get("findings", ())
                                      if f["rule"] == "crashes"]
        finding = wait_for("the finding", found)[0]
        self.assertIn("parse_header", json.dumps(finding))
        self.assertEqual(finding["grade"], "attention")
        self.assertEqual(finding["after"], 1)

    def test_while_the_service_is_away_records_wait_on_disk(self):
        exe = self.build("plain")
        core = self.core(exe, "s")
        code, _, err = self.crash(core, NOBODY, 1795255200)
        self.assertEqual(code, 0, err)
        self.assertIn("not sent yet", err)
        self.assertEqual(len(os.listdir(self.state + "/spool/queue")), 1)
        code, out, _ = self.other("--flush")
        self.assertEqual((code, out[:8]), (75, "0 sent, "))
        s = self.fake()
        code, out, _ = self.other("--flush")
        self.assertEqual((code, out[:7]), (0, "1 sent,"))
        r = json.loads(s.bodies[0])
        self.assertEqual((s.paths, r["pid"], r["host"], r["service"], r["exe"]),
                         (["/v1/coredumps"], NOBODY, "h1", "pay", exe))
        self.assertEqual(self.names(r)[:3], ["parse_header", "read_file", "main"])

    def test_one_handler_sends_and_others_leave_theirs_to_it(self):
        core = self.core(self.build("plain"), "s")
        s = self.fake()
        self.assertEqual(self.crash(core, NOBODY, 1795255200)[0], 0)
        with open(self.state + "/spool/send.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            code, _, err = self.crash(core, NOBODY + 1, 1795255201)
            self.assertEqual(code, 0, err)
            self.assertIn("another process is sending", err)
        self.assertEqual(len(s.bodies), 1)
        self.assertEqual(self.other("--flush")[0], 0)
        self.assertEqual(len(s.bodies), 2)

    def test_a_crash_loop_is_a_count(self):
        self.configure("first: 3\nwithin: 10m\nevery: 1h\n")
        s = self.fake()
        core = self.core(self.build("plain"), "s")
        live = subprocess.Popen([self.build("plain"), "w"], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE)
        self.addCleanup(self.end, live)
        live.stdout.readline()
        begun = int(time.time()) - 20
        for i in range(10):
            self.assertEqual(self.crash(core, live.pid, begun + i, 6)[0], 0)
        self.assertEqual(len(s.bodies), 3)
        self.assertEqual(self.other("--flush")[0], 0)
        self.assertEqual(len(s.bodies), 3)  # not yet
        self.configure("first: 3\nwithin: 10m\nevery: 1s\n")
        wait_for("the count", lambda: self.other("--flush")[0] == 0 and len(s.bodies) == 4)
        last = json.loads(s.bodies[3])
        self.assertEqual((last["count"], last["time"], last["signal"]),
                         (7, rfc3339(begun + 9).replace(".000", ""), "SIGABRT"))
        self.assertEqual(last["frames"], json.loads(s.bodies[2])["frames"])
        self.assertEqual(self.other("--flush")[0], 0)
        self.assertEqual(len(s.bodies), 4)

    def test_a_configuration_is_checked_whole(self):
        self.assertEqual(self.other("--check-config")[:2], (0, "the configuration is fine\n"))
        self.configure("hold: 9s\nfrosts: 3\nframes: 65\n")
        code, _, err = self.other("--check-config")
        self.assertEqual(code, 1)
        self.assertIn("coredump.yml:8:9: error[out-of-range]: ", err)
        self.assertIn("coredump.yml:7:1: error[unknown-field]: ", err)
        for args in ([], ["--pipe", "--flush"], ["--flush", "7"]):
            self.assertEqual(self.other(*args)[0], 2)


class Journal(Desk):
    """A journal in a directory, written by systemd-journal-remote from entries as
    systemd-coredump 252 writes them."""

    def journal(self, *entries):
        if not os.path.exists(REMOTE):
            self.skipTest("no %s: the package systemd-journal-remote has it" % REMOTE)
        text = b""
        for no, fields in enumerate(entries):
            fields = dict({"__REALTIME_TIMESTAMP": 1795255200000000 + no,
                           "__MONOTONIC_TIMESTAMP": 1000000 + no,
                           "_BOOT_ID": "a" * 32, "_HOSTNAME": "h7",
                           "_SYSTEMD_UNIT": "systemd-coredump@1-77-0.service",
                           "MESSAGE_ID": MESSAGE_ID}, **fields)
            for name, value in fields.items():
                value = str(value).encode()
                if b"\n" in value:
                    text += name.encode() + b"\n" + len(value).to_bytes(8, "little")
                    text += value + b"\n"
                else:
                    text += name.encode() + b"=" + value + b"\n"
            text += b"\n"
        folder = os.path.join(self.folder, "journal")
        os.makedirs(folder, exist_ok=True)
        subprocess.run([REMOTE, "-o", folder + "/x%d.journal" % len(os.listdir(folder)), "-"],
                       input=text, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        return folder

    def entry(self, exe, core=None, **more):
        e = {"COREDUMP_PID": 4711, "COREDUMP_UID": os.getuid(), "COREDUMP_GID": os.getgid(),
             "COREDUMP_SIGNAL": 11, "COREDUMP_TIMESTAMP": 1795255100000000,
             "COREDUMP_EXE": exe, "COREDUMP_COMM": "crash", "COREDUMP_UNIT": "web@3.service",
             "COREDUMP_ENVIRON": "SECRET=" + SECRET, "COREDUMP_CMDLINE": "crash " + SECRET,
             "MESSAGE": "Process 4711 (crash) of user 0 dumped core.\n\n"
                        "Module libc.so.6 with build-id 93ac61ec\n"
                        "Module crash with build-id d67f497e\n"
                        "Stack trace of thread 4711:\n"
                        "#0  0x00005571c7b2c17e parse_header (crash + 0x117e)\n"
                        "#1  0x00007f99ec3b91f5 n/a (libc.so.6 + 0x891f5)\n\n"
                        "Stack trace of thread 4712:\n"
                        "#0  0x00007f99ec3b91f5 pause (libc.so.6 + 0x1)\n"}
        if core:
            e["COREDUMP_FILENAME"] = core
        e.update(more)
        return e

    def follow(self, folder):
        code, _, err = self.other("--follow", "--journal", folder, "--all", "--once")
        self.assertEqual(code, 0, err)
        return err

    def test_entries_are_told_once_with_the_stack_of_core_or_message(self):
        s = self.fake()
        exe = self.build("plain")
        path = os.path.join(self.folder, "core.gz")
        with open(path, "wb") as f:
            f.write(gzip.compress(self.core(exe, "s")))
        os.chmod(path, 0o644)
        folder = self.journal(self.entry(exe, path),
                              self.entry("/srv/web", "/no/such/core", COREDUMP_SIGNAL=6))
        self.configure()
        with open(self.config) as f:
            text = f.read().replace("host: h1\n", "")
        with open(self.config, "w") as f:
            f.write(text)
        err = self.follow(folder)
        self.assertEqual(len(s.bodies), 2, err)
        one, two = [json.loads(b) for b in s.bodies]
        self.assertEqual(self.names(one)[:3], ["parse_header", "read_file", "main"])
        self.assertEqual((one["service"], one["host"], one["pid"], one["time"]),
                         ("pay", "h7", 4711, "2026-11-21T09:58:20Z"))
        self.assertEqual((two["service"], two["exe"], two["signal"]),
                         ("web", "/srv/web", "SIGABRT"))
        self.assertEqual(two["frames"], [
            {"fn": "parse_header", "module": "crash", "build_id": "d67f497e",
             "offset": "0x117e"},
            {"module": "libc.so.6", "build_id": "93ac61ec", "offset": "0x891f5"}])
        self.assertNotIn(SECRET, "".join(s.bodies))
        self.follow(folder)
        self.assertEqual(len(s.bodies), 2)
        self.journal(self.entry("/srv/new", COREDUMP_PID=9,
                                __REALTIME_TIMESTAMP=1795255300000000,
                                __MONOTONIC_TIMESTAMP=9000000))
        self.follow(folder)
        self.assertEqual(len(s.bodies), 3)

    def start_following(self, folder):
        log = os.path.join(self.folder, "follow.log")
        with open(log, "wb") as f:
            p = subprocess.Popen([program("aftercheck-coredump"), "--config", self.config,
                                  "--follow", "--journal", folder], stderr=f)
        self.addCleanup(self.end, p)
        # it says nothing when it is ready, but has opened the journal then
        wait_for("the journal to be open", lambda: any(
            os.readlink(l).startswith("anon_inode:inotify")
            for l in glob.glob("/proc/%d/fd/*" % p.pid) if os.path.islink(l)))
        return p

    def test_what_comes_while_it_follows_is_told_and_it_ends_when_told_to(self):
        s = self.fake()
        folder = self.journal(self.entry("/srv/old"))
        p = self.start_following(folder)
        later = {"__REALTIME_TIMESTAMP": 1795255300000000, "__MONOTONIC_TIMESTAMP": 9000000}
        self.journal(self.entry("/srv/new", COREDUMP_PID=9, **later))
        wait_for("the record", lambda: s.bodies)
        p.send_signal(signal.SIGTERM)
        self.assertEqual(p.wait(PATIENCE), 0)
        self.assertEqual([json.loads(b)["exe"] for b in s.bodies], ["/srv/new"])

    def test_of_an_empty_journal_everything_is_new(self):
        s = self.fake()
        folder = self.journal()
        p = self.start_following(folder)
        self.journal(self.entry("/srv/new"))
        wait_for("the record", lambda: s.bodies)
        p.send_signal(signal.SIGTERM)
        self.assertEqual(p.wait(PATIENCE), 0)

    def test_what_is_not_of_systemd_coredump_is_passed_over(self):
        s = self.fake()
        folder = self.journal(
            self.entry("/srv/forged", _SYSTEMD_UNIT="session-1.scope"),
            self.entry("/srv/other", MESSAGE_ID="b" * 32), self.entry("/srv/true"))
        err = self.follow(folder)
        self.assertEqual([json.loads(b)["exe"] for b in s.bodies], ["/srv/true"])
        self.assertIn("1 entries say they are coredumps", err)


@unittest.skipUnless(os.environ.get("AFTERCHECK_CORE_PATTERN") == "1" and os.geteuid() == 0,
                     "sets kernel.core_pattern of this machine for a moment: as root, with "
                     "AFTERCHECK_CORE_PATTERN=1")
class Kernel(Desk):
    """The kernel itself as the caller."""

    def setUp(self):
        super().setUp()
        self.set_to("core_pipe_limit", "16")
        # a pattern has 127 bytes: the configuration is found behind a short name
        self.link = "/tmp/aftercheck-%d" % os.getpid()
        os.symlink(self.folder, self.link)
        self.addCleanup(os.unlink, self.link)
        os.symlink(os.path.abspath(program("aftercheck-coredump")), self.folder + "/handler")
        self.set_to("core_pattern", "|%s/handler --pipe --config %s/coredump.yml %%P %%s %%t" %
                    (self.link, self.link))

    def set_to(self, name, value):
        path = "/proc/sys/kernel/" + name
        with open(path) as f:
            before = f.read()
        self.addCleanup(self.write, path, before)
        self.write(path, value)

    def write(self, path, value):
        with open(path, "w") as f:
            f.write(value)

    def test_the_kernels_cores_arrive_and_a_loop_is_a_count(self):
        s = self.fake()
        self.configure("first: 2\nevery: 1s\n")
        exe = self.build("debug")
        for _ in range(2):
            self.assertEqual(subprocess.run([exe, "t"]).returncode, -signal.SIGSEGV)
        wait_for("the records", lambda: len(s.bodies) == 2)
        one = json.loads(s.bodies[0])
        self.assertEqual(self.names(one)[:4], ["poke", "parse_header", "read_file",
                                               "in_thread"])
        self.assertEqual((one["exe"], one["service"], one["signal"]), (exe, "pay", "SIGSEGV"))
        self.assertLess(abs(time.time() - time.mktime(time.strptime(
            one["time"] + "UTC", "%Y-%m-%dT%H:%M:%SZ%Z"))), PATIENCE)
        for _ in range(10):
            subprocess.run([exe, "t"])

        def told():
            self.other("--flush")
            return sum(json.loads(b).get("count", 1) for b in s.bodies)
        wait_for("all to be told", lambda: told() == 12)
        self.assertLess(len(s.bodies), 12)

    def test_a_program_that_was_replaced_is_read_as_it_ran(self):
        s = self.fake()
        exe = self.build("debug")
        p = subprocess.Popen([exe, "w"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(self.end, p)
        p.stdout.readline()
        os.rename(self.build("stripped"), exe)
        p.communicate(b"\n")
        self.assertEqual(p.returncode, -signal.SIGSEGV)
        wait_for("the record", lambda: s.bodies)
        self.assertEqual(self.names(json.loads(s.bodies[0]))[:2], ["poke", "parse_header"])


if __name__ == "__main__":
    unittest.main()
