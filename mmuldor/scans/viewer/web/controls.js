'use strict';

// Keys, buttons and fields.

const KEYS = {
  ArrowUp: () => scroll(1),
  ArrowDown: () => scroll(-1),
  ArrowRight: () => scroll(1),
  ArrowLeft: () => scroll(-1),
  PageUp: () => scroll(10),
  PageDown: () => scroll(-10),
  Home: () => goTo(panes[state.active], 0),
  End: () => goTo(panes[state.active], Infinity),
  g: () => panes[state.active].by('goto').select(),
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
  f: () => by('min-score').select(),
  x: () => by('reset').click(),
  l: () => setLinked(!state.linked),
  '?': () => by('keys').showModal(),
};

function pressKey(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === 'p' && (event.ctrlKey || event.metaKey)) {
    // The pictures must be there before the browser prints.
    event.preventDefault();
    printPage();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (by('keys').open) return;
  if (event.target.type === 'number') {
    // Keys scroll again.
    const done = key === 'Enter' && !event.target.id.startsWith('goto');
    if (done || key === 'Escape') event.target.blur();
    return;
  }
  if (key in KEYS) KEYS[key]();
  else if (/^[1-9]$/.test(key)) setPreset(Number(key) - 1);
  else return;
  event.preventDefault();
}

function setLinked(linked) {
  if (panes.length < 2) return;
  state.linked = linked;
  by('link').setAttribute('aria-pressed', linked);
  // Scans that moved apart come together again.
  if (linked) scroll(0);
}

// A number as viewers of the source show it, so a gap may lie in between.
function goToNumber(pane) {
  const input = pane.by('goto');
  const slice = pane.sliceOf(input.valueAsNumber);
  const wrong = input.value !== '' && slice < 0;
  input.setAttribute('aria-invalid', wrong);
  pane.by('problem').hidden = !wrong;
  if (wrong) {
    pane.by('problem').textContent =
      `This scan has no ${pane.word.toLowerCase()} ${input.value}.`;
  } else if (slice >= 0) {
    goTo(pane, slice);
  }
}

function start() {
  for (const [name, color] of Object.entries(data.colors)) {
    const property = `--${name.replace(' ', '-')}`;
    document.documentElement.style.setProperty(property, color);
  }
  fillPanel(data, panes);
  by('windows').append(
    ...data.windows.map((preset, number) => {
      const button = element('button', preset.name);
      button.value = preset.name;
      button.title = `L ${preset.level} W ${preset.width} HU (${number + 1})`;
      button.addEventListener('click', () => setPreset(number));
      return button;
    }),
  );
}

function listenToPane(pane) {
  listenToStage(pane);
  const [slider, input] = [pane.by('slice'), pane.by('goto')];
  slider.addEventListener('input', () => goTo(pane, Number(slider.value)));
  for (const field of [slider, input]) {
    field.addEventListener('focus', () => activate(pane));
  }
  input.addEventListener('change', () => goToNumber(pane));
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    goToNumber(pane);
    if (input.getAttribute('aria-invalid') !== 'true') pane.stage.focus();
  });
  input.addEventListener('blur', () => {
    input.setAttribute('aria-invalid', false);
    pane.by('problem').hidden = true;
    draw();
  });
}

function listen() {
  panes.forEach(listenToPane);
  document.addEventListener('keydown', pressKey);
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
  by('print').addEventListener('click', printPage);
  if (panes.length > 1) {
    by('link').setAttribute('aria-pressed', state.linked);
    by('link').addEventListener('click', () => setLinked(!state.linked));
  }
  addEventListener('beforeprint', fillPrint);
}

start();
listen();
draw();
prepareKeySlices();
