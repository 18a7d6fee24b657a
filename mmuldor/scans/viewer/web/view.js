'use strict';

// Where the slice lies on the stage. Pixels are the volume's own, with their
// centres at integers, whatever the size of the embedded picture; `scale` is
// stage pixels a mm, `x` and `y` the stage's place of the outer corner of the
// first pixel.

class View {
  constructor(stage, [, rows, columns], [columnMm, rowMm]) {
    Object.assign(this, { stage, rows, columns, columnMm, rowMm });
    this.fit();
  }

  get size() {
    return [this.stage.clientWidth, this.stage.clientHeight];
  }

  get whole() {
    const [width, height] = this.size;
    return Math.min(
      width / (this.columns * this.columnMm),
      height / (this.rows * this.rowMm),
    );
  }

  get zoom() {
    return this.scale / this.whole;
  }

  fit() {
    this.show(-0.5, -0.5, this.columns - 0.5, this.rows - 0.5);
    this.fitted = true;
  }

  // Show that part of the slice, as large as it fits, in the middle.
  show(x1, y1, x2, y2) {
    const [width, height] = this.size;
    this.fitted = false;
    this.scale = Math.min(
      width / ((x2 - x1) * this.columnMm),
      height / ((y2 - y1) * this.rowMm),
    );
    this.x = width / 2 - ((x1 + x2) / 2 + 0.5) * this.columnMm * this.scale;
    this.y = height / 2 - ((y1 + y2) / 2 + 0.5) * this.rowMm * this.scale;
  }

  // The pixel in the middle of the stage, [x, y].
  get center() {
    const [width, height] = this.size;
    return this.toPixel(width / 2, height / 2);
  }

  // Half of what is shown around a box, in mm.
  halfAround([x1, y1, x2, y2]) {
    return Math.max(
      40,
      1.25 * (x2 - x1) * this.columnMm,
      1.25 * (y2 - y1) * this.rowMm,
    );
  }

  // Show a box with what lies around it, at least 80 mm.
  showBox(box, half = this.halfAround(box)) {
    const [x1, y1, x2, y2] = box;
    const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
    const [dx, dy] = [half / this.columnMm, half / this.rowMm];
    this.show(x - dx, y - dy, x + dx, y + dy);
  }

  // Zoom about a place of the stage, its middle without.
  zoomBy(factor, x = this.size[0] / 2, y = this.size[1] / 2) {
    const wanted = this.scale * factor;
    const scale = Math.min(Math.max(wanted, this.whole / 2), this.whole * 40);
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = false;
  }

  moveBy(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.fitted = false;
  }

  toStage(x, y) {
    return [
      this.x + (x + 0.5) * this.columnMm * this.scale,
      this.y + (y + 0.5) * this.rowMm * this.scale,
    ];
  }

  toPixel(x, y) {
    return [
      (x - this.x) / (this.columnMm * this.scale) - 0.5,
      (y - this.y) / (this.rowMm * this.scale) - 0.5,
    ];
  }

  // Lay the picture there.
  place(canvas) {
    const across = (this.columns * this.columnMm * this.scale) / canvas.width;
    const down = (this.rows * this.rowMm * this.scale) / canvas.height;
    canvas.style.transform =
      `translate(${this.x}px, ${this.y}px) scale(${across}, ${down})`;
    // Pixels are what there is to see beyond this.
    canvas.style.imageRendering = across > 24 ? 'pixelated' : 'auto';
  }
}

// Patient coordinates (LPS, mm) of a column, row and slice.
function toPatient(affine, column, row, slice) {
  return affine.map(
    ([a, b, c, d]) => a * column + b * row + c * slice + d,
  );
}

// Letters of a direction in the patient, the strongest first.
function letters(direction) {
  const length = Math.hypot(...direction);
  return direction
    .map((value, axis) => [value / length, 'LPS'[axis], 'RAI'[axis]])
    .filter(([share]) => Math.abs(share) > 0.2)
    .sort((a, b) => Math.abs(b[0]) - Math.abs(a[0]))
    .map(([share, plus, minus]) => (share > 0 ? plus : minus))
    .join('');
}

// A place in the patient, for example "L 12.0  P 3.5  S 100.0".
function placeText(point) {
  return point
    .map((value, axis) => {
      const letter = value < 0 ? 'RAI'[axis] : 'LPS'[axis];
      return `${letter} ${Math.abs(value).toFixed(1)}`;
    })
    .join('  ');
}
