"""The last tenth of a text is held out."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from charlstm.text.split import split


@given(st.integers(10, 5000))
def test_the_last_tenth_is_held_out(characters):
    ids = np.arange(characters)
    training, held_out = split(ids)
    np.testing.assert_array_equal(np.concatenate([training, held_out]), ids)
    assert abs(len(held_out) - characters / 10) < 1 + 1e-6
