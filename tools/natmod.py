"""Builds the native modules: natmod/*.c to build/native/<arch>/*.mpy.

    python tools/natmod.py [--espressif] ARCH...

Refuses an object that would not work once loaded: one with data that C writes
to, or with a symbol that MicroPython does not provide.
"""

import argparse
import shutil
import subprocess
import sys
import zlib

from elftools.elf.elffile import ELFFile
from matrix import ARCHITECTURES, BUILD, MATRIX, ROOT, micropython, native_mpys

# Supplied by mpy_ld.py when it links.
LINKER_SYMBOLS = {"", "mp_fun_table", "mp_native_qstr_table", "_GLOBAL_OFFSET_TABLE_"} | {
    f"mp_type_fun_builtin_{arity}" for arity in ("0", "1", "2", "3", "var")
}


def run(*command, cwd=ROOT):
    subprocess.run([str(c) for c in command], cwd=cwd, check=True)


def compiler_of(arch, espressif):
    """The compiler and the flags that are the architecture's own."""
    entry = ARCHITECTURES[arch]
    if espressif and "espressif" in entry:
        for name in entry["espressif"]:
            if shutil.which(name):
                return name, entry["espressif_flags"].split()
        sys.exit(f"natmod: none of {', '.join(entry['espressif'])} is on PATH")
    if not shutil.which(entry["compiler"]):
        sys.exit(
            f"natmod: {entry['compiler']} is not installed; apt-get install "
            + " ".join(entry["apt"])
        )
    return entry["compiler"], entry["flags"].split()


def check_object(path):
    """Stop at writable data and at symbols that nothing defines."""
    with open(path, "rb") as file:
        elf = ELFFile(file)
        faults = [
            f"{section.name} holds {section['sh_size']} bytes of mutable data"
            for section in elf.iter_sections()
            if section.name.startswith((".bss", ".data", ".sbss", ".sdata"))
            and not section.name.startswith(".data.rel.ro")
            and section["sh_size"]
        ]
        for symbol in elf.get_section_by_name(".symtab").iter_symbols():
            if symbol["st_shndx"] == "SHN_UNDEF" and symbol.name not in LINKER_SYMBOLS:
                faults.append(f"undefined symbol {symbol.name}")
            if symbol["st_shndx"] == "SHN_COMMON":
                faults.append(f"common symbol {symbol.name}")
    if faults:
        sys.exit(f"natmod: {path.name}: " + "; ".join(faults))


def build_module(arch, out, espressif):
    """Build one module from the source that has its name without the underscore."""
    source = f"natmod/{out.stem[1:]}.c"
    mpy = micropython()
    out.parent.mkdir(parents=True, exist_ok=True)
    config, obj = out.with_suffix(".config.h"), out.with_suffix(".o")
    compiler, flags = compiler_of(arch, espressif)
    ld = [sys.executable, ROOT / "tools/link.py", "--arch", arch]
    run(*ld, "--preprocess", "-o", config, source)
    run(
        compiler,
        *MATRIX["common_flags"].split(),
        *flags,
        "-DNO_QSTR",
        "-DMICROPY_ENABLE_DYNRUNTIME",
        "-DMICROPY_FLOAT_IMPL=MICROPY_FLOAT_IMPL_NONE",  # no float crosses the boundary
        f"-DMP_CONFIGFILE=<{config}>",
        "-Inatmod",
        "-isystem",
        mpy,
        "-I.",
        "-c",
        source,
        "-o",
        obj,
    )
    check_object(obj)
    # the name of the output ends up in the file: it must not tell where this is
    run(*ld, "--qstrs", config, "-o", out.name, obj, cwd=out.parent)
    # MicroPython's loader ignores what follows; with the checksum behind it the
    # package can tell a damaged file, on which that loader hangs or worse.
    data = out.read_bytes()
    out.write_bytes(data + zlib.crc32(data).to_bytes(4, "little"))


def build(arch, espressif=False):
    files = native_mpys(arch)
    for out in files:
        build_module(arch, out, espressif)
    sizes, budget = [out.stat().st_size for out in files], ARCHITECTURES[arch]["budget"]
    parts = " + ".join(f"{out.name} {size}" for out, size in zip(files, sizes))
    print(f"{arch}: {parts} = {sum(sizes)} bytes of {budget}", flush=True)
    if sum(sizes) > budget:
        sys.exit(f"natmod: {arch} is over its size budget of {budget} bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("arch", nargs="+", choices=ARCHITECTURES)
    parser.add_argument("--espressif", action="store_true", help="use Espressif's toolchain")
    options = parser.parse_args()
    BUILD.mkdir(exist_ok=True)
    for arch in options.arch:
        build(arch, options.espressif)
