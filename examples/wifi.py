# A board whose Wi-Fi is set up by phone: it opens a network of its own, and phones that join
# it show a page which asks for the one that the board is to join.
import asyncio
import json
import os

import machine
import network
import web

AP_NAME = 'Board setup'
AP_PASSWORD = 'change me'  # of 8 characters at least: what is typed must be read by nobody
FILE = 'wifi.json'
BUTTON = 0  # the pin of the button that makes the board forget: BOOT of most ESP32
CONNECTING = 20  # seconds to wait for a network
PATIENCE = 60  # seconds without it until the board opens its own again
RETRY = 300  # seconds until it tries the network once more, while its own is open
SHOWN = 10  # seconds for which the page shows the new address

app = web.App(port=80)
web.protect(app)  # or any page that a phone has open could change the settings
station = network.WLAN(network.STA_IF)
point = network.WLAN(network.AP_IF)
button = machine.Pin(BUTTON, machine.Pin.IN, machine.Pin.PULL_UP)
changed = asyncio.Event()  # the settings are others
portal = None  # while the board's own network is open


class Now:
    known: dict[str, str] | None = None  # the settings: 'ssid' and 'password'
    networks: list[str] = []  # names that were found
    text = ''  # what the page says


def load():
    try:
        with open(FILE) as file:
            known = json.load(file)
            Now.known = {name: known[name] for name in ('ssid', 'password')}
    except (OSError, ValueError, KeyError, TypeError):
        Now.known = None  # there is none, or what no board has written


def save(known):
    # whole or not at all, whenever the power fails
    with open(FILE + '.new', 'w') as file:
        json.dump(known, file)
    os.rename(FILE + '.new', FILE)
    Now.known = known
    changed.set()


def forget():
    try:
        os.remove(FILE)
    except OSError:
        pass
    Now.known = None
    changed.set()


# -- the page

HEAD = '''<!doctype html><html lang=en><meta charset=utf-8>
<meta name=viewport content="width=device-width, initial-scale=1"><title>Wi-Fi</title><style>
body { font: 1.1rem system-ui, sans-serif; max-width: 26rem; margin: 1rem auto; padding: 0 1rem }
label { display: block; padding: .7rem 0; overflow-wrap: anywhere }
input:not([type=radio]), button { font: inherit; width: 100%; padding: .7rem }
* { box-sizing: border-box }
button { margin-top: 1rem }
</style>'''
FORM = '''<h1>Wi-Fi</h1><p role=status>{}</p><form method=post action=/save>{}
<label>Another network<input name=other maxlength=32 autocapitalize=none autocorrect=off></label>
<label>Password<input name=password type=password maxlength=64></label>
<button>Connect</button></form><form method=post action=/scan><button>Look again</button></form>'''
CHOICE = '<label><input type=radio name=ssid value="{0}"> {0}</label>'


def setting_up(r):
    # that is for those who are in the board's own network
    if not portal:
        web.abort(403, 'The network is set up.')


@app.get('/')
def index(r):
    if not portal:
        return 'Hello from a board!'
    if changed.is_set() or Now.text.startswith('Conn'):  # there will be news in a moment
        return HEAD + '<meta http-equiv=refresh content=2><p role=status>' + web.escape(Now.text)
    # names come through the air from anybody
    choices = ''.join([CHOICE.format(web.escape(name)) for name in Now.networks])
    return HEAD + FORM.format(web.escape(Now.text), choices)


@app.post('/save', before=setting_up, max_body=1024)
async def settings(r):
    form = await r.form()
    ssid = form.get('other') or form.get('ssid', '')
    password = form.get('password', '')
    if not 1 <= len(ssid.encode()) <= 32:
        Now.text = 'Which network?'
    elif password and not 8 <= len(password.encode()) <= 64:
        Now.text = 'A password has 8 characters at least.'
    else:
        Now.text = 'Connecting to ' + ssid
        save({'ssid': ssid, 'password': password})
    return web.redirect('/', 303)


@app.post('/scan', before=setting_up)
def look_again(r):
    scan()
    return web.redirect('/', 303)


# -- the networks


def scan():
    """Find the names of networks, the strongest first. The board does nothing else meanwhile."""
    Now.networks = []
    try:
        station.active(True)
        found = sorted([(-each[3], each[0]) for each in station.scan()])
    except OSError:
        return
    for _, ssid in found:
        try:
            name = ssid.decode()
        except UnicodeError:
            continue  # what no form can send
        if ssid and min(ssid) >= 32 and name not in Now.networks and len(Now.networks) < 20:
            Now.networks.append(name)  # others are hidden, or no text


async def connect(known):
    try:
        station.active(True)
        station.connect(known['ssid'], known['password'] or None)
        for _ in range(2 * CONNECTING):
            await asyncio.sleep(0.5)
            if station.isconnected():
                return True
            if changed.is_set():
                break
            if station.status() == network.STAT_WRONG_PASSWORD:
                Now.text = 'The password of {} is another.'.format(known['ssid'])
                break
        else:
            Now.text = '{} does not answer.'.format(known['ssid'])
        station.disconnect()
    except OSError as e:
        Now.text = 'It went wrong: {}'.format(e)
    return False


def open_portal():
    global portal
    if not portal:
        scan()
        # an ESP32 would be open to all without
        wpa2 = {'security': network.AUTH_WPA2_PSK} if hasattr(network, 'AUTH_WPA2_PSK') else {}
        point.config(ssid=AP_NAME, key=AP_PASSWORD, **wpa2)
        point.active(True)
        portal = web.captive(app, point.ifconfig()[0])


async def close_portal():
    global portal
    if portal:
        Now.text = 'Connected. The board is at http://{}/'.format(station.ifconfig()[0])
        await asyncio.sleep(SHOWN)
        await portal.stop()
        portal = None
        point.active(False)
    Now.text = ''


async def stay():
    """Wait until the network has been away for a while, or is to be another."""
    away = 0
    while away < PATIENCE and not changed.is_set():
        away = 0 if station.isconnected() else away + 1
        await asyncio.sleep(1)
    station.disconnect()


@app.task(restart=5)
async def manage():
    load()
    while True:
        known = Now.known
        changed.clear()
        if known and await connect(known):
            await close_portal()
            await stay()
        if not changed.is_set():
            open_portal()
            try:
                await asyncio.wait_for(changed.wait(), RETRY if Now.known else None)
            except asyncio.TimeoutError:
                pass


@app.task(restart=5)
async def watch_button():
    held = 0  # tenths of a second
    while True:
        held = 0 if button.value() else held + 1
        if held == 30:
            forget()
        await asyncio.sleep(0.1)


app.run()
