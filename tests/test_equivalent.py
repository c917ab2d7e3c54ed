"""The changes of the code that no test can notice, listed in `equivalent.json`, are of code that is there."""

import json

from book.project import ROOT, TESTS


def test_each_change_is_of_a_line_that_is_there():
    listed = json.loads((TESTS / "equivalent.json").read_text())
    gone = [
        f"{one['file']}: {one['before']}" for one in listed if one["before"] not in (ROOT / one["file"]).read_text()
    ]
    assert gone == []
    assert all(one["before"] != one["after"] and len(one["why"].split()) > 2 for one in listed)
