'use strict';

// What is drawn over the slice, in the colours of mmuldor/report/overlay.py.

class Overlay {
  constructor(canvas, view, colors) {
    Object.assign(this, { canvas, view, colors });
  }

  // Draw the lesions that are on a slice; `layers` says what of them.
  draw(lesions, slice, selected, layers) {
    const [width, height] = this.view.size;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.context = this.canvas.getContext('2d');
    this.context.scale(ratio, ratio);
    for (const lesion of lesions) {
      for (const found of lesion.detections) {
        if (found.slice !== slice) continue;
        const marked = lesion.number === selected;
        if (layers.masks && found.outline) this.mask(found.outline);
        if (layers.diameters && lesion.recist && lesion.slice === slice) {
          this.diameters(lesion.recist);
        }
        if (layers.boxes) this.box(found.box, lesion, found.score, marked);
      }
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

  diameters(ends) {
    for (const line of [ends.slice(0, 4), ends.slice(4)]) {
      this.path(line, false);
      this.stroke(this.colors.diameter, 1.6);
    }
    this.context.fillStyle = this.colors.endpoint;
    for (let i = 0; i < ends.length; i += 2) {
      const [x, y] = this.view.toStage(ends[i], ends[i + 1]);
      this.context.beginPath();
      this.context.arc(x, y, 3, 0, 2 * Math.PI);
      this.context.fill();
    }
  }

  box([x1, y1, x2, y2], lesion, score, marked) {
    const { context } = this;
    this.path([x1, y1, x2, y1, x2, y2, x1, y2], true);
    context.setLineDash(marked ? [] : [5, 3]);
    this.stroke(this.colors.detection, marked ? 2.4 : 1.5);
    context.setLineDash([]);
    const text = `${lesion.number}  ${score.toFixed(2)}`;
    const [left, top] = this.view.toStage(x1, y1);
    context.font = '600 12px system-ui, sans-serif';
    const width = context.measureText(text).width + 8;
    const y = Math.max(top - 19, 0);
    context.fillStyle = marked ? this.colors.detection : '#000000b0';
    context.fillRect(left - 1, y, width, 16);
    context.fillStyle = marked ? '#000' : this.colors.detection;
    context.fillText(text, left + 3, y + 12);
  }
}

// Where on the slider there are lesions; the selected one's key slice stands
// out.
function drawMarks(canvas, lesions, count, selected, colors) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(canvas.clientWidth * ratio);
  canvas.height = Math.round(canvas.clientHeight * ratio);
  const context = canvas.getContext('2d');
  context.scale(ratio, ratio);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const at = (slice) => (count > 1 ? (slice / (count - 1)) * width : 0);
  for (const lesion of lesions) {
    const marked = lesion.number === selected;
    context.fillStyle = marked ? '#ffffff' : colors.detection;
    context.globalAlpha = 0.35;
    for (const { slice } of lesion.detections) {
      context.fillRect(at(slice) - 1, 5, 2, height - 5);
    }
    context.globalAlpha = 1;
    const top = marked ? 0 : 3;
    context.fillRect(at(lesion.slice) - 1, top, 2, height - top);
  }
}
