"""What is drawn and computed for the page *The sphere in numbers*."""

import math

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from book import figure, results
from snippets.figures.manifolds.sphere import camera, draw_globe
from snippets.manifolds.sphere import uniform_on_sphere
from snippets.manifolds.sphere_numbers import (
    normalised_gaussians,
    random_angles,
    round_trip,
    stable_round_trip,
    survives,
    uniform_in_angles,
)


@figure(
    alt="The sphere seen from above. Left, points uniform by area cover it evenly. Right, points with two "
    "uniform angles crowd around the pole."
)
def samples() -> Figure:
    """Draw even and uneven samples, seen from a direction near the north pole."""
    fig, axes = plt.subplots(1, 2, figsize=(4.7, 2.6))
    titles = {uniform_on_sphere: "uniform by area", uniform_in_angles: "uniform in both angles"}
    for i, (ax, (sample, title)) in enumerate(zip(axes, titles.items(), strict=True)):
        draw_globe(ax, 20.0, 60.0)
        x, y, depth = camera(sample(3000, torch.Generator().manual_seed(0)), 20.0, 60.0).T
        near = depth > 0
        ax.scatter(x[near], y[near], s=5, color=f"C{i}", linewidths=0, rasterized=True)
        ax.set_title(title)
    return fig


@figure(
    alt="A sphere inside a cylinder, from the side. Two horizontal bands of equal height are marked: the one near the "
    "pole is half as long and twice as wide along the surface as the one at the equator."
)
def archimedes() -> Figure:
    """Draw a sphere in its cylinder and two bands of equal height, at 30° from the pole and at the equator."""
    fig, ax = plt.subplots(figsize=(4.9, 3.0))
    ink, faint = plt.rcParams["text.color"], plt.rcParams["grid.color"]
    t = torch.linspace(0, 2 * math.pi, 361)
    ax.plot([-1, -1, 1, 1, -1], [-1, 1, 1, -1, -1], color=faint, lw=1.2)
    ax.plot(t.cos(), t.sin(), color=ink, lw=1.2)
    half = 0.09
    for height, text in ((math.cos(math.pi / 6), "half as long,\ntwice as wide"), (0.0, "long and narrow")):
        z = torch.linspace(height - half, height + half, 50)
        x = (1 - z.square()).sqrt()
        ax.fill_betweenx(z, -1, 1, color=faint, alpha=0.5, lw=0)
        ax.fill_betweenx(z, -x, x, color="C0", alpha=0.55, lw=0)
        for side in (-1, 1):
            ax.plot(side * x, z, color="C1", lw=3.5)
        ax.annotate(text, (1.08, height), va="center", ha="left")
    ax.set(aspect="equal", xlim=(-1.1, 1.9), ylim=(-1.06, 1.06))
    ax.set_axis_off()
    return fig


@figure(
    alt="The relative error of the angle from the pole after the round trip in single precision, against "
    "the angle, on logarithmic axes. It grows as the inverse square; the repaired trip stays at rounding."
)
def cancellation() -> Figure:
    """Draw the relative error of φ after the float32 round trip, as written and repaired."""
    fig, ax = plt.subplots(figsize=(4.6, 3.0))
    theta, phi = random_angles(2, torch.float32, 1500)
    phi = 10 ** (-4.5 * phi / math.pi).to(torch.float32)
    for i, (trip, name) in enumerate({round_trip: "through $1-z$ and arccos", stable_round_trip: "repaired"}.items()):
        error = ((trip(theta, phi)[1] - phi) / phi).abs().nan_to_num(1.0).clamp(1e-9)
        ax.scatter(phi, error, s=5, color=f"C{1 - i}", label=name, linewidths=0, rasterized=True)
    ax.plot([1e-4, 1], [1e-7 / 1e-8, 1e-7], color=plt.rcParams["text.color"], lw=1, label="$10^{-7}/\\varphi^2$")
    ax.set(xscale="log", yscale="log", xlabel="$\\varphi$, the angle from the pole", ylabel="relative error")
    ax.set(ylim=(5e-10, 300))
    ax.legend(loc="upper right", markerscale=3)
    return fig


@results(seed=0)
def numbers() -> dict[str, int | float]:
    """Return how many seeds survive the round trip, and which share of samples lies near the poles.

    `nan_share` is that of pairs of directions at an angle of 1e-9 whose arccosine is NaN.
    """
    generator = torch.Generator().manual_seed(0)
    even, uneven = uniform_on_sphere(10**6, generator), uniform_in_angles(10**6, generator)
    cap = math.cos(math.radians(30))
    p, across = (normalised_gaussians(10**6, 3, generator) for _ in range(2))
    across = torch.nn.functional.normalize(torch.linalg.cross(p, across))
    close = math.cos(1e-9) * p + math.sin(1e-9) * across
    seeds = torch.stack([random_angles(seed, torch.float32) for seed in range(20_000)])
    single = torch.cat([survives(s) for s in seeds.split(1000)])
    double = torch.stack([random_angles(seed, torch.float64) for seed in range(1000)])
    generic = double.to(torch.float32)
    return {
        "seeds": len(single),
        "phi_fails": int((~single[:, 1]).sum()),
        "phi_fails_south": int((seeds[~single[:, 1], 1].amax(1) > math.pi - 0.002).sum()),
        "generic_seeds": len(generic),
        "generic_fails": int((~survives(generic)[:, 1]).sum()),
        "double_fails": int((~survives(double)).sum()),
        "stable_fails": int((~survives(torch.cat([seeds[:1000], generic]), stable_round_trip)).sum()),
        "nan_share": (p * close).sum(1).acos().isnan().double().mean().item(),
        "cap_area": 1 - cap,
        "cap_even": (even[:, 2].abs() > cap).double().mean().item(),
        "cap_uneven": (uneven[:, 2].abs() > cap).double().mean().item(),
    }
