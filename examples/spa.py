# A single-page app: its files are in www/, and paths that it makes itself, /rooms/3 say,
# are answered with www/index.html. What it asks for is under /api.
import web

app = web.App(port=80)
api = web.App()
rooms = {1: 'kitchen', 2: 'cellar'}

@api.get('/rooms')
def list_rooms(r):
    return [{'id': id, 'name': name} for id, name in rooms.items()]

@api.get('/rooms/<int:id>')
def room(r, id):
    if id not in rooms:
        web.abort(404, {'error': 'no such room'})
    return {'id': id, 'name': rooms[id]}

# without this, what is misspelt would be the page, and no JSON
@api.get('/<path:rest>')
def nothing(r, rest):
    return {'error': 'there is no ' + r.path}, 404

app.mount(api, '/api')
app.static('/', 'www', fallback='index.html')

app.run()
