# A list of the files in data/, each to be saved by the browser.
import os
import web

FOLDER = 'data'
app = web.App(port=80)
try:
    os.mkdir(FOLDER)
except OSError:
    pass  # it is there

@app.get('/')
def index(r):
    yield '<!doctype html><meta charset=utf-8><title>Files</title><ul>'
    for name in sorted(os.listdir(FOLDER)):
        yield '<li><a href="/files/{}">{}</a>'.format(web.quote(name, ''), web.escape(name))
    yield '</ul>'

@app.get('/files/<name>')
def file(r, name):
    # a name that a client chose must not lead elsewhere
    if not name or name[0] == '.' or '/' in name or '\\' in name:
        web.abort(404)
    return web.send_file(r, FOLDER + '/' + name, download=name)

app.run()
