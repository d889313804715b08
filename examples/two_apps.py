import asyncio
import sys
import web

public = web.App(port=int(sys.argv[1]))
admin = web.App(host='127.0.0.1', port=int(sys.argv[2]))

@public.get('/')
async def index(r):
    return 'Hello world!'

@admin.post('/stop')
async def stop(r):
    # lets requests in flight end, and frees the port
    asyncio.create_task(public.stop())
    asyncio.create_task(admin.stop())
    return 'stopping'

async def main():
    await public.start()
    await admin.serve()

asyncio.run(main())
