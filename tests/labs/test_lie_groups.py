"""The checks of the Lie group lab refuse what is wrong, each in its own words, and accept what is right."""

from .reading import FOLDER, judged, read_lab

LAB = read_lab(FOLDER / "lie_groups.py")
changed = LAB.changed

MEAN = "def vector_attention(x, query, key, value):\n    q, k, v = (torch.einsum('ce,ned->ncd', W, x) for W in (query, key, value))\n"
SPOT = LAB.exercises[6].starter
TURN = "def turn(omega):\n    t2, K = omega @ omega, hat(omega)\n"
BEFORE = "    if raises(basis):\n        raise ValueError('no algebra')\n    products = torch.einsum('iab,jbc->ijac', basis, basis)\n    return (products - products.transpose(0, 1)).flatten(2) @ torch.linalg.pinv(basis.flatten(1))\n"
AXIS = "    D = R.T @ S\n    v = torch.stack([D[2, 1] - D[1, 2], D[0, 2] - D[2, 0], D[1, 0] - D[0, 1]])\n"

WRONG = {
    # 1 nearest rotation
    "nearest: all but": (
        0,
        changed(
            0,
            "return U * signs @ Vh",
            "turn = torch.zeros_like(A)\n    turn[0, 1], turn[1, 0] = 3e-5, -3e-5\n    return torch.linalg.matrix_exp(turn) @ (U * signs @ Vh)",
        ),
        "a very small turn brings it nearer",
    ),
    "nearest: reflections let through": (
        0,
        "def nearest_rotation(A):\n    U, _, Vh = torch.linalg.svd(A)\n    return U @ Vh",
        "a reflection came back",
    ),
    "nearest: a rotation, but not the nearest": (
        0,
        "def nearest_rotation(A):\n    Q = torch.linalg.qr(A).Q\n    return Q * torch.linalg.det(Q).sign() ** torch.eye(len(A))[0]",
        "nearer|its own",
    ),
    "nearest: the first direction flipped": (0, changed(0, "signs[-1]", "signs[0]"), "nearer"),
    "nearest: everything flipped": (
        0,
        "def nearest_rotation(A):\n    U, _, Vh = torch.linalg.svd(A)\n    return U @ Vh * torch.linalg.det(U @ Vh).sign()",
        "reflection|nearer",
    ),
    "nearest: scaled to determinant one": (
        0,
        "def nearest_rotation(A):\n    return A / torch.linalg.det(A).abs() ** (1 / len(A))",
        "not orthogonal",
    ),
    "nearest: the identity": (0, "def nearest_rotation(A):\n    return torch.eye(len(A))", "nearer"),
    "nearest: transposed": (0, changed(0, "return U * signs @ Vh", "return (U * signs @ Vh).T"), "nearer"),
    "nearest: the skew part": (
        0,
        "def nearest_rotation(A):\n    return torch.linalg.matrix_exp((A - A.T) / 2)",
        "nearer|its own",
    ),
    # 2 exponential
    "exp: 0/0 at zero": (
        1,
        TURN + "    t = t2.sqrt()\n    return torch.eye(3) + t.sin() / t * K + (1 - t.cos()) / t2 * (K @ K)",
        "wrong at the angle|NaN",
    ),
    "exp: gradient cut off at zero": (
        1,
        "def turn(omega):\n    return torch.linalg.matrix_exp(hat(omega)) if omega.norm() > 1e-5 else torch.eye(3) + 0 * omega.sum()",
        "wrong at the angle",
    ),
    "exp: first order": (1, TURN + "    return torch.eye(3) + K", "wrong at the angle 6"),
    "exp: short series": (
        1,
        TURN
        + "    R = torch.eye(3)\n    for k in range(6, 0, -1):\n        R = torch.eye(3) + K @ R / k\n    return R",
        "wrong at the angle 6",
    ),
    "exp: backwards": (1, "def turn(omega):\n    return torch.linalg.matrix_exp(-hat(omega))", "wrong at the angle 6"),
    "exp: where hides a NaN in the gradient": (
        1,
        TURN
        + "    t = t2.sqrt()\n    small = t < 1e-4\n    s = torch.where(small, 1 - t2 / 6, t.sin() / t)\n    c = torch.where(small, 0.5 - t2 / 24, (1 - t.cos()) / t2)\n    return torch.eye(3) + s * K + c * (K @ K)",
        "the gradient is NaN at the angle 0",
    ),
    "exp: a large number under the root": (1, changed(1, "1e-40", "1e-6"), "wrong at the angle"),
    "exp: the last term halved": (1, changed(1, "s**2 / 2", "s**2 / 4"), "wrong at the angle 6"),
    # 3 angle
    "angle: arccos": (
        2,
        "def angle_between(R, S):\n    return torch.arccos((((R.T @ S).trace() - 1) / 2).clamp(-1, 1))",
        "off at the angle",
    ),
    "angle: arcsin": (
        2,
        "def angle_between(R, S):\n" + AXIS + "    return torch.arcsin((v.norm() / 2).clamp(max=1))",
        "off at the angle",
    ),
    "angle: the chord": (2, "def angle_between(R, S):\n    return (R - S).norm() / 2**0.5", "off at the angle"),
    "angle: arcsin of half the chord": (
        2,
        "def angle_between(R, S):\n    return 2 * torch.arcsin(((R - S).norm() / 8**0.5).clamp(max=1))",
        "off at the angle",
    ),
    "angle: of the product": (2, changed(2, "R.T @ S", "R @ S"), "seen from R"),
    "angle: half": (2, changed(2, "axis.norm()", "axis.norm() / 2"), "off at the angle"),
    "angle: NaN at zero": (
        2,
        "def angle_between(R, S):\n"
        + AXIS
        + "    return torch.atan2(v.norm(), (R.T @ S).trace() - 1) * (v / v.norm()).norm()",
        "off at the angle 0",
    ),
    # 4 structure constants
    "constants: an orthonormal basis taken for granted": (
        3,
        "def structure_constants(basis):\n    P = torch.einsum('iab,jbc->ijac', basis, basis)\n    return torch.einsum('ijab,kab->ijk', P - P.transpose(0, 1), basis) / basis[0].square().sum()",
        "not the brackets of so\\(4\\)",
    ),
    "constants: refused if not skew": (
        3,
        "def structure_constants(basis):\n    def raises(b):\n        return (b + b.mT).abs().max() > 1e-9\n\n"
        + BEFORE,
        "sl\\(2\\) is an algebra and was refused",
    ),
    "constants: refused if all are symmetric": (
        3,
        "def structure_constants(basis):\n    def raises(b):\n        return len(b) > 2 and (b - b.mT).abs().max() < 1e-9\n\n"
        + BEFORE,
        "two of the three turns were accepted",
    ),
    "constants: never refused": (3, changed(3, "> 1e-9", "> 1e9"), "the symmetric matrices were accepted"),
    "constants: always refused": (
        3,
        "def structure_constants(basis):\n    raise ValueError('no')",
        "is an algebra and was refused",
    ),
    "constants: products, not brackets": (
        3,
        changed(3, "products - products.transpose(0, 1)", "products + products.transpose(0, 1)"),
        "was refused",
    ),
    "constants: half of the bracket": (3, changed(3, "    return c", "    return c / 2"), "not the brackets"),
    "constants: the other order": (3, changed(3, "    return c", "    return c.transpose(0, 1)"), "not the brackets"),
    "constants: another error": (3, changed(3, "ValueError(", "RuntimeError("), "raise ValueError, not RuntimeError"),
    # 5 commutant
    "commutant: the last matrix only": (
        4,
        "def commutant_dimension(matrices):\n    X, I = matrices[-1].contiguous(), torch.eye(matrices.shape[-1])\n    return len(I) ** 2 - int(torch.linalg.matrix_rank(torch.kron(X, I) - torch.kron(I, X.T.contiguous())))",
        "rotations of space",
    ),
    "commutant: the transposed equation": (4, changed(4, "X.T.contiguous()", "X.contiguous()"), "rotations of space"),
    "commutant: anticommuting": (4, changed(4, " - torch.kron(I", " + torch.kron(I"), "rotations of"),
    "commutant: the sum of the matrices": (4, changed(4, "in matrices", "in [matrices.sum(0)]"), "rotations of space"),
    "commutant: the rank": (4, changed(4, "d * d - int", "int"), "rotations of space|rotations of the plane|turns"),
    "commutant: the number of distinct eigenvalues": (
        4,
        "def commutant_dimension(matrices):\n    return len({(round(z.real, 6), round(z.imag, 6)) for z in torch.linalg.eigvals(matrices[0]).tolist()})",
        "the dimension is",
    ),
    "commutant: symmetric ones only": (4, changed(4, "d * d - int", "d * (d + 1) // 2 - int"), "the dimension is"),
    # 6 attention
    "attention: coordinates mixed": (
        5,
        MEAN.replace("ce,ned->ncd", "de,nce->ncd").replace("W, x", "torch.eye(x.shape[2]) * W[0, 0], x")
        + "    return torch.einsum('ij,jcd->icd', torch.softmax(torch.einsum('icd,jcd->ij', q, k), -1), v)",
        "mean of the values",
    ),
    "attention: coordinates for channels": (
        5,
        "def vector_attention(x, query, key, value):\n    W = [torch.nn.functional.pad(M, (0, 9, 0, 9))[: x.shape[2], : x.shape[2]] for M in (query, key, value)]\n    q, k, v = (torch.einsum('de,nce->ncd', M, x) for M in W)\n    return torch.einsum('ij,jcd->icd', torch.softmax(torch.einsum('icd,jcd->ij', q, k), -1), v)",
        "does not turn along",
    ),
    "attention: scores without queries": (
        5,
        MEAN + "    return torch.einsum('ij,jcd->icd', torch.softmax(torch.einsum('icd,jcd->ij', k, k), -1), v)",
        "not the softmax",
    ),
    "attention: weights that add up to one over the wrong tokens": (
        5,
        MEAN + "    return torch.einsum('ij,jcd->icd', torch.softmax(torch.einsum('icd,jcd->ij', q, k), 0), v)",
        "mean of the values",
    ),
    "attention: keys ask queries": (
        5,
        MEAN + "    return torch.einsum('ij,jcd->icd', torch.softmax(torch.einsum('icd,jcd->ij', k, q), -1), v)",
        "not the softmax",
    ),
    "attention: scores from the first channel only": (
        5,
        MEAN + "    return torch.einsum('ij,jcd->icd', torch.softmax(q[:, 0] @ k[:, 0].T, -1), v)",
        "not the softmax",
    ),
    "attention: all pairs of channels": (
        5,
        MEAN + "    return torch.einsum('ij,jcd->icd', torch.softmax(torch.einsum('icd,jed->ij', q, k), -1), v)",
        "not the softmax",
    ),
    "attention: scores bent": (
        5,
        MEAN
        + "    return torch.einsum('ij,jcd->icd', torch.softmax(torch.tanh(torch.einsum('icd,jcd->ij', q, k)), -1), v)",
        "not the softmax",
    ),
    "attention: each channel by itself": (
        5,
        MEAN + "    return torch.einsum('cij,jcd->icd', torch.softmax(torch.einsum('icd,jcd->cij', q, k), -1), v)",
        "mean of the values",
    ),
    "attention: weights transposed": (5, changed(5, "ce,ned", "ec,ned"), "mean of the values"),
    "attention: queries transposed": (
        5,
        MEAN
        + "    q = torch.einsum('ec,ned->ncd', query, x)\n    return torch.einsum('ij,jcd->icd', torch.softmax(torch.einsum('icd,jcd->ij', q, k), -1), v)",
        "not the softmax",
    ),
    "attention: the most distant": (5, changed(5, "softmax(scores", "softmax(-scores"), "the larger the score"),
    "attention: added to the input": (5, changed(5, "return ", "return x + "), "mean of the values"),
    "attention: no softmax": (5, changed(5, "torch.softmax(scores, -1)", "scores"), "mean of the values"),
    "attention: causal": (
        5,
        changed(5, "torch.softmax(scores, -1)", "torch.softmax(scores + torch.full_like(scores, -1e9).triu(1), -1)"),
        "order of the tokens",
    ),
    # 7 spot the mistake
    "positions: as it came": (6, SPOT, "add up|more than the distance"),
    "positions: reflected": (
        6,
        changed(6, "a * angle.sin() + b * angle.cos()", "a * angle.sin() - b * angle.cos()"),
        "nothing turns",
    ),
    "positions: backwards": (6, changed(6, "position * frequencies", "-position * frequencies"), "from a towards b"),
    "positions: halves for pairs": (
        6,
        changed(6, "torch.stack(pairs, dim=-1).flatten()", "torch.cat(pairs)"),
        "nothing turns",
    ),
    "positions: whole positions only": (
        6,
        changed(6, "position * frequencies", "int(position) * frequencies"),
        "add up|towards",
    ),
    "positions: the same frequency for all": (
        6,
        changed(6, "position * frequencies", "position * frequencies[0]"),
        "towards",
    ),
    "positions: modulo a quarter": (6, SPOT.replace("remainder(math.pi)", "remainder(math.pi / 2)"), "add up|distance"),
    "positions: cosines forgotten": (6, changed(6, "a * angle.cos() - b", "a - b"), "length"),
}

RIGHT = {
    "nearest by the polar decomposition": (0, "def nearest_rotation(A):\n    values, V = torch.linalg.eigh(A.T @ A)\n    s = values.sqrt()\n    s[0] = s[0] * torch.linalg.det(A).sign()\n    return A @ (V / s @ V.T)"),
    "nearest by Newton": (0, "def nearest_rotation(A):\n    if torch.linalg.det(A) < 0:\n        u, v = (M[:, -1] for M in (torch.linalg.svd(A).U, torch.linalg.svd(A).Vh.T))\n        A = A - 2 * torch.outer(u, u @ A)\n    for _ in range(100):\n        A = (A + torch.linalg.inv(A).T) / 2\n    return A"),
    "nearest by NumPy": (0, "import numpy as np\n\n\ndef nearest_rotation(A):\n    U, s, Vh = np.linalg.svd(A.numpy())\n    D = np.diag([1.0] * (len(s) - 1) + [np.sign(np.linalg.det(U @ Vh))])\n    return U @ D @ Vh"),
    "exp by torch": (1, "def turn(omega):\n    return torch.linalg.matrix_exp(hat(omega))"),
    "exp by sinc": (1, TURN + "    t = (t2 + 1e-60).sqrt() / math.pi\n    return torch.eye(3) + torch.sinc(t) * K + torch.sinc(t / 2) ** 2 / 2 * (K @ K)"),
    "exp by a long series": (1, TURN + "    R = torch.eye(3)\n    for k in range(60, 0, -1):\n        R = torch.eye(3) + K @ R / k\n    return R"),
    "exp by a quaternion": (1, TURN + "    h = (t2 + 1e-60).sqrt() / 2\n    w, (x, y, z) = h.cos(), h.sin() / h / 2 * omega\n    return torch.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y), 2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x), 2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]).view(3, 3)"),
    "angle as a Python float": (2, "def angle_between(R, S):\n" + AXIS + "    return math.atan2(v.norm().item(), D.trace().item() - 1)"),
    "angle by the symmetric part": (2, "def angle_between(R, S):\n" + AXIS + "    return torch.atan2(v.norm() / 2, ((R.T @ S).trace() - 1) / 2)"),
    "angle seen from the other side": (2, "def angle_between(R, S):\n    D = S @ R.T\n    K = (D - D.T) / 2\n    return torch.atan2(K.norm() * 2**0.5, D.trace() - 1)"),
    "constants by least squares": (3, "def structure_constants(basis):\n    P = torch.einsum('iab,jbc->ijac', basis, basis)\n    B, A = (P - P.transpose(0, 1)).flatten(2), basis.flatten(1).T\n    c = torch.linalg.lstsq(A, B.flatten(0, 1).T).solution\n    if not torch.allclose(A @ c, B.flatten(0, 1).T, atol=1e-9):\n        raise ValueError('no algebra')\n    return c.T.view(len(basis), len(basis), -1)"),
    "constants by the Gram matrix": (3, "def structure_constants(basis):\n    G = torch.einsum('iab,jab->ij', basis, basis)\n    c = torch.zeros(3 * (len(basis),))\n    for i, X in enumerate(basis):\n        for j, Y in enumerate(basis):\n            Z = X @ Y - Y @ X\n            c[i, j] = torch.linalg.solve(G, torch.einsum('kab,ab->k', basis, Z))\n            if (torch.einsum('k,kab->ab', c[i, j], basis) - Z).norm() > 1e-8:\n                raise ValueError('no algebra')\n    return c"),
    "constants by ranks": (3, "def structure_constants(basis):\n    A = basis.flatten(1)\n    P = torch.einsum('iab,jbc->ijac', basis, basis)\n    B = (P - P.transpose(0, 1)).flatten(2).flatten(0, 1)\n    if torch.linalg.matrix_rank(torch.cat([A, B]), rtol=1e-9) > len(A):\n        raise ValueError('no algebra')\n    return (B @ torch.linalg.pinv(A)).view(len(A), len(A), -1).tolist()"),
    "commutant by singular values": (4, "def commutant_dimension(matrices):\n    d = matrices.shape[-1]\n    E = torch.eye(d * d).view(-1, d, d)\n    rows = torch.cat([(E @ X - X @ E).flatten(1) for X in matrices], 1)\n    return (torch.linalg.svdvals(rows) < 1e-9).sum()"),
    "commutant by SciPy": (4, "import numpy as np\nimport scipy.linalg\n\n\ndef commutant_dimension(matrices):\n    d = matrices.shape[-1]\n    A = np.concatenate([np.kron(X, np.eye(d)) - np.kron(np.eye(d), X.T) for X in matrices.numpy()])\n    return scipy.linalg.null_space(A).shape[1]"),
    "commutant as a float": (4, changed(4, "return d * d - int(", "return float(d * d) - float(")),
    "attention by torch": (5, "def vector_attention(x, query, key, value):\n    q, k, v = ((W @ x).flatten(1) for W in (query, key, value))\n    return torch.nn.functional.scaled_dot_product_attention(q[None], k[None], v[None])[0].view_as(x)"),
    "attention without a constant": (5, changed(5, " / (x.shape[1] * x.shape[2]) ** 0.5", "")),
    "attention scaled by the coordinates": (5, changed(5, "(x.shape[1] * x.shape[2]) ** 0.5", "x.shape[2]")),
    "attention by a loop": (5, "def vector_attention(x, query, key, value):\n    out = []\n    for t in x:\n        weights = torch.stack([((query @ t) * (key @ s)).sum() for s in x]).exp()\n        out.append(sum(w * (value @ s) for w, s in zip(weights, x)) / weights.sum())\n    return torch.stack(out)"),
    "positions by full turns": (6, SPOT.replace("remainder(math.pi)", "remainder(2 * math.pi)")),
    "positions by complex numbers": (6, "def place(x, position, frequencies):\n    z = torch.view_as_complex(x.view(-1, 2)) * torch.exp(1j * position * frequencies)\n    return torch.view_as_real(z).flatten()"),
    "positions by matrices": (6, "def place(x, position, frequencies):\n    J = torch.tensor([[0.0, -1.0], [1.0, 0.0]])\n    R = torch.linalg.matrix_exp(position * frequencies[:, None, None] * J)\n    return (R @ x.view(-1, 2, 1)).flatten()"),
}  # fmt: skip


test_wrong_answer_is_refused, test_unusual_right_answer_is_accepted = judged(LAB, WRONG, RIGHT)
