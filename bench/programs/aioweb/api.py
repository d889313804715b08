# Items that can be made, read, changed and deleted; who changes them has a token.
import sys

import web

app = web.App("127.0.0.1", int(sys.argv[1]))
items = {}


@app.before_request
def authorize(r):
    if r.method != "GET" and r.headers.get("authorization") != "Bearer secret":
        return {"error": "not authorized"}, 401


@app.after_request
def allow_other_origins(r, response):
    response.headers["Access-Control-Allow-Origin"] = "*"


@app.errorhandler(404)
def missing(r):
    return {"error": "not found"}, 404


@app.errorhandler(KeyError)
def incomplete(r, e):
    return {"error": "missing " + str(e.args[0])}, 400


@app.get("/items")
def index(r):
    least = r.args.get("least", 0, type=int)
    return [item for item in items.values() if item["value"] >= least]


@app.post("/items")
async def create(r):
    item = await r.json()
    number = len(items) + 1
    items[number] = {"id": number, "name": item["name"], "value": item["value"]}
    return items[number], 201, {"Location": "/items/{}".format(number)}


@app.get("/items/<int:number>")
def read(r, number):
    if number not in items:
        web.abort(404)
    return items[number]


@app.put("/items/<int:number>")
async def update(r, number):
    if number not in items:
        web.abort(404)
    items[number]["value"] = (await r.json())["value"]
    return items[number]


@app.delete("/items/<int:number>")
def delete(r, number):
    if items.pop(number, None) is None:
        web.abort(404)


app.run()
