// The timeline of the page that `sigil build --timings` writes: one canvas, drawn again for every view. Everything else on the
// page is plain HTML and is there without this script.
//
// A VIEW is the time from `left` to `right`, in the units of the data (100 ns). Rows are sorted by begin, so what is visible is
// found by binary search; what is narrower than a pixel is merged into its pixel.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const canvas = document.getElementById("timeline");
  const hint = document.getElementById("hint");
  const pen = canvas.getContext("2d");
  const UNIT = 100; // nanoseconds
  const GUTTER = 78, STAGES = 22, GAP = 8, CPU = 58, AXIS = 22;
  const total = Math.max(1, data.total);
  let left = 0, right = total, width = 0, colours = {}, dragged = null, pointer = null;

  // ---- the data as arrays ----

  const rows = data.rows.map((row) => {
    const count = row.events.length / 7;
    const made = { label: row.label, count, begin: new Float64Array(count), end: new Float64Array(count), longest: 0,
                   depth: new Uint8Array(count), rest: row.events };
    const open = [];
    let at = 0;
    for (let i = 0; i < count; i++) {
      at += row.events[i * 7];
      made.begin[i] = at;
      made.end[i] = at + row.events[i * 7 + 1];
      made.longest = Math.max(made.longest, row.events[i * 7 + 1]);
      while (open.length && open[open.length - 1] <= at) open.pop();
      made.depth[i] = Math.min(open.length, 3);
      open.push(made.end[i]);
    }
    return made;
  });
  const HEIGHT = rows.length > 40 ? 9 : rows.length > 18 ? 14 : 22;
  const SPACE = rows.length > 40 ? 1 : 4;

  // How many cores are busy, as a function of time: `sums[i]` is its integral up to `times[i]`.
  const busy = (() => {
    const changes = [];
    for (const row of rows)
      for (let i = 0; i < row.count; i++)
        if (row.depth[i] === 0) changes.push([row.begin[i], 1], [row.end[i], -1]);
    changes.sort((a, b) => a[0] - b[0]);
    const times = [0], levels = [0], sums = [0];
    let level = 0;
    for (const [time, change] of changes) {
      const last = times.length - 1;
      if (time > times[last]) {
        times.push(time);
        sums.push(sums[last] + levels[last] * (time - times[last]));
        levels.push(level + change);
      } else levels[last] = level + change;
      level += change;
    }
    return { times, levels, sums };
  })();

  const before = (array, time) => { // index of the last element that is not later
    let low = 0, high = array.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (array[middle] <= time) low = middle + 1; else high = middle;
    }
    return low - 1;
  };
  const integral = (time) => {
    const i = Math.max(0, before(busy.times, time));
    return busy.sums[i] + busy.levels[i] * Math.max(0, time - busy.times[i]);
  };

  // ---- drawing ----

  const shown = (units) => {
    const ns = units * UNIT;
    if (ns >= 1e9) return (ns / 1e9).toFixed(2) + " s";
    if (ns >= 1e6) return (ns / 1e6).toFixed(ns < 1e7 ? 2 : 1) + " ms";
    return (ns / 1e3).toFixed(ns < 1e4 ? 1 : 0) + " µs";
  };
  const scale = () => (width - GUTTER) / (right - left);
  const x = (time) => GUTTER + (time - left) * scale();
  const top = (row) => STAGES + GAP + CPU + GAP + row * (HEIGHT + SPACE);

  const readColours = () => {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["ink", "soft", "faint", "line", "grid", "card", "cpu", "cpu-line", "alone", "track", "read", "parse",
                        "modules", "signatures", "bodies", "lower", "generate", "compile", "link", "tests"])
      colours[name] = style.getPropertyValue("--" + name).trim();
  };
  const colourOf = (stage) => colours[(data.stages[stage] || [""])[0]] || colours.alone;

  const text = (words, from, to, y, colour) => { // inside of a box, or not at all
    const room = to - from - 8;
    if (room < 14) return;
    const wide = pen.measureText(words).width;
    if (wide > room) {
      if (room < 40) return;
      while (words.length > 3 && pen.measureText(words + "…").width > room) words = words.slice(0, -2);
      words += "…";
    }
    pen.fillStyle = colour;
    pen.fillText(words, from + 4, y);
  };

  const readable = (colour) => { // black or white, whichever is easier to read on it
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
    return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#161615" : "#ffffff";
  };

  const drawStages = () => {
    data.stages.forEach(([name, begin, end], i) => {
      if (end <= begin) return; // it did not run
      const from = Math.max(GUTTER, x(begin)), to = Math.min(width, x(end));
      if (to <= GUTTER || from >= width) return;
      pen.fillStyle = colourOf(i);
      pen.fillRect(from, 0, Math.max(1, to - from), STAGES - 3);
      text(name, from, to, STAGES / 2 - 1, readable(colourOf(i)));
    });
  };

  const drawCpu = () => {
    const base = STAGES + GAP + CPU, high = Math.max(data.threads, 1);
    pen.fillStyle = colours.track;
    pen.fillRect(GUTTER, base - CPU, width - GUTTER, CPU);
    const per = (right - left) / (width - GUTTER);
    pen.beginPath();
    pen.moveTo(GUTTER, base);
    let last = integral(left);
    for (let p = 0; p < width - GUTTER; p++) {
      const now = integral(left + (p + 1) * per);
      const y = base - Math.min(1, (now - last) / per / high) * (CPU - 2);
      pen.lineTo(GUTTER + p, y);
      pen.lineTo(GUTTER + p + 1, y);
      last = now;
    }
    pen.lineTo(width, base);
    pen.closePath();
    pen.fillStyle = colours.cpu;
    pen.fill();
    pen.fillStyle = colours.soft;
    pen.textAlign = "right";
    pen.fillText("CPU use", GUTTER - 8, base - CPU / 2);
    pen.fillStyle = colours.faint;
    pen.fillText(String(high), GUTTER - 8, base - CPU + 6);
    pen.fillText("0", GUTTER - 8, base - 6);
    pen.textAlign = "left";
  };

  const drawRow = (row, number) => {
    const y = top(number);
    pen.fillStyle = colours.track;
    pen.fillRect(GUTTER, y, width - GUTTER, HEIGHT);
    if (HEIGHT >= 14 || number % 4 === 0) {
      pen.fillStyle = colours.soft;
      pen.textAlign = "right";
      pen.fillText(row.label, GUTTER - 8, y + HEIGHT / 2);
      pen.textAlign = "left";
    }
    const covered = [-1, -1, -1, -1]; // the last pixel that is painted, for each depth
    // An event that is visible began at most the longest one's length ago.
    for (let i = Math.max(0, before(row.begin, left - row.longest)); i < row.count && row.begin[i] < right; i++) {
      if (row.end[i] < left) continue;
      const from = Math.max(GUTTER, x(row.begin[i])), to = Math.min(width, x(row.end[i]));
      const depth = row.depth[i];
      if (Math.ceil(to) <= covered[depth]) continue;
      covered[depth] = Math.ceil(Math.max(to, from + 1));
      const stage = row.rest[i * 7 + 4];
      const inset = depth * Math.min(4, HEIGHT / 5), wide = to - from;
      pen.fillStyle = colourOf(stage);
      pen.fillRect(from, y + inset, Math.max(1, wide - (wide > 3 ? 0.6 : 0)), HEIGHT - inset);
      if (depth > 0 && wide > 2) {
        pen.strokeStyle = colours.card;
        pen.strokeRect(from + 0.5, y + inset + 0.5, wide - 1, HEIGHT - inset - 1);
      }
      if (wide > 40 && HEIGHT >= 14)
        text(data.names[row.rest[i * 7 + 3]] || data.kinds[row.rest[i * 7 + 2]], from, to, y + HEIGHT / 2 + inset / 2,
             readable(colourOf(stage)));
    }
  };

  const drawAxis = () => {
    const y = top(rows.length);
    const rough = (right - left) / Math.max(2, Math.floor((width - GUTTER) / 110));
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
    // As many digits as tell neighbours apart.
    const [unit, name] = step * UNIT >= 1e8 ? [1e9, " s"] : step * UNIT >= 1e4 ? [1e6, " ms"] : [1e3, " µs"];
    const digits = Math.max(0, Math.ceil(-Math.log10((step * UNIT) / unit) - 1e-9));
    pen.textAlign = "center";
    for (let i = Math.ceil(left / step); i * step <= right; i++) {
      const at = Math.round(x(i * step)) + 0.5;
      pen.strokeStyle = colours.line;
      pen.beginPath();
      pen.moveTo(at, STAGES);
      pen.lineTo(at, y + 3);
      pen.globalAlpha = 0.5;
      pen.stroke();
      pen.globalAlpha = 1;
      pen.fillStyle = colours.soft;
      if (at < width - 24) pen.fillText(i === 0 ? "0" : ((i * step * UNIT) / unit).toFixed(digits) + name, Math.max(at, GUTTER + 6), y + AXIS / 2 + 2);
    }
    pen.textAlign = "left";
  };

  const draw = () => {
    const ratio = window.devicePixelRatio || 1;
    width = canvas.clientWidth;
    const height = top(rows.length) + AXIS;
    canvas.style.height = height + "px";
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = '12px system-ui, "Segoe UI", "Liberation Sans", sans-serif';
    pen.textBaseline = "middle";
    drawStages();
    drawCpu();
    rows.forEach(drawRow);
    drawAxis();
  };
  let waiting = false;
  const redraw = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); });
  };

  // ---- moving about ----

  const show = (from, to) => { // never outside of the recording, never less than 2 µs
    const span = Math.min(total, Math.max(20, to - from));
    left = Math.min(Math.max(0, from), total - span);
    right = left + span;
    redraw();
  };
  const zoom = (factor, around) => {
    const time = around === undefined ? (left + right) / 2 : around;
    show(time - (time - left) * factor, time + (right - time) * factor);
  };
  const timeAt = (px) => left + (Math.max(GUTTER, px) - GUTTER) / scale();

  canvas.addEventListener("wheel", (event) => {
    if (event.ctrlKey || event.metaKey || document.activeElement === canvas) {
      event.preventDefault();
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
        const by = ((event.deltaX || event.deltaY) / (width - GUTTER)) * (right - left);
        show(left + by, right + by);
      } else zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 200), timeAt(event.offsetX));
    }
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    dragged = { px: event.offsetX, left, right };
    canvas.setPointerCapture(event.pointerId);
    canvas.classList.add("dragging");
    canvas.focus({ preventScroll: true });
  });
  const release = () => { dragged = null; canvas.classList.remove("dragging"); };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointermove", (event) => {
    if (dragged) {
      const by = (event.offsetX - dragged.px) / scale();
      show(dragged.left - by, dragged.right - by);
      hint.hidden = true;
    } else {
      pointer = event;
      describe();
    }
  });
  canvas.addEventListener("pointerleave", () => { hint.hidden = true; });
  canvas.addEventListener("dblclick", (event) => {
    const found = eventAt(event.offsetX, event.offsetY);
    if (!found) return;
    const [row, i] = found;
    const margin = Math.max(10, (row.end[i] - row.begin[i]) * 0.1);
    show(row.begin[i] - margin, row.end[i] + margin);
  });
  canvas.addEventListener("keydown", (event) => {
    const step = (right - left) / 5;
    const actions = { "+": () => zoom(1 / 1.5), "=": () => zoom(1 / 1.5), "-": () => zoom(1.5), "0": () => show(0, total),
                      Escape: () => show(0, total), ArrowLeft: () => show(left - step, right - step),
                      ArrowRight: () => show(left + step, right + step) };
    if (!actions[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    actions[event.key]();
  });
  document.getElementById("zoom-in").addEventListener("click", () => zoom(1 / 2));
  document.getElementById("zoom-out").addEventListener("click", () => zoom(2));
  document.getElementById("zoom-all").addEventListener("click", () => show(0, total));
  for (const button of document.querySelectorAll("button.stage"))
    button.addEventListener("click", () => {
      const [, begin, end] = data.stages[Number(button.dataset.stage)];
      const margin = (end - begin) * 0.02;
      show(begin - margin, end + margin);
      canvas.scrollIntoView({ block: "center", behavior: "smooth" });
    });

  // ---- what is under the pointer ----

  const eventAt = (px, py) => {
    const number = Math.floor((py - top(0)) / (HEIGHT + SPACE));
    if (number < 0 || number >= rows.length || px < GUTTER) return null;
    const row = rows[number], slack = 1.5 / scale(), time = timeAt(px);
    let found = -1;
    for (let i = before(row.begin, time + slack); i >= 0 && row.begin[i] >= time - row.longest - slack; i--)
      if (row.end[i] >= time - slack && (found < 0 || row.depth[i] > row.depth[found])) {
        found = i;
        if (row.begin[i] <= time && row.end[i] >= time && row.depth[i] === 0) break;
        if (found >= 0 && row.depth[found] > 0) break;
      }
    return found < 0 ? null : [row, found];
  };

  const describe = () => {
    const px = pointer.offsetX, py = pointer.offsetY;
    const lines = [];
    const found = eventAt(px, py);
    if (found) {
      const [row, i] = found;
      const [, , kind, name, stage, stolen, merged] = row.rest.slice(i * 7, i * 7 + 7);
      lines.push([data.names[name] || data.kinds[kind], ""]);
      if (merged > 1) lines.push([`${merged} short items, the longest of them named`, "soft"]);
      lines.push([`${data.names[name] ? data.kinds[kind] + ", " : ""}${shown(row.end[i] - row.begin[i])}`, ""]);
      lines.push([`stage ${(data.stages[stage] || ["none"])[0]}, ${row.label}, from ${shown(row.begin[i])} on`, "soft"]);
      if (stolen >= 0) lines.push([`its share of the work came from worker ${stolen}`, "soft"]);
    } else if (px >= GUTTER && py < STAGES + GAP + CPU) {
      const time = timeAt(px);
      const stage = data.stages.find(([, begin, end]) => begin <= time && time <= end);
      if (stage && py < STAGES) lines.push([stage[0], ""], [shown(stage[2] - stage[1]), "soft"]);
      else if (py >= STAGES) {
        const i = Math.max(0, before(busy.times, time));
        lines.push([`${busy.levels[i]} of ${data.threads} cores busy`, ""], [`at ${shown(time)}`, "soft"]);
      }
    }
    hint.hidden = lines.length === 0;
    if (hint.hidden) return;
    hint.replaceChildren(...lines.map(([words, kind]) => {
      const line = document.createElement("div");
      line.textContent = words;
      if (kind) line.className = kind;
      return line;
    }));
    const room = document.documentElement.clientWidth - hint.offsetWidth - 8;
    hint.style.left = Math.max(8, Math.min(pointer.clientX + 14, room)) + "px";
    const below = pointer.clientY + 18;
    hint.style.top = (below + hint.offsetHeight < window.innerHeight ? below : pointer.clientY - hint.offsetHeight - 12) + "px";
  };

  const start = () => { readColours(); draw(); };
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", start);
  new ResizeObserver(() => { if (canvas.clientWidth !== width) redraw(); }).observe(canvas);
  start();
  document.documentElement.dataset.drawn = String(rows.length);
})();
