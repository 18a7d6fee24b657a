'use strict';

// The printed page: header, list, and the key slices of the lesions shown.

// More pictures are not printed: a hundred fill fifty sheets.
const MOST_PICTURES = 50;
// Size on the stage, and how much finer it is printed.
const PICTURE_PX = 240;
const FINER = 2;
// Steps of the key slices, by scan and slice.
const kept = new Map();

function keyMarks(rows) {
  return rows.flatMap((row) =>
    panes.flatMap((pane) => {
      const mark = row.marks[pane.number];
      return mark ? [{ row, pane, mark }] : [];
    }),
  );
}

const keyOf = ({ pane, mark }) => `${pane.number} ${mark.slice}`;

// Read the key slices of the first rows, so that printing need not wait.
async function prepareKeySlices(rows = shown) {
  for (const wanted of keyMarks(rows.slice(0, MOST_PICTURES))) {
    const key = keyOf(wanted);
    if (kept.has(key)) continue;
    try {
      kept.set(key, await wanted.pane.slices.get(wanted.mark.slice));
    } catch {
      // The printed page says so.
    }
    // What the user does comes first.
    await new Promise((done) => setTimeout(done, 0));
  }
}

async function printPage() {
  await prepareKeySlices();
  window.print();
}

// Called by the browser, which waits for no promise.
function fillPrint() {
  by('print-name').textContent = data.name;
  by('print-facts').replaceChildren(...factElements(data.facts));
  const left = data.lesions.length - shown.length;
  const limits = [];
  if (listing.score > 0) limits.push(`score of at least ${listing.score}`);
  if (listing.size > 0) limits.push(`at least ${listing.size} mm`);
  if (listing.hidden.size) {
    limits.push(`without ${[...listing.hidden].join(', ')}`);
  }
  by('print-left').textContent = left
    ? `${shown.length} of ${data.lesions.length} lesions: ${limits.join('; ')}.`
    : '';
  by('print-notes').replaceChildren(
    ...[...by('notes').children].map((note) => element('li', note.textContent)),
  );
  fillTable();
  const box = by('recist');
  if (box) {
    // What is on the screen, without the names of its parts.
    const copy = box.cloneNode(true);
    for (const part of [copy, ...copy.querySelectorAll('[id]')]) {
      part.removeAttribute('id');
    }
    by('print-recist').replaceChildren(copy);
  }
  const pictured = shown.slice(0, MOST_PICTURES);
  by('print-pictures').replaceChildren(...pictured.map(card));
  by('print-more').textContent =
    pictured.length < shown.length
      ? `Pictures of the first ${pictured.length} lesions of the list. ` +
        'Filters choose others.'
      : '';
}

function fillTable() {
  const titles = data.columns.map((name) => COLUMNS[name].label);
  by('print-head').replaceChildren(tableLine('th', [...titles, 'where']));
  by('print-rows').replaceChildren(
    ...shown.map((row) =>
      tableLine('td', [
        ...data.columns.map((name) => COLUMNS[name].text(row, panes)),
        detailText(row, panes).replaceAll('\n', ', '),
      ]),
    ),
  );
}

// A lesion: the whole key slice and what lies around the lesion, of each scan.
function card(row) {
  const made = element('figure');
  const pictures = element('div');
  for (const wanted of keyMarks([row])) {
    const { pane, mark } = wanted;
    const steps = kept.get(keyOf(wanted)) || pane.slices.peek(mark.slice);
    if (!steps) {
      pictures.append(
        element('p', 'Not read yet: print by the button of this page.'),
      );
      continue;
    }
    pictures.append(picture(wanted, steps, false), picture(wanted, steps, true));
  }
  const texts = panes.flatMap((pane) => {
    const mark = row.marks[pane.number];
    return mark ? [`${pane.word.toLowerCase()} ${pane.nameOf(mark.slice)}`] : [];
  });
  const caption = [`Lesion ${row.number}`, row.match, texts.join(' → ')];
  const sizes = row.marks.filter(Boolean).map((mark) => `${sizeText(mark)} mm`);
  made.append(
    pictures,
    element(
      'figcaption',
      [...caption, sizes.join(' → ')].filter(Boolean).join(' · '),
    ),
  );
  return made;
}

function picture({ row, pane, mark }, steps, near) {
  const frame = { clientWidth: PICTURE_PX, clientHeight: PICTURE_PX };
  const view = new View(frame, pane.scan.shape, pane.scan.spacing_mm);
  const found = mark.detections.find((one) => one.slice === mark.slice);
  if (near) view.showBox(found.box);
  const slice = document.createElement('canvas');
  paint(slice, steps, pane.scan.grid, state.level, state.width);
  const above = document.createElement('canvas');
  const layers = near ? state.layers : { boxes: state.layers.boxes };
  const overlay = new Overlay(above, view, data.colors, pane.number);
  overlay.draw([row], mark.slice, row.number, layers, FINER);
  const whole = element('canvas');
  whole.width = whole.height = PICTURE_PX * FINER;
  const context = whole.getContext('2d');
  context.scale(FINER, FINER);
  context.fillRect(0, 0, PICTURE_PX, PICTURE_PX);
  const [x, y] = view.toStage(-0.5, -0.5);
  const [right, low] = view.toStage(view.columns - 0.5, view.rows - 0.5);
  context.drawImage(slice, x, y, right - x, low - y);
  context.drawImage(above, 0, 0, PICTURE_PX, PICTURE_PX);
  return whole;
}
