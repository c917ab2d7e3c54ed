"""What is drawn and computed for the page *The circle*."""

import math

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import nn

from book import figure, results
from snippets.manifolds.circle import (
    Direction,
    angle,
    angular_error,
    fit,
    mlp,
    on_the_circle,
    stereographic,
)


@figure(
    alt="A circle with a horizontal line. Rays from the north pole pass through five coloured points "
    "of the circle to the line, where they mark its coordinates; points near the pole land far out."
)
def projection() -> Figure:
    """Draw the projection from the north pole onto the axis."""
    fig, ax = plt.subplots(figsize=(4.6, 2.6))
    ink, faint = plt.rcParams["text.color"], plt.rcParams["grid.color"]
    ring = on_the_circle(torch.linspace(0, 2 * math.pi, 200)).numpy()
    ax.axhline(0, color=faint, lw=1.2)
    ax.plot(ring[:, 0], ring[:, 1], color=ink, lw=1.4)
    points = on_the_circle(torch.tensor([-2.0, -1.45, -0.6, 0.35, 0.86]))
    for i, (p, u) in enumerate(zip(points.tolist(), stereographic(points)[:, 0].tolist(), strict=True)):
        end = (u, 0.0) if p[1] > 0 else tuple(p)
        ax.plot([0, end[0]], [1, end[1]], color=f"C{i}", lw=1.1)
        ax.plot(*p, "o", color=f"C{i}", ms=7)
        ax.plot(u, 0, "D", color=f"C{i}", ms=5)
        side, height = ("left" if u > 0 else "right"), (-13 if i == 1 else 5)  # 0.06 and 0.53 would meet
        place = {"xytext": (4 if u > 0 else -4, height), "textcoords": "offset points", "ha": side}
        ax.annotate(f"{u:.2f}".replace("-", "−"), (u, 0), color=f"C{i}", **place)
    ax.plot(0, 1, "o", mfc=plt.rcParams["axes.facecolor"], mec=ink, ms=8)
    ax.annotate("$N$, omitted", (0, 1), (-9, 3), textcoords="offset points", ha="right")
    ax.set(xlim=(-1.5, 3.7), ylim=(-1.08, 1.25), aspect="equal")
    ax.set_axis_off()
    return fig


@figure(
    alt="The two coordinates u and v over the place on the circle; each goes to infinity at its own pole, where "
    "the other is zero."
)
def charts() -> Figure:
    """Draw both stereographic coordinates on the way round the circle."""
    fig, ax = plt.subplots(figsize=(4.6, 2.9))
    theta = torch.linspace(-0.5 * math.pi, 1.5 * math.pi, 801)[1:-1]
    p = on_the_circle(theta)
    for i, (pole, name) in enumerate({1: "$u$, from the north", -1: "$v=1/u$, from the south"}.items()):
        off_pole = p[:, 1] != pole
        u = stereographic(p[off_pole], pole)[:, 0]
        ax.plot(theta[off_pole], torch.where(u.abs() < 4.5, u, torch.nan), color=f"C{i}", label=name)
    ticks, names = [-math.pi / 2, 0, math.pi / 2, math.pi, 3 * math.pi / 2], ["S", "(1, 0)", "N", "(−1, 0)", "S"]
    ax.set(ylim=(-4, 4), xticks=ticks, xticklabels=names, xlabel="place on the circle")
    ax.grid(axis="x")
    ax.axhline(0, color=plt.rcParams["grid.color"], lw=0.8)
    ax.legend(loc="lower left")
    return fig


@figure(alt="The interval from 0 to 2 pi with a ball about 0; the left half of the ball is outside.")
def half_open() -> Figure:
    """Draw the ball that does not fit a half-open interval."""
    fig, ax = plt.subplots(figsize=(4.6, 1.0))
    ink, paper = plt.rcParams["text.color"], plt.rcParams["axes.facecolor"]
    ax.plot([0, 2 * math.pi], [0, 0], color=ink)
    ax.plot(0, 0, "o", color="C2", ms=8)
    ax.plot(2 * math.pi, 0, "o", mfc=paper, mec=ink, ms=8)
    ax.plot([0, 0.7], [0, 0], color="C2", lw=5)
    ax.plot([-0.7, 0], [0, 0], color="C1", lw=5, ls=(0, (0.8, 0.6)), dash_capstyle="butt")
    ax.annotate("not in $V$", (-0.35, 0), (0, 8), textcoords="offset points", ha="center", color="C1")
    ax.annotate("$V=[0,2\\pi)$", (math.pi, 0), (0, 8), textcoords="offset points", ha="center")
    ax.set(xlim=(-1, 2 * math.pi + 0.6), ylim=(-0.6, 1), xticks=[0, math.pi, 2 * math.pi], yticks=[])
    ax.set_xticklabels(["0", "$\\pi$", "$2\\pi$"])
    ax.spines[["left", "bottom"]].set_visible(False)
    return fig


def trained_heads() -> tuple[nn.Module, nn.Module]:
    """Return both heads as the page trains them, each from the same seed."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        number = fit(mlp(1))
        torch.manual_seed(0)
        return number, fit(nn.Sequential(mlp(2), Direction()))


@figure(
    alt="The error of two trained heads over the angle. The head that ends in one number has a narrow "
    "peak up to 180 degrees; the head that ends in a point of the plane stays near zero everywhere."
)
def head_errors() -> Figure:
    """Draw the error of both trained heads around the circle."""
    fig, ax = plt.subplots(figsize=(4.6, 2.7))
    p = on_the_circle(torch.linspace(0, 2 * math.pi, 2001)[:-1])
    names = ("one number", "a point of the plane")
    for i, (head, name) in enumerate(zip(trained_heads(), names, strict=True)):
        with torch.no_grad():
            error = angular_error(head(p), p).rad2deg()
        ax.plot(angle(p)[:, 0].rad2deg(), error, color=f"C{1 - i}")
        at = int(error.argmax()) if i == 0 else 600
        place = {"xytext": ((-8, -14), (0, 8))[i], "textcoords": "offset points", "ha": ("right", "center")[i]}
        ax.annotate(name, (angle(p)[at, 0].rad2deg(), error[at]), color=f"C{1 - i}", **place)
    ax.axhline(180, color=plt.rcParams["grid.color"], lw=1, ls="--")
    ax.set(xlabel="angle of the input (degrees)", ylabel="error (degrees)", ylim=(-5, 190))
    ax.set(xticks=range(0, 361, 90), yticks=range(0, 181, 45))
    return fig


@results(seed=0)
def numbers() -> dict[str, float]:
    """Return how the errors of the trained one-number head are spread over the circle."""
    number, _ = trained_heads()
    p = on_the_circle(torch.linspace(0, 2 * math.pi, 20001)[:-1])
    with torch.no_grad():
        error = angular_error(number(p), p)
    return {
        "angle_head_typical": error.rad2deg().median().item(),
        "angle_head_over_90": (error > math.pi / 2).double().mean().item(),
    }
