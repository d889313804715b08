# Python that is sent is run as the board's own console runs it.
import gc
import io
import sys

_NAME = '<console>'
_MOST = 4096  # bytes of what is printed that are kept


class _Output(io.IOBase):
    # what is printed, up to a limit

    def __init__(self):
        self.data = bytearray()
        self.cut = False

    def write(self, data):
        left = _MOST - len(self.data)
        self.cut = self.cut or len(data) > left
        self.data.extend(bytes(data)[:left])
        return len(data)

    def text(self):
        data = self.data
        try:
            at = data.find(b'\xed')
            while at >= 0:
                if data[at + 1 : at + 2] >= b'\xa0':  # half of a surrogate pair
                    raise ValueError
                at = data.find(b'\xed', at + 1)
            return str(data, 'utf-8')
        except ValueError:  # it is no text, or was cut within a character
            return str(bytes([c if c < 128 else 63 for c in data]), 'utf-8')


class Console:
    """A console with names of its own, to begin with those that are given."""

    def __init__(self, names):
        self._names = {'__name__': '__console__', 'print': self._print, '__repl_print__': self._show}
        self._names.update(names)
        self._out = None

    def run(self, text):
        """Run lines of Python and return {'out': what they printed (str), 'bad': whether they
        raised something, 'cut': whether there was more}. While they run, nothing else does."""
        out = self._out = _Output()
        bad = False
        try:
            for code in _compiled(text.replace('\r\n', '\n').rstrip()):
                exec(code, self._names)
        except (Exception, SystemExit) as e:
            bad = True
            _report(e, out)
        self._out = None
        gc.collect()
        return {'out': out.text(), 'bad': bad, 'cut': out.cut}

    def _print(self, *values, **options):
        # what a task prints later, that was begun here, is for the board's own console
        if self._out:
            options.setdefault('file', self._out)
        print(*values, **options)

    def _show(self, value):
        if value is not None:
            self._names['_'] = value
            self._print(repr(value))


def _compiled(text):
    """Return code objects for a text, the last of which prints what its expression gives.
    Raises SyntaxError."""
    lines = text.split('\n')
    last = len(lines) - 1
    while last and (not lines[last] or lines[last].startswith((' ', '\t', '#'))):
        last -= 1
    try:
        before = '\n'.join(lines[:last])
        codes = [compile(before, _NAME, 'exec')] if before else []
        return codes + [compile('\n'.join(lines[last:]) + '\n', _NAME, 'single')]
    except SyntaxError:
        # that last line goes on with what is before it: an else, a bracket
        return [compile(text + '\n', _NAME, 'exec')]


def _report(e, out):
    trace = io.StringIO()
    sys.print_exception(e, trace)
    for line in trace.getvalue().rstrip().split('\n'):
        # but for the line by which it was run
        if not line.startswith('  File "' + __file__):
            out.write((line + '\n').encode())
