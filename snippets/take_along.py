"""What a reader may copy into other work, and what is guaranteed of it: a page lists it, one test holds all to it.

`reference/code.md` shows this table; `tests/contract/` tries each promise. Nothing here is imported by the code itself.
"""

PROMISES = {
    "dtype": "single precision in, single precision out, and double likewise, whatever the default of torch is",
    "complex": "complex numbers are as good as real ones",
    "device": "all that is made on the way is made on the device of the input",
    "batch": "leading axes (one, where the signature names it) are a loop, and an empty batch gives an empty result",
    "shape": "a wrong shape is refused when it is called, with a `ValueError` that says which shapes fit",
    "units": "thresholds are relative: the result for 10⁻⁶ or 10⁶ times the input is that of the input, scaled",
    "smooth": "first and second derivatives are right and finite, also at the identity",
    "cut": "where the value jumps, a zero with a minus sign is a zero",
    "size": "it holds at the largest size that the book speaks of",
    "float": "`.float()`, `.double()` and `.to(…)` take all of it along",
    "state": "a `state_dict` is all there is to store",
    "compile": "`torch.compile` takes it",
    "mask": "tokens that a mask leaves out have no influence",
}

TAKE_ALONG = {
    "linear_algebra.dot_products": {
        "project": "dtype device shape units smooth",
        "cosine": "dtype device shape units smooth",
        "attend": "dtype device batch shape smooth",
        "orthonormalise": "dtype device shape units",
    },
    "linear_algebra.solving": {
        "row_reduce": "dtype device shape units",
        "null_space": "dtype device shape units",
        "solve": "dtype device shape units",
        "inverse": "dtype device shape units",
        "least_squares": "dtype device shape units",
    },
    "linear_algebra.eigenvectors": {
        "eigenspace": "dtype device shape units",
    },
    "linear_algebra.svd": {
        "svd": "dtype device shape units",
        "truncate": "dtype complex device batch shape units",
        "pseudo_inverse": "dtype device shape units",
        "polar": "dtype device batch shape units",
        "Adapter": "dtype device batch shape smooth float state compile",
    },
    "linear_algebra.pca": {
        "covariance": "dtype device shape units smooth",
        "principal_components": "dtype device shape units",
        "whiten": "dtype device shape units",
        "directions_from_gram": "dtype device shape units",
    },
    "mnist.data": {
        "load_images": "size",
        "load_labels": "size",
    },
    "manifolds.circle": {
        "stereographic": "dtype device batch shape smooth",
        "inverse_stereographic": "dtype device batch shape smooth",
        "on_the_circle": "dtype device batch smooth",
        "angle": "dtype device batch shape units smooth cut",
    },
    "manifolds.sphere": {
        "longitude": "dtype device batch shape units smooth cut",
        "OntoSphere": "dtype device batch shape smooth float state compile",
    },
    "manifolds.sphere_numbers": {
        "angle_between": "dtype device batch shape units smooth",
    },
    "manifolds.torus": {
        "torus": "dtype device batch shape smooth",
        "torus_angles": "dtype device batch shape smooth cut",
        "shift": "dtype device batch shape units smooth",
        "TorusConv": "dtype device batch shape smooth float state compile",
        "OntoTorus": "dtype device batch shape smooth float state compile",
    },
    "manifolds.tangent_space": {
        "kernel": "dtype device shape units",
        "tangent_part": "dtype device batch shape units smooth",
        "retract": "dtype device batch shape units",
    },
    "lie_groups.groups": {
        "rotation": "dtype device batch smooth",
        "reflection": "dtype device batch smooth",
        "inverse_2x2": "dtype device shape units smooth",
        "angle_in_o2": "cut",
    },
    "lie_groups.actions": {
        "commutant_basis": "dtype device shape units",
        "Averaged": "dtype device batch shape smooth float state compile",
    },
    "lie_groups.exponential": {
        "exp_so2": "dtype device batch smooth",
        "log_so2": "dtype device batch shape smooth cut",
        "hat": "dtype device batch shape units smooth",
        "vee": "dtype device batch shape units smooth",
        "exp_so3": "dtype device batch shape smooth",
        "quaternion": "dtype device batch shape",
        "log_so3": "dtype device batch shape smooth cut",
        "exp_sl2": "dtype device batch shape smooth",
    },
    "lie_groups.rotation_heads": {
        "from_six": "dtype device batch shape units smooth",
        "RotationHead": "dtype device batch shape smooth float state compile",
        "geodesic": "dtype device batch shape smooth",
        "nearest_rotation": "dtype device batch shape units smooth",
    },
    "matrix_exp": {
        "matrix_exp": "dtype complex device batch shape smooth",
    },
    "lie_groups.algebra": {
        "lie_bracket": "dtype complex device batch shape units smooth",
        "bch": "dtype device batch shape smooth",
    },
    "lie_groups.motions": {
        "motion": "dtype device batch shape smooth",
        "inverse": "dtype device batch shape smooth",
        "exp_se3": "dtype device batch shape smooth",
        "log_se3": "dtype device batch shape smooth cut",
        "exp_se2": "dtype device batch shape smooth",
        "log_se2": "dtype device batch shape smooth cut",
        "adjoint": "dtype device batch shape smooth",
        "PoseRefinement": "dtype device batch shape smooth float state compile",
    },
    "lie_groups.attention": {
        "VectorAttention": "dtype device batch shape smooth float state compile mask",
        "PlaneAttention": "dtype device batch shape smooth float state compile mask",
        "EuclideanAttention": "dtype device batch shape smooth float state compile mask",
    },
    "lie_groups.rotary": {
        "rope": "dtype device batch shape units smooth size",
        "RotaryAttention": "dtype device batch shape smooth float state compile",
    },
    "lie_groups.fractional_shift": {
        "fractional_shift": "dtype device batch shape units smooth",
        "resample": "dtype device batch shape units smooth",
        "FineReLU": "dtype device batch shape smooth float state compile",
    },
    "lie_groups.clifford": {
        "vector": "dtype device batch shape units smooth",
        "geometric_product": "dtype device batch shape units smooth",
        "reverse": "dtype device batch shape units smooth",
        "exp_bivector": "dtype device batch shape smooth",
        "rotor_2d": "dtype device batch smooth",
        "rotor_3d": "dtype device batch shape smooth",
        "sandwich": "dtype device batch shape units smooth",
        "matrix_of": "dtype device batch shape units smooth",
        "GeometricProductLayer": "dtype device batch shape smooth float state compile",
    },
    "linear_networks.function_spaces": {
        "differential_rank": "shape units",
    },
    "linear_networks.permutations": {
        "Permutation": "size",
        "cycle_decomposition": "size",
        "partition": "size",
        "common_coarsening": "size",
    },
    "linear_networks.invariance": {
        "collapse": "dtype device batch shape units",
        "InvariantAutoencoder": "dtype device batch shape smooth float state compile",
    },
    "linear_networks.distance": {
        "average": "dtype device batch shape units smooth",
        "nearest_invariant": "dtype device batch shape units",
    },
    "linear_networks.commutant": {
        "commutator": "dtype device batch shape units smooth",
        "circulant": "dtype complex device batch shape units smooth",
        "commutant_dimension": "size",
    },
    "linear_networks.complex_blocks": {
        "realify": "dtype device batch shape units smooth",
        "complexify": "dtype device batch shape units smooth",
    },
    "linear_networks.components": {
        "eigenvalues": "size",
        "count_components": "size",
    },
    "linear_networks.real_blocks": {
        "projected_blocks": "dtype device batch shape units smooth",
        "fourier_blocks": "dtype device batch shape units",
    },
    "linear_networks.equivariance": {
        "nearest_equivariant": "dtype device batch shape units",
        "EquivariantAutoencoder": "dtype device batch shape smooth float state compile",
    },
    "linear_networks.groups": {
        "SharedLinear": "dtype device batch shape smooth float state compile",
        "DeepSetLayer": "dtype device batch shape smooth float state compile",
        "equivariant_classes": "size",
    },
    "linear_networks.schur": {
        "group_average": "dtype device shape units smooth",
        "nearest_commuting": "dtype device shape units",
    },
    "equivariant_networks.group_convolutions": {
        "act": "dtype complex device batch units smooth",
        "act_on_field": "dtype complex device batch shape units smooth",
        "GroupConvolution": "dtype device batch shape smooth float state compile",
        "TurnInvariant": "dtype device batch shape float state compile",
    },
    "equivariant_networks.characters": {
        "character": "dtype complex device shape units smooth",
        "inner": "dtype complex device shape units smooth",
        "projection": "dtype device shape units smooth",
        "fourier": "dtype complex device shape units smooth",
        "from_fourier": "dtype complex device shape units smooth",
        "convolve": "dtype complex device shape units smooth",
    },
    "equivariant_networks.steerable_filters": {
        "turning": "dtype device batch smooth",
        "on_ring": "dtype device batch shape units smooth",
        "SteerableConvolution": "dtype device batch shape smooth float state compile",
        "turn_field": "dtype device batch shape units smooth",
        "Gate": "dtype device batch shape smooth float state compile",
        "SteerableLayer": "dtype device batch shape smooth float state compile",
        "TurnNetwork": "dtype device batch shape float state compile",
    },
    "equivariant_networks.rotations": {
        "traceless": "dtype device batch shape units smooth",
        "wigner": "dtype device batch shape smooth",
        "harmonics": "dtype device batch shape units smooth",
        "rotation_character": "dtype device batch smooth",
        "rotation_inner": "dtype device shape units smooth",
        "KindLinear": "dtype device batch shape smooth float state compile",
        "KindGate": "dtype device batch shape smooth float state compile",
    },
    "equivariant_networks.tensor_products": {
        "multiply": "dtype device batch shape units smooth",
        "solid_harmonics": "dtype device batch shape units smooth",
        "TensorProduct": "dtype device batch shape smooth float state compile",
        "quadrupole": "dtype device batch shape units smooth",
    },
    "equivariant_networks.points": {
        "RadialProduct": "dtype device batch shape smooth float state compile",
        "PointLayer": "dtype device batch shape smooth float state compile mask",
        "Energy": "dtype device batch shape smooth float state compile mask",
        "forces": "dtype device batch shape smooth float state mask",
        "torque": "dtype device batch shape units smooth",
    },
    "mnist.shifts": {
        "shift": "dtype device batch shape units smooth",
        "cyclic_shift": "dtype device batch shape units smooth",
    },
    "mnist.exact": {
        "EquivariantLinearAutoencoder": "dtype device batch shape float state compile",
    },
    "mnist.nonlinear": {
        "ShiftEquivariant": "dtype device batch shape smooth float state compile",
    },
}
