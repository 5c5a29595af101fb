"""Who gets which mail from the real service: through aiosmtpd, a server that breaks off
and a real Postfix; what the links in mails do; what a wrong routing file does."""
import email
import email.policy
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

from aiosmtpd.controller import Controller

from flow import FlowTest, free_port, program, rfc3339, wait_for

SECONDS = "samples: {step: 1s, keep: 15m}\n"
RULES = """format: 1
pack: test
windows:
  default: {before: 10s, settle: 1s, looks: [3s], late: 1s, unfinished: 20s, slow: off}
rules:
  - id: crash.any
    coredumps: true
    must-handle: {count: 1}
"""
ALL = "{must-handle: at-once, attention: final, not-judged: final, ok: final}"


def routing(*audiences, limits="{gather: 0s}"):
    return "routing: 1\nlimits: %s\naudiences:\n%s" % (
        limits, "".join("  - {name: %s, to: [%s], tell: %s}\n" % (name, to, ALL)
                        for name, to in audiences))


class Keeper:
    """Keeps what comes; refuses recipients whose address begins with "gone"."""

    def __init__(self):
        self.mails = []

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address.startswith("gone"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append((envelope.rcpt_tos[0], mail))
        return "250 taken"


def served(keeper, port):
    controller = Controller(keeper, hostname="127.0.0.1", port=port)
    controller.start()
    return controller


class Routed(FlowTest):
    def setUp(self):
        super().setUp()
        self.keeper, self.port = Keeper(), free_port()
        self.file = os.path.join(self.folder, "routing.yml")

    def begin(self, text, ports, more="tls: never"):
        self.route(text)
        servers = ", ".join('{server: "smtp://127.0.0.1:%d", %s}' % (p, more) for p in ports)
        self.s = self.service(
            SECONDS + "routing: %s\nmail:\n  public_url: https://check.example.com/ac\n"
            "  from: check@example.com\n  smtp: [%s]\n" % (self.file, servers),
            self.rules(RULES)).start()

    def serve(self):
        server = served(self.keeper, self.port)
        self.addCleanup(server.stop)

    def route(self, text):
        with open(self.file + ".new", "w") as f:
            f.write(text)
        os.rename(self.file + ".new", self.file)

    def change(self, no, crash=False):
        at = time.time()
        status, answer = self.s.post("/v1/changes", {
            "source": "t", "id": no, "kind": "release", "service": "pay", "hosts": ["h1"],
            "title": "pay " + no, "time": rfc3339(at)})
        self.assertEqual(status, 202, answer)
        if crash:
            status, answer = self.s.post("/v1/coredumps", {
                "time": rfc3339(at + 0.3), "host": "h1", "service": "pay", "exe": "/bin/pay",
                "pid": 7, "signal": "SIGSEGV", "frames": [{"fn": "post", "module": "pay"}]})
            self.assertEqual(status, 202, answer)

    def mails(self, n):
        wait_for("%d mails" % n, lambda: len(self.keeper.mails) >= n)
        self.assertEqual(len(self.keeper.mails), n)
        return self.keeper.mails

    def loopback(self, url):
        """The path of a link in a mail below the public URL, as a proxy would pass it on."""
        prefix = "https://check.example.com/ac"
        self.assertTrue(url.startswith(prefix), url)
        return url[len(prefix):]


class Links(Routed):
    def test_one_click_ends_the_mails_and_a_get_does_not(self):
        self.serve()
        self.begin(routing(("ops", "a@example.com, b@example.com")), [self.port])
        self.change("1")
        to, mail = [m for m in self.mails(2) if m[0] == "a@example.com"][0]
        self.assertEqual(mail["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")
        self.assertIn("aftercheck.ops", mail["List-Id"])
        self.assertEqual(mail["Auto-Submitted"], "auto-generated")
        path = self.loopback(mail["List-Unsubscribe"].strip("<>"))
        self.assertIn(path.split("token=")[1], mail.get_body(("plain",)).get_content())
        # a scanner follows the link, again and again
        for _ in range(3):
            self.assertEqual(self.s.get(path)[0], 200)
        self.change("2")
        self.mails(4)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        self.assertEqual(self.s.post(path[:-1], "", form)[0], 403)
        self.assertEqual(self.s.post(path, "List-Unsubscribe=One-Click", form)[0], 200)
        self.s.stop(signal.SIGKILL)  # what was answered is stored
        self.s.start()
        self.change("3")
        self.assertEqual(self.mails(5)[4][0], "b@example.com")
        self.assertEqual(self.s.post(path + "&again=1", "", form)[0], 200)
        self.change("4")
        self.mails(7)

    def test_a_mark_from_a_mail_counts_for_the_rule(self):
        self.serve()
        self.begin(routing(("ops", "a@example.com")), [self.port])
        self.change("1", crash=True)
        _, mail = self.mails(1)[0]
        text = mail.get_body(("plain",)).get_content()
        link = [w for w in text.split() if "/mail/feedback" in w and w.endswith("useful=0")][0]
        status, page = self.s.get(self.loopback(link))
        self.assertEqual(status, 200)
        action = [p.split('"')[0] for p in page.decode().split('action="')[1:]
                  if "useful=0" in p.split('"')[0]][0].replace("&amp;", "&")
        self.assertEqual(self.s.get(action)[0], 200)  # stores nothing
        self.assertEqual(self.s.post(action, "")[0], 200)
        status, answer = self.s.post("/v1/changes/1/feedback", {
            "rule": "crash.any", "useful": False, "by": "a@example.com"})
        self.assertEqual(status, 200, answer)  # the same mark is there already


class Servers(Routed):
    def test_the_next_server_is_tried_and_refused_recipients_are_singled_out(self):
        self.serve()
        self.begin(routing(("ops", "a@example.com, gone@example.com")),
                   [free_port(), self.port])
        self.change("1")
        self.assertEqual(self.mails(1)[0][0], "a@example.com")
        wait_for("the refused one to be given up",
                 lambda: self.s.metric("aftercheck_mails_dead_total") == 1)
        wait_for("the page to say so", lambda: b'role="alert"' in self.s.get("/")[1])
        page = self.s.get("/")[1].decode()
        self.assertIn("1 mail was given up within a day, the last one to gone@example.com",
                      page)
        wait_for("the log to say so", lambda: "given up" in self.s.tail())

    def test_a_crash_before_the_answer_repeats_the_same_message_id(self):
        seen = []
        listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)

        def swallow():
            con, _ = listener.accept()
            with con, con.makefile("rb") as lines:
                con.sendall(b"220 here\r\n")
                for line in lines:
                    if line.startswith(b"DATA"):
                        con.sendall(b"354 go on\r\n")
                        for text in lines:
                            seen.append(text)
                            if text == b".\r\n":
                                done.wait(60)  # and never an answer
                                return
                    con.sendall(b"250 OK\r\n")

        done = threading.Event()
        self.addCleanup(done.set)
        threading.Thread(target=swallow, daemon=True).start()
        self.begin(routing(("ops", "a@example.com")), [self.port])
        self.change("1")
        wait_for("the whole mail", lambda: seen and seen[-1] == b".\r\n")
        self.s.stop(signal.SIGKILL)
        done.set()
        listener.close()
        self.serve()
        self.s.start()
        _, mail = self.mails(1)[0]
        first = email.message_from_bytes(b"".join(seen[:-1]), policy=email.policy.default)
        self.assertEqual(mail["Message-ID"], first["Message-ID"])
        self.assertEqual(mail["Subject"], first["Subject"])
        wait_for("it to count as sent",
                 lambda: self.s.metric("aftercheck_mails_waiting") == 0)


class Reload(Routed):
    def dry_run(self, *more):
        return subprocess.run([program("aftercheck"), "report", "1", "--dry-run", "--server",
                               "http://127.0.0.1:%d" % self.s.port] + list(more),
                              capture_output=True, text=True, timeout=60)

    def test_a_wrong_file_changes_nothing_and_a_good_one_is_taken(self):
        self.serve()
        self.begin(routing(("ops", "a@example.com")), [self.port])
        good = "aftercheck_routing_last_reload_successful"
        self.route("routing: 1\naudiences: [{name: ops, two: b@example.com}]\n")
        wait_for("the mistake to be seen", lambda: self.s.metric(good) == 0)
        self.assertIn("audience has no field", self.s.get("/")[1].decode())
        self.change("1")
        to, mail = self.mails(1)[0]
        self.assertEqual(to, "a@example.com")  # as before
        self.assertIn("audience has no field", mail.get_body(("plain",)).get_content()
                      .replace("\n", " "))
        self.route(routing(("ops", "b@example.com")))
        wait_for("the good one", lambda: self.s.metric(good) == 1)
        self.assertNotIn("has no field", self.s.get("/")[1].decode())
        said = self.dry_run("--to", "b@example.com")
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertIn("RCPT TO      <b@example.com>", said.stdout)
        self.assertIn("would be sent", said.stdout)
        said = self.dry_run("--to", "a@example.com")
        self.assertEqual(said.returncode, 1)
        self.assertIn("neither an audience nor an address", said.stderr)
        self.change("2")
        self.assertEqual(self.mails(2)[1][0], "b@example.com")


def postfix_home(folder, port, certificate, key):
    """A Postfix of its own: configuration, queue and mailboxes below `folder`."""
    conf, queue, boxes = (os.path.join(folder, d) for d in ("conf", "queue", "boxes"))
    data = os.path.join(folder, "data")
    for d in (conf, queue, boxes, data):
        os.makedirs(d)
    user = pwd.getpwnam("postfix")
    for d in (data, boxes):
        os.chown(d, user.pw_uid, user.pw_gid)
    with open(os.path.join(conf, "main.cf"), "w") as f:
        f.write("""compatibility_level = 3.6
queue_directory = %s
data_directory = %s
maillog_file = %s/mail.log
maillog_file_prefixes = %s
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.com
mydestination =
virtual_mailbox_domains = example.com
virtual_mailbox_base = %s
virtual_mailbox_maps = static:inbox/
virtual_uid_maps = static:%d
virtual_gid_maps = static:%d
virtual_minimum_uid = 1
local_recipient_maps =
smtpd_tls_cert_file = %s
smtpd_tls_key_file = %s
smtpd_tls_security_level = encrypt
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{gone@example.com=REJECT}
""" % (queue, data, folder, folder, boxes, user.pw_uid, user.pw_gid, certificate, key))
    with open(os.path.join(conf, "master.cf"), "w") as f:
        f.write("127.0.0.1:%d inet n - n - - smtpd\n" % port)
        for line in ("pickup unix n - n 60 1 pickup", "cleanup unix n - n - 0 cleanup",
                     "qmgr unix n - n 300 1 qmgr", "rewrite unix - - n - - trivial-rewrite",
                     "tlsmgr unix - - n 1000? 1 tlsmgr", "bounce unix - - n - 0 bounce",
                     "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce",
                     "verify unix - - n - 1 verify", "flush unix n - n 1000? 0 flush",
                     "error unix - - n - - error", "retry unix - - n - - error",
                     "discard unix - - n - - discard", "virtual unix - n n - - virtual",
                     "anvil unix - - n - 1 anvil", "scache unix - - n - 1 scache",
                     "proxymap unix - - n - - proxymap", "postlog unix-dgram n - n - 1 postlogd"):
            f.write(line + "\n")
    return conf, boxes


POSTFIX = shutil.which("postfix", path="/usr/sbin:" + os.environ.get("PATH", ""))


@unittest.skipUnless(POSTFIX, "SKIPPED LOUDLY: there is no Postfix (apt-get install postfix)")
@unittest.skipUnless(os.geteuid() == 0, "SKIPPED LOUDLY: Postfix starts for root only")
class Postfix(Routed):
    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)
        cert, key = (os.path.join(self.folder, n) for n in ("cert.pem", "key.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
                        "2", "-keyout", key, "-out", cert, "-subj", "/CN=127.0.0.1",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True,
                       capture_output=True)
        self.certificate = cert
        home = os.path.join(self.folder, "postfix")
        self.conf, self.boxes = postfix_home(home, self.port, cert, key)
        self.log = os.path.join(home, "mail.log")
        self.control("start")
        self.addCleanup(self.control, "abort")

    def control(self, what):
        done = subprocess.run([POSTFIX, "-c", self.conf, what], capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout + self.words())

    def words(self):
        try:
            with open(self.log) as f:
                return f.read()[-3000:]
        except OSError:
            return ""

    def test_a_report_goes_through_a_real_postfix_by_starttls(self):
        self.begin(routing(("ops", "a@example.com, gone@example.com")), [self.port],
                   "ca_file: " + self.certificate)
        self.change("1")
        box = os.path.join(self.boxes, "inbox", "new", "*")
        try:
            wait_for("the mail in its box", lambda: glob.glob(box))
        except AssertionError as e:
            raise AssertionError("%s\n%s" % (e, self.words()))
        with open(glob.glob(box)[0], "rb") as f:
            mail = email.message_from_binary_file(f, policy=email.policy.default)
        self.assertEqual(mail["Subject"], "[aftercheck] pay 1 (1)")
        self.assertEqual(mail["Delivered-To"], "a@example.com")
        self.assertIn("with ESMTPS", str(mail["Received"]))
        self.assertEqual([d for p in mail.walk() for d in p.defects], [])
        wait_for("the refused one to be given up",
                 lambda: self.s.metric("aftercheck_mails_dead_total") == 1)


if __name__ == "__main__":
    unittest.main()
