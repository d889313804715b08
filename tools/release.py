"""Packs what a release brings into build/release/, from dist/ as it is.

python tools/release.py vVERSION

aioweb-VERSION-dist.zip  dist/, for a web host
aioweb-VERSION-ARCH.zip  what goes to a board's /lib
sbom.cdx.json            what is in them, and what it was made with, in CycloneDX's format
SHA256SUMS               of all these, for sha256sum -c
notes.md                 the changelog's part
"""

import hashlib
import json
import re
import shutil
import sys
import zipfile
from pathlib import Path

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


def built_with():
    """The version of MicroPython whose tools make the files."""
    script = Path(__file__).with_name("get").joinpath("micropython.sh").read_text()
    return re.search(r"^version=(\S+)", script, re.M)[1]


def bill_of_materials(files):
    """What is in {name: bytes}, and what made it (dict). There is no code of others in it,
    and no time, for it is the same wherever it is made."""

    def component(kind, name, number, **more):
        return {"type": kind, "name": name, "version": number, **more}

    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": component(
                "library", "micropython-aioweb", version(), licenses=[{"license": {"id": "MIT"}}]
            ),
            "tools": {
                "components": [
                    component("application", "MicroPython", built_with()),
                    component("operating-system", "Debian", "12"),
                ]
            },
        },
        "components": [
            component(
                "file",
                name,
                version(),
                hashes=[{"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()}],
            )
            for name, data in sorted(files.items())
        ],
    }


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
    bill = bill_of_materials({to: path.read_bytes() for to, path in tree.items()})
    (OUT / "sbom.cdx.json").write_text(json.dumps(bill, indent=1) + "\n")
    made = sorted(path for path in OUT.iterdir() if path.name != "notes.md")
    sums = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in made]
    (OUT / "SHA256SUMS").write_text("".join(sums))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except ReleaseError as e:
        sys.exit(f"release.py: {e}")
