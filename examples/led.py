# A page with a switch for an LED, and the same for programs: PUT /led with {"on": true}.
import web

PIN = 2  # 'LED' on a Pico W

class Remembered:
    """On a computer: a pin that only remembers."""

    def __init__(self):
        self.now = 0

    def value(self, *new):
        if new:
            self.now = new[0]
        return self.now

def pin():
    try:
        from machine import Pin
    except ImportError:
        return Remembered()
    return Pin(PIN, Pin.OUT)

app = web.App(port=80)
web.protect(app, hosts=['board.local'])  # other sites' pages may not switch it
led = pin()

@app.get('/')
def index(r):
    return '''<!doctype html><meta name=viewport content="width=device-width">
<h1>The LED is {}</h1>
<form method=post><button name=on value={}>Switch it {}</button></form>'''.format(
        *(('on', 0, 'off') if led.value() else ('off', 1, 'on')))

@app.post('/')
async def switch(r):
    form = await r.form()
    led.value(1 if form.get('on') == '1' else 0)
    return web.redirect('/', 303)

@app.get('/led')
def state(r):
    return {'on': bool(led.value())}

@app.put('/led')
async def set_led(r):
    wanted = await r.json({'on': bool})
    led.value(int(wanted['on']))
    return wanted

app.run()
