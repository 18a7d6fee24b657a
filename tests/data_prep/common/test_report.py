from data_prep.common.report import show_report


class Small:
    def show(self, console):
        console.print('3 images')

    def warnings(self):
        return ['one is odd', 'two are lost']


def test_counts_and_warnings_do_not_mix(capsys):
    show_report(Small())
    printed = capsys.readouterr()
    assert printed.out == '3 images\n'
    assert printed.err == 'warning: one is odd\nwarning: two are lost\n'
