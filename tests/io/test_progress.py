from mmuldor.io.progress import progress_bar


def test_a_terminal_gets_a_bar_on_stderr(capsys, monkeypatch):
    monkeypatch.setenv('FORCE_COLOR', '1')
    assert list(progress_bar(iter('abc'), 'letters', 3)) == ['a', 'b', 'c']
    printed = capsys.readouterr()
    assert printed.out == ''
    assert 'letters' in printed.err


def test_pipes_and_other_processes_get_nothing(capsys, monkeypatch):
    monkeypatch.delenv('FORCE_COLOR', raising=False)
    assert list(progress_bar('abc', 'letters')) == ['a', 'b', 'c']
    monkeypatch.setenv('FORCE_COLOR', '1')
    assert list(progress_bar('abc', 'letters', shown=False)) == [*'abc']
    assert capsys.readouterr() == ('', '')
