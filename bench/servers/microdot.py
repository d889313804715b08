# ROUTES literal routes, of which "/" is one: microdot.py PORT [ROUTES]
import sys

from microdot import Microdot, Request

# else a body of 64 KiB is refused
Request.max_content_length = Request.max_body_length = 65536

app = Microdot()


async def index(request):
    return "Hello"


# the same order as elsewhere: "/" first
app.route("/", methods=["GET", "POST"])(index)
for i in range(int(sys.argv[2]) - 1 if len(sys.argv) > 2 else 0):
    app.route("/page/{}".format(i))(index)

app.run("127.0.0.1", int(sys.argv[1]))
