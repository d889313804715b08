"""Packs what a release brings into build/release/, from dist/ as it is.

python tools/release.py vVERSION

aioweb-VERSION-dist.zip  dist/, for a web host
aioweb-VERSION-ARCH.zip  what goes to a board's /lib
notes.md                 the changelog's part
"""

import re
import shutil
import sys
import zipfile

from dist import DIST, shipped_files
from matrix import ARCHITECTURES, BUILD, BUNDLE, PORTABLE, ROOT, version

OUT = BUILD / "release"


class ReleaseError(Exception):
    pass


def notes(tag, changelog):
    """The changelog's part for a tag, which must be the version's and have a date."""
    if tag != f"v{version()}":
        raise ReleaseError(f"the tag of version {version()} is v{version()}, not {tag}")
    parts = re.split(r"^## ", changelog, flags=re.M)
    for part in parts:
        title, _, text = part.partition("\n")
        if re.fullmatch(rf"\[{re.escape(version())}\] - \d{{4}}-\d\d-\d\d", title):
            return text.strip() + "\n"
    raise ReleaseError(f"CHANGELOG.md has no '## [{version()}] - YYYY-MM-DD'")


def pack(path, files):
    """A zip of {name: bytes} that is the same wherever it is made."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)


def main(tag):
    text = notes(tag, (ROOT / "CHANGELOG.md").read_text())
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    (OUT / "notes.md").write_text(text)
    name = f"aioweb-{version()}"
    tree = {p.relative_to(DIST).as_posix(): p for p in DIST.rglob("*") if p.is_file()}
    pack(OUT / f"{name}-dist.zip", {to: path.read_bytes() for to, path in tree.items()})
    for arch in [*ARCHITECTURES, PORTABLE, BUNDLE]:
        pack(OUT / f"{name}-{arch}.zip", shipped_files(arch))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except ReleaseError as e:
        sys.exit(f"release.py: {e}")
