"""Writes where the project's files are served into what tells how to install them.

    python3 tools/home.py [HOME]

HOME is `github:OWNER/NAME`, for a repository, or the URL of a copy of dist/. It is kept
in build_matrix.yml; without it, what is there is written.
"""

import re
import sys
from pathlib import Path

import yaml
from matrix import ROOT

UNKNOWN = "http://HOST"
PAGES = ("README.md", "docs/install.md")
_BEGIN, _END = "<!-- home: make dist -->\n", "<!-- end of home -->"
_MATRIX = "build_matrix.yml"
_GITHUB = re.compile(r"github:([\w.-]+/[\w.-]+)$")


def read(root=ROOT):
    return yaml.safe_load((root / _MATRIX).read_text())["home"]


def url(home):
    """Where a board gets files of dist/ by HTTP."""
    found = _GITHUB.match(home)
    return f"https://raw.githubusercontent.com/{found[1]}/HEAD/dist" if found else home


def mip(home):
    """The same for `mip install`."""
    return f"{home}/dist" if _GITHUB.match(home) else home


def _said(home):
    if home == UNKNOWN:
        return (
            f"Put the address at which a copy of `dist/` is served in place of `{UNKNOWN}`: any\n"
            "web host serves it, `python3 -m http.server -d dist`, or a repository.\n"
        )
    return f"A copy of `dist/` is at `{url(home)}`.\n"


def render(text, old, new):
    """A page that names the new home in place of the old one."""
    text = text.replace(f"mip install {mip(old)}/", f"mip install {mip(new)}/")
    text = text.replace(url(old), url(new))
    said = re.compile(re.escape(_BEGIN) + ".*?" + re.escape(_END), re.S)
    return said.sub(lambda _: _BEGIN + _said(new) + _END, text)


def write(home=None, root=ROOT):
    old = read(root)
    new = home.rstrip("/") if home else old
    if not _GITHUB.match(new) and not re.match(r"https?://[^/\s]", new):
        sys.exit(f"{home} is neither github:OWNER/NAME nor a URL")
    for name in PAGES:
        path = Path(root) / name
        path.write_text(render(path.read_text(), old, new))
    path = Path(root) / _MATRIX
    path.write_text(path.read_text().replace(f"\nhome: {old}\n", f"\nhome: {new}\n"))


if __name__ == "__main__":
    write(*sys.argv[1:])
