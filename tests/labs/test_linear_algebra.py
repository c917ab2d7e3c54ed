"""The checks of the linear algebra lab refuse answers that are wrong in a tempting way."""

from pathlib import Path

import pytest

from snippets.labs import passes, read_lab

LAB = read_lab(Path(__file__).parents[2] / "docs" / "labs" / "linear_algebra.py")

MISTAKES = {
    "span: dependent columns forgotten": (
        0,
        "def in_span(columns, x):\n"
        "    c = torch.linalg.lstsq(columns, x[:, None], driver='gels').solution\n"
        "    return bool((columns @ c - x[:, None]).norm() < 1e-8)",
    ),
    "span: everything accepted": (0, "def in_span(columns, x):\n    return True"),
    "span: compared exactly": (
        0,
        "def in_span(columns, x):\n    c = torch.linalg.pinv(columns) @ x\n    return bool((columns @ c == x).all())",
    ),
    "span: generous tolerance": (
        0,
        "def in_span(columns, x):\n"
        "    c = torch.linalg.pinv(columns) @ x\n"
        "    return bool((columns @ c - x).norm() < 0.1)",
    ),
    "matrix: images as rows": (1, "def matrix_of(f, n):\n    return torch.stack([f(e) for e in torch.eye(n)])"),
    "projection: dot products without the Gram matrix": (2, "def project(V, w):\n    return V @ (V.T @ w)"),
    "projection: coefficients, not the point": (
        2,
        "def project(V, w):\n    return torch.linalg.solve(V.T @ V, V.T @ w)",
    ),
    "projection: normalised columns, not orthogonal ones": (
        2,
        "def project(V, w):\n    V = V / V.norm(dim=0)\n    return V @ (V.T @ w)",
    ),
    "volume: signed": (
        3,
        "def volume(edges):\n"
        "    n, k = edges.shape\n"
        "    return torch.linalg.det(edges) if n == k else torch.linalg.det(edges.T @ edges).clamp(min=0).sqrt()",
    ),
    "volume: root forgotten": (3, "def volume(edges):\n    return torch.linalg.det(edges.T @ edges)"),
    "volume: product of the lengths": (3, "def volume(edges):\n    return edges.norm(dim=0).prod()"),
    "volume: nan for flat boxes": (
        3,
        "def volume(edges):\n    d = torch.linalg.det(edges.T @ edges)\n    return (d - 1e-12).sqrt()",
    ),
    "power: entry by entry": (4, "def power(A, t):\n    return A**t"),
    "power: eigenvectors the wrong way round": (
        4,
        "def power(A, t):\n    v, Q = torch.linalg.eigh(A)\n    return Q.T * v**t @ Q",
    ),
    "power: whole exponents only": (4, "def power(A, t):\n    return torch.linalg.matrix_power(A, int(t))"),
    "nearest: the first rows": (5, "def nearest(A, r):\n    B = torch.zeros_like(A)\n    B[:r] = A[:r]\n    return B"),
    "nearest: smallest values kept": (
        5,
        "def nearest(A, r):\n"
        "    U, s, Vt = torch.linalg.svd(A, full_matrices=False)\n"
        "    k = len(s) - r\n"
        "    return U[:, k:] * s[k:] @ Vt[k:]",
    ),
    "nearest: V not transposed": (
        5,
        "def nearest(A, r):\n"
        "    U, s, Vt = torch.linalg.svd(A, full_matrices=False)\n"
        "    return U[:, :r] * s[:r] @ Vt[:, :r].T",
    ),
    "autoencoder: not centred": (
        6,
        "def autoencoder(X, r):\n"
        "    V = torch.linalg.svd(X, full_matrices=False).Vh[:r].T\n"
        "    network = nn.Sequential(nn.Linear(len(V), r, bias=False), nn.Linear(r, len(V), bias=False))\n"
        "    network.load_state_dict({'0.weight': V.T, '1.weight': V})\n"
        "    return network",
    ),
    "autoencoder: more units than allowed": (
        6,
        "def autoencoder(X, r):\n"
        "    n = X.shape[1]\n"
        "    network = nn.Sequential(nn.Linear(n, n, bias=False), nn.Linear(n, n, bias=False))\n"
        "    network.load_state_dict({'0.weight': torch.eye(n), '1.weight': torch.eye(n)})\n"
        "    return network",
    ),
    "autoencoder: smallest eigenvectors": (
        6,
        LAB.exercises[6].solution.replace("[:, -r:]", "[:, :r]"),
    ),
}


@pytest.mark.parametrize(("number", "answer"), MISTAKES.values(), ids=MISTAKES.keys())
def test_tempting_mistake_is_refused(number, answer, capsys):
    assert not passes(LAB, number, answer)


OTHER_ANSWERS = {
    "span by projection": (
        0,
        "def in_span(columns, x):\n"
        "    return bool((columns @ (torch.linalg.pinv(columns, rtol=1e-9) @ x) - x).norm() < 1e-8)",
    ),
    "matrix by automatic differentiation": (
        1,
        "def matrix_of(f, n):\n    return torch.autograd.functional.jacobian(f, torch.zeros(n))",
    ),
    "projection by QR": (2, "def project(V, w):\n    Q = torch.linalg.qr(V).Q\n    return Q @ (Q.T @ w)"),
    "volume by singular values": (3, "def volume(edges):\n    return torch.linalg.svdvals(edges).prod()"),
    "power by singular values": (
        4,
        "def power(A, t):\n    U, s, Vt = torch.linalg.svd(A)\n    return U * s**t @ Vt",
    ),
    "nearest by projection": (
        5,
        "def nearest(A, r):\n"
        "    V = torch.linalg.eigh(A.T @ A).eigenvectors[:, A.shape[1] - r:]\n"
        "    return A @ V @ V.T",
    ),
    "autoencoder with other hidden units": (
        6,
        LAB.exercises[6].solution.replace(
            "    return network",
            "    network[0].weight.data *= -2\n"
            "    network[0].bias.data *= -2\n    network[1].weight.data /= -2\n    return network",
        ),
    ),
}


@pytest.mark.parametrize(("number", "answer"), OTHER_ANSWERS.values(), ids=OTHER_ANSWERS.keys())
def test_other_right_answer_is_accepted(number, answer, capsys):
    assert passes(LAB, number, answer), capsys.readouterr().out
