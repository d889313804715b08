"""The text of a file of tests: its `assert` statements are changed so that they tell what they
have compared, and lines of it are shown where a test fails."""

import ast
import re

COMPARE = "_aioweb_compare"
CHECK = "_aioweb_check"
OPERATORS = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
FRAME = re.compile(r'^  File "(.*?)", line (\d+)(?:, in (\S+))?$')
HIDDEN = re.compile(r"(?:^|/)(?:device\.py|asyncio/\w+\.py)$")  # frames that tell nothing


class Source:
    """A file: .tests {name: its node}, in their order, .lines as they stand, and .text with
    the asserts changed, line by line the same."""

    def __init__(self, path):
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.lines = self.text.splitlines()
        self.tests = {}
        self.functions = []
        try:
            tree = ast.parse(self.text)
        except SyntaxError:
            return  # MicroPython tells it
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                if node.name.startswith("test"):
                    self.tests[node.name] = node
        self.functions = [n for n in ast.walk(tree) if hasattr(n, "args") and hasattr(n, "body")]
        self.text = _changed(self.text, tree)

    def function_at(self, line):
        """The first line of the innermost function around a line, or None."""
        around = [n.lineno for n in self.functions if n.lineno <= line <= (n.end_lineno or 0)]
        return max(around, default=None)


def _changed(text, tree):
    data = text.encode()
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def span(node):
        start = starts[node.lineno - 1] + node.col_offset
        return start, starts[node.end_lineno - 1] + node.end_col_offset

    found = [n for n in ast.walk(tree) if isinstance(n, ast.Assert) and n.msg is None]
    for node in sorted(found, key=span, reverse=True):
        start, end = span(node)
        data = data[:start] + _call(data, node, span) + data[end:]
    return data.decode()


def _call(data, node, span):
    """What stands in place of an assert, with as many lines."""
    start, end = span(node)
    test = node.test
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        operands = [span(test.left), span(test.comparators[0])]
        head = f"{COMPARE}({OPERATORS[type(test.ops[0])]!r}, "
    else:
        operands = [span(test)]
        head = f"{CHECK}({ast.unparse(test)!r}, "
    out = head.encode()
    at = start
    for first, last in operands:
        # the lines between what is compared stay
        out += b"\n" * data[at:first].count(b"\n") + b"(" + data[first:last] + b"), "
        at = last
    return out + b"\n" * data[at:end].count(b"\n") + b")"


# -- what is told


def text_of(failed, source):
    """The text of a failure: MicroPython's traceback, with lines of the file."""
    lines = [line for line in failed.split("\n") if line]
    frames = [match for match in map(FRAME.match, lines) if match and not HIDDEN.search(match[1])]
    own = [match for match in frames if match[1] == source.path.name]
    if not own:
        shown = [
            text
            for text in lines
            if not FRAME.match(text) or not HIDDEN.search(FRAME.match(text)[1])
        ]
        return "\n".join(shown)
    line = int(own[-1][2])
    first = source.function_at(line) or line
    out = []
    for n in range(first, line + 1):
        mark = ">" if n == line else " "
        out.append(f"{mark} {source.lines[n - 1]}".rstrip())
    told = [text for text in lines if not text.startswith(("  File ", "Traceback "))]
    out += [f"E   {text}" for text in told] + [""]
    for match in frames:
        name = str(source.path) if match[1] == source.path.name else match[1]
        out.append(f"{name}:{match[2]}: in {match[3] or source.path.stem}")
    return "\n".join(out)
