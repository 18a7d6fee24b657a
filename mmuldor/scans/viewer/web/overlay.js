'use strict';

// What is drawn over a slice, in the colours of
// mmuldor/visualization/marks.py.

class Overlay {
  // `number` is that of the scan on the page.
  constructor(canvas, view, colors, number) {
    Object.assign(this, { canvas, view, colors, number });
  }

  // Draw the rows of the list that have marks on a slice; `layers` says what
  // of them, `ratio` how many pixels of the canvas one of the stage has.
  draw(rows, slice, selected, layers, ratio = window.devicePixelRatio || 1) {
    const [width, height] = this.view.size;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.context = this.canvas.getContext('2d');
    this.context.scale(ratio, ratio);
    // The selected one last, so that it lies over its neighbours.
    const last = rows.filter((row) => row.number === selected);
    const others = rows.filter((row) => row.number !== selected);
    for (const row of [...others, ...last]) {
      const mark = row.marks[this.number];
      if (mark) this.row(row, mark, slice, row.number === selected, layers);
    }
  }

  row(row, mark, slice, marked, layers) {
    const found = mark.detections.find((one) => one.slice === slice);
    if (!found) return;
    if (layers.masks && found.outline) this.mask(found.outline);
    if (layers.boxes) this.box(found, row, marked);
    if (layers.diameters && mark.recist && mark.slice === slice) {
      this.diameters(mark.recist, marked ? [mark.long_mm, mark.short_mm] : []);
    }
  }

  path(points, closed) {
    this.context.beginPath();
    for (let i = 0; i < points.length; i += 2) {
      this.context.lineTo(...this.view.toStage(points[i], points[i + 1]));
    }
    if (closed) this.context.closePath();
  }

  // A line with a dark rim, so that it shows on bone too.
  stroke(color, width) {
    const { context } = this;
    context.strokeStyle = '#00000090';
    context.lineWidth = width + 1.6;
    context.stroke();
    context.strokeStyle = color;
    context.lineWidth = width;
    context.stroke();
  }

  mask(outline) {
    this.path(outline, true);
    this.context.fillStyle = `${this.colors.mask}40`;
    this.context.fill();
    this.context.strokeStyle = this.colors.mask;
    this.context.lineWidth = 1.4;
    this.context.stroke();
  }

  // Both diameters, with their mm at the end that lies further right.
  diameters(ends, lengths) {
    for (const line of [ends.slice(0, 4), ends.slice(4)]) {
      this.path(line, false);
      this.stroke(this.colors.diameter, 1.6);
    }
    this.context.fillStyle = this.colors.endpoint;
    // On a whole slice the ends would hide a small lesion.
    const [first, second] = [ends.slice(0, 2), ends.slice(2, 4)].map(
      (end) => this.view.toStage(...end),
    );
    const length = Math.hypot(first[0] - second[0], first[1] - second[1]);
    const radius = Math.min(Math.max(length / 20, 1), 3);
    for (let i = 0; i < ends.length; i += 2) {
      const [x, y] = this.view.toStage(ends[i], ends[i + 1]);
      this.context.beginPath();
      this.context.arc(x, y, radius, 0, 2 * Math.PI);
      this.context.fill();
    }
    lengths.forEach((mm, k) => {
      if (mm === null) return;
      const first = this.view.toStage(ends[4 * k], ends[4 * k + 1]);
      const second = this.view.toStage(ends[4 * k + 2], ends[4 * k + 3]);
      const [x, y] = first[0] > second[0] ? first : second;
      this.label(`${mm.toFixed(1)} mm`, x + 7, y - 8, this.colors.diameter);
    });
  }

  box({ box: [x1, y1, x2, y2], score }, row, marked) {
    const { context } = this;
    const color = this.colors[row.match] || this.colors.detection;
    this.path([x1, y1, x2, y1, x2, y2, x1, y2], true);
    context.setLineDash(marked ? [] : [5, 3]);
    this.stroke(color, marked ? 2.4 : 1.5);
    context.setLineDash([]);
    const text = [row.number, score === null ? '' : score.toFixed(2)];
    const [left, top] = this.view.toStage(x1, y1);
    this.label(
      text.join('  ').trim(), left - 1, Math.max(top - 19, 0), color, marked,
    );
  }

  // A circle around a place where nothing was found.
  expected(place, row) {
    const [x, y] = this.view.toStage(...place);
    this.context.beginPath();
    this.context.setLineDash([4, 4]);
    this.context.arc(x, y, 24, 0, 2 * Math.PI);
    this.stroke(this.colors[row.match] || this.colors.detection, 1.6);
    this.context.setLineDash([]);
    this.label(
      `${row.number}  expected here`, x + 28, y - 8, this.colors[row.match],
    );
  }

  // A short text on a dark ground, or dark on the colour.
  label(text, x, y, color, filled = false) {
    const { context } = this;
    context.font = '600 12px system-ui, sans-serif';
    const width = context.measureText(text).width + 8;
    context.fillStyle = filled ? color : '#000000b0';
    context.fillRect(x, y, width, 16);
    context.fillStyle = filled ? '#000' : color;
    context.fillText(text, x + 4, y + 12);
  }
}

// Where on the slider there are lesions; the selected one's key slice stands
// out.
function drawMarks(canvas, rows, number, count, selected, colors) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(canvas.clientWidth * ratio);
  canvas.height = Math.round(canvas.clientHeight * ratio);
  const context = canvas.getContext('2d');
  context.scale(ratio, ratio);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const at = (slice) => (count > 1 ? (slice / (count - 1)) * width : 0);
  for (const row of rows) {
    const mark = row.marks[number];
    if (!mark) continue;
    const marked = row.number === selected;
    context.fillStyle = marked
      ? '#ffffff'
      : colors[row.match] || colors.detection;
    context.globalAlpha = 0.35;
    for (const { slice } of mark.detections) {
      context.fillRect(at(slice) - 1, 5, 2, height - 5);
    }
    context.globalAlpha = 1;
    const top = marked ? 0 : 3;
    context.fillRect(at(mark.slice) - 1, top, 2, height - top);
  }
}
