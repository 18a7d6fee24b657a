'use strict';

// The state that all scans of the page share. Every change of it ends in
// `draw`.

const by = (id) => document.getElementById(id);
const data = JSON.parse(by('data').textContent);
const state = {
  level: data.windows[0].level,
  width: data.windows[0].width,
  // Number of a row of the list, 0 for none.
  selected: 0,
  layers: { boxes: true, masks: true, diameters: true },
  moving: false,
  linked: data.linked ?? true,
  // The scan that keys scroll.
  active: 0,
};
// Rows of the list that its filters leave, in its order.
let shown = data.lesions;
const panes = data.scans.map((scan, number) => new Pane(scan, number));
let waiting = false;

// Keys scroll the scan that was pointed at or focused last.
function activate(pane) {
  if (state.active === pane.number) return;
  state.active = pane.number;
  draw();
}

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
  for (const pane of panes) {
    pane.by('pane').classList.toggle('active', pane.number === state.active);
  }
  for (const pane of panes) pane.draw(state, shown);
  markPanel(panes, state.selected);
  const preset = presetOf(state.level, state.width);
  for (const button of by('windows').children) {
    const pressed = preset !== undefined && button.value === preset.name;
    button.setAttribute('aria-pressed', pressed);
  }
  for (const id of ['level', 'width']) {
    if (document.activeElement !== by(id)) by(id).value = state[id];
  }
  by('zoom').textContent = `${panes[0].view.zoom.toFixed(1)}×`;
}

function presetOf(level, width) {
  return data.windows.find(
    (known) => known.level === level && known.width === width,
  );
}

// Scroll a scan, and with it the other one if they are linked.
function goTo(pane, slice) {
  pane.goTo(slice);
  if (!state.linked) return;
  for (const other of panes) {
    if (other !== pane) other.goTo(data.links[pane.number][pane.slice]);
  }
}

function scroll(step) {
  const pane = panes[state.active];
  goTo(pane, pane.slice + step);
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

// Show a row of the list at its key slice in each scan that has it; a scan
// without it shows the slice that corresponds.
function select(row) {
  state.selected = row.number;
  const own = panes.filter((pane) => row.marks[pane.number]);
  const boxes = new Map(
    own.map((pane) => [pane, keyBox(row.marks[pane.number])]),
  );
  // All at one scale, so that sizes can be compared.
  const half = Math.max(
    ...own.map((pane) => pane.view.halfAround(boxes.get(pane))),
  );
  for (const pane of own) {
    pane.view.showBox(boxes.get(pane), half);
    pane.goTo(row.marks[pane.number].slice);
  }
  for (const pane of panes.filter((other) => !own.includes(other))) {
    const expected = row.expected[pane.number];
    const [from] = own;
    pane.goTo(expected?.slice ?? data.links[from.number][from.slice]);
    const place = expected?.place ?? pane.view.center;
    pane.view.showBox([...place, ...place], half);
  }
  draw();
}

function keyBox(mark) {
  return mark.detections.find((found) => found.slice === mark.slice).box;
}

function selectNext(step) {
  if (!shown.length) return;
  const now = shown.findIndex((row) => row.number === state.selected);
  const start = now < 0 && step < 0 ? 0 : now;
  select(shown[(start + step + shown.length) % shown.length]);
}

function fit() {
  for (const pane of panes) pane.view.fit();
  draw();
}

// Zoom one scan about a place of its stage, or all about their middles.
function zoomBy(factor, pane, x, y) {
  for (const one of panes) {
    if (one === pane) one.view.zoomBy(factor, x, y);
    else if (!pane || state.linked) one.view.zoomBy(factor);
  }
  draw();
}

function moveBy(pane, dx, dy) {
  for (const one of panes) {
    if (one === pane || state.linked) one.view.moveBy(dx, dy);
  }
  draw();
}

function setMoving(moving) {
  state.moving = moving;
  by('drag').setAttribute('aria-pressed', moving);
  for (const { stage } of panes) stage.classList.toggle('moving', moving);
}

function toggle(layer) {
  by(layer).checked = state.layers[layer] = !state.layers[layer];
  draw();
}
