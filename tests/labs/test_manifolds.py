"""The checks of the manifolds lab refuse what is wrong, each in its own words, and accept what is right."""

from .reading import FOLDER, judged, read_lab

LAB = read_lab(FOLDER / "manifolds.py")
changed = LAB.changed

ALL_PAIRS = """
def collision(chi, points):
    x = chi(points)[:, 0].tolist()
    for i in range(len(x)):
        for j in range(i):
            if abs(x[i] - x[j]) <= 1e-9 and (points[i] - points[j]).norm() >= 0.1:
                return points[i], points[j]
    return None
"""
SPOT = LAB.exercises[7].starter

WRONG = {
    "globe: one draw for height and longitude": (
        7,
        "def even_on_globe(k):\n    u = torch.rand(k)\n    z, phi = 2 * u - 1, 2 * math.pi * u\n    r = (1 - z**2).sqrt()\n    return torch.stack([r * phi.cos(), r * phi.sin(), z], dim=1)",
        "each height prefers a longitude",
    ),
    "globe: as many as the check asks": (
        7,
        changed(7, "torch.rand(k)", "torch.rand(100_000)"),
        "the answer has the shape",
    ),
    "even: as many as the check asks": (
        3,
        changed(3, "torch.randn(k,", "torch.randn(200_000,"),
        "the answer has the shape",
    ),
    "tangent: all but": (
        5,
        changed(5, "    if torch", "    J = J + 1e-4 * torch.randn(J.shape)\n    if torch"),
        "if little",
    ),
    # 1 mean of angles
    "mean: of the numbers": (0, "def mean_angle(angles):\n    return angles.mean()", "meet near 0"),
    "mean: midrange about the first": (
        0,
        "def mean_angle(angles):\n    d = (angles - angles[0] + math.pi).remainder(2 * math.pi) - math.pi\n    m = angles[0] + (d.max() + d.min()) / 2\n    return torch.atan2(m.sin(), m.cos())",
        "another direction",
    ),
    "mean: of the turns from the first": (
        0,
        "def mean_angle(angles):\n    d = (angles - angles[0] + math.pi).remainder(2 * math.pi) - math.pi\n    m = angles[0] + d.mean()\n    return torch.atan2(m.sin(), m.cos())",
        "another direction",
    ),
    "mean: weighted by cubes of cosines": (
        0,
        "def mean_angle(angles):\n    m = torch.atan2(angles.sin().mean(), angles.cos().mean())\n    w = (angles - m).cos() ** 3\n    return torch.atan2((w * angles.sin()).sum(), (w * angles.cos()).sum())",
        "another direction",
    ),
    "mean: arctan of the quotient": (
        0,
        "def mean_angle(angles):\n    return torch.atan(angles.sin().mean() / angles.cos().mean())",
        "another direction|opposite",
    ),
    "mean: from 0 to 2π": (
        0,
        "def mean_angle(angles):\n    return torch.atan2(angles.sin().mean(), angles.cos().mean()).remainder(2 * math.pi)",
        "not between",
    ),
    "mean: in degrees": (0, changed(0, "return ", "return 180 / math.pi * "), "meet near 0|not between"),
    "mean: sine and cosine swapped": (
        0,
        changed(
            0, "atan2(angles.sin().mean(), angles.cos().mean())", "atan2(angles.cos().mean(), angles.sin().mean())"
        ),
        "meet near 0",
    ),
    "mean: the median": (
        0,
        "def mean_angle(angles):\n    m = torch.atan2(angles.sin().mean(), angles.cos().mean())\n    m = m + ((angles - m + math.pi).remainder(2 * math.pi) - math.pi).median()\n    return torch.atan2(m.sin(), m.cos())",
        "meet near 0|another direction",
    ),
    # 2 charts
    "charts: from the north": (1, changed(1, "1 + p[:, -1:]", "1 - p[:, -1:]"), "not on one line"),
    "charts: from the middle": (1, changed(1, "/ (1 + p[:, -1:])", "/ p[:, -1:]"), "not on one line"),
    "charts: dropped to the plane": (1, changed(1, " / (1 + p[:, -1:])", ""), "not on one line"),
    "charts: tangent plane": (1, changed(1, "p[:, :-1] / (1", "2 * p[:, :-1] / (1"), "not on one line"),
    "charts: back to the other half": (1, changed(1, "1 - s", "s - 1"), "coordinates do not come back"),
    "charts: back beside the sphere": (1, changed(1, "2 * u", "u"), "leaves the sphere"),
    "charts: one coordinate too many": (1, changed(1, "p[:, :-1] /", "p /"), "shape"),
    # 3 collision
    "collision: generous tolerance": (2, changed(2, "<= 1e-9", "<= 1e-3"), "two coordinates differ|no such pair"),
    "collision: exactly equal": (
        2,
        changed(2, "(x - x.T).abs() <= 1e-9", "x == x.T"),
        "different points one coordinate",
    ),
    "collision: points that are close": (2, changed(2, ">= 0.1", "> 0"), "too close"),
    "collision: a point with itself": (2, changed(2, ">= 0.1", ">= 0"), "too close"),
    "collision: only on the other side": (2, changed(2, ">= 0.1", ">= 1.1"), "different points one coordinate"),
    "collision: any two points": (2, changed(2, ">= 0.1", ">= 1e-3"), "too close|no such pair"),
    "collision: never": (2, "def collision(chi, points):\n    return None", "different points one coordinate"),
    "collision: neighbours only": (
        2,
        "def collision(chi, points):\n    x = chi(points)\n    for i in range(len(x) - 1):\n        if (points[i] - points[i + 1]).norm() >= 0.1 and (x[i] - x[i + 1]).abs() <= 1e-9:\n            return points[i : i + 2]",
        "different points one coordinate",
    ),
    "collision: opposite points": (
        2,
        "def collision(chi, points):\n    p = points[:1]\n    both = torch.cat([p, -p])\n    x = chi(both)\n    return both if (x[0] - x[1]).abs() <= 1e-9 else None",
        "different points one coordinate|not among the given",
    ),
    "collision: indices": (2, changed(2, "points[pairs[0]] if", "pairs[0] if"), "shape"),
    # 4 even points
    "even: two uniform angles": (
        3,
        "def even_points(k, n):\n    p = torch.ones(k, 1)\n    for _ in range(n):\n        t = 2 * math.pi * torch.rand(k, 1)\n        p = torch.cat([p * t.cos(), t.sin()], 1)\n    return p",
        "prefer a direction|crowd",
    ),
    "even: a cube": (
        3,
        "def even_points(k, n):\n    return nn.functional.normalize(2 * torch.rand(k, n + 1) - 1)",
        "crowd",
    ),
    "even: not signed": (
        3,
        "def even_points(k, n):\n    return nn.functional.normalize(torch.randn(k, n + 1)).abs()",
        "prefer a direction",
    ),
    "even: not on the sphere": (
        3,
        "def even_points(k, n):\n    return torch.randn(k, n + 1) / (n + 1) ** 0.5",
        "not on the sphere",
    ),
    "even: the ends of the axes": (
        3,
        "def even_points(k, n):\n    return torch.eye(n + 1)[torch.randint(n + 1, (k,))] * (2 * torch.randint(2, (k, 1)) - 1)",
        "crowd",
    ),
    "even: a design": (
        3,
        "import itertools\n\n\ndef even_points(k, n):\n    d = n + 1\n    if n < 2:\n        return nn.functional.normalize(torch.randn(k, d))\n    axes = torch.cat([torch.eye(d), -torch.eye(d)])\n    corners = torch.tensor(list(itertools.product([1.0, -1.0], repeat=d))) / d**0.5\n    share = (1 / (2 * d)) * torch.ones(2 * d), torch.ones(2**d) / 2**d\n    a = torch.tensor(2 / (d + 2))\n    weights = torch.cat([a * share[0], (1 - a) * share[1]])\n    return torch.cat([axes, corners])[torch.multinomial(weights, k, replacement=True)]",
        "crowd",
    ),
    "even: exponentials": (
        3,
        "def even_points(k, n):\n    x = torch.rand(k, n + 1).log() * (2 * torch.randint(2, (k, n + 1)) - 1)\n    return nn.functional.normalize(x)",
        "crowd",
    ),
    "even: a circle": (
        3,
        "def even_points(k, n):\n    t = 2 * math.pi * torch.rand(k, 1)\n    return torch.cat([t.cos(), t.sin(), torch.zeros(k, n - 1)], 1)",
        "prefer a direction",
    ),
    # 5 torus
    "torus: the long way": (4, "def turn_to(a, b):\n    return b - a", "longer than half a circle"),
    "torus: backwards": (4, changed(4, "(b - a", "(a - b"), "do not lead to b"),
    "torus: always forward": (4, "def turn_to(a, b):\n    return (b - a).remainder(2 * math.pi)", "longer than half"),
    "torus: without direction": (
        4,
        changed(
            4,
            "return (b - a + math.pi).remainder(2 * math.pi) - math.pi",
            "return ((b - a + math.pi).remainder(2 * math.pi) - math.pi).abs()",
        ),
        "do not lead to b",
    ),
    "torus: cut off": (4, "def turn_to(a, b):\n    return (b - a).clamp(-math.pi, math.pi)", "do not lead to b"),
    "torus: one length for both": (
        4,
        "def turn_to(a, b):\n    return ((b - a + math.pi).remainder(2 * math.pi) - math.pi).norm(dim=1)",
        "shape",
    ),
    "torus: remainder of the other kind": (
        4,
        "def turn_to(a, b):\n    return torch.fmod(b - a, math.pi)",
        "do not lead to b",
    ),
    # 6 level sets
    "level: the normals": (5, changed(5, "Vh[len(J) :]", "Vh[: len(J)]"), "shape|first order"),
    "level: never critical": (5, changed(5, "< len(J):", "< 0:"), "critical"),
    "level: critical only where the gradient is zero": (
        5,
        changed(5, "torch.linalg.matrix_rank(J, atol=1e-9) < len(J)", "not J.any()"),
        "two gradients on one line",
    ),
    "level: always critical": (5, "def tangent_basis(F, x):\n    raise ValueError('critical')", "is a regular point"),
    "level: another error": (5, changed(5, "ValueError(", "RuntimeError("), "raise ValueError, not RuntimeError"),
    "level: rows": (5, changed(5, "Vh[len(J) :].T", "Vh[len(J) :]"), "shape"),
    "level: not orthonormal": (5, changed(5, "Vh[len(J) :].T", "Vh[len(J) :].T * 2"), "not orthonormal"),
    "level: any orthonormal vectors": (5, changed(5, "Vh[len(J) :].T", "Vh.T[:, : len(x) - len(J)]"), "first order"),
    # 7 orthogonal step
    "step: along G as it is": (6, "def orthogonal_step(W, G, rate):\n    return W - rate * G", "leaves the orthogonal"),
    "step: along the tangent line": (
        6,
        "def orthogonal_step(W, G, rate):\n    M = W.T @ G\n    return W - rate * W @ (M - M.T) / 2",
        "leaves the orthogonal",
    ),
    "step: uphill": (6, changed(6, "W - rate", "W + rate"), "does not start along"),
    "step: none": (6, "def orthogonal_step(W, G, rate):\n    return W", "does not start along"),
    "step: twice as long": (6, changed(6, " / 2", ""), "does not start along"),
    "step: QR with its own signs": (
        6,
        "def orthogonal_step(W, G, rate):\n    M = W.T @ G\n    return torch.linalg.qr(W - rate * W @ (M - M.T) / 2).Q",
        "does not start along|does not arrive",
    ),
    "step: the symmetric part": (6, changed(6, "M - M.T", "M + M.T"), "does not start along"),
    "step: the rate forgotten": (6, changed(6, "rate * ", ""), "does not start along"),
    # 8 spot the mistake
    "latitudes: as it came": (7, SPOT, "crowd at the poles"),
    "latitudes: longitudes of half the globe": (7, changed(7, "2 * math.pi", "math.pi"), "longitudes"),
    "latitudes: one hemisphere": (7, changed(7, "2 * torch.rand(k) - 1", "torch.rand(k)"), "crowd"),
    "latitudes: cosine for sine": (
        7,
        SPOT.replace("theta = math.pi * torch.rand(k)", "theta = " + "torch.acos(torch.rand(k))"),
        "crowd",
    ),
    "latitudes: too much at the equator": (
        7,
        SPOT.replace("theta = math.pi * torch.rand(k)", "theta = " + "torch.acos((2 * torch.rand(k) - 1) ** 3)"),
        "crowd",
    ),
    "latitudes: off the sphere": (7, changed(7, "(1 - z**2).sqrt()", "(1 - z.abs())"), "not on the sphere"),
    "latitudes: nothing returned": (7, SPOT.replace("return", "_ ="), "is a return missing"),
}

RIGHT = {
    "globe in single precision": (7, "def even_on_globe(k):\n    x = torch.randn(k, 3).float()\n    return x / x.norm(dim=1, keepdim=True)"),
    "even points in single precision": (3, "def even_points(k, n):\n    x = torch.randn(k, n + 1).float()\n    return x / x.norm(dim=1, keepdim=True)"),
    "mean as a Python float": (0, "def mean_angle(angles):\n    return math.atan2(sum(math.sin(a) for a in angles), sum(math.cos(a) for a in angles))"),
    "mean by complex numbers": (0, "def mean_angle(angles):\n    return torch.exp(1j * angles).mean().angle()"),
    "mean by NumPy": (0, "import numpy as np\n\n\ndef mean_angle(angles):\n    return np.angle(np.exp(1j * angles.numpy()).sum())"),
    "mean by maximising the sum of cosines": (0, "def mean_angle(angles):\n    m = torch.linspace(-math.pi, math.pi, 721)\n    m = m[(angles - m[:, None]).cos().sum(1).argmax()]\n    for _ in range(50):\n        m = m + (angles - m).sin().sum() / (angles - m).cos().sum()\n    return torch.atan2(m.sin(), m.cos())"),
    "charts by the slope of the ray": (1, "def from_south(p):\n    t = 1 / (p[:, -1:] + 1)\n    return t * p[:, :-1]\n\n\ndef to_sphere(u):\n    ray = torch.cat([u, torch.ones(len(u), 1)], 1)\n    t = 2 / ray.square().sum(1, keepdim=True)\n    return t * ray - torch.eye(ray.shape[1])[-1]"),
    "charts by angles": (1, "def from_south(p):\n    u, z = p[:, :-1], p[:, -1:]\n    r = u.norm(dim=1, keepdim=True)\n    return torch.tan(torch.atan2(r, z) / 2) * u / r\n\n\ndef to_sphere(u):\n    r = u.norm(dim=1, keepdim=True)\n    t = 2 * torch.atan(r)\n    return torch.cat([t.sin() * u / r, t.cos()], 1)"),
    "charts by inversion": (1, "def from_south(p):\n    s = torch.eye(p.shape[1])[-1]\n    q = p + s\n    return (2 * q / q.square().sum(1, keepdim=True))[:, :-1]\n\n\ndef to_sphere(u):\n    q = torch.cat([u, torch.ones(len(u), 1)], 1)\n    return 2 * q / q.square().sum(1, keepdim=True) - torch.eye(q.shape[1])[-1]"),
    "collision pair by pair, as a tuple": (2, ALL_PAIRS),
    "collision as a list": (2, ALL_PAIRS.replace("return points[i], points[j]", "return [points[i].tolist(), points[j].tolist()]")),
    "collision, the last pair": (2, changed(2, "pairs[0]", "pairs[-1]")),
    "collision by sorting": (2, "def collision(chi, points):\n    x, order = chi(points)[:, 0].sort()\n    for step in range(1, 8):\n        near = (x[step:] - x[:-step] <= 1e-9).nonzero()[:, 0]\n        for i in near.tolist():\n            pair = points[order[[i, i + step]]]\n            if (pair[0] - pair[1]).norm() >= 0.1:\n                return pair\n    return None"),
    "even by rejection": (3, "def even_points(k, n):\n    found = torch.zeros(0, n + 1)\n    while len(found) < k:\n        x = 2 * torch.rand(k, n + 1) - 1\n        r = x.norm(dim=1)\n        found = torch.cat([found, x[(r < 1) & (r > 0.01)]])\n    return nn.functional.normalize(found[:k])"),
    "even, sphere by sphere": (3, "def even_points(k, n):\n    t = 2 * math.pi * torch.rand(k, 1)\n    p = torch.cat([t.cos(), t.sin()], 1)\n    for d in range(2, n + 1):\n        a = torch.distributions.Beta(d / 2, d / 2).sample((k, 1)).to(p.dtype) * 2 - 1\n        p = torch.cat([p * (1 - a**2).clamp(min=0).sqrt(), a], 1)\n    return p"),
    "even by NumPy": (3, "import numpy as np\n\n\ndef even_points(k, n):\n    x = np.random.default_rng(int(torch.randint(1000, ()))).normal(size=(k, n + 1))\n    return x / np.linalg.norm(x, axis=1, keepdims=True)"),
    "even and turned": (3, "def even_points(k, n):\n    return nn.functional.normalize(torch.randn(k, n + 1)) @ torch.linalg.qr(torch.randn(n + 1, n + 1)).Q"),
    "torus by atan2": (4, "def turn_to(a, b):\n    return torch.atan2((b - a).sin(), (b - a).cos())"),
    "torus by rounding": (4, "def turn_to(a, b):\n    return b - a - 2 * math.pi * ((b - a) / (2 * math.pi)).round()"),
    "torus by complex numbers": (4, "def turn_to(a, b):\n    return torch.polar(torch.ones_like(a), b - a).angle()"),
    "torus by NumPy": (4, "import numpy as np\n\n\ndef turn_to(a, b):\n    return np.angle(np.exp(1j * (b - a).numpy()))"),
    "level by QR": (5, "def tangent_basis(F, x):\n    J = torch.func.jacrev(F)(x)\n    if torch.linalg.matrix_rank(J, rtol=1e-9, atol=1e-9) < len(J):\n        raise ValueError('critical')\n    return torch.linalg.qr(J.T, mode='complete').Q[:, len(J):]"),
    "level by eigenvectors": (5, "def tangent_basis(F, x):\n    J = torch.autograd.functional.jacobian(F, x)\n    values, vectors = torch.linalg.eigh(J.T @ J)\n    if (values > 1e-9).sum() < len(J):\n        raise ValueError('critical')\n    return vectors[:, : len(x) - len(J)]"),
    "level by differences": (5, "def tangent_basis(F, x):\n    J = torch.stack([(F(x + 1e-4 * e) - F(x - 1e-4 * e)) / 2e-4 for e in torch.eye(len(x))], 1)\n    U, s, Vh = torch.linalg.svd(J)\n    if s[-1] < 1e-6:\n        raise ValueError('critical')\n    return Vh[len(J):].T"),
    "step by Cayley": (6, "def orthogonal_step(W, G, rate):\n    M = W.T @ G\n    A, I = rate * (M - M.T) / 4, torch.eye(len(W))\n    return W @ torch.linalg.solve(I + A, I - A)"),
    "step by the exponential": (6, "def orthogonal_step(W, G, rate):\n    M = W.T @ G\n    return W @ torch.linalg.matrix_exp(-rate * (M - M.T) / 2)"),
    "step by signed QR": (6, "def orthogonal_step(W, G, rate):\n    M = W.T @ G\n    Q, R = torch.linalg.qr(W - rate * W @ (M - M.T) / 2)\n    return Q * R.diagonal().sign()"),
    "step back from outside": (6, "def orthogonal_step(W, G, rate):\n    U, _, Vh = torch.linalg.svd(W - rate * G)\n    return U @ Vh"),
    "latitudes by Gaussians": (7, "def even_on_globe(k):\n    return nn.functional.normalize(torch.randn(k, 3))"),
    "latitudes by the inverse of the distribution": (7, SPOT.replace("theta = math.pi * torch.rand(k)", "theta = " + "torch.acos(1 - 2 * torch.rand(k))")),
    "latitudes by rejection": (7, "def even_on_globe(k):\n    t = math.pi * torch.rand(4 * k)\n    t = t[torch.rand(4 * k) < t.sin()][:k]\n    s = 2 * math.pi * torch.rand(len(t))\n    return torch.stack([t.sin() * s.cos(), t.sin() * s.sin(), t.cos()], 1)"),
}  # fmt: skip


test_wrong_answer_is_refused, test_unusual_right_answer_is_accepted = judged(LAB, WRONG, RIGHT)
