"""What a tag brings, and the workflows that make it."""

import hashlib
import json
import re
import subprocess
import zipfile

import dist
import matrix
import pytest
import release
import yaml
from conftest import ROOT

VERSION = matrix.version()
TAG = f"v{VERSION}"
DATED = f"# Changelog\n\n## [{VERSION}] - 2030-01-02\n\n### Added\n\n- This.\n\n## [0.0.1] - 2029\n"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_notes():
    assert release.notes(TAG, DATED) == "### Added\n\n- This.\n"


@pytest.mark.parametrize(
    "tag,changelog,said",
    [
        (VERSION, DATED, f"is {TAG}, not {VERSION}"),
        ("v999.0.0", DATED, f"is {TAG}, not v999.0.0"),
        (TAG, DATED.replace("2030-01-02", "unreleased"), r"has no '## \["),
        (TAG, "", r"has no '## \["),
    ],
)
def test_what_is_not_ready_is_refused(tag, changelog, said):
    with pytest.raises(release.ReleaseError, match=said):
        release.notes(tag, changelog)


def test_archives(monkeypatch, tmp_path):
    """Their content is what is in dist/, byte for byte, whenever they are made."""
    (tmp_path / "CHANGELOG.md").write_text(DATED)
    monkeypatch.setattr(release, "ROOT", tmp_path)
    made = []
    for name in ("one", "two"):
        monkeypatch.setattr(release, "OUT", tmp_path / name)
        release.main(TAG)
        made.append({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()})
    assert made[0] == made[1]
    for arch in [*matrix.ARCHITECTURES, matrix.PORTABLE, matrix.BUNDLE]:
        with zipfile.ZipFile(tmp_path / "one" / f"aioweb-{VERSION}-{arch}.zip") as archive:
            content = {name: archive.read(name) for name in archive.namelist()}
        assert content == dist.shipped_files(arch)
    with zipfile.ZipFile(tmp_path / "one" / f"aioweb-{VERSION}-dist.zip") as archive:
        archive.extractall(tmp_path / "served")
    served = tmp_path / "served"
    files = [p.relative_to(served) for p in served.rglob("*") if p.is_file()]
    assert sorted(files) == sorted(
        p.relative_to(dist.DIST) for p in dist.DIST.rglob("*") if p.is_file()
    )
    assert all((served / f).read_bytes() == (dist.DIST / f).read_bytes() for f in files)


def test_checksums_and_bill_of_materials(monkeypatch, tmp_path):
    """sha256sum finds them right, and the bill has each file of dist/ by its hash."""
    (tmp_path / "CHANGELOG.md").write_text(DATED)
    monkeypatch.setattr(release, "ROOT", tmp_path)
    monkeypatch.setattr(release, "OUT", tmp_path / "release")
    release.main(TAG)
    made = {p.name for p in (tmp_path / "release").iterdir()}
    done = subprocess.run(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"],
        cwd=tmp_path / "release",
        capture_output=True,
        text=True,
        check=True,
    )
    checked = {line.partition(":")[0] for line in done.stdout.splitlines()}
    assert checked == made - {"notes.md", "SHA256SUMS"}
    bill = json.loads((tmp_path / "release" / "sbom.cdx.json").read_text())
    listed = {part["name"]: part["hashes"][0]["content"] for part in bill["components"]}
    in_dist = [p for p in dist.DIST.rglob("*") if p.is_file()]
    assert listed == {
        p.relative_to(dist.DIST).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in in_dist
    }
    tools = bill["metadata"]["tools"]["components"]
    assert [tool["version"] for tool in tools if tool["name"] == "MicroPython"] == ["1.25.0"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_call_make_alone(path):
    """What a machine of the workflows does, everybody's can do: by targets that exist."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    commands = [
        step["run"]
        for job in yaml.safe_load(path.read_text())["jobs"].values()
        for step in job["steps"]
        if "run" in step
    ]
    made = [command.split()[1] for command in commands if command.startswith("make ")]
    assert made and set(made) <= targets
    others = [command.split()[0] for command in commands if not command.startswith("make ")]
    assert set(others) <= {"apt-get", "gh"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned(path):
    """By the hash of a commit, as a tag may be moved to another."""
    used = re.findall(r"uses: (\S+)(.*)", path.read_text())
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action


def test_workflows():
    made = {path.stem: path.read_text() for path in WORKFLOWS}
    assert "make test" in made["ci"] and "make autobahn" in made["ci"]
    assert "make test" in made["release"] and "make release TAG=" in made["release"]
    assert all(name in made["release"] for name in ("SHA256SUMS", "sbom.cdx.json"))
