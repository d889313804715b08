# The handlers of lives.py that answer requests, for it to import.
import asyncio

from __main__ import PIECE, WRONG, Inside, app, await_cancelled, be_cancelled

# -- handlers that do well


@app.get("/slow")
async def slow(r):
    with Inside(r):
        await asyncio.sleep_ms(60)
    return "slow"


@app.get("/large")
def large(r):
    return PIECE * 8


@app.post("/read")
async def read(r):
    with Inside(r):
        return await r.body()


@app.post("/first")
async def first(r):
    with Inside(r):
        return await r.piece()


@app.post("/limited")
async def limited(r):
    with Inside(r):
        try:
            return await asyncio.wait_for_ms(r.body(), 40)
        except asyncio.TimeoutError:
            return "late"


@app.get("/outlived")
async def outlived(r):
    async def go_on():
        with Inside(r):
            await asyncio.sleep_ms(50)

    asyncio.create_task(go_on())
    return "outlived"


@app.post("/ignore")
def ignore(r):
    return "ignored"


@app.get("/pieces")
def pieces(r):
    with Inside(r):
        for _ in range(3):
            yield "piece"


@app.get("/pieces-slow")
async def pieces_slow(r):
    with Inside(r):
        for _ in range(3):
            yield "piece"
            await asyncio.sleep_ms(20)


@app.get("/pieces-endless")
async def pieces_endless(r):
    with Inside(r):
        while True:
            yield PIECE
            await asyncio.sleep_ms(0)


@app.route("/raw", methods=("GET", "POST"))
async def raw(r, w):
    with Inside(r):
        body = await r.body()
        w.write("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n".format(len(body) + 3))
        await w.drain()
        await asyncio.sleep_ms(10)
        await w.send(b"raw", body)


@app.route("/raw-close")
async def raw_close(r, w):
    await w.send(b"HTTP/1.1 200 OK\r\n\r\nsome")
    w.close()


# -- handlers that do not


@app.get("/raise/<int:life>")
def raise_at_once(r, life):
    raise ValueError("as said")


@app.get("/raise-later/<int:life>")
async def raise_later(r, life):
    with Inside(r):
        await asyncio.sleep_ms(5)
        raise OSError(5)


@app.post("/raise-read/<int:life>")
async def raise_read(r, life):
    await r.body()
    raise ValueError("as said")


@app.get("/raise-cancelled/<int:life>")
async def raise_cancelled(r, life):
    raise asyncio.CancelledError


@app.get("/cancelled/<int:life>")
async def cancelled(r, life):
    await be_cancelled(r)


@app.get("/await-cancelled/<int:life>")
async def handler_awaits_cancelled(r, life):
    await await_cancelled(r)


@app.get("/result/<int:life>")
def result(r, life):
    return object()


@app.get("/parameters/<int:life>")
async def parameters(r):
    return "never"


@app.get("/pieces-raise-first/<int:life>")
async def pieces_raise_first(r, life):
    with Inside(r):
        raise ValueError("as said")
        yield "never"


@app.get("/pieces-raise/<int:life>")
def pieces_raise(r, life):
    with Inside(r):
        yield "piece"
        raise ValueError("as said")


@app.get("/pieces-none/<int:life>")
def pieces_none(r, life):
    with Inside(r):
        yield "piece"
        yield None
        yield "never"


@app.get("/pieces-none-first/<int:life>")
def pieces_none_first(r, life):
    with Inside(r):
        yield None


@app.get("/pieces-number/<int:life>")
async def pieces_number(r, life):
    with Inside(r):
        yield "piece"
        yield 5


@app.get("/pieces-cancelled/<int:life>")
async def pieces_cancelled(r, life):
    yield "piece"
    await be_cancelled(r)


@app.get("/pieces-await-cancelled/<int:life>")
async def pieces_await_cancelled(r, life):
    yield "piece"
    await await_cancelled(r)


@app.route("/raw-nothing/<int:life>")
async def raw_nothing(r, w, life=0):
    pass


@app.route("/raw-raise/<int:life>")
async def raw_raise(r, w, life=0):
    with Inside(r):
        w.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        raise ValueError("as said")


@app.route("/raw-raise-half/<int:life>")
async def raw_raise_half(r, w, life=0):
    with Inside(r):
        await w.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        raise ValueError("as said")


@app.route("/raw-cancelled/<int:life>")
async def raw_cancelled(r, w, life=0):
    await be_cancelled(r)


@app.route("/raw-await-cancelled/<int:life>")
async def raw_await_cancelled(r, w, life=0):
    await await_cancelled(r)


for wrong in WRONG:
    app.route("/raw-" + wrong.__name__ + "/<int:life>")(wrong)
