# Hooks after requests, and handlers of errors.
from asyncio import core

import web
from web.conn import SENT, CoroutineType
from web.response import response_of


async def response(conn, r, entry, hooks, answering):
    """Return the Response to r as the hooks have it: to the result of a coroutine, or to
    what it raises; or SENT."""
    try:
        result = await _result_of(answering)
    except BaseException as e:
        result = await _result_of(web.faults.recover(conn, r, entry, e))
    if result is SENT:
        return SENT
    result = response_of(result)
    try:
        for _, after, _ in reversed(hooks):
            for hook in after:
                other = await _result_of(hook(r, result))
                if other is not None:
                    body = result.body
                    result = response_of(other, result.status)
                    if result.body is not body and hasattr(body, "close"):
                        body.close()  # of the one that is replaced
    except BaseException:
        if hasattr(result.body, "close"):
            result.body.close()  # a generator that has begun must come to its end
        raise
    return result


async def _result_of(result):
    """Return a result, or what coroutines return in place of one."""
    while type(result) is CoroutineType:
        core.cur_task.data = result  # until it waits, see web.tasks.drive()
        try:
            item = next(result)
        except StopIteration as e:
            result = e.value
        else:
            result = await web.tasks.drive(result, item, result)
    return result


def _handler(errors, key):
    """Return the handler for a status or a class of exceptions, or None."""
    if isinstance(key, int):
        return errors.get(key)
    found = None
    for known in errors:
        if not isinstance(known, int) and issubclass(key, known):
            if found is None or issubclass(known, found):
                found = known  # the most specific one
    return found and errors[found]


def _called(handler, r, e):
    # one that takes no exception stands in a tuple, see web.setup
    return handler[0](r) if isinstance(handler, tuple) else handler(r, e)


async def handled(conn, r, apps, e):
    """Return the response to r as error handlers of the apps have it, which e (Exception)
    is for; SENT when it is too late for one."""
    errors = [app.hooks[2] for app in reversed(apps) if app.hooks]
    faults = web.faults
    status = e.status if isinstance(e, faults.HTTPException) else 500
    try:
        if isinstance(e, faults.HTTPException):
            for each in errors:
                handler = _handler(each, status)
                if handler:
                    result = response_of(await _result_of(_called(handler, r, e)), status)
                    if e.headers:
                        headers = web.lines.add(result.headers, e.headers)
                        result = response_of((result.body, result.status, headers))
                    return result
        for each in errors:
            handler = _handler(each, type(e))
            if handler:
                return response_of(await _result_of(handler(r, e)), status)
    except BaseException as fault:
        e = faults.fault_of(conn, fault)
        if not faults.answerable(conn, r, e):
            return SENT
    result = faults.plain(r, e)
    if not isinstance(e, faults.HTTPException):
        status = result[1]
        for each in errors:
            handler = _handler(each, status)
            if handler:
                try:
                    return response_of(await _result_of(_called(handler, r, e)), status)
                except BaseException as fault:
                    web.console.report(r, faults.fault_of(conn, fault))
    return result
