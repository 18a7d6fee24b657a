'use strict';

// One scan on its stage, with its slider. Ids of a second scan end in -1.

class Pane {
  constructor(scan, number) {
    Object.assign(this, { scan, number, count: scan.shape[0] });
    const ending = number ? `-${number}` : '';
    this.by = (id) => document.getElementById(id + ending);
    this.stage = this.by('stage');
    this.slices = new Slices(scan.grid, number);
    this.view = new View(this.stage, scan.shape, scan.spacing_mm);
    this.overlay = new Overlay(
      this.by('overlay'), this.view, data.colors, number,
    );
    this.slice = scan.first;
    this.pointer = null;
    this.painted = '';
    this.turned = 0;
    this.label();
  }

  // What never changes: directions, ends of the slider, texts for readers.
  label() {
    const { affine, name } = this.scan;
    const [across, down, along] = [0, 1, 2].map((axis) =>
      affine.map((row) => row[axis]),
    );
    const against = (direction) => direction.map((value) => -value);
    for (const [side, direction] of Object.entries({
      left: against(across), right: across, top: against(down), bottom: down,
    })) {
      const sign = this.stage.querySelector(`.side.${side}`);
      sign.textContent = letters(direction);
    }
    this.by('first').textContent = letters(against(along));
    this.by('last').textContent = letters(along);
    this.by('slice').max = this.count - 1;
    this.by('number-name').textContent = this.word;
    this.by('goto').title =
      `${this.word} to show (G, then Enter)`;
    this.stage.setAttribute('aria-label', `Slices of ${name}`);
  }

  get word() {
    return this.scan.numbers ? 'Image' : 'Slice';
  }

  // What a slice is called: by the source's number, as PACS viewers do, else
  // by its index; '–' for one that was filled in.
  nameOf(slice) {
    const { numbers } = this.scan;
    return numbers ? numbers[slice] ?? '–' : slice;
  }

  // The slice of that name, -1 if there is none.
  sliceOf(name) {
    const { numbers } = this.scan;
    if (numbers) return numbers.indexOf(name);
    return Number.isInteger(name) && name >= 0 && name < this.count ? name : -1;
  }

  goTo(slice) {
    this.slice = Math.min(Math.max(Math.round(slice), 0), this.count - 1);
    draw();
  }

  draw(state, rows) {
    const { slice, scan } = this;
    const { level, width, selected } = state;
    const steps = this.slices.peek(slice);
    if (!steps) {
      this.slices.get(slice).then(draw, (error) => this.failed(slice, error));
      return;
    }
    const wanted = `${slice} ${level} ${width}`;
    if (wanted !== this.painted) {
      paint(this.by('image'), steps, scan.grid, level, width);
      this.painted = wanted;
    }
    this.by('problem').hidden = true;
    this.view.place(this.by('image'));
    this.overlay.draw(rows, slice, selected, state.layers);
    this.drawExpected(state, rows);
    drawMarks(
      this.by('marks'), rows, this.number, this.count, selected, data.colors,
    );
    this.drawTexts(state);
    this.drawPointer();
    // What is on the screen now.
    Object.assign(this.stage.dataset, { slice, level, width, selected });
    for (const near of [slice + 1, slice - 1, slice + 2, slice - 2]) {
      // What cannot be read is said when it is looked at.
      if (near >= 0 && near < this.count) {
        this.slices.get(near).catch(() => {});
      }
    }
  }

  // Where the selected lesion would be, in the scan without it.
  drawExpected({ selected, layers }, rows) {
    const row = rows.find((one) => one.number === selected);
    const expected = row?.expected?.[this.number];
    if (layers.boxes && expected && expected.slice === this.slice) {
      this.overlay.expected(expected.place, row);
    }
  }

  drawTexts({ level, width }) {
    const { slice, count, view, scan } = this;
    const middle = [(scan.shape[2] - 1) / 2, (scan.shape[1] - 1) / 2];
    const height = toPatient(scan.affine, ...middle, slice)[2];
    const where = placeText([0, 0, height]).split('  ')[2];
    const index = `${slice} of 0–${count - 1}`;
    this.by('place').textContent = scan.numbers
      ? `Image ${this.nameOf(slice)}\nslice ${index}\n${where} mm`
      : `Slice ${index}\n${where} mm`;
    const preset = presetOf(level, width);
    this.by('window').textContent =
      `${preset ? preset.name : 'Window'}\nL ${level}  W ${width}`;
    const input = this.by('goto');
    if (document.activeElement !== input) {
      const name = this.nameOf(slice);
      input.value = Number.isInteger(name) ? name : '';
    }
    this.by('slice').value = slice;
    this.by('slice').setAttribute(
      'aria-valuetext',
      `${this.word.toLowerCase()} ${this.nameOf(slice)}, ${where} mm`,
    );
    const round = [200, 100, 50, 20, 10, 5, 2, 1];
    const bar = round.find((mm) => mm * view.scale < 150) || 1;
    const scale = this.by('scale');
    scale.querySelector('i').style.width = `${bar * view.scale}px`;
    scale.querySelector('span').textContent = `${bar} mm`;
  }

  // HU beyond what a page holds are cut off, others may be averaged.
  huText(hu) {
    const { grid } = this.scan;
    if (hu <= grid.lowest_hu) return `≤ ${grid.lowest_hu} HU`;
    if (hu >= grid.highest_hu) return `≥ ${grid.highest_hu} HU`;
    const { view } = this;
    const same = grid.rows === view.rows && grid.columns === view.columns;
    return `${same && grid.step_hu === 1 ? '' : '≈ '}${hu} HU`;
  }

  // What lies under the mouse.
  drawPointer() {
    const { view, scan, slice } = this;
    const steps = this.slices.peek(slice);
    const [x, y] = this.pointer ? view.toPixel(...this.pointer) : [-1, -1];
    const [column, row] = [Math.round(x), Math.round(y)];
    const inside =
      column >= 0 && row >= 0 && column < view.columns && row < view.rows;
    if (!steps || !inside) {
      this.by('pointer').textContent = '';
      return;
    }
    const { rows, columns } = scan.grid;
    const hu = this.slices.hu(
      steps,
      Math.floor(((row + 0.5) * rows) / view.rows),
      Math.floor(((column + 0.5) * columns) / view.columns),
    );
    const place = placeText(toPatient(scan.affine, x, y, slice));
    this.by('pointer').textContent =
      `${this.huText(hu)}\ncolumn ${column}, row ${row}\n${place} mm`;
  }

  // The smallest box under a place of the stage, null without.
  rowAt(place, rows) {
    const [x, y] = this.view.toPixel(...place);
    let [best, least] = [null, Infinity];
    for (const row of rows) {
      for (const { slice, box } of row.marks[this.number]?.detections || []) {
        const [x1, y1, x2, y2] = box;
        const area = (x2 - x1) * (y2 - y1);
        const inside = x >= x1 && x <= x2 && y >= y1 && y <= y2;
        if (slice === this.slice && inside && area < least) {
          [best, least] = [row, area];
        }
      }
    }
    return best;
  }

  failed(slice, error) {
    if (slice !== this.slice) return;
    this.by('problem').hidden = false;
    this.by('problem').textContent =
      typeof DecompressionStream === 'undefined'
        ? 'This browser cannot inflate the slices. Take one from 2023 or later.'
        : `${this.word} ${this.nameOf(slice)} cannot be read: ` +
          error.message;
  }
}
