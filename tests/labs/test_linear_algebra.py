"""The checks of the linear algebra lab refuse what is wrong, each in its own words, and accept what is right."""

from .reading import FOLDER, judged, read_lab

LAB = read_lab(FOLDER / "linear_algebra.py")
changed = LAB.changed

TORCH_LINEAR = """
def autoencoder(X, r):
    n, mean = X.shape[1], X.mean(0)
    V = torch.linalg.svd(X - mean, full_matrices=False).Vh[:r].T
"""
IN_TURN = LAB.exercises[7].starter

WRONG = {
    # 1 span
    "span: nothing returned": (0, "def in_span(columns, x):\n    x in columns.T", "is a return missing"),
    "span: no answer": (0, "def in_span(columns, x):\n    return float('nan')", "return True or False, not nan"),
    "span: an answer for each entry": (
        0,
        "def in_span(columns, x):\n    return [True for _ in x]",
        "the answer has the shape",
    ),
    "span: dependent columns forgotten": (
        0,
        "def in_span(columns, x):\n    return bool(torch.linalg.matrix_rank(torch.column_stack([columns, x]), rtol=1e-9) <= columns.shape[1])",
        "beside the span was accepted",
    ),
    "span: everything accepted": (0, "def in_span(columns, x):\n    return True", "beside the span was accepted"),
    "span: compared exactly": (
        0,
        "def in_span(columns, x):\n    c = torch.linalg.pinv(columns) @ x\n    return bool((columns @ c == x).all())",
        "combination of the columns was refused",
    ),
    "span: generous tolerance": (
        0,
        "def in_span(columns, x):\n    c = torch.linalg.pinv(columns) @ x\n    return bool((columns @ c - x).norm() < 0.1)",
        "beside the span was accepted",
    ),
    "span: counts columns": (
        0,
        "def in_span(columns, x):\n    return columns.shape[1] >= columns.shape[0] or not x.any()",
        "accepted|refused",
    ),
    "span: zero refused": (
        0,
        LAB.exercises[0].solution
        + "\n\nright = in_span\n\n\ndef in_span(columns, x):\n    return bool(x.any()) and right(columns, x)",
        "zero is a combination",
    ),
    "span: multiples of one column": (
        0,
        "def in_span(columns, x):\n    return any(torch.linalg.matrix_rank(torch.stack([c, x]), rtol=1e-9) < 2 for c in columns.T if c.any())",
        "combination of the columns was refused",
    ),
    "span: not the number of dimensions": (
        0,
        "def in_span(columns, x):\n    rank = torch.linalg.matrix_rank(columns, rtol=1e-9)\n    return bool(rank < len(x)) and bool(torch.linalg.matrix_rank(torch.column_stack([columns, x]), rtol=1e-9) == rank)",
        "span three dimensions",
    ),
    # 2 matrix
    "matrix: images as rows": (
        1,
        "def matrix_of(f, n):\n    return torch.stack([f(e) for e in torch.eye(n)])",
        "x → A x|the answer has the shape",
    ),
    "matrix: all basis vectors at once": (
        1,
        "def matrix_of(f, n):\n    return f(torch.eye(n))",
        "one vector of 2 entries, not the shape \\[2, 2\\]",
    ),
    "matrix: one buffer for all": (
        1,
        "def matrix_of(f, n):\n    e, found = torch.zeros(n), []\n    for i in range(n):\n        e.zero_()\n        e[i] = 1\n        found.append(f(e))\n    return torch.stack(found, 1)",
        "x → x",
    ),
    "matrix: reshaped": (
        1,
        "def matrix_of(f, n):\n    return torch.cat([f(e) for e in torch.eye(n)]).reshape(-1, n)",
        "x → A x",
    ),
    "matrix: backwards": (
        1,
        "def matrix_of(f, n):\n    return torch.stack([f(e) for e in torch.eye(n).flip(0)], dim=1)",
        "x → A x",
    ),
    "matrix: one call": (1, "def matrix_of(f, n):\n    return torch.diag(f(torch.ones(n)))", "x → A x"),
    "matrix: nothing returned": (
        1,
        "def matrix_of(f, n):\n    torch.stack([f(e) for e in torch.eye(n)], dim=1)",
        "is a return missing",
    ),
    # 3 projection
    "projection: the vector itself": (2, "def project(V, w):\n    return w", "not in the span"),
    "projection: dot products without the Gram matrix": (
        2,
        "def project(V, w):\n    return V @ (V.T @ w)",
        "not perpendicular",
    ),
    "projection: coefficients, not the point": (
        2,
        "def project(V, w):\n    return torch.linalg.solve(V.T @ V, V.T @ w)",
        "shape",
    ),
    "projection: normalised columns, not orthogonal ones": (
        2,
        "def project(V, w):\n    V = V / V.norm(dim=0)\n    return V @ (V.T @ w)",
        "not perpendicular",
    ),
    "projection: what is left over": (
        2,
        "def project(V, w):\n    return w - V @ torch.linalg.solve(V.T @ V, V.T @ w)",
        "not in the span",
    ),
    "projection: one sweep": (
        2,
        "def project(V, w):\n    left = w\n    for v in V.T:\n        left = left - (v @ left) / (v @ v) * v\n    return w - left",
        "not perpendicular",
    ),
    "projection: a column of V": (2, "def project(V, w):\n    return V[:, 0]", "not perpendicular"),
    "projection: zero": (2, "def project(V, w):\n    return 0 * w", "not perpendicular"),
    # 4 volume
    "volume: signed": (
        3,
        "def volume(edges):\n    n, k = edges.shape\n    return torch.linalg.det(edges) if n == k else torch.linalg.det(edges.T @ edges).clamp(min=0).sqrt()",
        r"this is \|det\|",
    ),
    "volume: root forgotten": (
        3,
        "def volume(edges):\n    return torch.linalg.det(edges.T @ edges)",
        r"this is \|det\|",
    ),
    "volume: product of the lengths": (
        3,
        "def volume(edges):\n    return edges.norm(dim=0).prod()",
        r"this is \|det\|",
    ),
    "volume: NaN for flat boxes": (
        3,
        "def volume(edges):\n    return torch.linalg.det(edges.T @ edges).sqrt()",
        "beware of the root",
    ),
    "volume: of the simplex": (
        3,
        "def volume(edges):\n    return torch.linalg.svdvals(edges).prod() / math.factorial(edges.shape[1])\n\n\nimport math",
        r"this is \|det\|",
    ),
    "volume: the other product": (
        3,
        "def volume(edges):\n    return torch.linalg.det(edges @ edges.T).abs().sqrt()",
        "parallelogram in space",
    ),
    "volume: the first rows": (
        3,
        "def volume(edges):\n    return torch.linalg.det(edges[: edges.shape[1]]).abs()",
        "parallelogram in space",
    ),
    # 5 power
    "power: entry by entry": (4, "def power(A, t):\n    return A**t", "A³|A⁻¹|root"),
    "power: eigenvectors the wrong way round": (
        4,
        "def power(A, t):\n    v, Q = torch.linalg.eigh(A)\n    return Q.T * v**t @ Q",
        "A³",
    ),
    "power: whole exponents only": (
        4,
        "def power(A, t):\n    return torch.linalg.matrix_power(A, int(t))",
        "the root, squared",
    ),
    "power: the size of the exponent": (4, changed(4, "**t", "**abs(t)"), "A⁻¹"),
    "power: times": (4, "def power(A, t):\n    return t * A", "A³"),
    "power: of the diagonal": (4, "def power(A, t):\n    return torch.diag(torch.diag(A) ** t)", "A³"),
    "power: the negative root": (
        4,
        changed(4, "return Q", "return -1.0 ** (t == round(t)) * (1 if t == round(t) else -1) * Q"),
        "A³|exponents should add|is positive|root",
    ),
    "power: the eigenvalues alone": (4, "def power(A, t):\n    return torch.diag(torch.linalg.eigvalsh(A) ** t)", "A³"),
    # 6 nearest
    "nearest: the first rows": (
        5,
        "def nearest(A, r):\n    B = torch.zeros_like(A)\n    B[:r] = A[:r]\n    return B",
        "rank 1 allows",
    ),
    "nearest: smallest values kept": (
        5,
        "def nearest(A, r):\n    U, s, Vt = torch.linalg.svd(A, full_matrices=False)\n    k = len(s) - r\n    return U[:, k:] * s[k:] @ Vt[k:]",
        "rank 1 allows",
    ),
    "nearest: V not transposed": (
        5,
        "def nearest(A, r):\n    U, s, Vt = torch.linalg.svd(A)\n    return U[:, :r] * s[:r] @ Vt.T[:r]",
        "rank 1 allows",
    ),
    "nearest: A itself": (5, "def nearest(A, r):\n    return A", "rank above 0"),
    "nearest: no singular values": (
        5,
        "def nearest(A, r):\n    U, s, Vt = torch.linalg.svd(A, full_matrices=False)\n    return U[:, :r] @ Vt[:r]",
        "rank 1 allows",
    ),
    "nearest: one too many": (5, changed(5, ":r", ": r + 1"), "rank above 0"),
    "nearest: [-r:] where r = 0": (
        5,
        "def nearest(A, r):\n    V = torch.linalg.eigh(A.T @ A).eigenvectors[:, -r:]\n    return A @ V @ V.T",
        r"A\[:, -r:\] is all of A",
    ),
    "nearest: by QR": (
        5,
        "def nearest(A, r):\n    Q = torch.linalg.qr(A).Q[:, :r]\n    return Q @ (Q.T @ A)",
        "rank 1 allows",
    ),
    # 7 autoencoder
    "autoencoder: not centred": (
        6,
        "def autoencoder(X, r):\n    V = torch.linalg.svd(X, full_matrices=False).Vh[:r].T\n    network = nn.Sequential(nn.Linear(len(V), r, bias=False), nn.Linear(r, len(V), bias=False))\n    network.load_state_dict({'0.weight': V.T, '1.weight': V})\n    return network",
        "the loss is",
    ),
    "autoencoder: half centred": (6, changed(6, "-V.T @ mean", "0 * V.T @ mean"), "the loss is"),
    "autoencoder: more units than allowed": (
        6,
        "def autoencoder(X, r):\n    n = X.shape[1]\n    network = nn.Sequential(nn.Linear(n, n, bias=False), nn.Linear(n, n, bias=False))\n    network.load_state_dict({'0.weight': torch.eye(n), '1.weight': torch.eye(n)})\n    return network",
        "hidden units",
    ),
    "autoencoder: smallest eigenvectors": (6, changed(6, "[:, -r:]", "[:, :r]"), "the loss is"),
    "autoencoder: a way round": (
        6,
        changed(
            6,
            "    return network",
            "    class Round(nn.Module):\n        def __init__(self):\n            super().__init__()\n            self.inner = network\n\n        def forward(self, x):\n            return x\n\n    return Round()",
        ),
        "goes round the hidden units",
    ),
    "autoencoder: whitened": (6, changed(6, '{"0.weight": V.T,', '{"0.weight": V.T / 2,'), "the loss is"),
    "autoencoder: as it came": (6, LAB.exercises[6].starter, "the loss is"),
    "autoencoder: a function": (6, "def autoencoder(X, r):\n    return lambda x: x", "return a PyTorch module"),
    # 8 spot the mistake
    "in turn: as it came": (7, IN_TURN, "counted twice"),
    "in turn: one sweep over what is left": (7, IN_TURN.replace("(v @ w)", "(v @ (w - p))"), "counted twice"),
    "in turn: normalised": (
        7,
        IN_TURN.replace("(v @ w) / (v @ v) * v", "(v @ w) / v.norm() * v"),
        "already for perpendicular",
    ),
    "in turn: the last column alone": (7, IN_TURN.replace("p = p + ", "p = "), "already for perpendicular"),
    "in turn: the vector itself": (7, "def project_in_turn(V, w):\n    return w", "not in the span"),
    "in turn: only the column before": (7, changed(7, "in done:", "in done[-1:]:"), "counted twice"),
    "in turn: columns overwritten": (
        7,
        changed(7, "v = v - (u @ v) / (u @ u) * u", "v -= (u @ v) / (u @ u) * u"),
        "leave V as it is",
    ),
}

RIGHT = {
    "span in single precision": (0, "def in_span(columns, x):\n    both = torch.column_stack([columns, x]).float()\n    return torch.linalg.matrix_rank(both, rtol=1e-5) == torch.linalg.matrix_rank(columns.float(), rtol=1e-5)"),
    "matrix as an iterator over rows": (1, "def matrix_of(f, n):\n    return zip(*[f(e).tolist() for e in torch.eye(n)])"),
    "span by projection": (0, "def in_span(columns, x):\n    return bool((columns @ (torch.linalg.pinv(columns, rtol=1e-9) @ x) - x).norm() < 1e-8)"),
    "span as a tensor": (0, "def in_span(columns, x):\n    return (columns @ (torch.linalg.pinv(columns, rtol=1e-9) @ x) - x).norm() < 1e-8"),
    "span by singular vectors": (0, "def in_span(columns, x):\n    U, s, _ = torch.linalg.svd(columns)\n    r = int((s > 1e-9 * s[0]).sum())\n    return 1 if (U[:, r:].T @ x).norm() < 1e-8 else 0"),
    "span by NumPy": (0, "import numpy as np\n\n\ndef in_span(columns, x):\n    c = np.linalg.lstsq(columns.numpy(), x.numpy(), rcond=1e-9)[0]\n    return np.allclose(columns.numpy() @ c, x.numpy(), atol=1e-9)"),
    "matrix by automatic differentiation": (1, "def matrix_of(f, n):\n    return torch.autograd.functional.jacobian(f, torch.zeros(n))"),
    "matrix by jacrev": (1, "def matrix_of(f, n):\n    return torch.func.jacrev(f)(torch.zeros(n))"),
    "matrix by vmap": (1, "def matrix_of(f, n):\n    return torch.func.vmap(f, out_dims=1)(torch.eye(n))"),
    "matrix from random vectors": (1, "def matrix_of(f, n):\n    X = torch.randn(n, 4 * n)\n    return torch.stack([f(x) for x in X.T], 1) @ torch.linalg.pinv(X)"),
    "matrix as a list of rows": (1, "def matrix_of(f, n):\n    return [list(row) for row in torch.stack([f(e) for e in torch.eye(n)], 1).tolist()]"),
    "projection by QR": (2, "def project(V, w):\n    Q = torch.linalg.qr(V).Q\n    return Q @ (Q.T @ w)"),
    "projection by least squares": (2, "def project(V, w):\n    return V @ torch.linalg.lstsq(V, w[:, None]).solution[:, 0]"),
    "projection by descent": (2, "def project(V, w):\n    c, rate = torch.zeros(V.shape[1]), 1 / torch.linalg.matrix_norm(V, 2) ** 2\n    for _ in range(5000):\n        c = c + rate * V.T @ (w - V @ c)\n    return V @ c"),
    "projection by removing what is perpendicular": (2, "def project(V, w):\n    N = torch.linalg.svd(V).U[:, V.shape[1]:]\n    return w - N @ (N.T @ w)"),
    "volume by singular values": (3, "def volume(edges):\n    return torch.linalg.svdvals(edges).prod()"),
    "volume with abs": (3, "def volume(edges):\n    return torch.linalg.det(edges.T @ edges).abs().sqrt()"),
    "volume by slogdet": (3, "def volume(edges):\n    return (torch.linalg.slogdet(edges.T @ edges).logabsdet / 2).exp()"),
    "volume by QR": (3, "def volume(edges):\n    return torch.linalg.qr(edges).R.diagonal().prod().abs()"),
    "volume as a Python float": (3, "def volume(edges):\n    return max(torch.linalg.det(edges.T @ edges).item(), 0.0) ** 0.5"),
    "volume by all minors": (3, "import itertools\n\n\ndef volume(edges):\n    n, k = edges.shape\n    return sum(torch.linalg.det(edges[list(rows)]) ** 2 for rows in itertools.combinations(range(n), k)) ** 0.5"),
    "power by singular values": (4, "def power(A, t):\n    U, s, Vt = torch.linalg.svd(A)\n    return U * s**t @ Vt"),
    "power by the logarithm": (4, "def power(A, t):\n    v, Q = torch.linalg.eigh(A)\n    return torch.linalg.matrix_exp(t * (Q * v.log() @ Q.T))"),
    "power by complex eigenvectors": (4, "def power(A, t):\n    v, Q = torch.linalg.eig(A)\n    return Q * v**t @ torch.linalg.inv(Q)"),
    "power by SciPy": (4, "import scipy.linalg\n\n\ndef power(A, t):\n    return scipy.linalg.fractional_matrix_power(A.numpy(), t)"),
    "nearest by projection": (5, "def nearest(A, r):\n    V = torch.linalg.eigh(A.T @ A).eigenvectors[:, A.shape[1] - r:]\n    return A @ V @ V.T"),
    "nearest from the other side": (5, "def nearest(A, r):\n    U = torch.linalg.eigh(A @ A.T).eigenvectors[:, A.shape[0] - r:]\n    return U @ U.T @ A"),
    "nearest by deflation": (5, "def nearest(A, r):\n    B = torch.zeros_like(A)\n    for _ in range(r):\n        U, s, Vt = torch.linalg.svd(A - B)\n        B = B + s[0] * torch.outer(U[:, 0], Vt[0])\n    return B"),
    "nearest, values set to zero": (5, "def nearest(A, r):\n    U, s, Vt = torch.linalg.svd(A, full_matrices=False)\n    s[r:] = 0\n    return U @ torch.diag(s) @ Vt"),
    "autoencoder with other hidden units": (6, changed(6, "    return network", "    network[0].weight.data *= -2\n    network[0].bias.data *= -2\n    network[1].weight.data /= -2\n    return network")),
    "autoencoder without a bias in the encoder": (6, TORCH_LINEAR + "    network = nn.Sequential(nn.Linear(n, r, bias=False), nn.Linear(r, n))\n    network.load_state_dict({'0.weight': V.T, '1.weight': V, '1.bias': mean - V @ V.T @ mean})\n    return network"),
    "autoencoder as a module of one's own": (6, TORCH_LINEAR + "\n    class Own(nn.Module):\n        def __init__(self):\n            super().__init__()\n            self.encoder, self.decoder = nn.Parameter(V.T.clone()), nn.Parameter(V.clone())\n\n        def forward(self, x):\n            return mean + (x - mean) @ self.encoder.T @ self.decoder.T\n\n    return Own()"),
    "in turn by QR": (7, "def project_in_turn(V, w):\n    return sum((q @ w) * q for q in torch.linalg.qr(V).Q.T)"),
    "in turn by sweeps": (7, "def project_in_turn(V, w):\n    left = w\n    for _ in range(2000):\n        for v in V.T:\n            left = left - (v @ left) / (v @ v) * v\n    return w - left"),
    "in turn, unit vectors": (7, "def project_in_turn(V, w):\n    Q = torch.zeros(len(w), 0)\n    for v in V.T:\n        v = v - Q @ (Q.T @ v)\n        Q = torch.cat([Q, (v / v.norm())[:, None]], 1)\n    return Q @ (Q.T @ w)"),
}  # fmt: skip


test_wrong_answer_is_refused, test_unusual_right_answer_is_accepted = judged(LAB, WRONG, RIGHT)
