"""Other cores help as long as that is faster."""

from charlstm.writing.batch import TRY_ALONE_S, TRY_HELP_S, CoreChoice

CALL_S = 0.02


def calls(choice, seconds, alone, helped, start_s=0.0):
    """Whether each call was helped, while the speeds are as given: by the number of the call."""
    found = []
    for number in range(int(seconds / CALL_S)):
        now_s = start_s + number * CALL_S
        found.append(choice.choose(now_s))
        choice.measured(found[-1], helped(number) if found[-1] else alone, now_s)
    return found


def test_cores_that_gain_much_help_nearly_always():
    found = calls(CoreChoice(), 10, alone=100, helped=lambda number: 190)
    assert found.count(False) == 10 / TRY_ALONE_S


def test_cores_that_gain_little_are_left_to_others_but_tried_again():
    found = calls(CoreChoice(), 10, alone=100, helped=lambda number: 105)
    assert 0.7 * 10 / TRY_HELP_S < found.count(True) < 0.1 * len(found)


def test_one_hiccup_does_not_send_the_other_cores_away():
    found = calls(CoreChoice(), 2, alone=100, helped=lambda number: 50 if number == 30 else 190)
    assert found[1:] == [True] * (len(found) - 1)


def test_the_first_calls_with_help_may_be_slow():
    found = calls(CoreChoice(), 2, alone=100, helped=lambda number: 80 if number < 3 else 190)
    assert found[1:] == [True] * (len(found) - 1)


def test_cores_that_are_free_again_soon_help_again():
    choice = CoreChoice()
    calls(choice, 5, alone=100, helped=lambda number: 60)
    found = calls(choice, 1, alone=100, helped=lambda number: 190, start_s=5)
    assert all(found[int(TRY_HELP_S / CALL_S) + 1 :])


def test_after_many_more_texts_came_the_faster_way_is_found_again():
    choice = CoreChoice()
    calls(choice, 5, alone=100, helped=lambda number: 105)
    found = calls(choice, 1, alone=300, helped=lambda number: 550, start_s=5)
    assert all(found[int(TRY_HELP_S / CALL_S) + 1 :])
