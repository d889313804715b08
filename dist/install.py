# Installs aioweb on this board, over the network, with the files that fit it:
#
#   import mip
#   mip.install("http://HOST/install.py")
#   import install
#   install.install("http://HOST")
#
# http://HOST is a copy of dist/, by default the project's own if that has one.
# install.install("http://HOST", "aioweb-websocket") installs a part, and what it needs.
# install.check("http://HOST") compares what is there.
import os
import sys

HOME = None
PACKAGES = {"aioweb": "app", "aioweb-forms": "forms", "aioweb-files": "files", "aioweb-templates": "templates", "aioweb-websocket": "websocket", "aioweb-client": "client", "aioweb-sse": "sse", "aioweb-broadcast": "broadcast", "aioweb-shapes": "shapes", "aioweb-debug": "debug", "aioweb-ota": "firmware", "aioweb-auth": "sessions", "aioweb-origins": "origins", "aioweb-testing": "testing", "aioweb-tasks": "background", "aioweb-captive": "portal", "aioweb-all": "app"}
ARCHITECTURES = {10: "xtensawin", 4: "armv6m", 5: "armv7m", 6: "armv7em", 7: "armv7emsp", 8: "armv7emdp", 11: "rv32imc", 2: "x64", 1: "x86"}
OLDEST = (1, 23)
OLDEST_NATIVE = ((" ESP32-C2", None), (" ESP32C2", None), (" ESP32-C5", None), (" ESP32C5", None), (" ESP32-P4", None), (" ESP32P4", None), (" ESP32-S2", (1, 24, 1)), (" ESP32S2", (1, 24, 1)), (" esp32", (1, 24)), (" rv32imc", (1, 24)), (" nrf", (1, 26)))
_TIMEOUT = 30  # seconds for which a server may be silent


def choose(number, firmware, platform, machine):
    """Return the architecture whose native files fit, or None, and why.

    number    sys.implementation._mpy, or None
    firmware  its version, a tuple
    platform  sys.platform
    machine   sys.implementation._machine

    Raises RuntimeError for a firmware that is too old.
    """
    if tuple(firmware[:2]) < OLDEST:
        raise RuntimeError("aioweb needs " + _micropython(OLDEST))
    # above bit 15 newer firmware has flags
    arch = ARCHITECTURES.get((number or 0) >> 10 & 15)
    if arch is None:
        return None, "there are no native files for this board"
    board = " {} {} {}".format(arch, platform, machine)
    for name, oldest in OLDEST_NATIVE:
        if name in board:
            if oldest is None:
                return None, "no firmware runs native files on" + name
            if tuple(firmware[:3]) < oldest:
                return None, "native files need " + _micropython(oldest) + " here"
    return arch, "native " + arch


def _micropython(version):
    return "MicroPython " + ".".join([str(n) for n in version]) + " or newer"


def this_board():
    """Return the arguments of choose()."""
    implementation = sys.implementation
    number = getattr(implementation, "_mpy", None)
    return number, implementation.version, sys.platform, implementation._machine


def install(url=None, *names, version=None, target=None):
    """Install packages, by default aioweb-all, from a copy of dist/ at url, by default
    HOME. Packages that are there come to the same version, so that no two are mixed.

    version  such as '0.1.0'; by default the latest
    target   the folder; by default the first of sys.path that ends with /lib

    A file takes its place once it has arrived whole; one that has not is fetched once
    more. Nothing is imported before all of them have.

    Raises RuntimeError when the firmware is too old, a file did not arrive or can't be
    written, or something else is imported than what was installed, and ValueError for
    an unknown package, or where there is no HOME.
    """
    url = _served(url)
    names = names or ("aioweb-all",)
    target = target or _lib()
    there = _try(os.listdir, target + "/web")
    files, version = _wanted(url, list(names) + _present(there), version)
    for name in there:
        if name.endswith(".py") and "web/" + name[:-2] + "mpy" in files:
            raise RuntimeError("remove {}/web/{}: it hides aioweb's own file".format(target, name))
    for file in _differing(files, target):
        path = target + "/" + file
        print("Fetching:", path)
        _twice(path, _bring, url, files[file], target, file)
    for name in there:
        if name.endswith(".mpy") and "web/" + name not in files:
            print("Removing: {}/web/{}".format(target, name))
            _try(os.remove, target + "/web/" + name)
    _forget()
    _in_the_way(target, version)
    _report(names, version)


def check(url=None, *names, version=None, target=None):
    """Compare what is installed with what is at url. Nothing is imported or changed. The
    arguments are those of install(), but by default the packages are those that are
    there.

    Raises RuntimeError, which names the files that are missing or differ.
    """
    url = _served(url)
    target = target or _lib()
    names = names or _present(_try(os.listdir, target + "/web")) or ("aioweb",)
    files, version = _wanted(url, list(names), version)
    differing = _differing(files, target)
    if differing:
        raise RuntimeError(
            "not as in aioweb {}: {}; install it again".format(version, ", ".join(differing))
        )
    _in_the_way(target)
    print("aioweb {}: {} files are as they should be".format(version, len(files)))


def _in_the_way(target, version=None):
    """Raise RuntimeError when `import web` finds something else before the package; with the
    version that was installed, it names that of another aioweb, which it imports."""
    for path in sys.path:
        if path == target:
            return
        for name in ("web.py", "web.mpy", "web"):
            file = (path + "/" if path else "") + name
            if path[:1] != "." and _try(os.stat, file):
                told = "it is imported in place of aioweb"
                if version and _try(os.stat, file + "/app.mpy"):
                    import web

                    told = "aioweb {} in it is imported, not {}".format(web.__version__, version)
                raise RuntimeError("remove {}: {}".format(file, told))


def _served(url):
    if not (url or HOME):
        raise ValueError("give the URL of a copy of dist/")
    return (url or HOME).rstrip("/")


def _lib():
    for path in sys.path:
        if path.endswith("/lib") and not path.startswith("/rom"):
            return path
    raise RuntimeError("no folder in sys.path ends with /lib: name a target")


def _present(there):
    # aioweb-all is as good as there when aioweb is, which is not enough
    return [n for n in PACKAGES if n != "aioweb-all" and PACKAGES[n] + ".mpy" in there]


def _differing(files, target):
    return sorted([file for file in files if _hash(target + "/" + file) != files[file]])


def _hash(path):
    """Return what the index knows a file by, or None where there is no file."""
    from binascii import hexlify
    from hashlib import sha256

    digest = sha256()
    try:
        with open(path, "rb") as file:
            _copy(file, digest.update)
    except OSError:
        return None
    return hexlify(digest.digest()).decode()[:8]


def _copy(source, write):
    buf = bytearray(256)
    view = memoryview(buf)
    while True:
        n = source.readinto(buf)
        if not n:
            break
        write(view[:n])


def _wanted(url, names, version):
    """Return {file: hash} for packages and what they need, and their version."""
    for name in names:
        if name not in PACKAGES:
            raise ValueError(
                "no package {}; there are {}".format(name, ", ".join(sorted(PACKAGES)))
            )
    board = this_board()
    arch, why = choose(*board)
    print("aioweb:", why)
    if arch:
        names = [name + "-" + arch for name in names]
    files = {}
    for name in names:  # to which those are added that they need
        path = "{}/package/{}/{}/{}.json".format(
            url, (board[0] or 0) & 255, name, version or "latest"
        )
        package = _twice(path, _index, path)
        version = package["version"]
        files.update(package["hashes"])
        names += [need for need, _ in package["deps"] if need not in names]
    return files, version


def _twice(what, function, *arguments):
    for _ in range(2):
        try:
            return function(*arguments)
        except (OSError, ValueError) as e:
            why = e
    raise RuntimeError("could not get {}: {}".format(what, why))


def _get(url):
    import requests

    response = requests.get(url, timeout=_TIMEOUT)
    if response.status_code != 200:
        response.close()
        raise OSError("status {}".format(response.status_code))
    return response


def _index(url):
    import json

    text = _get(url).text
    if not text.rstrip().endswith("}"):  # json.loads() takes some that were cut
        raise ValueError("it was cut")
    return json.loads(text)


def _bring(url, short, target, file):
    """Fetch a file by its hash and put it in its place."""
    new, path = target + "/aioweb.new", target + "/" + file
    folder = path[: path.rfind("/")]
    _try(os.stat, target) or os.mkdir(target)
    response = _get("{}/file/{}/{}".format(url, short[:2], short))
    try:
        with open(new, "wb") as to:
            _copy(response.raw, to.write)
        if _hash(new) != short:
            raise ValueError("it was cut or changed on its way")
        _try(os.stat, folder) or os.mkdir(folder)
        os.rename(new, path)
    finally:
        response.close()
        _try(os.remove, new)
        _try(os.rmdir, folder)  # empty, it would be a module without names


def _try(function, path):
    try:
        return function(path)
    except OSError:
        return ()


def _forget():
    # what is running goes on with what it has
    for name in list(sys.modules):
        if name == "web" or name.startswith("web."):
            del sys.modules[name]


def _report(names, version):
    import gc

    gc.collect()
    before = gc.mem_alloc()
    try:
        import web
        import web.app

        gc.collect()
        used = gc.mem_alloc() - before
        if web.__version__ != version:
            raise RuntimeError(
                "{} is aioweb {}, not {}: it is in the way".format(
                    web.__path__, web.__version__, version
                )
            )
        for name in names:
            __import__("web." + PACKAGES[name])
    except ImportError as e:
        raise RuntimeError("aioweb is installed but can't be imported: {}".format(e))
    except MemoryError:
        raise RuntimeError("aioweb is installed; reset the board, which has no memory left for it")
    print("aioweb {}: {}, {} bytes of RAM".format(version, web.implementation, used))
