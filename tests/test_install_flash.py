"""Installing on flash that is full, read-only, or without power from one moment to the
next: file systems in a file, which outlives the process."""

import shutil
import subprocess

import dist
import matrix
import pytest
from conftest import DEVICE
from test_install import DIST, HOST, MIP
from test_install_faults import IMPORT, cut, imports, last, one_version, stored, write_older


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    return write_older(tmp_path_factory.mktemp("older"))


class Flash:
    """A board whose /disk is a file system in a file."""

    def __init__(self, folder, kind, blocks):
        self.folder = folder
        self.arguments = [kind, str(folder / "image"), blocks]
        (folder / "image").write_bytes(b"\xff" * 512 * blocks)
        shutil.copy(DEVICE / "disk.py", folder)
        shutil.copy(DIST / "install.py", folder)

    def command(self, code, readonly=False):
        arguments = [*self.arguments, readonly]
        return [MIP, "-c", f"import disk; disk.mount(*{arguments!r})\n{code}"]

    def environment(self):
        return {"MICROPYPATH": f"{self.folder}:.frozen"}

    def run(self, code, **options):
        return subprocess.run(
            self.command(code, **options),
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )

    def install(self, url, **options):
        return self.run(f"import install; install.install({url!r})", **options)

    def fill(self, left):
        """Leave so many bytes."""
        code = f"""
import os
s = os.statvfs('/disk')
with open('/disk/full', 'wb') as file:
    try:
        for _ in range((s[0] * s[3] - {left}) // 256):
            file.write(bytes(256))
            file.flush()
    except OSError:
        pass  # littlefs needs some for itself
"""
        done = self.run(code)
        assert done.returncode == 0, done.stderr

    def imports(self):
        code = "\n".join(self.command(IMPORT)[2:])
        return imports(self.folder, code, MICROPYPATH=self.environment()["MICROPYPATH"])


FLASH = 400  # blocks: enough for one version


@pytest.fixture(scope="module")
def updated(older, tmp_path_factory):
    """A function that makes a board on whose flash the older version was installed."""
    images = {}

    def updated(folder, kind):
        flash = Flash(folder, kind, FLASH)
        if kind not in images:
            with cut({}, older) as site:
                done = flash.install(site.url)
                assert done.returncode == 0, done.stderr
            images[kind] = (folder / "image").read_bytes()
        (folder / "image").write_bytes(images[kind])
        return flash

    return updated


SYSTEMS = pytest.mark.parametrize("kind", ["littlefs", "fat"])


@SYSTEMS
@pytest.mark.parametrize("left", [0, 1500, 4000, 10000, 40000])
@pytest.mark.parametrize("update", [False, True])
def test_full_flash(updated, tmp_path, kind, left, update):
    flash = updated(tmp_path, kind) if update else Flash(tmp_path, kind, FLASH)
    flash.fill(left)
    with cut({}) as site:
        done = flash.install(site.url)
        if done.returncode:
            assert last(done.stdout + done.stderr).startswith(
                "RuntimeError: could not get /disk/lib/web/"
            ), done.stderr
            assert one_version(flash.imports()) == "refused" or update
        assert update or done.returncode
        flash.run("import os; os.remove('/disk/full')")
        done = flash.install(site.url)
        assert done.returncode == 0, done.stderr
    assert flash.imports()[:2] == ("whole", matrix.version())


@SYSTEMS
@pytest.mark.parametrize("update", [False, True])
def test_read_only_flash(updated, tmp_path, kind, update):
    flash = updated(tmp_path, kind) if update else Flash(tmp_path, kind, FLASH)
    flash.run("")
    with cut({}) as site:
        done = flash.install(site.url, readonly=True)
    assert last(done.stdout + done.stderr).startswith(
        "RuntimeError: could not get /disk/lib/web/__init__.mpy: "
    )
    assert flash.imports()[:2] == (
        ("whole", "0.0.9") if update else ("refused", "no module named 'web'")
    )


@SYSTEMS
@pytest.mark.parametrize("update", [False, True])
def test_power_that_fails(updated, tmp_path, kind, update):
    """In a file's transfer, be it the first, the last or one between, with half of it sent."""
    files = sorted(dist.shipped_files(HOST))
    for count, name in enumerate([*files[:: 10 if update else 20], files[-1]]):
        folder = tmp_path / str(count)
        folder.mkdir()
        flash = updated(folder, kind) if update else Flash(folder, kind, FLASH)
        with cut({stored(name): [0.5]}) as site:
            process = subprocess.Popen(
                flash.command(f"import install; install.install({site.url!r})"),
                env=flash.environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            site.ends = process.kill
            assert process.wait(60) == -9
            site.ends = None
            assert one_version(flash.imports()) == "refused" or update
            done = flash.install(site.url)
            assert done.returncode == 0, done.stderr
        assert flash.imports()[:2] == ("whole", matrix.version())
