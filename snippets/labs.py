"""The three helpers that every lab carries; a lab stands alone, so it has them as a copy."""

import torch


def check(test):
    """Run a test and report what came of it; an unfinished exercise stops nothing."""
    torch.manual_seed(0)
    try:
        test()
    except AssertionError as problem:
        print(f"Not yet: {problem}.")
    except Exception as problem:
        where = problem.__traceback__
        while where.tb_next:
            where = where.tb_next
        ours = where.tb_frame.f_globals is test.__globals__
        if isinstance(problem, NotImplementedError) and ours and not problem.args:
            name = where.tb_frame.f_code.co_name
            print(f"Not yet: the function {name} is still empty.")
        else:
            print(f"Not yet: {type(problem).__name__}: {problem}")
    else:
        print("Correct.")
        return True
    return False


def given(answer, *shape):
    """Return an answer as a tensor of this shape, or say what is wrong with it."""
    assert answer is not None, "nothing came back: is a return missing?"
    if isinstance(answer, list | tuple):
        answer = torch.stack([torch.as_tensor(part) for part in answer])
    answer = torch.as_tensor(answer).detach()
    found = tuple(answer.shape)
    assert found == shape, f"the answer has the shape {found}, not {shape}"
    real = not answer.is_complex() or close(answer.imag, torch.zeros(shape))
    return answer.real if real else answer


def close(actual, expected, tolerance=1e-8):
    """Say whether two tensors agree in shape and, up to rounding, in entries."""
    actual, expected = torch.as_tensor(actual), torch.as_tensor(expected)
    return actual.shape == expected.shape and bool(
        ((actual - expected).abs() <= tolerance).all()
    )
