# A page out of a file, template.html, with values of the program.
import web

app = web.App(port=80)
readings = [('kitchen', 21), ('cellar <old>', 14)]

@app.get('/')
def index(r):
    # a generator: rows are made one by one, while the page is being sent
    def rows():
        for name, value in readings:
            yield '<tr><td>{}<td>{}</tr>'.format(web.escape(name), value)
    title = r.args.get('title', 'Readings')[:40]
    return web.render('template.html', {'title': title, 'rows': rows})

app.run()
