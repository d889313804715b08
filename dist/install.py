# Installs aioweb on this board, over the network, with the files that fit it:
#
#   import mip
#   mip.install("http://HOST/install.py")
#   import install
#   install.install("http://HOST")
#
# HOST/ is a copy of dist/. install.install("http://HOST", "aioweb-websocket") installs a
# part, and what it needs.
import sys

VERSION = "0.1.0"
PACKAGES = {"aioweb": "app", "aioweb-forms": "content", "aioweb-websocket": "websocket", "aioweb-client": "client", "aioweb-sse": "sse", "aioweb-broadcast": "broadcast", "aioweb-all": "app"}
ARCHITECTURES = {10: "xtensawin", 4: "armv6m", 5: "armv7m", 6: "armv7em", 7: "armv7emsp", 8: "armv7emdp", 11: "rv32imc", 2: "x64", 1: "x86"}
OLDEST = (1, 23)
OLDEST_NATIVE = {"esp32": (1, 24), "rv32imc": (1, 24), "nrf": (1, 26)}


def choose(number, firmware, platform):
    """Return the architecture whose native files fit, or None, and why.

    number    sys.implementation._mpy, or None
    firmware  its version, a tuple
    platform  sys.platform

    Raises RuntimeError for a firmware that is too old.
    """
    if tuple(firmware[:2]) < OLDEST:
        raise RuntimeError("aioweb needs " + _micropython(OLDEST))
    # above bit 15 newer firmware has flags
    arch = ARCHITECTURES.get((number or 0) >> 10 & 15)
    if arch is None:
        return None, "there are no native files for this board"
    for name, oldest in OLDEST_NATIVE.items():
        if (name == arch or platform.startswith(name)) and tuple(firmware[:2]) < oldest:
            return None, "native files need " + _micropython(oldest) + " here"
    return arch, "native " + arch


def _micropython(version):
    return "MicroPython " + ".".join([str(n) for n in version]) + " or newer"


def this_board():
    """Return the arguments of choose()."""
    implementation = sys.implementation
    return getattr(implementation, "_mpy", None), implementation.version, sys.platform


def install(url, *names, version=None, target=None):
    """Install packages, by default aioweb-all, from a copy of dist/ at url.

    version  such as '0.1.0'; by default the latest
    target   the folder; by default the first of sys.path that ends with /lib

    Raises RuntimeError when the firmware is too old or the files did not arrive, and
    ValueError for an unknown package.
    """
    names = names or ("aioweb-all",)
    for name in names:
        if name not in PACKAGES:
            raise ValueError(
                "no package {}; there are {}".format(name, ", ".join(sorted(PACKAGES)))
            )
    arch, why = choose(*this_board())
    print("aioweb:", why)
    import mip

    for name in names:
        if arch:
            name += "-" + arch
        mip.install(name, index=url, version=version, target=target)
    _report(names, version or VERSION)


def _report(names, version):
    # what is running goes on with what it has
    for name in list(sys.modules):
        if name == "web" or name.startswith("web."):
            del sys.modules[name]
    import gc

    gc.collect()
    before = gc.mem_alloc()
    try:
        import web
        import web.app
    except ImportError as e:
        raise RuntimeError("aioweb is not installed: {}".format(e))
    gc.collect()
    used = gc.mem_alloc() - before
    if web.__version__ != version:
        raise RuntimeError(
            "{} is aioweb {}, not {}; is install.py of another version?".format(
                web.__path__, web.__version__, version
            )
        )
    for name in names:
        module = "web." + PACKAGES[name]
        try:
            __import__(module)
        except ImportError as e:
            raise RuntimeError("{} is not installed: {}".format(name, e))
    print("aioweb {}: {}, {} bytes of RAM".format(version, web.implementation, used))
