# Receiving that is given up after a time. asyncio.wait_for() loses what comes at that
# very moment (MicroPython issue 17351); this takes no task for each call, either.
from asyncio import TimeoutError, core

import web
from web.stream import forget_wait


def check_alone(conn):
    """Another task waits to receive. Raises RuntimeError, unless it was cancelled just
    now."""
    task = conn.entry[0]
    if task.data is conn.server.queue:
        raise RuntimeError("another task is receiving")
    forget_wait(conn, 0)


async def within(ws, waiting, seconds):
    """Return what the coroutine that waits for ws returns. Raises asyncio.TimeoutError,
    and has lost nothing, when that takes longer."""
    armed = False
    thrown = None
    try:
        while True:
            try:
                if thrown:
                    waiting.throw(thrown)
                else:
                    waiting.send(None)
            except StopIteration as e:
                return e.value
            if not armed:
                armed = True
                ws.rang = False
                _arm(ws, int(seconds * 1000))
            thrown = None
            try:
                yield
            except BaseException as e:
                thrown = e
            if ws.rang and not thrown:
                armed = False
                raise TimeoutError
    finally:
        if armed and not ws.rang:
            core._task_queue.remove(ws.alarm)


def _arm(ws, ms):
    if ws.alarm is None:
        ws.alarm = core.Task(_ring(ws))
    core._task_queue.push(ws.alarm, core.ticks_add(core.ticks(), max(0, ms)))


async def _ring(ws):
    """Wake the task that waits to receive, each time that the alarm is due."""
    conn = ws.conn
    while True:
        task = conn.entry[0]
        if task and task.data is conn.server.queue:
            ws.rang = True
            task.data.remove(task)
            forget_wait(conn, 0)
            core._task_queue.push(task)
            yield
        else:
            await core.sleep_ms(5)  # it is woken already, or answers a ping


async def decoded(waiting):
    """Return the value of the JSON text that is waited for."""
    text = await waiting
    return None if text is None else web.decoding.decode_json(text)
