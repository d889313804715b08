import asyncio
import esp32
import web

app = web.App(port=80)

@app.get('/')
def index(r):
    return 'Version 1. <a href="/update">Update</a>'

# PUT /update takes a firmware image, GET /update is a page that sends one
web.ota(app, password='change me')

async def main():
    await app.start()
    # the board serves: the next reset need not go back to the firmware before
    esp32.Partition.mark_app_valid_cancel_rollback()
    while True:
        await asyncio.sleep(60)

asyncio.run(main())
