'use strict';

// Mouse, keys and buttons.

function pointAt(event) {
  const box = stage.getBoundingClientRect();
  state.pointer = event && [event.clientX - box.left, event.clientY - box.top];
  drawPointer();
}

// Dragging changes the window, or moves the slice.
function startDrag(event) {
  if (event.button > 1) return;
  event.preventDefault();
  stage.focus({ preventScroll: true });
  stage.setPointerCapture(event.pointerId);
  const moves = state.moving || event.shiftKey || event.button === 1;
  const start = { ...state, x: event.clientX, y: event.clientY };
  let [x, y] = [start.x, start.y];
  const drag = (now) => {
    if (moves) {
      view.moveBy(now.clientX - x, now.clientY - y);
      draw();
    } else {
      const pace = Math.max(start.width / 400, 0.25);
      setWindow(
        start.level + (now.clientY - start.y) * pace,
        start.width + (now.clientX - start.x) * pace,
      );
    }
    [x, y] = [now.clientX, now.clientY];
  };
  stage.addEventListener('pointermove', drag);
  const stop = () => stage.removeEventListener('pointermove', drag);
  stage.addEventListener('pointerup', stop, { once: true });
  stage.addEventListener('pointercancel', stop, { once: true });
}

// A notch of a wheel is a slice; a touchpad's many small steps add up.
let turned = 0;
function turnWheel(event) {
  event.preventDefault();
  const lines = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : 33;
  const delta = event.deltaY * lines;
  if (event.ctrlKey) {
    const box = stage.getBoundingClientRect();
    const place = [event.clientX - box.left, event.clientY - box.top];
    zoomBy(Math.exp(-delta / 400), ...place);
    return;
  }
  if (Math.abs(delta) >= 50) turned = Math.sign(delta) * 50;
  else turned += delta;
  const steps = Math.trunc(turned / 50);
  turned -= steps * 50;
  if (steps) goTo(state.slice - steps);
}

const KEYS = {
  ArrowUp: () => goTo(state.slice + 1),
  ArrowDown: () => goTo(state.slice - 1),
  ArrowRight: () => goTo(state.slice + 1),
  ArrowLeft: () => goTo(state.slice - 1),
  PageUp: () => goTo(state.slice + 10),
  PageDown: () => goTo(state.slice - 10),
  Home: () => goTo(0),
  End: () => goTo(count - 1),
  n: () => selectNext(1),
  p: () => selectNext(-1),
  0: fit,
  '+': () => zoomBy(1.25),
  '=': () => zoomBy(1.25),
  '-': () => zoomBy(0.8),
  b: () => toggle('boxes'),
  k: () => toggle('masks'),
  d: () => toggle('diameters'),
  m: () => setMoving(!state.moving),
  '?': () => by('keys').showModal(),
};

function pressKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.type === 'number' || by('keys').open) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key in KEYS) KEYS[key]();
  else if (/^[1-9]$/.test(key)) setPreset(Number(key) - 1);
  else return;
  event.preventDefault();
}

function start() {
  for (const [name, color] of Object.entries(data.colors)) {
    document.documentElement.style.setProperty(`--${name}`, color);
  }
  fillPanel(data, select);
  by('windows').append(
    ...data.windows.map((preset, number) => {
      const button = element('button', preset.name);
      button.value = preset.name;
      button.title = `L ${preset.level} W ${preset.width} HU (${number + 1})`;
      button.addEventListener('click', () => setPreset(number));
      return button;
    }),
  );
  const across = data.affine.map((row) => row[0]);
  const down = data.affine.map((row) => row[1]);
  const along = data.affine.map((row) => row[2]);
  const against = (direction) => direction.map((value) => -value);
  for (const [side, direction] of Object.entries({
    left: against(across), right: across, top: against(down), bottom: down,
  })) {
    stage.querySelector(`.side.${side}`).textContent = letters(direction);
  }
  by('first').textContent = letters(against(along));
  by('last').textContent = letters(along);
  by('slice').max = count - 1;
  stage.setAttribute('aria-label', `Slices of ${data.name}`);
}

function listen() {
  stage.addEventListener('wheel', turnWheel, { passive: false });
  stage.addEventListener('pointerdown', startDrag);
  stage.addEventListener('pointermove', pointAt);
  stage.addEventListener('pointerleave', () => pointAt(null));
  stage.addEventListener('dblclick', fit);
  document.addEventListener('keydown', pressKey);
  by('slice').addEventListener('input', () => goTo(Number(by('slice').value)));
  for (const id of ['level', 'width']) {
    by(id).addEventListener('input', () => {
      const wanted = { ...state, [id]: by(id).valueAsNumber };
      if (Number.isFinite(wanted[id])) setWindow(wanted.level, wanted.width);
    });
    by(id).addEventListener('blur', draw);
  }
  for (const layer of Object.keys(state.layers)) {
    by(layer).addEventListener('change', () => toggle(layer));
  }
  by('in').addEventListener('click', () => zoomBy(1.25));
  by('out').addEventListener('click', () => zoomBy(0.8));
  by('fit').addEventListener('click', fit);
  by('drag').addEventListener('click', () => setMoving(!state.moving));
  by('help').addEventListener('click', () => by('keys').showModal());
  new ResizeObserver(() => {
    if (view.fitted) view.fit();
    draw();
  }).observe(stage);
}

start();
listen();
draw();
