"""The checks of the Lie group lab refuse answers that are wrong in a tempting way."""

from pathlib import Path

import pytest

from snippets.labs import passes, read_lab

LAB = read_lab(Path(__file__).parents[2] / "docs" / "labs" / "lie_groups.py")

MISTAKES = {
    "nearest: reflections let through": (
        0,
        "def nearest_rotation(A):\n    U, _, Vh = torch.linalg.svd(A)\n    return U @ Vh",
    ),
    "nearest: a rotation, but not the nearest": (
        0,
        "def nearest_rotation(A):\n    Q = torch.linalg.qr(A).Q\n    return Q * torch.linalg.det(Q).sign() ** torch.eye(len(A))[0]",
    ),
    "exp: 0/0 at zero": (
        1,
        "def turn(omega):\n"
        "    t, K = omega.norm(), hat(omega)\n"
        "    return torch.eye(3) + t.sin() / t * K + (1 - t.cos()) / t**2 * (K @ K)",
    ),
    "exp: gradient cut off at zero": (
        1,
        "def turn(omega):\n"
        "    return torch.linalg.matrix_exp(hat(omega)) if omega.norm() > 1e-5 else torch.eye(3) + 0 * omega.sum()",
    ),
    "angle: arccos": (
        2,
        "def angle_between(R, S):\n    return torch.arccos((((R.T @ S).trace() - 1) / 2).clamp(-1, 1))",
    ),
    "angle: arcsin": (
        2,
        "def angle_between(R, S):\n"
        "    D = R.T @ S\n"
        "    v = torch.stack([D[2, 1] - D[1, 2], D[0, 2] - D[2, 0], D[1, 0] - D[0, 1]])\n"
        "    return torch.arcsin((v.norm() / 2).clamp(max=1))",
    ),
    "constants: an orthonormal basis taken for granted": (
        3,
        "def structure_constants(basis):\n"
        "    P = torch.einsum('iab,jbc->ijac', basis, basis)\n"
        "    return torch.einsum('ijab,kab->ijk', P - P.transpose(0, 1), basis) / basis[0].square().sum()",
    ),
    "commutant: the last matrix only": (
        4,
        "def commutant_dimension(matrices):\n"
        "    X, I = matrices[-1].contiguous(), torch.eye(matrices.shape[-1])\n"
        "    return len(I) ** 2 - int(torch.linalg.matrix_rank(torch.kron(X, I) - torch.kron(I, X.T.contiguous())))",
    ),
    "attention: coordinates mixed": (
        5,
        "def vector_attention(x, query, key, value):\n"
        "    q, k, v = (torch.einsum('de,nce->ncd', W, x) for W in (query, key, value))\n"
        "    return torch.einsum('ij,jcd->icd', torch.softmax(torch.einsum('icd,jcd->ij', q, k), -1), v)",
    ),
    "attention: scores without queries": (
        5,
        "def vector_attention(x, query, key, value):\n"
        "    k, v = (torch.einsum('ce,ned->ncd', W, x) for W in (key, value))\n"
        "    return torch.einsum('ij,jcd->icd', torch.softmax(torch.einsum('icd,jcd->ij', k, k), -1), v)",
    ),
    "attention: weights that add up to one over the wrong tokens": (
        5,
        "def vector_attention(x, query, key, value):\n"
        "    q, k, v = (torch.einsum('ce,ned->ncd', W, x) for W in (query, key, value))\n"
        "    return torch.einsum('ij,jcd->icd', torch.softmax(torch.einsum('icd,jcd->ij', q, k), 0), v)",
    ),
    "attention: keys ask queries": (
        5,
        "def vector_attention(x, query, key, value):\n"
        "    q, k, v = (torch.einsum('ce,ned->ncd', W, x) for W in (query, key, value))\n"
        "    return torch.einsum('ij,jcd->icd', torch.softmax(torch.einsum('icd,jcd->ij', k, q), -1), v)",
    ),
}


@pytest.mark.parametrize(("number", "answer"), MISTAKES.values(), ids=MISTAKES)
def test_wrong_answer_is_refused(number, answer, capsys):
    assert not passes(LAB, number, answer)
    assert capsys.readouterr().out.startswith("Not yet: ")
