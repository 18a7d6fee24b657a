'use strict';

// Rows of the list: their texts, their order, and which of them are shown.
// Nothing here touches the page.

const MATCHES = {
  finding: 'finding',
  'false positive': 'FP',
  missed: 'missed',
  'second hit': '2nd hit',
  matched: 'matched',
  new: 'new',
  gone: 'gone',
  uncertain: 'uncertain',
  outside: 'outside',
};

// Long x short diameter; without a mask, nothing is known of it.
function sizeText(mark) {
  if (!mark) return '';
  if (mark.long_mm === null) return '–';
  if (mark.short_mm === null) return mark.long_mm.toFixed(1);
  return `${mark.long_mm.toFixed(1)} × ${mark.short_mm.toFixed(1)}`;
}

function volumeText(mark) {
  if (!mark) return '';
  const volume = mark.volume_ml;
  return volume === null ? '–' : volume.toFixed(volume < 10 ? 2 : 1);
}

const largest = (row, key) =>
  row.marks.reduce((most, mark) => {
    const value = mark ? mark[key] : null;
    return value === null || (most !== null && most > value) ? most : value;
  }, null);

// Columns by name: `value` is sorted by, null comes last; `up` is the order
// of the first click.
const COLUMNS = {
  number: {
    label: '#', title: 'number', up: true,
    value: (row) => row.order, text: (row) => `${row.number}`,
  },
  score: {
    label: 'score', title: 'score',
    value: (row) => largest(row, 'score'),
    text: (row) => (largest(row, 'score') ?? NaN).toFixed(2)
      .replace('NaN', '–'),
  },
  match: {
    label: 'match', title: 'type of match', up: true,
    value: (row) => Object.keys(MATCHES).indexOf(row.match),
    text: (row) => MATCHES[row.match] || row.match,
  },
  slice: {
    label: 'slice', title: 'slice', up: true,
    value: (row) => row.marks[0].slice,
    text: (row, panes) => `${panes[0].nameOf(row.marks[0].slice)}`,
  },
  size: {
    label: 'mm', title: 'long diameter',
    value: (row) => largest(row, 'long_mm'),
    text: (row) => sizeText(row.marks[0]),
  },
  volume: {
    label: 'ml', title: 'volume',
    value: (row) => largest(row, 'volume_ml'),
    text: (row) => volumeText(row.marks[0]),
  },
};

// Of a follow-up: change from the first to the second scan.
const grown = (row, key) => (row.growth ? row.growth[key] : null);
const changeText = (value, digits) =>
  value === null ? '' : signed(value, digits);
Object.assign(COLUMNS, {
  course: {
    label: 'mm', title: 'long diameter',
    value: (row) => largest(row, 'long_mm'),
    text: (row) =>
      row.marks.map((mark) => (mark ? mmText(mark.long_mm) : '')).join(' → '),
  },
  change: {
    label: '± mm', title: 'growth of the long diameter',
    value: (row) => grown(row, 'long_mm'),
    text: (row) => changeText(grown(row, 'long_mm'), 1),
  },
  percent: {
    label: '%', title: 'growth of the long diameter in percent',
    value: (row) => grown(row, 'long_percent'),
    text: (row) => changeText(grown(row, 'long_percent'), 0),
  },
  growth: {
    label: '± ml', title: 'growth of the volume',
    value: (row) => grown(row, 'volume_ml'),
    text: (row) => changeText(grown(row, 'volume_ml'), 2),
  },
});

// Rows in the order of a column; equal ones stay in that of their numbers.
function sorted(rows, name, up) {
  const { value } = COLUMNS[name];
  const sign = up ? 1 : -1;
  return [...rows].sort((a, b) => {
    const [first, second] = [value(a), value(b)];
    if (first === second) return a.order - b.order;
    if (first === null) return 1;
    if (second === null) return -1;
    return first < second ? -sign : sign;
  });
}

// Rows of at least that score and size whose match is not left out. What is
// not known of a row hides it never.
function filtered(rows, { score, size, hidden }) {
  const enough = (value, least) => value === null || !(value < least);
  return rows.filter(
    (row) =>
      enough(largest(row, 'score'), score) &&
      enough(largest(row, 'long_mm'), size) &&
      !hidden.has(row.match),
  );
}
