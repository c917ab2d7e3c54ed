"""The checks of the lab on equivariant layers refuse what is wrong, each in its own words, and accept what is right."""

from .reading import FOLDER, judged, read_lab

LAB = read_lab(FOLDER / "equivariant_networks.py")
changed = LAB.changed
SPOT = LAB.exercises[6].starter

WRONG = {
    "arrows: from the middle of six": (5, "def arrows(x, s):\n    return s[:, None] * (x - x.sum(0) / 6)", "a translation changes"),
    # 1 count weights
    "count: all entries": (0, "def count_weights(inputs, outputs):\n    return len(inputs[0]) * len(outputs[0])", "it is"),
    "count: orbits of points times orbits": (0, "def count_weights(inputs, outputs):\n    return len(set(min(int(g[i]) for g in inputs) for i in range(len(inputs[0]))))", "it is"),
    "count: one pass only": (0, "def count_weights(inputs, outputs):\n    n, m = len(inputs[0]), len(outputs[0])\n    label = torch.arange(m * n).reshape(m, n)\n    for g, h in zip(inputs, outputs):\n        label = torch.minimum(label, label[h][:, g])\n    return len(label.unique())", "it is"),
    "count: the first generator only": (0, changed(0, "zip(inputs, outputs, strict=True)", "zip(inputs[:1], outputs[:1], strict=True)"), "it is"),
    "count: inputs moved, outputs not": (0, changed(0, "label[h][:, g]", "label[:, g]", "label[h[:, None], g]", "label[:, g]"), "it is"),
    "count: nothing returned": (0, changed(0, "return len(label.unique())", "break"), "is a return missing"),
    # 2 lift
    "lift: turned to the right": (1, changed(1, "rot90(k,", "rot90(-k,"), "pass the maps on"),
    "lift: four times the same": (1, changed(1, "w.rot90(k, (-2, -1))", "w"), "pass the maps on"),
    "lift: mirrored": (1, changed(1, "w.rot90(k, (-2, -1))", "(w if k % 2 == 0 else w.flip(-1)).rot90(k, (-2, -1))"), "pass the maps on"),
    "lift: transposed for turned": (1, changed(1, "w.rot90(k, (-2, -1))", "(w.T if k % 2 else w)"), "pass the maps on"),
    "lift: a convolution with the flipped filter": (1, changed(1, "padding=1", "padding=1").replace("filters, padding", "filters.flip(-1, -2), padding"), "map 0"),
    "lift: without padding": (1, changed(1, ", padding=1", ""), "shape"),
    "lift: starts with the second position": (1, changed(1, "rot90(k,", "rot90(k + 1,"), "map 0"),
    # 3 group convolution
    "group: roll the other way": (2, changed(2, "w.roll(k, dims=0)", "w.roll(-k, dims=0)"), "does not turn the answer along"),
    "group: no roll": (2, changed(2, "w.roll(k, dims=0)", "w"), "does not turn the answer along"),
    "group: flip for roll": (2, changed(2, "w.roll(k, dims=0)", "(w.flip(0) if k % 2 else w)"), "does not turn the answer along"),
    "group: no turn": (2, changed(2, ".rot90(k, (-2, -1))", ""), "does not turn the answer along"),
    "group: turned to the right": (2, changed(2, ".rot90(k, (-2, -1))", ".rot90(-k, (-2, -1))"), "does not turn the answer along"),
    "group: each map by itself": (2, "def group_convolution(f, w):\n    return nn.functional.conv2d(f, w[:, None], padding=1, groups=4)", "map 0"),
    # 4 invariants
    "invariants: sum for mean": (3, changed(3, ".mean()", ".sum()"), "it is"),
    "invariants: the trace of the identity": (3, "def count_invariants(rho):\n    return rho.shape[-1]", "it is"),
    "invariants: squared traces": (3, changed(3, ".sum(-1).mean()", ".sum(-1).square().mean()"), "it is"),
    "invariants: number of elements": (3, "def count_invariants(rho):\n    return len(rho)", "it is"),
    "invariants: always one": (3, "def count_invariants(rho):\n    return 1", "it is"),
    "invariants: fixed coordinates": (3, "def count_invariants(rho):\n    return (rho == torch.eye(rho.shape[-1])).all(0).all(0).sum()", "it is|another basis"),
    # 5 products
    "products: trace left in": (4, changed(4, " - dot[:, None, None] / 3 * torch.eye(3)", ""), "trace"),
    "products: half of the trace": (4, changed(4, "/ 3", "/ 2"), "trace"),
    "products: not symmetric": (4, changed(4, "(outer + outer.mT) / 2", "outer"), "not symmetric"),
    "products: skew": (4, changed(4, "outer + outer.mT", "outer - outer.mT", " - dot[:, None, None] / 3 * torch.eye(3)", ""), "not symmetric"),
    "products: product by coordinates as arrow": (4, changed(4, "torch.linalg.cross(f, g)", "f * g"), "arrow does not turn"),
    "products: the sum as arrow": (4, changed(4, "torch.linalg.cross(f, g)", "f + g"), "not linear"),
    "products: length as number": (4, changed(4, "return dot,", "return f.norm(dim=-1) * g.norm(dim=-1),"), "not linear"),
    "products: zero arrow": (4, changed(4, "torch.linalg.cross(f, g)", "torch.linalg.cross(f, f)"), "the arrow is zero"),
    "products: the second arrow as arrow": (4, changed(4, "torch.linalg.cross(f, g)", "g"), "arrow is not linear in f"),
    "products: the number grows with f": (4, changed(4, "return dot,", "return dot * f.norm(dim=-1),"), "number is not linear in f"),
    "products: the matrix of g alone": (4, changed(4, "return dot,", "traceless = traceless * f.square().sum(-1)[:, None, None]\n    return dot,"), "matrix is not linear in f"),
    "products: pairs in another order": (4, changed(4, "return dot,", "return dot.flip(0),"), "number of a pair depends on other pairs"),
    "products: the mean over all pairs": (4, changed(4, "return dot,", "return dot.mean().expand(len(f)),"), "number of a pair depends"),
    "products: two parts": (4, changed(4, ", traceless", ""), "return three parts"),
    "products: nothing returned": (4, "def products(f, g):\n    dot = (f * g).sum(-1)", "is a return missing"),
    # 6 arrows
    "arrows: positions": (5, "def arrows(x, s):\n    return s[:, None] * x", "translation"),
    "arrows: from the first point": (5, "def arrows(x, s):\n    return s[:, None] * (x - x[0])", "renumber"),
    "arrows: zero": (5, "def arrows(x, s):\n    return 0 * s[:, None] * x", "zero"),
    "arrows: without the numbers": (5, changed(5, "s[None, :] * ", ""), "depend on the numbers"),
    "arrows: by coordinates": (5, changed(5, "torch.exp(-r.square().sum(-1))", "1").replace("* r)", "* r.abs())"), "turn along"),
    "arrows: divided by the distance": (5, changed(5, "torch.exp(-r.square().sum(-1))", "1 / r.square().sum(-1).sqrt()"), "zero|finite|translation|turn"),
    "arrows: a cross product": (5, "def arrows(x, s):\n    r = x[None] - x[:, None]\n    a = (s[None, :, None] * r).sum(1)\n    b = (r.square().sum(-1)[..., None] * r).sum(1)\n    return torch.linalg.cross(a, b)", "inversion"),
    "arrows: the root of a square": (5, changed(5, "torch.exp(-r.square().sum(-1))", "torch.exp(-r.square().sum(-1).sqrt())"), "gradient"),
    # 7 strokes
    "strokes: as given": (6, SPOT, "goes wrong"),
    "strokes: turn once": (6, SPOT.replace("rho @ rho.T", "rho"), "goes wrong"),
    "strokes: the other way": (6, SPOT.replace("rho @ rho.T", "rho.T @ rho.T").replace("f.rot90(quarters", "f.rot90(-quarters"), "goes wrong"),
    "strokes: places only": (6, "def turn_strokes(f, quarters):\n    return f.rot90(quarters, (-2, -1))", "goes wrong"),
    "strokes: values only": (6, SPOT.replace("rho @ rho.T", "rho @ rho").replace("f.rot90(quarters, (-2, -1))", "f"), "goes wrong"),
    "strokes: always the sign": (6, "def turn_strokes(f, quarters):\n    return -f.rot90(quarters, (-2, -1))", "180"),
}  # fmt: skip

RIGHT = {
    "count by linear algebra": (0, "def count_weights(inputs, outputs):\n    n, m = len(inputs[0]), len(outputs[0])\n    rows = []\n    for g, h in zip(inputs, outputs):\n        P, Q = torch.eye(n)[g], torch.eye(m)[h]\n        rows += [torch.kron(torch.eye(m), P.T.contiguous()) - torch.kron(Q.contiguous(), torch.eye(n))]\n    return n * m - torch.linalg.matrix_rank(torch.cat(rows))"),
    "count by sets": (0, "def count_weights(inputs, outputs):\n    left = {(i, j) for i in range(len(outputs[0])) for j in range(len(inputs[0]))}\n    count = 0\n    while left:\n        count, new = count + 1, {left.pop()}\n        while new:\n            new = {(int(h[i]), int(g[j])) for i, j in new for g, h in zip(inputs, outputs)} & left\n            left -= new\n    return count"),
    "count by Burnside": (0, "def count_weights(inputs, outputs):\n    found = new = {(tuple(range(len(inputs[0]))), tuple(range(len(outputs[0]))))}\n    while new:\n        new = {(tuple(a[i] for i in g.tolist()), tuple(b[i] for i in h.tolist())) for a, b in new for g, h in zip(inputs, outputs)} - found\n        found = found | new\n    fixed = lambda p: sum(i == k for i, k in enumerate(p))\n    return sum(fixed(a) * fixed(b) for a, b in found) / len(found)"),
    "lift by turning the picture": (1, "def lift(x, w):\n    maps = []\n    for k in range(4):\n        y = nn.functional.conv2d(x.rot90(-k, (-2, -1))[:, None], w[None, None], padding=1)[:, 0]\n        maps.append(y.rot90(k, (-2, -1)))\n    return torch.stack(maps, 1)"),
    "lift as a list, map by map": (1, "def lift(x, w):\n    y = [nn.functional.conv2d(x[:, None], w.rot90(k, (0, 1))[None, None], padding=1) for k in range(4)]\n    return torch.cat(y, 1)"),
    "lift by flips and transposes": (1, "def lift(x, w):\n    turn = lambda w: w.T.flip(0)\n    ws = [w, turn(w), turn(turn(w)), turn(turn(turn(w)))]\n    return nn.functional.conv2d(x[:, None], torch.stack(ws)[:, None], padding=1)"),
    "group with loops": (2, "def group_convolution(f, w):\n    y = torch.zeros_like(f)\n    for k in range(4):\n        for j in range(4):\n            v = w[(j - k) % 4].rot90(k, (0, 1))\n            y[:, k] += nn.functional.conv2d(f[:, j : j + 1], v[None, None], padding=1)[:, 0]\n    return y"),
    "group by turning the maps": (2, "def group_convolution(f, w):\n    maps = []\n    for k in range(4):\n        back = f.rot90(-k, (-2, -1)).roll(-k, dims=1)\n        maps.append(nn.functional.conv2d(back, w[None], padding=1)[:, 0].rot90(k, (-2, -1)))\n    return torch.stack(maps, 1)"),
    "group by indexing": (2, "def group_convolution(f, w):\n    k = torch.arange(4)\n    v = w[(k[None, :] - k[:, None]) % 4]\n    v = torch.stack([v[i].rot90(i, (-2, -1)) for i in range(4)])\n    return nn.functional.conv2d(f, v, padding=1)"),
    "invariants by the rank of the mean": (3, "def count_invariants(rho):\n    return torch.linalg.matrix_rank(rho.mean(0), rtol=1e-6, atol=1e-6)"),
    "invariants as a Python number": (3, "def count_invariants(rho):\n    return sum(M.trace().item() for M in rho) / len(rho)"),
    "invariants by a null space": (3, "def count_invariants(rho):\n    d = rho.shape[-1]\n    s = torch.linalg.svdvals((rho - torch.eye(d)).reshape(-1, d))\n    return (s < 1e-8).sum()"),
    "products with other factors": (4, changed(4, "return dot, torch.linalg.cross(f, g)", "return -2 * dot, torch.linalg.cross(g, f)")),
    "products by einsum": (4, "def products(f, g):\n    M = torch.einsum('ki,kj->kij', f, g)\n    t = torch.einsum('kii->k', M)\n    S = M - M.mT\n    v = torch.stack([S[:, 1, 2], S[:, 2, 0], S[:, 0, 1]], 1)\n    return t, v, M + M.mT - 2 / 3 * t[:, None, None] * torch.eye(3)"),
    "products as a list": (4, changed(4, "return dot, torch.linalg.cross(f, g), traceless", "return [dot, torch.linalg.cross(f, g), traceless]")),
    "arrows to the weighted middle": (5, "def arrows(x, s):\n    return ((s[:, None] * x).sum(0) - s.sum() * x) / 6"),
    "arrows as a gradient": (5, "def arrows(x, s):\n    x = x.detach().requires_grad_()\n    d = (x[None] - x[:, None]).square().sum(-1)\n    energy = (s[None] * s[:, None] * torch.exp(-d)).sum()\n    return torch.autograd.grad(energy, x)[0]"),
    "arrows with a loop": (5, "def arrows(x, s):\n    rows = []\n    for i in range(len(x)):\n        r = x - x[i]\n        rows.append((s[:, None] * r / (1 + r.square().sum(1, keepdim=True))).sum(0))\n    return torch.stack(rows)"),
    "strokes by complex numbers": (6, "def turn_strokes(f, quarters):\n    z = torch.complex(f[0], f[1]).rot90(quarters, (-2, -1)) * (-1) ** quarters\n    return torch.stack([z.real, z.imag])"),
    "strokes by the sign": (6, "def turn_strokes(f, quarters):\n    return (-1) ** quarters * f.rot90(quarters, (-2, -1))"),
    "strokes by the double angle": (6, "def turn_strokes(f, quarters):\n    a = quarters * math.pi\n    rho = torch.tensor([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])\n    return torch.einsum('ij,jxy->ixy', rho, f.rot90(quarters, (-2, -1)))"),
}  # fmt: skip


test_wrong_answer_is_refused, test_unusual_right_answer_is_accepted = judged(LAB, WRONG, RIGHT)
