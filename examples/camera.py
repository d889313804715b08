# Pictures of a camera as a stream that an <img> shows (MJPEG). Stock firmware has no driver
# for cameras: put that of yours into capture().
import asyncio
import web

app = web.App(port=80)

def capture():
    with open('frame.jpg', 'rb') as file:  # camera.capture(), say
        return file.read()

@app.get('/')
def index(r):
    return '<img src=/stream alt="What the camera sees">'

@app.get('/frame.jpg')
def frame(r):
    return web.Response(capture(), headers={'Cache-Control': 'no-store'}, type='image/jpeg')

@app.get('/stream')
def stream(r):
    async def frames():
        while True:
            jpeg = capture()
            yield '--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n'.format(len(jpeg))
            yield jpeg
            yield '\r\n'
            await asyncio.sleep(0.1)  # and others have their turn
    return web.Response(frames(), headers={'Cache-Control': 'no-store'},
                        type='multipart/x-mixed-replace; boundary=frame')

app.run()
