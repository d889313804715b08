import web

app = web.App(port=80)

# a file of up to 4 MB, written as it arrives
@app.put('/files/<name>', max_body=4 << 20)
async def put_file(r, name):
    if name.startswith('.'):
        web.abort(400, 'no such name')
    size = await r.save(name)
    return {'name': name, 'size': size}, 201

# what a form's fields are, and where to go next
@app.post('/settings')
async def settings(r):
    form = await r.form()
    response = web.redirect('/settings?saved=' + form.get('name', ''), 303)
    response.set_cookie('theme', form.get('theme', 'light'), max_age=86400, http_only=True)
    return response

@app.get('/settings')
def show_settings(r):
    return 'saved {}, theme {}'.format(r.args.get('saved'), r.cookies.get('theme'))

# what is ready leaves together, and at once when the generator waits
@app.get('/log.csv')
def log(r):
    def lines():
        for i in range(1000):
            yield '{},{}\n'.format(i, i * i)
    return web.Response(lines(), type='text/csv')

app.run()
