"""The guides in docs/rules.md and docs/routing.md, followed to the letter.

    test_guide.py             does what the guides say, and compares what is printed
    test_guide.py --approve   renews what they say is printed; read the difference

A fenced block whose first line names a file (```yaml pay.yml) is that file.  In a block
```console, a line "$ command" is run by a shell in a folder of its own, with the programs
in its PATH; the lines up to the next command are what it prints to standard output and
error.  A line "..." stands for any lines, "[...]" for any text of one line."""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GUIDES = ("rules.md", "routing.md")
BIN = os.environ.get("AFTERCHECK_BIN", os.path.join(ROOT, "build", "bin"))
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.S | re.M)


def run(command, folder):
    env = dict(os.environ, PATH=BIN + ":" + os.environ["PATH"])
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, timeout=120,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return done.stdout.decode()


def matches(want, got):
    parts = [re.escape(p) for p in want.replace("[...]", "\0").split("...\n")]
    pattern = "(?s:.*)".join(parts).replace("\0", ".*").replace("\\\0", ".*")
    return re.fullmatch(pattern, got) is not None


def commands(text):
    """(command, what it prints), one after the other."""
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed


def follow(text, folder):
    wrong, counted = [], {"files": 0, "commands": 0}

    def block(match):
        language, name, body = match.groups()
        if language == "console":
            new = ""
            for command, want in commands(body):
                got = run(command, folder)
                counted["commands"] += 1
                if not matches(want, got):
                    wrong.append("$ %s\nprints\n%s--- expected\n%s" % (command, got, want))
                    want = got
                new += "$ %s\n%s" % (command, want)
            return "```console\n%s```" % new
        if name is not None:
            os.makedirs(os.path.dirname(os.path.join(folder, name)) or folder, exist_ok=True)
            with open(os.path.join(folder, name), "w") as f:
                f.write(body)
            counted["files"] += 1
        return match.group(0)

    return BLOCK.sub(block, text), wrong, counted


def try_guide(path, approve):
    with open(path) as f:
        text = f.read()
    with tempfile.TemporaryDirectory() as folder:
        new, wrong, counted = follow(text, folder)
    if approve:
        with open(path, "w") as f:
            f.write(new)
        return True
    print("%s: %d files, %d commands" % (os.path.basename(path), counted["files"],
                                         counted["commands"]))
    print("\n".join(wrong))
    # a guide without a command would pass whatever it says
    return not wrong and counted["files"] > 2 and counted["commands"] > 3


def main():
    approve = "--approve" in sys.argv[1:]
    good = [try_guide(os.path.join(ROOT, "docs", name), approve) for name in GUIDES]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
