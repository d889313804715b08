# Tasks beside the server: one measures, one waits for a button of the page.
import asyncio
import web

app = web.App(port=80)
state = {'measured': 0, 'blinks': 0}
pressed = asyncio.Event()

@app.task
async def measure():
    while True:
        state['measured'] += 1
        await asyncio.sleep(1)

@app.task(restart=1)  # should it raise something
async def blink():
    while True:
        await pressed.wait()
        pressed.clear()
        for _ in range(3):
            state['blinks'] += 1  # switch an LED here
            await asyncio.sleep(0.05)

@app.get('/')
def index(r):
    return '''<p>Measured {measured} times, blinked {blinks} times</p>
<form method=post action=/blink><button>Blink</button></form>'''.format(**state)

@app.get('/state')
def tell(r):
    return state

@app.post('/blink')
def press(r):
    pressed.set()
    return web.redirect('/', 303)

app.run()
