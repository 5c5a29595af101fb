"""docs/performance.md in sections, each written by a measurement of its own.

A section stands between two comments that bear its name; whoever writes one leaves the
others as they are."""
import os
import re


def put(path, name, text):
    """Writes a section, in place of the last one of this name or at the page's end."""
    begin, end = "<!-- %s -->\n" % name, "<!-- end of %s -->\n" % name
    page = ""
    if os.path.exists(path):
        with open(path) as f:
            page = f.read()
    section = begin + text.strip("\n") + "\n" + end
    pattern = re.escape(begin) + ".*?" + re.escape(end)
    if re.search(pattern, page, re.S):
        page = re.sub(pattern, lambda _: section, page, flags=re.S)
    else:
        page = page.rstrip("\n") + ("\n\n" if page else "") + section
    with open(path + ".new", "w") as f:
        f.write(page)
    os.rename(path + ".new", path)
