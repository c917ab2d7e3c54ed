"""What is drawn and computed for the page *Varieties*."""

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Poly3DCollection
from torch import Tensor

from book import figure
from snippets.linear_networks.varieties import coin_model, elliptope, maximum_likelihood


def curve(ax: Axes, f: Callable, title: str, reach: float = 1.6) -> None:
    """Draw the zero set of a polynomial in two unknowns."""
    x, y = np.meshgrid(np.linspace(-reach, reach, 400), np.linspace(-reach, reach, 400))
    ax.contour(x, y, f(x, y), levels=[0], colors="C0", linewidths=2)
    ax.axhline(0, color=plt.rcParams["grid.color"], linewidth=0.8, zorder=0)
    ax.axvline(0, color=plt.rcParams["grid.color"], linewidth=0.8, zorder=0)
    ax.set(xticks=[], yticks=[], aspect="equal", title=title)
    for side in ax.spines.values():
        side.set_visible(False)


@figure(
    alt="Four plane curves: a circle; a loop that crosses itself at the origin; a curve with a sharp cusp at "
    "the origin; and two crossing lines. The crossing points and the cusp are marked. A straight line meets "
    "the circle in two points, the loop and the cusp in three, and the two lines in two."
)
def curves() -> Figure:
    """Zero sets in the plane, with their singular points and the points on a line."""
    fig, axes = plt.subplots(2, 2, figsize=(5.0, 5.2))
    drawn = [
        (lambda x, y: x**2 + y**2 - 1, "$x^2+y^2-1$", None, (0.4, 0.3)),
        (lambda x, y: y**2 - x**2 * (x + 1), "$y^2-x^2(x+1)$", (0, 0), (0.5, 0.3)),
        (lambda x, y: y**2 - x**3, "$y^2-x^3$", (0, 0), (1.535, -0.509)),
        (lambda x, y: (x - y) * (x + y), "$x^2-y^2$", (0, 0), (0.4, 0.5)),
    ]
    ink = plt.rcParams["text.color"]
    for ax, (f, title, singular, (slope, start)) in zip(axes.flat, drawn, strict=True):
        curve(ax, f, title)
        x = np.linspace(-1.6, 1.6, 4001)
        met = x[:-1][np.diff(np.sign(f(x, slope * x + start))) != 0]
        ax.axline((0, start), slope=slope, color=ink, linewidth=1, alpha=0.6)
        ax.plot(met, slope * met + start, "o", color=ink, markersize=5)
        ax.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6))
        if singular:
            ax.plot(*singular, "o", color="C1", markersize=8)
    return fig


def isosurface(f: Callable, reach: float, cells: int) -> Float[np.ndarray, "triangles 3 3"]:
    """Return triangles where f = 0, by cutting each cell of a grid into six tetrahedra."""
    axis = np.linspace(-reach, reach, cells + 1)
    corner = np.stack(np.meshgrid(axis[:-1], axis[:-1], axis[:-1], indexing="ij"), axis=-1).reshape(-1, 3)
    steps = np.eye(3) * (axis[1] - axis[0])
    triangles = []
    for i, j, k in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
        path = np.cumsum([np.zeros(3), steps[i], steps[j], steps[k]], axis=0)
        triangles += cut(corner[:, None, :] + path, f)
    return np.concatenate(triangles)


def cut(tetrahedra: np.ndarray, f: Callable) -> list[np.ndarray]:
    """Cut tetrahedra by the surface f = 0, linear on each edge: one corner alone gives a triangle, two give two."""
    values = f(*np.moveaxis(tetrahedra, -1, 0))
    order = np.argsort(values, axis=1)
    points = np.take_along_axis(tetrahedra, order[..., None], axis=1)
    values = np.take_along_axis(values, order, axis=1)
    negative = (values < 0).sum(axis=1)

    def crossing(chosen: np.ndarray, a: int, b: int) -> np.ndarray:
        va, vb = values[chosen, a, None], values[chosen, b, None]
        return points[chosen, a] + (points[chosen, b] - points[chosen, a]) * va / (va - vb)

    one, two, three = (negative == count for count in (1, 2, 3))
    return [
        np.stack([crossing(one, 0, b) for b in (1, 2, 3)], axis=1),
        np.stack([crossing(three, a, 3) for a in (0, 1, 2)], axis=1),
        np.stack([crossing(two, 0, 2), crossing(two, 0, 3), crossing(two, 1, 2)], axis=1),
        np.stack([crossing(two, 1, 2), crossing(two, 0, 3), crossing(two, 1, 3)], axis=1),
    ]


CORNERS = np.array([(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)])


@figure(
    alt="A rounded tetrahedron whose four corners are joined to four cones that open outwards, cut off by a cube: "
    "the cubic surface on which a symmetric "
    "three by three matrix loses rank. The four corners are marked; there the rank is one."
)
def cubic_surface() -> Figure:
    """The elliptope's surface: a determinantal cubic with four singular points."""
    plt.rcParams["savefig.dpi"] = 80  # a smooth surface needs no more, and weighs half as much
    fig = plt.figure(figsize=(4.8, 4.5))
    ax = fig.add_subplot(projection="3d")
    triangles = isosurface(elliptope, 1.7, 54)
    for corner_ in CORNERS:  # cut the cones that open at the corners by a plane each
        triangles = clip(triangles, corner_, 3.65)
    colours = shaded(triangles, plt.rcParams["axes.prop_cycle"].by_key()["color"][0])
    surface = Poly3DCollection(triangles, facecolors=colours, edgecolors=colours, linewidths=0.2)
    surface.set_rasterized(True)
    ax.add_collection3d(surface)
    ax.scatter(*CORNERS.T, color="C1", s=45, depthshade=False, zorder=10)
    ax.set(
        xlim=(-1.6, 1.6),
        ylim=(-1.6, 1.6),
        zlim=(-1.6, 1.6),
        xticks=[-1, 0, 1],
        yticks=[-1, 0, 1],
        zticks=[-1, 0, 1],
        xlabel="$x$",
        ylabel="$y$",
        zlabel="$z$",
    )
    ax.view_init(10, 8)
    ax.set_box_aspect(None, zoom=0.9)
    return fig


def clip(triangles: np.ndarray, normal: np.ndarray, bound: float) -> np.ndarray:
    """Return the parts of triangles on one side of a plane, as triangles."""
    found = []
    for triangle in triangles:
        inside, polygon = triangle @ normal - bound, []
        for k in range(3):
            p, q, s, t = triangle[k - 1], triangle[k], inside[k - 1], inside[k]
            if (s < 0) != (t < 0):
                polygon.append(p + (q - p) * s / (s - t))
            if t < 0:
                polygon.append(q)
        found += [(polygon[0], polygon[k], polygon[k + 1]) for k in range(1, len(polygon) - 1)]
    return np.array(found)


def shaded(triangles: np.ndarray, colour: str | tuple[float, ...]) -> np.ndarray:
    """Colour triangles by the angle between their normals and the light, the same on both sides."""
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    light = np.abs(normals @ (np.array([1.0, 0.5, 1.2]) / 1.64))[:, None]
    return np.clip(np.array(to_rgb(colour)) * (0.45 + 0.6 * light) + 0.12 * light**8, 0, 1)


def corner(p: Float[Tensor, "... 3"]) -> np.ndarray:
    """Place a probability vector in a triangle with the corners p₀, p₁, p₂."""
    places = torch.tensor([[0.0, 0.0], [0.5, 3**0.5 / 2], [1.0, 0.0]])
    return (p @ places).numpy().T


@figure(
    alt="A triangle of probabilities with a curve from one corner to another, the coin model. Three observed "
    "frequencies off the curve "
    "are joined by lines to the points on the curve that explain them best."
)
def coin() -> Figure:
    """The discrete statistical model and its maximum-likelihood estimates."""
    fig, ax = plt.subplots(figsize=(4.8, 4.2))
    edge = torch.eye(3)[[0, 1, 2, 0]]
    ax.plot(*corner(edge), color=plt.rcParams["text.color"], linewidth=1)
    ax.plot(*corner(coin_model(torch.linspace(0, 1, 200))), color="C0", linewidth=2.4)
    for k, counts in enumerate(([1.0, 6.0, 2.0], [6.0, 1.0, 4.0], [2.0, 1.0, 8.0])):
        u = torch.tensor(counts)
        both = torch.stack([u / u.sum(), coin_model(maximum_likelihood(u))])
        ax.plot(*corner(both), color=f"C{k + 1}", linewidth=1.2)
        ax.plot(*corner(both[:1]), "o", color=f"C{k + 1}")
        ax.plot(*corner(both[1:]), "s", color=f"C{k + 1}")
    names = ("two heads", "heads, tails", "tails")
    for name, place, shift in zip(names, corner(torch.eye(3)).T, ((0, -6), (0, 6), (0, -6)), strict=True):
        ax.annotate(
            name, place, xytext=shift, textcoords="offset points", ha="center", va="bottom" if shift[1] > 0 else "top"
        )
    ax.set(aspect="equal", ylim=(-0.12, 0.98))
    ax.axis("off")
    return fig
