"""The agent's speed tests: the real nginx, with and without TLS, that answers or does not."""
import os
import re
import shutil
import signal
import socket
import subprocess
import unittest

from flow import PATIENCE, FlowTest, free_port, program, wait_for
from test_agent import FakeService

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


class Probes(FlowTest):
    def setUp(self):
        super().setUp()
        self.service_port = free_port()
        self.taken = FakeService(self.service_port)
        self.addCleanup(self.taken.close)

    def nginx(self):
        if not os.path.exists(NGINX) or not shutil.which("openssl"):
            self.skipTest("nginx and openssl are not both installed")
        self.plain, self.tls = free_port(), free_port()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "20",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", os.path.join(self.folder, "key.pem"),
                        "-out", os.path.join(self.folder, "cert.pem")],
                       check=True, capture_output=True)
        conf = os.path.join(self.folder, "nginx.conf")
        with open(conf, "w") as f:
            f.write("""daemon off; pid %(d)s/nginx.pid; error_log %(d)s/error.log;
events {}
http {
  client_body_temp_path %(d)s/b; proxy_temp_path %(d)s/p; fastcgi_temp_path %(d)s/f;
  uwsgi_temp_path %(d)s/u; scgi_temp_path %(d)s/s; access_log off;
  server {
    listen 127.0.0.1:%(plain)d;
    listen 127.0.0.1:%(tls)d ssl;
    server_name localhost;
    ssl_certificate %(d)s/cert.pem; ssl_certificate_key %(d)s/key.pem;
    location / { return 200 "ok"; }
    location /bad { return 503; }
  }
}
""" % {"d": self.folder, "plain": self.plain, "tls": self.tls})
        self.server = subprocess.Popen([NGINX, "-p", self.folder, "-c", conf],
                                       stderr=subprocess.DEVNULL)
        self.addCleanup(self.stop_nginx)
        wait_for("nginx", self.listens)

    def stop_nginx(self):
        self.server.terminate()
        self.server.wait(PATIENCE)

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.tls), PATIENCE).close()
            return True
        except OSError:
            return False

    def start(self, probes):
        config = os.path.join(self.folder, "agent.yml")
        with open(config, "w") as f:
            f.write("service: shop\nprobes:\n" + "".join(
                "  - {name: %s, interval: 2s, timeout: 2s, %s}\n" % p for p in probes.items()))
        self.log = os.path.join(self.folder, "agent.log")
        with open(self.log, "ab") as log:
            self.agent = subprocess.Popen(
                [program("aftercheck-agent"), "--server",
                 "http://127.0.0.1:%d" % self.service_port, "--host", "h1", "--interval", "1s",
                 "--buffer", "none", "--config", config], stdout=log, stderr=log)
        self.addCleanup(self.kill)

    def kill(self):
        if self.agent.poll() is None:
            self.agent.kill()
        self.agent.wait()

    def last(self, name):
        """The figures of the newest result, or None."""
        lines = re.findall(r"^probe,probe=%s,host=h1,service=shop (\S+) \d+$" % name,
                           "\n".join(self.taken.bodies), re.M)
        return {k: float(v) for k, v in (f.split("=") for f in lines[-1].split(","))} \
            if lines else None

    def test_answers_are_measured_and_failures_are_told(self):
        self.nginx()
        silent = socket.create_server(("127.0.0.1", 0))  # takes connections, never answers
        self.addCleanup(silent.close)
        cert = os.path.join(self.folder, "cert.pem")
        self.start({
            "plain": "url: 'http://127.0.0.1:%d/'" % self.plain,
            "tls": "url: 'https://localhost:%d/', ca: %s" % (self.tls, cert),
            "untrusted": "url: 'https://localhost:%d/'" % self.tls,
            "insecure": "url: 'https://localhost:%d/', insecure: true" % self.tls,
            "bad": "url: 'http://127.0.0.1:%d/bad'" % self.plain,
            "meant": "url: 'http://127.0.0.1:%d/bad', status: 503" % self.plain,
            "tcp": "url: 'tcp://127.0.0.1:%d'" % self.plain,
            "handshake": "url: 'tls://localhost:%d', ca: %s" % (self.tls, cert),
            "nobody": "url: 'tcp://127.0.0.1:%d'" % free_port(),
            "hangs": "url: 'http://127.0.0.1:%d/'" % silent.getsockname()[1],
            "nameless": "url: 'http://no-such-host.invalid/'",
        })
        got = {}
        for name in ("plain", "tls", "untrusted", "insecure", "bad", "meant", "tcp", "handshake",
                     "nobody", "hangs", "nameless"):
            got[name] = wait_for("a result of " + name, lambda: self.last(name))
        plain = got["plain"]
        self.assertEqual((plain["success"], plain["status"]), (1, 200))
        self.assertEqual(set(plain), {"success", "status", "dns_ms", "connect_ms",
                                      "first_byte_ms", "total_ms"})
        self.assertLessEqual(plain["connect_ms"] + plain["first_byte_ms"], plain["total_ms"] + 0.1)
        for name in ("tls", "insecure"):
            self.assertEqual((got[name]["success"], got[name]["status"]), (1, 200))
            self.assertGreater(got[name]["tls_ms"], 0)
            self.assertAlmostEqual(got[name]["cert_days"], 20, delta=0.1)
        self.assertEqual(got["bad"], {"success": 0, "status": 503})
        self.assertEqual((got["meant"]["success"], got["meant"]["status"]), (1, 503))
        self.assertEqual(set(got["tcp"]), {"success", "dns_ms", "connect_ms", "total_ms"})
        self.assertEqual(got["tcp"]["success"], 1)
        self.assertEqual(got["handshake"]["success"], 1)
        self.assertGreater(got["handshake"]["tls_ms"], 0)
        for name in ("untrusted", "nobody", "hangs", "nameless"):
            self.assertEqual(got[name], {"success": 0}, name)
        self.agent.send_signal(signal.SIGTERM)
        self.assertEqual(self.agent.wait(PATIENCE), 0)

    def test_a_server_that_goes_away_fails_the_probe_and_the_agent_stays_small(self):
        self.nginx()
        self.start({"tcp": "url: 'tls://localhost:%d', insecure: true" % self.tls})
        wait_for("a success", lambda: (self.last("tcp") or {}).get("success") == 1)
        with open("/proc/%d/maps" % self.agent.pid) as f:
            self.assertNotIn("libcurl", f.read())
        self.stop_nginx()
        wait_for("a failure", lambda: self.last("tcp") == {"success": 0})

    def test_mistakes_in_probes_are_told(self):
        config = os.path.join(self.folder, "bad.yml")
        for fields, words in (("url: 'ftp://x/'", "expected http://"),
                              ("url: 'http://a b/'", "no blanks"),
                              ("url: 'http://x/', status: ok", "expected 200 or 200..399"),
                              ("url: 'http://x/', status: 300..200", "expected 200 or 200..399"),
                              ("url: 'http://x/', timeout: 1m", "timeout is longer"),
                              ("url: 'http://x/', ca: /no/such", "ca: /no/such")):
            with open(config, "w") as f:
                f.write("probes:\n  - {name: x, %s}\n" % fields)
            got = subprocess.run([program("aftercheck-agent"), "--config", config,
                                  "--check-config"], capture_output=True, text=True)
            self.assertEqual(got.returncode, 1, fields)
            self.assertIn("%s:2:5: error[" % config, got.stderr)
            self.assertIn(words, got.stderr)


if __name__ == "__main__":
    unittest.main()
