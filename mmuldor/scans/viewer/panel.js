'use strict';

// The list of lesions and the facts beside the slice. Texts from the scan are
// only ever set as text.

function element(tag, text = '', className = '') {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

// Long x short diameter; without a mask, nothing is known of it.
function sizeText({ long_mm: long, short_mm: short }) {
  if (long === null) return '–';
  return `${long.toFixed(1)} × ${short.toFixed(1)}`;
}

function volumeText({ volume_ml: volume }) {
  return volume === null ? '–' : volume.toFixed(volume < 10 ? 2 : 1);
}

function lesionButton(lesion, select) {
  const button = element('button');
  const slices = lesion.detections.map((found) => found.slice);
  const [low, high] = [Math.min(...slices), Math.max(...slices)];
  const kind = lesion.type === null ? '' : `${lesion.type}, `;
  const reach =
    kind + (low === high ? `slice ${low}` : `slices ${low} to ${high}`);
  button.append(
    element('span', lesion.number, 'number'),
    element('span', lesion.score.toFixed(2)),
    element('span', lesion.slice),
    element('span', sizeText(lesion)),
    element('span', volumeText(lesion)),
    element('small', `${reach}\ncentre ${placeText(lesion.center_mm)} mm`),
  );
  button.dataset.number = lesion.number;
  button.setAttribute(
    'aria-label',
    `Lesion ${lesion.number}, score ${lesion.score.toFixed(2)}, ` +
      `slice ${lesion.slice}, ${sizeText(lesion)} mm, ` +
      `${volumeText(lesion)} ml`,
  );
  button.addEventListener('click', () => select(lesion));
  return button;
}

function fillPanel(data, select) {
  const by = (id) => document.getElementById(id);
  const [slices, rows, columns] = data.shape;
  const spacing = data.spacing_mm.map((mm) => +mm.toFixed(3));
  by('name').textContent = data.name;
  by('name').title = data.source;
  by('facts').textContent =
    `${columns} × ${rows} × ${slices} pixels\n${spacing.join(' × ')} mm`;
  by('lesions').append(
    ...data.lesions.map((lesion) => {
      const item = element('li');
      item.append(lesionButton(lesion, select));
      return item;
    }),
  );
  by('none').hidden = data.lesions.length > 0;
  const { grid } = data;
  const notes = [...data.notes];
  if (grid.rows !== rows || grid.columns !== columns || grid.step_hu > 1) {
    notes.push(
      `shown at ${grid.columns} × ${grid.rows} px in steps of ` +
        `${grid.step_hu} HU to keep this page small; lesions were measured ` +
        'on the scan itself',
    );
  }
  by('notes').append(...notes.map((note) => element('li', note)));
  by('remarks').hidden = notes.length === 0;
}

// Mark the selected lesion, and those that are on the slice.
function markPanel(data, slice, selected) {
  for (const button of document.querySelectorAll('#lesions button')) {
    const number = Number(button.dataset.number);
    const { detections } = data.lesions[number - 1];
    button.classList.toggle(
      'here', detections.some((found) => found.slice === slice),
    );
    if (number !== selected) {
      button.removeAttribute('aria-current');
    } else if (!button.hasAttribute('aria-current')) {
      button.setAttribute('aria-current', 'true');
      button.scrollIntoView({ block: 'nearest' });
    }
  }
}
