# A route that takes at most five requests in ten seconds from an address.
import time
import web

LIMIT = 5  # requests
WINDOW = 10_000  # milliseconds
MOST = 32  # addresses that are remembered: memory stays within bounds
app = web.App(port=80)
seen = {}  # address: [when its window began, requests since]

def limited(r):
    now = time.ticks_ms()
    for address in [a for a, (began, _) in seen.items() if time.ticks_diff(now, began) >= WINDOW]:
        del seen[address]
    # without the port; on a computer MicroPython has bytes in place of a tuple
    address = r.addr[0] if isinstance(r.addr, tuple) else bytes(r.addr[4:8])
    if address not in seen:
        if len(seen) >= MOST:
            return 'busy', 503, {'Retry-After': '10'}
        seen[address] = [now, 0]
    entry = seen[address]
    if entry[1] >= LIMIT:
        wait = (WINDOW - time.ticks_diff(now, entry[0])) // 1000 + 1
        return 'too many requests', 429, {'Retry-After': str(wait)}
    entry[1] += 1

@app.post('/bell', before=limited)
def bell(r):
    return 'ding'

@app.get('/')
def index(r):
    return '<form method=post action=/bell><button>Ring</button></form>'

app.run()
