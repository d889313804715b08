# Mistakes of programs, for tests/test_mistakes.py:
#
#   micropython mistakes.py FILE        tells what each of a JSON list of programs raises
#   micropython mistakes.py PORT FILE   has handlers with mistakes, and serves
import json
import sys

import web


def tell():
    for source in json.load(open(sys.argv[1])):
        told = "nothing"
        try:
            exec(source, {"web": web, "app": web.App(), "__name__": "__main__"})
        except Exception as e:
            told = "{}: {}".format(type(e).__name__, e)
        print(told)


def serve():
    app = web.App("127.0.0.1", int(sys.argv[1]))
    for source in json.load(open(sys.argv[2])):
        exec(source, {"web": web, "app": app, "room": web.Broadcast()})

    @app.get("/fine")
    def fine(r):
        return "fine"

    app.run()


tell() if len(sys.argv) == 2 else serve()
