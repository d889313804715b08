"""Plots how the cost of a request grows; the same figures give the same files."""

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

from bench.measures import GROWTH  # noqa: E402
from bench.tables import slug  # noqa: E402

# without a salt the identifiers in the file are random
matplotlib.rcParams.update({"svg.hashsalt": "bench", "svg.fonttype": "none"})


def _plot(what, figures, path):
    figure, axes = pyplot.subplots(figsize=(6, 3.6), layout="constrained")
    for server, growths in figures.items():
        points = [(v, growths[what][str(v)]) for v in GROWTH[what]]
        points = [(x, y) for x, y in points if y is not None]
        if points:
            axes.plot(*zip(*points), marker="o", label=server)
    axes.set_xlabel(what)
    axes.set_ylabel("instructions a request")
    axes.set_xlim(left=0)
    axes.set_yscale("log")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def write(figures, folder):
    for what in GROWTH:
        _plot(what, figures, folder / f"{slug(what)}.svg")
