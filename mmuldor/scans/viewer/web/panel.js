'use strict';

// The header, the list of lesions and the notes. Texts from the scan are only
// ever set as text.

const listing = { column: null, up: true, score: NaN, size: NaN };
listing.hidden = new Set();
const buttons = new Map();

function element(tag, text = '', className = '') {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

// The colour of a type of match, for an element and what is in it.
function tint(target, match) {
  target.dataset.match = match;
  target.style.setProperty('--detection', data.colors[match]);
}

function fillPanel(data, panes) {
  by('name').textContent = data.name;
  by('name').title = data.name;
  by('facts').append(...factElements(data.facts));
  if (panes.length > 1) {
    Object.assign(COLUMNS.match, { label: 'status', title: 'status' });
  }
  COLUMNS.slice.label = panes[0].word.toLowerCase();
  by('found').classList.add(data.kind);
  by('columns').append(...data.columns.map(sortButton));
  for (const row of data.lesions) {
    const item = element('li');
    item.append(rowButton(row, panes));
    buttons.set(row, item.firstChild);
  }
  hideUnknownLayers(data.lesions);
  const missing = data.lesions.length === 0;
  by('none').hidden = !missing;
  by('filters').hidden = missing;
  by('columns').hidden = missing;
  fillFilters(data);
  const notes = [...data.notes, ...panes.flatMap(coarseNote)];
  by('notes').append(...notes.map((note) => element('li', note)));
  by('remarks').hidden = notes.length === 0;
  by('numbering').textContent = numberingText(panes[0].scan);
  if (data.recist) fillRecist(data.recist);
  refill();
}

// Without masks, or without diameters, there is nothing to switch off.
function hideUnknownLayers(lesions) {
  const marks = lesions.flatMap((row) => row.marks.filter(Boolean));
  const known = {
    masks: marks.some((mark) => mark.detections.some((one) => one.outline)),
    diameters: marks.some((mark) => mark.recist),
  };
  for (const [layer, there] of Object.entries(known)) {
    by(layer).parentNode.hidden = !there;
  }
}

function factElements(facts) {
  return facts.flatMap(([label, value]) => [
    element('dt', label),
    element('dd', value),
  ]);
}

function coarseNote({ scan: { grid, shape, name } }) {
  const [, rows, columns] = shape;
  if (grid.rows === rows && grid.columns === columns && grid.step_hu === 1) {
    return [];
  }
  const whose = panes.length > 1 ? `${name}: ` : '';
  return [
    `${whose}shown at ${grid.columns} × ${grid.rows} px in steps of ` +
      `${grid.step_hu} HU to keep this page small; lesions were measured ` +
      'on the scan itself',
  ];
}

function numberingText({ numbers, numbered_by: source }) {
  return numbers
    ? `Image numbers are those of the source (${source}). Slices count from ` +
        "0 at the patient's feet, as in lesions.json."
    : "Slices count from 0 at the patient's feet, as in lesions.json.";
}

function sortButton(name) {
  const { label, title, up = false } = COLUMNS[name];
  const button = element('button', label);
  button.dataset.column = name;
  button.setAttribute('aria-label', `Sort by ${title}`);
  button.title = `Sort by ${title}`;
  button.addEventListener('click', () => {
    listing.up = listing.column === name ? !listing.up : up;
    listing.column = name;
    refill();
  });
  return button;
}

function rowButton(row, panes) {
  const button = element('button');
  button.append(
    ...data.columns.map((name) =>
      element('span', COLUMNS[name].text(row, panes), name),
    ),
    element('small', detailText(row, panes)),
  );
  button.dataset.number = row.number;
  if (row.match) tint(button, row.match);
  button.setAttribute('aria-label', spokenText(row, panes));
  button.addEventListener('click', () => select(row));
  return button;
}

// Where a row lies, a line for each scan that has it.
function detailText(row, panes) {
  const kinds = [row.type, row.target && 'target lesion'].filter(Boolean);
  const lines = kinds.length ? [kinds.join(', ')] : [];
  for (const pane of panes) {
    const mark = row.marks[pane.number];
    if (!mark) continue;
    const slices = mark.detections.map((found) => found.slice);
    const ends = [Math.min(...slices), Math.max(...slices)];
    const names = ends.map((slice) => pane.nameOf(slice));
    names.sort((a, b) => a - b);
    const word = pane.word.toLowerCase();
    const reach =
      ends[0] === ends[1]
        ? `${word} ${names[0]}`
        : `${word}s ${names.join(' to ')}`;
    const whose = `${pane.scan.role}: lesion ${mark.number}, `;
    const place = `${placeText(mark.center_mm)} mm`;
    // Two scans have less room.
    if (panes.length > 1) lines.push(`${whose}${reach}, ${place}`);
    else lines.push(reach, `centre ${place}`);
    if (mark.probability !== null) {
      lines.push(`probability ${mark.probability.toFixed(2)}`);
    }
  }
  return [...lines, ...(row.remarks || [])].join('\n');
}

function spokenText(row, panes) {
  const rest = data.columns.slice(1).map((name) => {
    const { label, text } = COLUMNS[name];
    const words = text(row, panes) || 'none';
    return /mm|ml|%/.test(label)
      ? `${words} ${label.replace('± ', '')}`
      : `${label} ${words}`;
  });
  return [`Lesion ${row.number}`, ...rest].join(', ');
}

// A field for the score and one for the size, and a box for each match.
function fillFilters({ lesions }) {
  for (const [id, key] of [['min-score', 'score'], ['min-size', 'size']]) {
    by(id).addEventListener('input', () => {
      listing[key] = by(id).valueAsNumber;
      refill();
    });
  }
  const counts = new Map();
  for (const { match } of lesions) {
    if (match) counts.set(match, (counts.get(match) || 0) + 1);
  }
  for (const [match, count] of counts) {
    const label = element('label', '', 'check');
    const box = element('input');
    Object.assign(box, { type: 'checkbox', checked: true, value: match });
    box.addEventListener('change', () => {
      if (box.checked) listing.hidden.delete(match);
      else listing.hidden.add(match);
      refill();
    });
    const key = element('span', '', 'key box');
    tint(key, match);
    label.append(box, key, `${match} (${count})`);
    by('matches').append(label);
  }
  by('reset').addEventListener('click', () => {
    for (const id of ['min-score', 'min-size']) by(id).value = '';
    for (const box of by('matches').querySelectorAll('input')) {
      box.checked = true;
    }
    Object.assign(listing, { column: null, score: NaN, size: NaN });
    listing.hidden.clear();
    refill();
  });
}

// The list in its order, with what the filters leave.
function refill() {
  const { column, up } = listing;
  const rows = filtered(data.lesions, listing);
  shown = column === null ? rows : sorted(rows, column, up);
  by('lesions').replaceChildren(
    ...shown.map((row) => buttons.get(row).parentNode),
  );
  const all = data.lesions.length;
  by('count').textContent = `${shown.length} of ${all} shown`;
  by('reset').hidden = shown.length === all && column === null;
  by('emptied').hidden = all === 0 || shown.length > 0;
  for (const button of by('columns').children) {
    const pressed = button.dataset.column === column;
    button.setAttribute('aria-pressed', pressed);
    button.dataset.order = pressed ? (up ? 'up' : 'down') : '';
  }
  if (!shown.some((row) => row.number === state.selected)) state.selected = 0;
  draw();
}

// Mark the selected lesion, and those that are on a slice that is shown.
function markPanel(panes, selected) {
  for (const row of shown) {
    const button = buttons.get(row);
    const here = panes.some((pane) =>
      row.marks[pane.number]?.detections.some(
        (found) => found.slice === pane.slice,
      ),
    );
    button.classList.toggle('here', here);
    if (row.number !== selected) {
      button.removeAttribute('aria-current');
    } else if (!button.hasAttribute('aria-current')) {
      button.setAttribute('aria-current', 'true');
      button.scrollIntoView({ block: 'nearest' });
    }
  }
}
