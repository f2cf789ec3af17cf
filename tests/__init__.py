"""The tests of charlstm; `python3 -m tests` runs them."""
