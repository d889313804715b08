# Items that can be made, read, changed and deleted; who changes them has a token.
import sys

from microdot import Microdot, abort

app = Microdot()
items = {}


@app.before_request
async def authorize(request):
    if request.method != "GET" and request.headers.get("Authorization") != "Bearer secret":
        return {"error": "not authorized"}, 401


@app.after_request
@app.after_error_request
async def allow_other_origins(request, response):
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@app.errorhandler(404)
async def missing(request):
    return {"error": "not found"}, 404


@app.errorhandler(KeyError)
async def incomplete(request, e):
    return {"error": "missing " + str(e.args[0])}, 400


@app.errorhandler(ValueError)
async def malformed(request, e):
    return {"error": "no JSON"}, 400


@app.get("/items")
async def index(request):
    least = int(request.args.get("least", 0))
    return [item for item in items.values() if item["value"] >= least]


@app.post("/items")
async def create(request):
    item = request.json
    number = len(items) + 1
    items[number] = {"id": number, "name": item["name"], "value": item["value"]}
    return items[number], 201, {"Location": "/items/{}".format(number)}


@app.get("/items/<int:number>")
async def read(request, number):
    if number not in items:
        abort(404)
    return items[number]


@app.put("/items/<int:number>")
async def update(request, number):
    if number not in items:
        abort(404)
    items[number]["value"] = request.json["value"]
    return items[number]


@app.delete("/items/<int:number>")
async def delete(request, number):
    if items.pop(number, None) is None:
        abort(404)
    return "", 204


app.run("127.0.0.1", int(sys.argv[1]))
