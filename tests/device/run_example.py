# Runs an example as it is, but on a loopback port of the test's choice:
#
#   micropython run_example.py EXAMPLE PORT [native|portable]
import sys

import web

example, port = sys.argv[1], int(sys.argv[2])
if len(sys.argv) > 3 and web.implementation.split()[0] != sys.argv[3]:
    raise SystemExit("the {} parser was chosen".format(web.implementation))
App = web.App


def app(**arguments):
    arguments["host"] = "127.0.0.1"
    arguments["port"] = port
    return App(**arguments)


def captive(app, ip, **options):
    return web.portal.captive(app, ip, port=port, **options)


web.App = app
web.captive = captive
del sys.argv[1:]
with open(example) as file:
    source = file.read()
exec(source, {"__name__": "__main__"})
