"""What is committed in dist/ is what the sources give, and it installs."""

import json
import shutil
import subprocess
import zlib

import matrix
import pytest
import readme_table
from conftest import BUILD, MICROPYTHON, ROOT

FOLDERS = [matrix.dist_dir(arch) for arch in [*matrix.ARCHITECTURES, matrix.PORTABLE]]


def files_of(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_dist_is_reproduced(folder):
    """make dist, on whatever machine, gives these very bytes."""
    assert files_of(folder) == files_of(BUILD / "dist" / folder.name)


def test_dist_holds_nothing_else():
    assert sorted(p.name for p in (ROOT / "dist").iterdir()) == sorted(f.name for f in FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_package_lists_every_file(folder):
    package = json.loads((folder / "package.json").read_text())
    assert package["version"] == matrix.version()
    targets = [target for target, _ in package["urls"]]
    assert all(target == url for target, url in package["urls"])
    assert sorted(targets) == sorted(
        p.relative_to(folder).as_posix() for p in folder.rglob("*.mpy")
    )
    for name in matrix.NATIVE_FILES:
        assert (f"web/{name}" in targets) == (folder.name != matrix.PORTABLE)


@pytest.mark.parametrize("arch", matrix.ARCHITECTURES)
def test_native_files(arch):
    files = [(matrix.dist_dir(arch) / "web" / n).read_bytes() for n in matrix.NATIVE_FILES]
    for data in files:
        assert data[0:2] == b"M\x06"
        assert data[2] == matrix.ARCHITECTURES[arch]["mpy"] << 2 | 3  # ABI 6.3, no flags
        assert int.from_bytes(data[-4:], "little") == zlib.crc32(data[:-4])
    assert sum(map(len, files)) <= matrix.ARCHITECTURES[arch]["budget"]


@pytest.mark.parametrize("name", [matrix.host(), matrix.PORTABLE])
def test_copying_the_folder_installs(name, tmp_path):
    """A board's /lib is on its path; so is this folder."""
    shutil.copytree(matrix.dist_dir(name), tmp_path / "lib")
    done = subprocess.run(
        [MICROPYTHON, "-c", "import web; web.App; print(web.__version__, web.implementation)"],
        env={"MICROPYPATH": f"{tmp_path}/lib:.frozen"},
        capture_output=True,
        text=True,
        timeout=20,
    )
    which = "portable" if name == matrix.PORTABLE else "native"
    assert done.stdout == f"{matrix.version()} {which}\n", done.stderr


def test_readme_table_is_generated():
    assert readme_table.render() in (ROOT / "README.md").read_text()


def test_changelog_has_the_version():
    assert f"## [{matrix.version()}]" in (ROOT / "CHANGELOG.md").read_text()
