"""notifier/smtp against real SMTP servers: what is accepted, what is refused at which
command, what stalls and what breaks off.  Programs are looked for in $AFTERCHECK_BIN."""
import logging
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

PROBE = os.path.join(os.environ.get("AFTERCHECK_BIN", "build/bin"), "smtp_probe")
logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # refused certificates are meant
MAIL = b"Subject: x\r\n\r\n=2E\r\nbody =2E\r\n"


def probe(url, to="a@example.com", mail=MAIL, sender="check@example.com", **options):
    args = [PROBE, url, sender, to] + ["%s=%s" % (k, v) for k, v in options.items()]
    out = subprocess.run(args, input=mail, capture_output=True, timeout=120)
    if out.returncode != 0:
        raise AssertionError(out.stderr.decode())
    end, replies, words = out.stdout.decode().rstrip("\n").split(" ", 2)
    return end, [int(r) for r in replies.split(",")], words


class Keeper:
    """Keeps what comes; refuses recipients by what their address begins with."""

    def __init__(self):
        self.mails = []
        self.helo = None

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.helo = session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address.startswith("gone"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("busy"):
            return "451 4.7.1 try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        return "250 taken"


def served(handler, **options):
    # port 0 is not taken by this version of aiosmtpd: find a free one first
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port, **options)
    controller.start()
    return controller, "smtp://127.0.0.1:%d" % port


class Script:
    """A server that follows a script: command -> reply (None: say nothing, "": hang up)."""

    def __init__(self, replies, greeting="220 here"):
        self.replies, self.greeting = replies, greeting
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "smtp://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.seen = []
        self.done = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        con, _ = self.listener.accept()
        with con, con.makefile("rb") as lines:
            try:
                self.talk(con, lines)
            except OSError:
                pass

    def say(self, con, reply):
        if reply is None:
            self.done.wait(60)
            return False
        if reply == "":
            return False
        con.sendall(reply.encode() + b"\r\n")
        return True

    def talk(self, con, lines):
        if not self.say(con, self.greeting):
            return
        for line in lines:
            command = line.split()[0].split(b":")[0].decode().upper()
            self.seen.append(line)
            if command == "QUIT":
                self.say(con, "221 bye")
                return
            default = "354 go on" if command == "DATA" else "250 OK"
            reply = self.replies.get(command, default)
            if not self.say(con, reply):
                return
            if command == "DATA" and reply.startswith("354"):
                while lines.readline() not in (b".\r\n", b""):
                    pass
                if not self.say(con, self.replies.get(".", "250 taken")):
                    return

    def close(self):
        self.done.set()
        self.listener.close()


class Plain(unittest.TestCase):
    def setUp(self):
        self.keeper = Keeper()
        self.server, self.url = served(self.keeper)
        self.addCleanup(self.server.stop)

    def test_a_mail_arrives_as_it_was_given(self):
        end, replies, words = probe(self.url, tls="never", helo="check.example.com")
        self.assertEqual((end, replies, words), ("sent", [250], ""))
        sender, to, content = self.keeper.mails[0]
        self.assertEqual((sender, to), ("check@example.com", ["a@example.com"]))
        self.assertEqual(content, MAIL)
        self.assertEqual(self.keeper.helo, "check.example.com")

    def test_a_large_mail_arrives_whole(self):
        mail = b"Subject: x\r\n\r\n" + b"line of text\r\n" * 100000
        self.assertEqual(probe(self.url, mail=mail, tls="never")[0], "sent")
        self.assertEqual(self.keeper.mails[0][2], mail)

    def test_refused_recipients_are_singled_out(self):
        end, replies, words = probe(self.url, "a@example.com,gone@example.com,busy@example.com",
                                    tls="never")
        self.assertEqual((end, replies), ("sent", [250, 550, 451]))
        self.assertIn("gone@example.com (550)", words)
        self.assertEqual(self.keeper.mails[0][1], ["a@example.com"])

    def test_all_recipients_gone_is_for_good(self):
        end, replies, words = probe(self.url, "gone@example.com,gone2@example.com", tls="never")
        self.assertEqual((end, replies), ("never", [550, 550]))
        self.assertIn("no such mailbox", words)

    def test_a_busy_recipient_is_tried_later(self):
        self.assertEqual(probe(self.url, "gone@example.com,busy@example.com", tls="never")[:2],
                         ("later", [550, 451]))
        self.assertEqual(self.keeper.mails, [])

    def test_without_starttls_nothing_is_sent(self):
        end, _, words = probe(self.url)
        self.assertEqual(end, "later")
        self.assertEqual(self.keeper.mails, [])
        self.assertNotEqual(words, "")

    def test_a_password_never_goes_to_a_server_without_tls(self):
        self.assertEqual(probe(self.url, user="u", password_file="/dev/null")[0], "later")
        self.assertEqual(self.keeper.mails, [])

    def test_bad_addresses_are_not_sent(self):
        end, replies, _ = probe(self.url, "b@x.com>\r\nRCPT TO:<evil@y.com", tls="never")
        self.assertEqual((end, replies), ("never", [0]))
        self.assertEqual(self.keeper.mails, [])


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.certificate = os.path.join(cls.folder.name, "cert.pem")
        cls.key = os.path.join(cls.folder.name, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-keyout", cls.key, "-out", cls.certificate, "-subj", "/CN=127.0.0.1",
                        "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True)
        cls.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.context.load_cert_chain(cls.certificate, cls.key)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def authenticate(self, server, session, envelope, mechanism, data):
        good = isinstance(data, LoginPassword) and data.password == b"secret word"
        self.logins.append(data.login)
        return AuthResult(success=good)

    def setUp(self):
        self.keeper, self.logins = Keeper(), []
        self.server, self.url = served(self.keeper, tls_context=self.context, require_starttls=True,
                                       auth_required=True, authenticator=self.authenticate)
        self.addCleanup(self.server.stop)

    def password(self, text):
        path = os.path.join(self.folder.name, "password")
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, 0o600)
        return path

    def test_starttls_and_log_in(self):
        end, _, words = probe(self.url, ca_file=self.certificate, user="check",
                              password_file=self.password("secret word\n"))
        self.assertEqual((end, words), ("sent", ""))
        self.assertEqual(self.logins, [b"check"])
        self.assertEqual(len(self.keeper.mails), 1)

    def test_a_wrong_password_is_tried_later(self):
        end, _, words = probe(self.url, ca_file=self.certificate, user="check",
                              password_file=self.password("wrong"))
        self.assertEqual(end, "later")
        self.assertNotIn("wrong", words)
        self.assertEqual(self.keeper.mails, [])

    def test_a_certificate_nobody_vouches_for_is_refused(self):
        end, _, words = probe(self.url, user="check", password_file=self.password("secret word"))
        self.assertEqual(end, "later")
        self.assertIn("certificate", words.lower())
        self.assertEqual(self.logins, [])

    def test_a_certificate_of_another_name_is_refused(self):
        url = self.url.replace("127.0.0.1", "localhost")
        end, _, _ = probe(url, ca_file=self.certificate, user="check",
                          password_file=self.password("secret word"))
        self.assertEqual(end, "later")
        self.assertEqual(self.logins, [])


class Scripted(unittest.TestCase):
    def run_script(self, replies, greeting="220 here", **options):
        script = Script(replies, greeting)
        self.addCleanup(script.close)
        return script, probe(script.url, tls="never", **options)

    def test_each_refusal_is_for_good_or_for_now(self):
        cases = [({"MAIL": "550 not you"}, "never"), ({"MAIL": "451 not now"}, "later"),
                 ({"RCPT": "550 not them"}, "never"), ({"RCPT": "450 not now"}, "later"),
                 ({"DATA": "554 no mail"}, "never"), ({"DATA": "421 not now"}, "later"),
                 ({".": "554 spam"}, "never"), ({".": "452 disk full"}, "later"),
                 ({"EHLO": "500 what", "HELO": "550 no"}, "later")]
        for replies, expected in cases:
            with self.subTest(replies=replies):
                _, (end, _, words) = self.run_script(replies)
                self.assertEqual(end, expected)
                code = list(replies.values())[-1]
                self.assertIn(code[4:], words)

    def test_a_server_that_turns_everybody_away_may_recover(self):
        _, (end, _, words) = self.run_script({}, greeting="554 no service")
        self.assertEqual(end, "later")
        self.assertIn("no service", words)

    def test_hanging_up_anywhere_is_for_now(self):
        for at in ("EHLO", "MAIL", "RCPT", "DATA", "."):
            with self.subTest(at=at):
                _, (end, _, words) = self.run_script({at: "", "HELO": ""})
                self.assertEqual(end, "later")
                self.assertNotEqual(words, "")

    def test_a_lost_answer_to_the_mail_is_said_as_such(self):
        _, (end, _, words) = self.run_script({".": ""})
        self.assertEqual(end, "later")
        self.assertIn("did not confirm", words)

    def test_a_server_that_stalls_is_left(self):
        for at in ("MAIL", "."):
            with self.subTest(at=at):
                start = time.monotonic()
                _, (end, _, _) = self.run_script({at: None}, answer_ms=1000)
                self.assertEqual(end, "later")
                self.assertLess(time.monotonic() - start, 20)

    def test_stopping_cuts_a_stalled_delivery_short(self):
        start = time.monotonic()
        _, (end, _, _) = self.run_script({"MAIL": None}, stop_ms=200)
        self.assertEqual(end, "later")
        self.assertLess(time.monotonic() - start, 15)

    def test_the_server_s_words_are_made_plain(self):
        _, (_, _, words) = self.run_script({"MAIL": "550 \x1b[31m\xe2\x80\xae" + "x" * 400})
        self.assertNotIn("\x1b", words)
        self.assertLess(len(words), 300)


if __name__ == "__main__":
    unittest.main()
