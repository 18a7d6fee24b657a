'use strict';

// State and controls: every change of the state ends in `draw`.

const by = (id) => document.getElementById(id);
const data = JSON.parse(by('data').textContent);
const stage = by('stage');
const count = data.shape[0];
const slices = new Slices(data.grid, document.querySelectorAll('script.hu'));
const view = new View(stage, data.shape, data.spacing_mm);
const overlay = new Overlay(by('overlay'), view, data.colors);
const state = {
  slice: data.lesions.length ? data.lesions[0].slice : count >> 1,
  level: data.windows[0].level,
  width: data.windows[0].width,
  selected: 0,
  layers: { boxes: true, masks: true, diameters: true },
  moving: false,
  pointer: null,
};
let waiting = false;
let painted = '';

// Draw once before the next frame, however much changed.
function draw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    drawNow();
  });
}

function drawNow() {
  const { slice, level, width } = state;
  const steps = slices.peek(slice);
  if (!steps) {
    slices.get(slice).then(draw, failed);
    return;
  }
  const wanted = `${slice} ${level} ${width}`;
  if (wanted !== painted) {
    paint(by('image'), steps, data.grid, level, width);
    painted = wanted;
  }
  by('problem').hidden = true;
  view.place(by('image'));
  overlay.draw(data.lesions, slice, state.selected, state.layers);
  drawMarks(by('marks'), data.lesions, count, state.selected, data.colors);
  markPanel(data, slice, state.selected);
  drawTexts();
  drawPointer();
  // What is on the screen now.
  Object.assign(stage.dataset, { slice, level, width });
  stage.dataset.selected = state.selected;
  for (const near of [slice + 1, slice - 1, slice + 2, slice - 2]) {
    // What cannot be read is said when it is looked at.
    if (near >= 0 && near < count) slices.get(near).catch(() => {});
  }
}

function drawTexts() {
  const { slice, level, width } = state;
  const middle = [(data.shape[2] - 1) / 2, (data.shape[1] - 1) / 2];
  const height = toPatient(data.affine, ...middle, slice)[2];
  const where = placeText([0, 0, height]).split('  ')[2];
  by('place').textContent = `Slice ${slice} of 0–${count - 1}\n${where} mm`;
  const preset = data.windows.find(
    (known) => known.level === level && known.width === width,
  );
  by('window').textContent =
    `${preset ? preset.name : 'Window'}\nL ${level}  W ${width}`;
  for (const button of by('windows').children) {
    const pressed = preset !== undefined && button.value === preset.name;
    button.setAttribute('aria-pressed', pressed);
  }
  for (const id of ['level', 'width']) {
    if (document.activeElement !== by(id)) by(id).value = state[id];
  }
  by('slice').value = slice;
  by('slice').setAttribute('aria-valuetext', `slice ${slice}, ${where} mm`);
  by('zoom').textContent = `${view.zoom.toFixed(1)}×`;
  const round = [200, 100, 50, 20, 10, 5, 2, 1];
  const bar = round.find((mm) => mm * view.scale < 150) || 1;
  by('scale').querySelector('i').style.width = `${bar * view.scale}px`;
  by('scale').querySelector('span').textContent = `${bar} mm`;
}

// HU beyond what a page holds are cut off, others may be averaged.
function huText(hu) {
  const { grid } = data;
  if (hu <= grid.lowest_hu) return `≤ ${grid.lowest_hu} HU`;
  if (hu >= grid.highest_hu) return `≥ ${grid.highest_hu} HU`;
  const same = grid.rows === view.rows && grid.columns === view.columns;
  return `${same && grid.step_hu === 1 ? '' : '≈ '}${hu} HU`;
}

// What lies under the mouse.
function drawPointer() {
  const steps = slices.peek(state.slice);
  const [x, y] = state.pointer ? view.toPixel(...state.pointer) : [-1, -1];
  const [column, row] = [Math.round(x), Math.round(y)];
  const inside =
    column >= 0 && row >= 0 && column < view.columns && row < view.rows;
  if (!steps || !inside) {
    by('pointer').textContent = '';
    return;
  }
  const { rows, columns } = data.grid;
  const hu = slices.hu(
    steps,
    Math.floor(((row + 0.5) * rows) / view.rows),
    Math.floor(((column + 0.5) * columns) / view.columns),
  );
  const place = placeText(toPatient(data.affine, x, y, state.slice));
  by('pointer').textContent =
    `${huText(hu)}\ncolumn ${column}, row ${row}\n${place} mm`;
}

function failed(error) {
  by('problem').hidden = false;
  by('problem').textContent =
    typeof DecompressionStream === 'undefined'
      ? 'This browser cannot inflate the slices. Take one from 2023 or later.'
      : `Slice ${state.slice} cannot be read: ${error.message}`;
}

function goTo(slice) {
  state.slice = Math.min(Math.max(slice, 0), count - 1);
  draw();
}

function setWindow(level, width) {
  state.level = Math.round(Math.min(Math.max(level, -1100), 3100));
  state.width = Math.round(Math.min(Math.max(width, 1), 5000));
  draw();
}

function setPreset(number) {
  const preset = data.windows[number];
  if (preset) setWindow(preset.level, preset.width);
}

function select(lesion) {
  state.selected = lesion.number;
  const key = lesion.detections.find((found) => found.slice === lesion.slice);
  view.showBox(key.box);
  goTo(lesion.slice);
}

function selectNext(step) {
  const many = data.lesions.length;
  if (!many) return;
  const start = state.selected || (step > 0 ? 0 : 1);
  select(data.lesions[(start - 1 + step + many) % many]);
}

function fit() {
  view.fit();
  draw();
}

function zoomBy(factor, x, y) {
  view.zoomBy(factor, x, y);
  draw();
}

function setMoving(moving) {
  state.moving = moving;
  by('drag').setAttribute('aria-pressed', moving);
  stage.classList.toggle('moving', moving);
}

function toggle(layer) {
  by(layer).checked = state.layers[layer] = !state.layers[layer];
  draw();
}
