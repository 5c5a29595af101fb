"""A mail as another library reads it: Python's email package takes apart what notifier/eml
put together.  Programs are looked for in $AFTERCHECK_BIN."""
import email
import email.policy
import html.parser
import os
import re
import subprocess
import tempfile
import unittest

PROBE = os.path.join(os.environ.get("AFTERCHECK_BIN", "build/bin"), "notifier_probe")


def written(mode):
    with tempfile.TemporaryDirectory() as scratch:
        out = subprocess.run([PROBE, mode, scratch], capture_output=True, timeout=120)
    if out.returncode != 0:
        raise AssertionError(out.stderr.decode())
    return out.stdout


class Elements(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links, self.images = set(), [], []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        attrs = dict(attrs)
        if tag == "a":
            self.links.append(attrs["href"])
        if tag == "img":
            self.images.append((attrs["src"], attrs["alt"]))
        self.handlers = [a for a in attrs if a.startswith("on")]
        assert not self.handlers, attrs


def parts(message):
    return {p.get_content_type(): p for p in message.walk() if not p.is_multipart()}


class Mail(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.raw = written("eml")
        cls.mail = email.message_from_bytes(cls.raw, policy=email.policy.default)

    def test_its_tree_is_what_clients_expect(self):
        self.assertEqual(self.mail.get_content_type(), "multipart/alternative")
        text, related = self.mail.iter_parts()
        self.assertEqual(text.get_content_type(), "text/plain")
        self.assertEqual(related.get_content_type(), "multipart/related")
        self.assertEqual([p.get_content_type() for p in related.iter_parts()],
                         ["text/html", "image/png", "image/png"])
        self.assertEqual([d for p in self.mail.walk() for d in p.defects], [])

    def test_its_headers_say_what_they_should(self):
        m = self.mail
        self.assertEqual(m["Subject"], "[aftercheck] pay 2.4.1 -> 2.5.0 (8812)")
        self.assertEqual(m["Date"].datetime.isoformat(), "2026-11-21T10:31:00+00:00")
        self.assertEqual(m["To"], "pay-oncall@example.com")
        self.assertEqual(m["X-Aftercheck-Change"], "8812")
        self.assertEqual(m["X-Aftercheck-Grade"], "must-handle")
        self.assertEqual(m["In-Reply-To"], m["References"])
        self.assertNotEqual(m["Message-ID"], m["References"])
        self.assertEqual(m["Auto-Submitted"], "auto-generated")

    def test_every_picture_is_shown_and_described(self):
        found = parts(self.mail)
        elements = Elements()
        elements.feed(found["text/html"].get_content())
        ids = ["cid:" + p["Content-ID"].strip("<>") for p in self.mail.walk() if p["Content-ID"]]
        self.assertEqual([src for src, _ in elements.images], ids)
        self.assertIn("19.4 %", elements.images[0][1])
        self.assertTrue(found["image/png"].get_content().startswith(b"\x89PNG"))

    def test_its_text_is_complete(self):
        text = parts(self.mail)["text/plain"].get_content()
        for words in ("Must handle", "19.4 %", "Stop the release and roll back", "pay-04"):
            self.assertIn(words, text)

    def test_it_repeats_byte_for_byte(self):
        self.assertEqual(written("eml"), self.raw)

    def test_no_line_can_be_taken_for_smtp(self):
        self.assertNotRegex(self.raw, rb"(?<!\r)\n|\r(?!\n)|(^|\n)\.")
        self.assertLess(max(map(len, self.raw.split(b"\r\n"))), 79)


class Hostile(unittest.TestCase):
    def test_no_field_becomes_a_header_markup_or_a_link(self):
        raw = written("hostile-eml")
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        self.assertNotIn("Bcc", mail)
        self.assertEqual(sorted(set(mail.keys())), sorted(mail.keys()))
        self.assertNotRegex(raw, rb"(?<!\r)\n|\r(?!\n)|(^|\n)\.")
        elements = Elements()
        elements.feed(parts(mail)["text/html"].get_content())
        self.assertFalse(elements.tags & {"script", "iframe", "form", "object", "svg"})
        self.assertEqual([u for u in elements.links if not re.match("https?://", u)], [])
        for kind in ("text/plain", "text/html"):
            self.assertNotIn("\u202e", parts(mail)[kind].get_content())


if __name__ == "__main__":
    unittest.main()
