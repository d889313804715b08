"""The build refuses native objects that would fail once loaded."""

import subprocess

import pytest

import natmod


def compile_c(tmp_path, source):
    out = tmp_path / "unit.o"
    (tmp_path / "unit.c").write_text(source)
    subprocess.run(["gcc", "-fpic", "-c", tmp_path / "unit.c", "-o", out], check=True)
    return out


@pytest.mark.parametrize(
    "source,fault",
    [
        ("static int n; int f(void) { return n++; }", "mutable data"),
        ("static int n = 1; int f(void) { return n++; }", "mutable data"),
        ("int n; int f(void) { return n; }", "mutable data"),
        ("int memcmp(); int f(void) { return memcmp(); }", "undefined symbol memcmp"),
        ("int __aeabi_idiv(); int f(void) { return __aeabi_idiv(); }", "undefined symbol"),
    ],
)
def test_faulty_object_is_refused(tmp_path, source, fault):
    with pytest.raises(SystemExit, match=fault):
        natmod.check_object(compile_c(tmp_path, source))


def test_sound_object_is_accepted(tmp_path):
    natmod.check_object(compile_c(tmp_path, "const int n = 1; int f(void) { return n; }"))
