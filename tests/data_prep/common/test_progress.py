from data_prep.common.progress import no_progress, progress_bar


def test_all_items_pass_and_stdout_stays_clean(capsys):
    items = iter('abc')
    assert list(progress_bar('letters', 3, items)) == ['a', 'b', 'c']
    printed = capsys.readouterr()
    assert printed.out == ''
    assert 'letters' in printed.err


def test_without_a_bar_nothing_is_printed(capsys):
    assert list(no_progress('letters', 3, 'abc')) == ['a', 'b', 'c']
    assert capsys.readouterr() == ('', '')
