# A job that takes a while: a button begins it, and the page shows how far it is.
import asyncio
import web

app = web.App(port=80)
room = web.Broadcast(slow='skip')
job = {'percent': 100}

async def work():
    while job['percent'] < 100:
        await asyncio.sleep(0.02)  # a part of the work
        job['percent'] += 10
        room.send(job, event='progress')

@app.post('/job')
def begin(r):
    if job['percent'] < 100:
        return {'error': 'it runs already'}, 409
    job['percent'] = 0
    tasks[:] = [asyncio.create_task(work())]
    return job, 202

tasks = []  # what runs, so that it is not collected

@app.sse('/progress')
async def progress(r, sse):
    await sse.send(job, event='progress')  # where it is now
    await room.join(sse)

@app.get('/')
def index(r):
    return '''<!doctype html><meta charset=utf-8><title>Job</title>
<progress id=bar max=100 value=100></progress><button id=go>Begin</button><script>
new EventSource('/progress').addEventListener('progress', e =>
  document.getElementById('bar').value = JSON.parse(e.data).percent);
document.getElementById('go').onclick = () => fetch('/job', {method: 'POST'});
</script>'''

app.run()
