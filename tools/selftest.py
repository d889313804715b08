# Tries on a board what is installed; tools/install.py mounts vectors.py and the vectors.
import gc
import os

gc.collect()
before = gc.mem_alloc()
import web  # noqa: E402
import web.app  # noqa: E402

gc.collect()
used = gc.mem_alloc() - before
print("aioweb {}: {}".format(web.__version__, web.implementation))
size = sum([os.stat(web.__path__ + "/" + name)[6] for name in os.listdir(web.__path__)])
print("{} bytes of files, {} bytes of RAM, {} free".format(size, used, gc.mem_free()))


def main():
    import web._codec as codec

    names = ["heads", "utf8"]
    try:
        import web.forms  # noqa: F401

        names.append("query")
    except ImportError:
        pass  # not installed
    try:

        class frames:
            from web.incoming import mask, ws_parse
            from web.websocket import ws_build

        names.append("frames")
    except ImportError:
        frames = None  # not installed
    try:
        import vectors
    except MemoryError:
        print("Too little memory for the self-test: left out.")
    else:
        vectors.run(vectors.Runner(codec, frames, 8), "", names)


main()
