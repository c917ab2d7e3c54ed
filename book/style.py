"""The one plot style of the book, in a light and a dark version.

The cycle is Okabe and Ito's palette, which colour-blind readers can tell apart, with lightness adapted
to the two backgrounds. In a figure use "C0" … "C6" for data, `plt.rcParams["text.color"]` for ink and
`plt.rcParams["grid.color"]` for what should recede; they change with the version.
"""

from typing import Any, Literal

Mode = Literal["light", "dark"]
MODES: tuple[Mode, ...] = ("light", "dark")

CYCLE = {
    "light": ["#0072B2", "#D55E00", "#00805E", "#A8487F", "#8F6B00", "#2B8FC7", "#5B5B5B"],
    "dark": ["#56B4E9", "#FF8F50", "#2CCB9C", "#E59CC6", "#EBC334", "#8CCBF2", "#B5B5B5"],
}
INK = {"light": "#1f2328", "dark": "#e3e6ea"}
FAINT = {"light": "#c9ced6", "dark": "#4a505b"}
PAPER = {"light": "#ffffff", "dark": "#1e2129"}


def style(mode: Mode) -> dict[str, Any]:
    """Return matplotlib's settings for one version; read by `matplotlib.rc_context`."""
    from cycler import cycler

    ink, faint = INK[mode], FAINT[mode]
    return {
        "figure.figsize": (5.2, 3.2),
        "figure.constrained_layout.use": True,
        "figure.facecolor": PAPER[mode],
        "axes.facecolor": PAPER[mode],
        "savefig.facecolor": "none",
        "savefig.transparent": True,
        "savefig.bbox": "tight",
        "savefig.pad_inches": 0.05,
        "font.size": 10,
        "axes.titlesize": 10.5,
        "axes.labelsize": 10,
        "legend.fontsize": 9.5,
        "xtick.labelsize": 9.5,
        "ytick.labelsize": 9.5,
        "mathtext.fontset": "dejavusans",
        "text.color": ink,
        "axes.labelcolor": ink,
        "axes.edgecolor": ink,
        "axes.titlecolor": ink,
        "xtick.color": ink,
        "ytick.color": ink,
        "grid.color": faint,
        "grid.linewidth": 0.7,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes3d.grid": False,
        "axes3d.xaxis.panecolor": "none",
        "axes3d.yaxis.panecolor": "none",
        "axes3d.zaxis.panecolor": "none",
        "axes.prop_cycle": cycler(color=CYCLE[mode]),
        "lines.linewidth": 1.8,
        "lines.solid_capstyle": "round",
        "legend.frameon": False,
        "image.cmap": "Greys" if mode == "light" else "Greys_r",
        "image.interpolation": "nearest",
        "svg.fonttype": "path",
        "svg.hashsalt": "equivariance",
        "savefig.dpi": 150,
    }
