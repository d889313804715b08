import os
import web

app = web.App(port=80)
try:
    os.mkdir('files')
except OSError:
    pass  # it is there


# a name that a client chose must not lead elsewhere
def path_of(name):
    if not name or name[0] == '.' or '/' in name or '\\' in name:
        web.abort(400, 'no such name')
    return 'files/' + name

# a file of up to 4 MB, written as it arrives
@app.put('/files/<name>', max_body=4 << 20)
async def put_file(r, name):
    size = await r.save(path_of(name))
    return {'name': name, 'size': size}, 201

# files of a form in a page, one after the other
@app.post('/files', max_body=4 << 20)
async def post_files(r):
    sizes = {}
    async for part in r.parts():
        if part.filename:
            sizes[part.filename] = await part.save(path_of(part.filename))
    return sizes

# what a form's fields are, and where to go next
@app.post('/settings')
async def settings(r):
    form = await r.form()
    query = web.urlencode({'saved': form.get('name', '')})
    response = web.redirect('/settings?' + query, 303)
    theme = web.quote(form.get('theme', 'light'))
    response.set_cookie('theme', theme, max_age=86400, http_only=True)
    return response

@app.get('/settings')
def show_settings(r):
    text = 'saved {}, theme {}'.format(r.args.get('saved'), r.cookies.get('theme'))
    return web.escape(text)  # a str is HTML

# what is ready leaves together, and at once when the generator waits
@app.get('/log.csv')
def log(r):
    def lines():
        for i in range(1000):
            yield '{},{}\n'.format(i, i * i)
    return web.Response(lines(), type='text/csv')

app.run()
