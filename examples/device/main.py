# A page that shows and manages a board: plots, files, a console, updates. Copy this and the
# folder panel to the board, and open its address; on a computer:
#
#   micropython main.py [PORT [FOLDER]]
#
# FOLDER is what the page's files are: "files" if not given, and all of a board's.
import asyncio
import sys

import panel
import web

arguments = sys.argv[1:]
app = web.App(port=int(arguments[0]) if arguments else 80)
web.protect(app, hosts=panel.hosts())

if len(arguments) > 1:
    folder = arguments[1]
else:
    folder = '/' if panel.on_board else 'files'
panel.add(app, folder)

# Your own routes, tasks and plots go here.
if sys.platform == 'linux':

    def load():
        with open('/proc/loadavg') as file:
            return float(file.read().split()[0])

    panel.plot('Load', '', ('of this computer', load))


async def main():
    try:
        await app.start()
    except OSError as e:
        print("Can't listen on port {}: {}".format(app.port, e))
        sys.exit(1)
    print(
        'micropython-aioweb {}, {} parser: http://localhost:{}/ (Ctrl-C ends it)'.format(
            web.__version__, web.implementation, app.port
        )
    )
    await panel.run()


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
