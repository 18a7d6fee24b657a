'use strict';

// Mouse, pen and fingers on a stage.

// A press that moves less is a click.
const STILL_PX = 3;

function placeOf(pane, event) {
  const box = pane.stage.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function pointAt(pane, event) {
  pane.pointer = event && placeOf(pane, event);
  if (event) activate(pane);
  pane.drawPointer();
}

// Dragging changes the window, or moves the slice; a click on a box selects
// its lesion.
function startDrag(pane, event) {
  if (event.button > 1) return;
  event.preventDefault();
  const { stage } = pane;
  activate(pane);
  stage.focus({ preventScroll: true });
  stage.setPointerCapture(event.pointerId);
  const moves = state.moving || event.shiftKey || event.button === 1;
  const start = { ...state, x: event.clientX, y: event.clientY };
  let [x, y] = [start.x, start.y];
  let still = true;
  const drag = (now) => {
    const way = Math.hypot(now.clientX - start.x, now.clientY - start.y);
    if (still && way < STILL_PX) return;
    still = false;
    if (moves) {
      moveBy(pane, now.clientX - x, now.clientY - y);
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
  const end = new AbortController();
  const stop = (up) => {
    end.abort();
    stage.removeEventListener('pointermove', drag);
    if (still && up.type === 'pointerup') pick(pane, up);
  };
  for (const name of ['pointerup', 'pointercancel']) {
    stage.addEventListener(name, stop, { signal: end.signal });
  }
}

// The slice stays as it is, since that is what was clicked on.
function pick(pane, event) {
  const row = pane.rowAt(placeOf(pane, event), shown);
  if (!row) return;
  state.selected = row.number;
  draw();
}

// A notch of a wheel is a slice; a touchpad's many small steps add up.
function turnWheel(pane, event) {
  event.preventDefault();
  activate(pane);
  const lines = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : 33;
  const delta = event.deltaY * lines;
  if (event.ctrlKey) {
    zoomBy(Math.exp(-delta / 400), pane, ...placeOf(pane, event));
    return;
  }
  if (Math.abs(delta) >= 50) pane.turned = Math.sign(delta) * 50;
  else pane.turned += delta;
  const steps = Math.trunc(pane.turned / 50);
  pane.turned -= steps * 50;
  if (steps) scroll(-steps);
}

function listenToStage(pane) {
  const { stage } = pane;
  stage.addEventListener('wheel', (event) => turnWheel(pane, event), {
    passive: false,
  });
  stage.addEventListener('pointerdown', (event) => startDrag(pane, event));
  stage.addEventListener('pointermove', (event) => pointAt(pane, event));
  stage.addEventListener('pointerleave', () => pointAt(pane, null));
  stage.addEventListener('dblclick', fit);
  stage.addEventListener('focus', () => activate(pane));
  new ResizeObserver(() => {
    if (pane.view.fitted) pane.view.fit();
    draw();
  }).observe(stage);
}
