"""A complete download of DeepLesion, on a few rows."""

import json
import zipfile

from data_prep.verify_deeplesion import main


class Download:
    """A full download of the fixture `rows`, with two zip parts."""

    def __init__(self, workplace, rows):
        self.csv, self.images = workplace.csv, workplace.images
        # The CSV's range is 3 to 8.
        workplace.write_images(rows, neighbours=(3, 4, 6, 7, 8))
        self.zips = self.csv.parent / 'zips'
        self.zips.mkdir()
        self.write_zip(1, ['000001_01_01', '000002_01_01'])
        self.write_zip(2, ['000003_01_01'])

    def write_zip(self, number, series, names=(), data=b'x'):
        path = self.zips / f'Images_png_{number:02d}.zip'
        with zipfile.ZipFile(path, 'w') as archive:
            archive.writestr('Images_png/', '')
            for name in series:
                archive.writestr(f'Images_png/{name}/005.png', data)
            for name in names:
                archive.writestr(name, data)
        return path

    def png(self, patient, number):
        return self.images / f'{patient:06d}_01_01' / f'{number:03d}.png'

    def verify(self, *flags, out=None):
        out = out or self.csv.parent / 'out'
        words = ['--csv', self.csv, '--images', self.images, '--out', out]
        code = main([str(word) for word in (*words, *flags)])
        report = json.loads((out / 'verify.json').read_text())
        assert report['complete'] == (code == 0)
        return report

    def verify_zips(self, *flags):
        return self.verify('--zips', self.zips, '--parts', 1, 2, *flags)
