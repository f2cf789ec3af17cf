"""Settings for all tests."""

import os

import hypothesis

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# No time limit for an example: on a busy machine it would say nothing about the code.
hypothesis.settings.register_profile("charlstm", deadline=None, max_examples=60, database=None)
hypothesis.settings.load_profile("charlstm")
