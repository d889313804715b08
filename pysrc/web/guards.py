# What is called before the handlers of single routes.


class Guards:
    """The guards of a route, or of an app that is mounted. In a route's entry they stand
    among the apps whose hooks are called."""

    def __init__(self, before):
        if not isinstance(before, (list, tuple)):
            before = (before,)
        for guard in before:
            if not callable(guard):
                raise TypeError("a guard must be a function of r, not " + repr(guard))
        self.hooks = before, (), {}
