# Ten tests of main.py, under MicroPython:
#
#   pytest -o micropython_files=test_*.py
from main import app, readings
from web.testing import Client, run

client = Client(app)

def setup_function():
    readings[:] = [21, 22]
    client.cookies.clear()

def test_page():
    response = run(client.get('/'))
    assert response.status == 200
    assert response.headers['content-type'] == 'text/html; charset=utf-8'
    assert response.text == '<h1>2 readings</h1>'

async def test_json():
    response = await client.get('/readings/1')
    assert response.json() == {'value': 22}

async def test_what_is_not_there():
    response = await client.get('/readings/9')
    assert response.status == 404
    assert response.json() == {'error': 'no such reading'}

async def test_signing_in():
    response = await client.post('/readings', json={'value': 20})
    assert response.status == 403
    response = await client.post('/login', form={'user': 'ada', 'password': 'secret'})
    assert response.path == '/'
    assert 'session' in client.cookies
    response = await client.post('/readings', json={'value': 20})
    assert response.status == 201
    assert readings == [21, 22, 20]

async def test_value_that_can_not_be():
    await client.post('/login', form={'user': 'ada', 'password': 'secret'})
    response = await client.post('/readings', json={'value': 1000})
    assert response.status == 422
    assert response.json() == {'error': 'value: must be -40 to 125'}

async def test_limit():
    response = await client.post('/login', body=bytes(1001))
    assert response.status == 413

async def test_upload():
    response = await client.post('/notes', files={'note': ('a.txt', 'some text')})
    assert response.json() == ['a.txt']

async def test_pieces():
    response = await client.get('/readings.csv', stream=True)
    text = b''
    async for piece in response:
        text += piece
    assert text == b'21\n22\n'

async def test_websocket():
    async with client.websocket('/echo') as ws:
        await ws.send('hello')
        assert await ws.receive() == 'hello'

async def test_events_and_fault():
    async with client.events('/events') as events:
        await client.post('/login', form={'user': 'ada', 'password': 'secret'})
        await client.post('/readings', json={'value': 20})
        async for event in events:
            assert event.json() == {'value': 20}
            break
    readings.clear()
    try:
        await client.get('/average')
    except ZeroDivisionError:
        return
    assert False, 'it was not raised'
