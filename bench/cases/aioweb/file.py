import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))
app.static("/", "www")
app.run()
