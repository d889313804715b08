# Readings in a file: one line a minute, and no more than two files of 64 KB.
import asyncio
import os
import time
import web

SECONDS = 60
MOST = 64 * 1024  # bytes, then the file becomes old.csv
app = web.App(port=80)
last = {}

def measure():
    return 21.5  # ask your sensor here

def append(line):
    try:
        if os.stat('log.csv')[6] >= MOST:
            os.rename('log.csv', 'old.csv')
    except OSError:
        pass  # there is no file yet
    with open('log.csv', 'a') as file:
        file.write(line)

@app.task
async def log():
    while True:
        try:
            value = measure()
            last.update(time=time.time(), value=value)
            append('{},{}\n'.format(last['time'], value))
        except OSError as e:
            print('not written:', e)  # the sensor, or a full flash: try again later
        await asyncio.sleep(SECONDS)

@app.get('/')
def index(r):
    return '<p>Now: {}</p><p><a href=/log.csv>All readings</a></p>'.format(last.get('value'))

@app.get('/last')
def newest(r):
    return last

@app.get('/log.csv')
def whole(r):
    return web.send_file(r, 'log.csv', download='readings.csv')

app.run()
