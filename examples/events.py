import web
import uasyncio as asyncio

app = web.App(host='0.0.0.0', port=80)

# /events EventSource handler
@app.route('/events')
async def events_handler(r, w):
    # upgrade connection to EventSource (server-sent events)
    sse = await web.EventSource.upgrade(r, w)
    count = 0
    while True:
        count += 1
        try:
            await sse.send('Hello world #{}'.format(count))
        except OSError:
            # the client is gone
            break
        await asyncio.sleep(1)

# Start event loop and create server task
loop = asyncio.get_event_loop()
loop.create_task(app.serve())
loop.run_forever()
