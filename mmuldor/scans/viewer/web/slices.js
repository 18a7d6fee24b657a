'use strict';

// Slices as they are embedded, see mmuldor/scans/viewer/slice_codec.py: steps
// of HU above `lowest_hu`, predicted by the median edge detector, folded to
// unsigned, low bytes before high bytes, zlib, base64.

class Slices {
  // `number` is that of the scan on the page.
  constructor(grid, number, kept = 96) {
    Object.assign(this, { grid, number, kept, cache: new Map() });
  }

  // The steps of a slice, Uint16Array, at once if they are at hand.
  peek(index) {
    const found = this.cache.get(index);
    return found instanceof Uint16Array ? found : null;
  }

  // A promise of them; the least recently used slices are forgotten.
  get(index) {
    let found = this.cache.get(index);
    this.cache.delete(index);
    if (!found) {
      found = this.inflate(index).then((steps) => {
        if (this.cache.has(index)) this.cache.set(index, steps);
        return steps;
      });
      // One that fails is tried again when it is wanted again.
      found.catch(() => this.cache.delete(index));
    }
    this.cache.set(index, found);
    if (this.cache.size > this.kept) {
      this.cache.delete(this.cache.keys().next().value);
    }
    return Promise.resolve(found);
  }

  async inflate(index) {
    const text = atob(await embedded(`hu-${this.number}-${index}`));
    const bytes = Uint8Array.from(text, (sign) => sign.charCodeAt(0));
    const stream = new Blob([bytes])
      .stream()
      .pipeThrough(new DecompressionStream('deflate'));
    const raw = new Uint8Array(await new Response(stream).arrayBuffer());
    return unpredict(raw, this.grid.rows, this.grid.columns);
  }

  hu(steps, row, column) {
    const { columns, lowest_hu: lowest, step_hu: step } = this.grid;
    return lowest + step * steps[row * columns + column];
  }
}

// Text of an element further down. The scripts run before the slices are
// parsed, so that the first one shows at once; an element is whole when
// something follows it.
async function embedded(id) {
  for (;;) {
    const parsed = document.readyState !== 'loading';
    const found = document.getElementById(id);
    if (found && (found.nextSibling || parsed)) return found.textContent;
    if (parsed) throw new Error('it is not in this page');
    await new Promise((done) => setTimeout(done, 20));
  }
}

function unpredict(raw, rows, columns) {
  const count = rows * columns;
  if (raw.length !== 2 * count) throw new Error('it has another size');
  const steps = new Uint16Array(count);
  for (let i = 0, row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) {
      const folded = raw[i] | (raw[i + count] << 8);
      const rest = (folded >>> 1) ^ -(folded & 1);
      const left = column ? steps[i - 1] : 0;
      const up = row ? steps[i - columns] : 0;
      let predicted = left + up;
      if (row && column) {
        predicted -= steps[i - columns - 1];
        const low = Math.min(left, up);
        const high = Math.max(left, up);
        predicted = Math.min(Math.max(predicted, low), high);
      }
      steps[i] = predicted + rest;
    }
  }
  return steps;
}

// Grey of every step, as mmuldor.functional.hounsfield.window_hu rounds it;
// clamped arrays round as NumPy does.
function greys(grid, level, width) {
  const { lowest_hu: lowest, step_hu: step } = grid;
  const table = new Uint8ClampedArray(Math.ceil(4096 / step) + 1);
  const low = level - width / 2;
  for (let i = 0; i < table.length; i++) {
    table[i] = ((lowest + step * i - low) * 255) / width;
  }
  return table;
}

// Paint a slice into a canvas of its own size, a pixel a pixel.
function paint(canvas, steps, grid, level, width) {
  canvas.width = grid.columns;
  canvas.height = grid.rows;
  const context = canvas.getContext('2d');
  const picture = context.createImageData(grid.columns, grid.rows);
  const table = greys(grid, level, width);
  for (let i = 0, at = 0; i < steps.length; i++, at += 4) {
    const grey = table[steps[i]];
    picture.data[at] = grey;
    picture.data[at + 1] = grey;
    picture.data[at + 2] = grey;
    picture.data[at + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
}
