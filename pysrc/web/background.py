# What runs beside the server of an App: it begins when the App is started, and ends with it.
# Each is an object that has begin(server, port), end(), abandon(), and `task`, None or what is
# awaited when the App is stopped.
from asyncio import CancelledError, core, sleep, sleep_ms
from time import ticks_add, ticks_diff, ticks_ms

from micropython import const

import web

_TICK_MS = const(250)  # of the clock that deadlines are told by
_LOOK_MS = const(20)  # between two looks whether the last task has ended

_all = []  # of all apps


def of(server):
    """Return what runs beside an App: what is its own, and what those have that are mounted
    in it."""
    return [each for each in _all if _is_in(each.app, server)]


def _is_in(app, server):
    if app is server:
        return True
    for parents, _ in app.mounts:
        if _is_in(parents[0], server):
            return True
    return False


def add(each):
    """Have something run beside its app, from now on if that serves already. Raises what its
    begin() does, and then it does not."""
    app = each.app
    if app.listener:
        each.begin(app, app.port)
    _all.append(each)


def drop(each):
    """End what runs beside its app, for good."""
    if each in _all:
        _all.remove(each)
    each.end()


def begin(server, port):
    """The App has begun to listen on that port."""
    for each in of(server):
        each.begin(server, port)


def end(server):
    """The App ends, and waits for nobody."""
    for each in of(server):
        each.end()


def abandon(server):
    """The event loop has ended."""
    for each in of(server):
        each.abandon()


async def stop(server, until):
    """End what runs beside an App, and wait for that, but not for the current task, nor
    longer than until the server's clock shows `until`."""
    deadline = ticks_add(ticks_ms(), max(0, until - server.clock) * _TICK_MS)
    end(server)
    for each in of(server):
        task = each.task
        while task and task is not core.cur_task and not task.done():
            if ticks_diff(deadline, ticks_ms()) <= 0:
                return
            await sleep_ms(_LOOK_MS)


# -- tasks


class Beside:
    # What App.task() makes of a function.

    def __init__(self, app, function, restart):
        self.app = app
        self.task = None
        self._function = function
        self._restart = restart
        # closures have no name, nor has what is no function
        self._name = getattr(function, "__name__", None) or repr(function)
        self._ending = False

    def begin(self, server, port):
        # an app may be mounted in several
        if self.task is None or self.task.done():
            self._ending = False
            self.task = core.create_task(self._run(self._called()))

    def end(self):
        self._ending = True
        if self.task and self.task is not core.cur_task:
            self.task.cancel()

    def abandon(self):
        self.task = None

    def _called(self):
        coroutine = self._function()
        if not hasattr(coroutine, "throw"):
            raise TypeError(_NO_TASK.format(self._name))
        return coroutine

    async def _run(self, coroutine):
        while True:
            try:
                await coroutine
                return
            except (Exception, CancelledError) as e:
                # one that is not of end() is of a task that the function waited for
                if self._ending:
                    if isinstance(e, CancelledError):
                        raise
                fault = e
            coroutine = None
            restart = None if self._ending else self._restart
            try:
                more = "" if restart is None else "; again in {} s".format(restart)
                web.console.tell_fault("task " + self._name, fault, more)
            except Exception:
                pass  # there is no memory for it
            fault = None
            if restart is None:
                return
            await sleep(restart)
            coroutine = self._called()


_NO_TASK = "{0} is a plain def: a task is an async def, which waits by await"


def task(app, function=None, restart=None):
    """Decorate an `async def` without parameters that runs beside the server: it begins
    when the app is started, or one that it is mounted in, and is cancelled when that is
    stopped, when the requests have ended. What it raises is told in one line on the console.

    restart  seconds after which it begins again then; if not given it does not. When it
             returns it has ended in any case

    Raises TypeError for what is no such function, ValueError for a restart that is not above
    0. Also to be had as `@app.task`, without parentheses."""
    if restart is not None and not restart > 0:
        raise ValueError("restart must be seconds above 0, not " + repr(restart))
    if function is None:
        return lambda function: task(app, function, restart)
    if hasattr(function, "throw"):
        function.close()
        raise TypeError("app.task wants the function, not what a call of it returns")
    if isinstance(function, (int, float)):
        raise TypeError("@app.task(restart={0}), not @app.task({0})".format(function))
    if not callable(function):
        raise TypeError("a task must be an async def, not " + repr(function))
    if isinstance(function, type(task)):
        raise TypeError(_NO_TASK.format(getattr(function, "__name__", function)))
    add(Beside(app, function, restart))
    return function
