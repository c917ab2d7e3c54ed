"""What is drawn and computed for the page *Clifford algebras*."""

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from book import figure, results
from snippets.lie_groups.clifford import matrix_of, mirror, rotor_2d, rotor_3d
from snippets.lie_groups.exponential import exp_so3
from snippets.lie_groups.groups import rotation


@figure(
    alt="Two curves over two full turns. The matrix entry, a cosine, repeats after one turn. The scalar part of "
    "the rotor is at minus one after one turn and back at one only after two."
)
def double_cover() -> Figure:
    """Draw a matrix entry and a rotor coefficient over two full turns."""
    fig, ax = plt.subplots(figsize=(5.2, 2.8))
    theta = torch.linspace(0, 4 * torch.pi, 200)
    ax.plot(theta, theta.cos(), "C1")
    ax.plot(theta, rotor_2d(theta)[:, 0], "C0")
    for turns in (1, 2):
        ax.axvline(2 * torch.pi * turns, color=plt.rcParams["grid.color"], lw=1)
    ax.text(torch.pi, -1.12, "matrix:\nupper left entry", color="C1", ha="center", va="top")
    ax.text(2 * torch.pi, -1.12, "rotor:\nscalar part", color="C0", ha="center", va="top")
    ax.set(xticks=[2 * torch.pi * k for k in range(3)], xticklabels=["0", "one turn", "two turns"], yticks=[-1, 0, 1],
           ylim=(-1.7, 1.1))  # fmt: skip
    return fig


@figure(
    alt="Two pictures of the vectors u = (2, 1) and v = (1, 2). Left, the perpendicular from the tip of v to the line "
    "of u marks the shadow of v. Right, the parallelogram of both is filled, with an arrow from u to v."
)
def two_parts() -> Figure:
    """Draw the dot product and the area of the parallelogram of two vectors."""
    fig, axes = plt.subplots(1, 2, figsize=(5.4, 2.9), sharey=True)
    u, v = torch.tensor([2.0, 1.0]), torch.tensor([1.0, 2.0])
    foot, ink = (u @ v) / (u @ u) * u, plt.rcParams["text.color"]
    axes[0].plot(*torch.stack([v, foot]).T.numpy(), "--", color=ink, lw=1)
    axes[0].plot(*torch.stack([0 * u, foot]).T.numpy(), color="C2", lw=7, alpha=0.4, solid_capstyle="butt")
    axes[0].text(1.0, 0.3, "shadow of $v$", color="C2", va="top")
    axes[1].fill(*torch.stack([0 * u, u, u + v, v]).T.numpy(), color="C2", alpha=0.25, lw=0)
    axes[1].text(1.75, 1.75, "area 3", color="C2", ha="center")
    start, end = (0.9 * w / w.norm() for w in (u, v))
    turn = {"arrowstyle": "->", "color": ink, "connectionstyle": "arc3,rad=0.35", "shrinkA": 2, "shrinkB": 2}
    axes[1].annotate("", xy=end.tolist(), xytext=start.tolist(), arrowprops=turn)
    for ax, title in zip(axes, (r"$u\cdot v = 4$", r"$3\,e_1e_2$"), strict=True):
        for w, name, colour, at in ((u, "$u$", "C0", (2.1, 0.85)), (v, "$v$", "C1", (0.75, 2.1))):
            ax.quiver(0, 0, *w.tolist(), angles="xy", scale_units="xy", scale=1, color=colour, width=0.016)
            ax.text(*at, name, color=colour)
        ax.set(xlim=(-0.3, 3.3), ylim=(-0.3, 3.6), aspect="equal")
        ax.set_title(title, y=0.92)
        ax.axis("off")
    return fig


@figure(
    alt="Two mirror lines at 35 degrees to each other. A flag is reflected in the first, then in the second; the "
    "result is the flag turned by 70 degrees."
)
def mirrors() -> Figure:
    """Draw two reflections, one after the other, as a turn by twice the angle between the mirrors."""
    fig, ax = plt.subplots(figsize=(4.4, 3.6))
    alpha, beta = torch.tensor(50.0).deg2rad(), torch.tensor(85.0).deg2rad()
    flag = torch.tensor([[0.0, 0.0], [1.5, 0.0], [1.5, 0.4], [1.1, 0.2], [1.1, 0.0]]) @ rotation(0.5).T
    shapes = [flag]
    for angle in (alpha, beta):
        line, normal = rotation(angle)[:, 0], rotation(angle)[:, 1]
        ax.plot(*torch.stack([-0.3 * line, 1.9 * line]).T.numpy(), "--", color=plt.rcParams["text.color"], lw=1)
        shapes.append(torch.stack([mirror(normal, v) for v in shapes[-1]]))
    names = ("start", "one mirror", "two mirrors")
    for shape, colour, alpha_, name in zip(shapes, ("C0", "C6", "C1"), (1, 0.6, 1), names, strict=True):
        ax.plot(*shape.T.numpy(), color=colour, alpha=alpha_)
        ax.fill(*shape[1:].T.numpy(), color=colour, alpha=0.4 * alpha_, lw=0)
        ax.text(*(1.22 * shape[1]).tolist(), name, color=colour, ha="center", va="center")
    ax.set(xlim=(-1.5, 2.0), ylim=(-0.4, 2.15), aspect="equal")
    ax.axis("off")
    return fig


@results(seed=0)
def numbers() -> dict[str, float]:
    """Numbers that the page quotes."""
    omega = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
    return {"agreement": (matrix_of(rotor_3d(omega)) - exp_so3(omega)).abs().max().item()}
