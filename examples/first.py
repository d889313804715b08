import web

app = web.App(port=80)

@app.get('/')
async def index(r):
    return '<h1>Hello from MicroPython!</h1>'

@app.get('/add/<int:a>/<int:b>')
def add(r, a, b):
    return {'sum': a + b}

app.run()
