// The memory plan: above, bytes live at each step; below, each bank's arena with its buffers. Time goes from left to right.
//
//   view.from, view.to   the steps that are shown; -1 is before run(), one after the last is after it
//   boxes                the buffers, in order of time
//   chosen               of them, what the keyboard or a click chose
(() => {
  const data = JSON.parse(document.getElementById('plan-data').textContent);
  const plot = document.getElementById('plan');
  const tip = document.getElementById('plan-tip');
  const info = document.getElementById('plan-info');
  const range = document.getElementById('plan-range');
  const [NAME, KIND, BANK, OFFSET, BYTES, FIRST, LAST, ROWS, ALL_ROWS] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const steps = data.steps.length;
  if (steps === 0) return;

  const boxes = data.buffers.map((buffer, index) => ({ buffer, index }))
      .filter((box) => box.buffer[BYTES] > 0)
      .sort((a, b) => a.buffer[FIRST] - b.buffer[FIRST] || a.buffer[BANK] - b.buffer[BANK] ||
                      b.buffer[OFFSET] - a.buffer[OFFSET]);
  const least = boxes.some((box) => box.buffer[FIRST] < 0) ? -1 : 0;
  const most = steps + (boxes.some((box) => box.buffer[LAST] >= steps) ? 1 : 0);
  const view = { from: least, to: most, taller: false };
  let chosen = -1;
  let width = 0;

  // ---- words ----
  const bytesText = (bytes) => bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KiB`;
  const layerText = (layer) => layer < 0 ? 'rows of the input' : `layer ${layer} ${data.layers[layer][0]} (${data.layers[layer][1]})`;
  const kinds = { tensor: 'tensor', input: 'input', output: 'output', scratch: 'scratch of', front_end: 'front end', after_run: 'scratch after run()' };
  const segmentOf = (layer) => data.segments.find((segment) => segment[0] <= layer && layer <= segment[1]);
  const timeText = (buffer) => {
    if (buffer[FIRST] >= steps) return 'used after run()';
    const last = Math.min(buffer[LAST], steps - 1);
    const from = buffer[FIRST] < 0 ? 'before run()' : `step ${buffer[FIRST]}`;
    return buffer[FIRST] === last ? `in ${from}` : `from ${from} to step ${last}`;
  };
  const describe = (buffer) => {
    const ring = buffer[ROWS] < buffer[ALL_ROWS] ? `, ring of ${buffer[ROWS]} of ${buffer[ALL_ROWS]} rows` : '';
    return `${kinds[buffer[KIND]] ?? buffer[KIND]} ${buffer[NAME]}\n${bytesText(buffer[BYTES])} in ` +
        `${data.banks[buffer[BANK]].name} at ${buffer[OFFSET]}${ring}; ${timeText(buffer)}`;
  };
  const describeFully = (buffer) => {
    let text = describe(buffer);
    if (buffer[FIRST] >= 0 && buffer[FIRST] < steps) {
      const layer = data.steps[buffer[FIRST]];
      text += `\nbegins with ${layerText(layer)}`;
      const segment = segmentOf(layer);
      if (segment) text += `; layers ${segment[0]} to ${segment[1]} run row by row together`;
    }
    if (buffer[LAST] >= 0 && buffer[LAST] < steps) text += `\nends with ${layerText(data.steps[buffer[LAST]])}`;
    return text;
  };

  // ---- layout ----
  const kTop = 8, kLive = 84, kBand = 12, kGap = 20, kAxis = 22;
  let left = 66, panels = [], height = 0;
  const layOut = () => {
    width = plot.clientWidth;
    left = width < 520 ? 46 : 66;
    const used = data.banks.map((bank, index) => ({ index, name: bank.name, bytes: bank.used })).filter((bank) => bank.bytes > 0);
    const total = used.reduce((sum, bank) => sum + bank.bytes, 0);
    const room = (width < 520 ? 260 : 380) * (view.taller ? 2 : 1);
    let top = kTop + kLive + kBand + kGap;
    panels = used.map((bank) => {
      const panel = { ...bank, top, height: Math.max(56, room * bank.bytes / total) };
      top += panel.height + kGap;
      return panel;
    });
    height = top + kAxis - kGap;
  };
  const x = (step) => left + (width - left - 6) * (step - view.from) / (view.to - view.from);
  const stepAt = (pixel) => view.from + (pixel - left) * (view.to - view.from) / (width - left - 6);

  // ---- drawing ----
  const escape = (text) => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
  const at = (value) => value.toFixed(1);
  const drawLive = () => {
    const peak = Math.max(data.bound, 1);
    const y = (bytes) => kTop + kLive - (kLive - 14) * bytes / peak;
    let path = '';
    for (let step = Math.max(0, Math.floor(view.from)); step < Math.min(steps, Math.ceil(view.to)); ++step) {
      const a = Math.max(x(step), left), b = Math.min(x(step + 1), width - 6);
      path += (path ? 'L' : `M${at(a)} ${kTop + kLive}L`) + `${at(a)} ${at(y(data.live[step]))}L${at(b)} ${at(y(data.live[step]))}`;
    }
    if (path) path += `V${kTop + kLive}Z`;
    return `<path class="live" d="${path}"/>` +
        `<line class="bound" x1="${left}" x2="${width - 6}" y1="${at(y(data.bound))}" y2="${at(y(data.bound))}"/>` +
        `<text class="bound-text" x="${left + 4}" y="${at(y(data.bound) - 3)}">lower bound ${bytesText(data.bound)}` +
        `${data.arena > data.bound ? `, arenas ${bytesText(data.arena)}` : ', which the arenas reach'}</text>` +
        `<text class="soft" x="2" y="${kTop + 12}">live</text>`;
  };
  // Segments of several layers, which run row by row together, as bands behind everything.
  const drawSegments = () => {
    let text = '';
    for (const segment of data.segments) {
      let first = -1, last = -1;
      data.steps.forEach((layer, step) => {
        if (layer < segment[0] || layer > segment[1]) return;
        if (first < 0) first = step;
        last = step;
      });
      if (first < 0 || last + 1 <= view.from || first >= view.to) continue;
      const a = Math.max(x(first), left), b = Math.min(x(last + 1), width - 6);
      const title = `layers ${segment[0]} to ${segment[1]} run row by row together, ${segment[2]} rows at a time`;
      text += `<rect class="band" x="${at(a)}" y="${kTop + kLive}" width="${at(Math.max(b - a, 1))}" height="${at(height - kTop - kLive - kAxis)}"><title>${title}</title></rect>`;
      if (b - a > 70) text += `<text class="soft" x="${at(a + 3)}" y="${kTop + kLive + 13}">layers ${segment[0]}\u2013${segment[1]} by rows</text>`;
    }
    return text;
  };
  const drawPanel = (panel) => {
    const y = (address) => panel.top + panel.height - panel.height * address / panel.bytes;
    let text = `<line class="grid" x1="${left}" x2="${width - 6}" y1="${panel.top + panel.height}" y2="${panel.top + panel.height}"/>` +
        `<line class="grid" x1="${left}" x2="${width - 6}" y1="${panel.top}" y2="${panel.top}"/>` +
        `<text x="2" y="${panel.top + 12}">${escape(panel.name)}</text><text class="soft" x="2" y="${panel.top + 27}">${bytesText(panel.bytes)}</text>`;
    boxes.forEach((box, i) => {
      const buffer = box.buffer;
      if (buffer[BANK] !== panel.index || buffer[LAST] + 1 <= view.from || buffer[FIRST] >= view.to) return;
      const a = Math.max(x(Math.max(buffer[FIRST], least)), left), b = Math.min(x(buffer[LAST] + 1), width - 6);
      const top = y(buffer[OFFSET] + buffer[BYTES]), high = Math.max(panel.height * buffer[BYTES] / panel.bytes, 1.5);
      const colour = buffer[KIND] === 'scratch' || buffer[KIND] === 'after_run' ? 'scratch' : 'c' + box.index % 8;
      text += `<rect class="box ${colour}${i === chosen ? ' on' : ''}" data-box="${i}" x="${at(a)}" y="${at(top)}" width="${at(Math.max(b - a, 1))}" height="${at(high)}"/>`;
      const letters = Math.floor((b - a - 8) / 7);
      if (high > 14 && letters > 4) {
        const name = buffer[NAME].length > letters ? '\u2026' + buffer[NAME].slice(1 - letters) : buffer[NAME];
        text += `<text class="box-text" x="${at(a + 4)}" y="${at(top + Math.min(high / 2 + 4, 14))}">${escape(name)}</text>`;
      }
    });
    return text;
  };
  const drawAxis = () => {
    const wanted = Math.max(2, Math.floor((width - left) / 90));
    const rough = (view.to - view.from) / wanted;
    const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
    const every = Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= rough) ?? power * 10);
    let text = `<text class="soft" x="2" y="${height - 7}">step</text>`;
    for (let step = Math.ceil(Math.max(view.from, 0) / every) * every; step < Math.min(view.to, steps); step += every)
      text += `<text class="soft" x="${at(x(step + 0.5))}" y="${height - 7}" text-anchor="middle">${step}</text>`;
    return text;
  };
  const draw = () => {
    layOut();
    if (width === 0) return;
    const peak = x(data.peak + 0.5);
    const peakLine = peak < left || peak > width - 6 ? '' :
        `<line class="peak" x1="${at(peak)}" x2="${at(peak)}" y1="${kTop + 12}" y2="${height - kAxis}" pointer-events="none"/>`;
    plot.innerHTML = `<svg viewBox="0 0 ${width} ${height}" height="${height}" aria-hidden="true">${drawSegments()}${drawLive()}` +
        `${panels.map(drawPanel).join('')}${peakLine}<line class="cross" id="plan-cross" y1="${kTop}" y2="${height - kAxis}" visibility="hidden"/>${drawAxis()}</svg>`;
    const from = Math.max(0, Math.floor(view.from)), to = Math.min(steps, Math.ceil(view.to)) - 1;
    range.textContent = `steps ${from} to ${Math.max(from, to)} of ${steps}`;
  };
  let asked = false;
  const drawSoon = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; draw(); });
  };

  // ---- moving about ----
  const setView = (from, to) => {
    const span = Math.min(Math.max(to - from, 2), most - least);
    const middle = (from + to) / 2;
    view.from = Math.min(Math.max(middle - span / 2, least), most - span);
    view.to = view.from + span;
    drawSoon();
  };
  const zoom = (factor, around = (view.from + view.to) / 2) =>
    setView(around - (around - view.from) * factor, around + (view.to - around) * factor);
  const move = (part) => setView(view.from + part * (view.to - view.from), view.to + part * (view.to - view.from));
  const showSteps = (first, last) => {
    const margin = Math.max(1, (last - first + 1) * 0.4);
    setView(first - margin, last + 1 + margin);
  };
  const choose = (index) => {
    chosen = index;
    if (index < 0) {
      info.textContent = 'Point at a box, or choose one with the arrow keys.';
      drawSoon();
      return;
    }
    const buffer = boxes[index].buffer;
    info.textContent = describeFully(buffer);
    const first = Math.max(buffer[FIRST], least), last = Math.min(buffer[LAST], most - 1);
    if (last + 1 <= view.from || first >= view.to) {
      const span = view.to - view.from;
      setView((first + last + 1 - span) / 2, (first + last + 1 + span) / 2);
    }
    drawSoon();
  };
  // The buffer above (1) or below (-1) the chosen one that lives at the same time.
  const neighbour = (direction) => {
    const own = boxes[chosen].buffer;
    const height_of = (buffer) => buffer[BANK] * -1e12 + buffer[OFFSET];
    let best = -1;
    boxes.forEach((box, i) => {
      const buffer = box.buffer;
      const together = buffer[FIRST] <= own[LAST] && own[FIRST] <= buffer[LAST];
      const distance = direction * (height_of(buffer) - height_of(own));
      if (i === chosen || !together || distance <= 0) return;
      if (best < 0 || distance < direction * (height_of(boxes[best].buffer) - height_of(own))) best = i;
    });
    return best;
  };
  const actions = {
    in: () => zoom(0.5),
    out: () => zoom(2),
    all: () => setView(least, most),
    peak: () => showSteps(data.peak - 3, data.peak + 3),
    taller: () => {
      view.taller = !view.taller;
      document.querySelector('[data-plan=taller]').setAttribute('aria-pressed', view.taller);
      drawSoon();
    },
  };
  for (const button of document.querySelectorAll('[data-plan]'))
    button.addEventListener('click', () => actions[button.dataset.plan]());

  plot.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const keys = {
      '+': actions.in, '=': actions.in, '-': actions.out, '0': actions.all, p: actions.peak, t: actions.taller,
      Escape: () => choose(-1),
      Home: () => choose(0),
      End: () => choose(boxes.length - 1),
      ArrowRight: () => event.shiftKey ? move(0.25) : choose(Math.min(chosen + 1, boxes.length - 1)),
      ArrowLeft: () => event.shiftKey ? move(-0.25) : choose(Math.max(chosen - 1, 0)),
      ArrowUp: () => choose(chosen < 0 ? 0 : neighbour(1) < 0 ? chosen : neighbour(1)),
      ArrowDown: () => choose(chosen < 0 ? 0 : neighbour(-1) < 0 ? chosen : neighbour(-1)),
      Enter: () => chosen >= 0 && showSteps(Math.max(boxes[chosen].buffer[FIRST], 0), Math.min(boxes[chosen].buffer[LAST], steps - 1)),
    };
    const action = keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  // ---- pointers: hover tells, drag moves, two pinch, a click chooses ----
  const pointers = new Map();
  let moved = false, pinch = 0, pinchStep = 0;
  const place = (event) => event.clientX - plot.getBoundingClientRect().left;
  const hover = (event) => {
    const cross = document.getElementById('plan-cross');
    const pixel = place(event);
    const step = Math.floor(stepAt(pixel));
    if (!cross || pixel < left || step < 0 || step >= steps) {
      tip.hidden = true;
      cross?.setAttribute('visibility', 'hidden');
      return;
    }
    cross.setAttribute('x1', pixel);
    cross.setAttribute('x2', pixel);
    cross.setAttribute('visibility', 'visible');
    const box = event.target.dataset?.box;
    const now = `step ${step}, ${bytesText(data.live[step])} live: ${layerText(data.steps[step])}`;
    tip.textContent = box === undefined ? now : `${describe(boxes[box].buffer)}\n${now}`;
    tip.hidden = false;
    const box_of_tip = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(event.clientX + 14, window.innerWidth - box_of_tip.width - 8)) + 'px';
    const below = event.clientY + 18;
    tip.style.top = (below + box_of_tip.height < window.innerHeight ? below : event.clientY - box_of_tip.height - 12) + 'px';
  };
  const spread = () => {
    const [a, b] = Array.from(pointers.values());
    return Math.max(Math.abs(a - b), 10);
  };
  plot.addEventListener('pointerdown', (event) => {
    pointers.set(event.pointerId, place(event));
    moved = false;
    if (pointers.size === 2) {
      pinch = spread();
      const [a, b] = Array.from(pointers.values());
      pinchStep = stepAt((a + b) / 2);
    }
  });
  plot.addEventListener('pointermove', (event) => {
    const before = pointers.get(event.pointerId);
    if (before === undefined) {
      if (event.pointerType === 'mouse') hover(event);
      return;
    }
    const pixel = place(event);
    if (pointers.size === 2) {
      pointers.set(event.pointerId, pixel);
      moved = true;
      zoom(pinch / spread(), pinchStep);
      pinch = spread();
      return;
    }
    if (!moved && Math.abs(pixel - before) < 5) return;
    if (!moved) plot.setPointerCapture(event.pointerId);
    moved = true;
    tip.hidden = true;
    plot.classList.add('moving');
    pointers.set(event.pointerId, pixel);
    move((before - pixel) / (width - left - 6));
  });
  const release = (event) => {
    pointers.delete(event.pointerId);
    if (pointers.size === 0) plot.classList.remove('moving');
  };
  plot.addEventListener('pointerup', release);
  plot.addEventListener('pointercancel', release);
  plot.addEventListener('pointerleave', () => {
    tip.hidden = true;
    document.getElementById('plan-cross')?.setAttribute('visibility', 'hidden');
  });
  plot.addEventListener('click', (event) => {
    if (moved) return;
    const box = event.target.dataset?.box;
    choose(box === undefined ? -1 : Number(box));
  });
  plot.addEventListener('dblclick', (event) => {
    if (chosen >= 0) showSteps(Math.max(boxes[chosen].buffer[FIRST], 0), Math.min(boxes[chosen].buffer[LAST], steps - 1));
    else zoom(0.5, stepAt(place(event)));
  });
  plot.addEventListener('wheel', (event) => {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      zoom(Math.exp(event.deltaY * 0.004), stepAt(place(event)));
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) && view.to - view.from < most - least) {
      event.preventDefault();
      move(event.deltaX / width);
    }
  }, { passive: false });

  for (const link of document.querySelectorAll('[data-steps]')) {
    link.title = 'show its steps in the plan';
    link.addEventListener('click', () => showSteps(...link.dataset.steps.split(',').map(Number)));
  }

  new ResizeObserver(drawSoon).observe(plot);
  window.addEventListener('beforeprint', () => { setView(least, most); draw(); });
  draw();
})();
