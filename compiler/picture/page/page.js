"use strict";
// Folds, finds, moves and tells. What it places it places as compiler/picture/placing.py does; a test holds both against each other.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { gap: GAP, apart: APART, pad: PAD, title: TITLE, folded: FOLDED } = data.measures;
  const svg = document.querySelector("svg.graph");
  const view = document.getElementById("view");
  const panel = document.getElementById("panel");
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const folded = new Set(data.folded);
  const around = new Map(); // by a key, the keys of the frames that it is in, outer ones first
  const frames = new Map(); // by the key of a frame, its block
  const elements = new Map(); // by a key, the elements that stand where it stands
  const cards = [...svg.querySelectorAll(".card")];
  let scale = 1;
  let current = null;
  let told = null;

  for (const each of svg.querySelectorAll("[data-key]")) {
    const key = each.dataset.key;
    if (!elements.has(key)) elements.set(key, []);
    elements.get(key).push(each);
  }
  const inner = (block) => block.series || block.beside || [];
  const keyOf = (block) => block.frame || block.key;
  (function index(block, chain) {
    if (keyOf(block)) around.set(keyOf(block), chain);
    if (block.frame) {
      frames.set(block.frame, block);
      index(block.inside, [...chain, block.frame]);
    }
    for (const each of inner(block)) index(each, chain);
  })(data.block, []);

  function measure(block) {
    if (block.series) {
      const sizes = block.series.map(measure);
      const left = Math.max(...sizes.map((each) => each.axis));
      const right = Math.max(...sizes.map((each) => each.width - each.axis));
      const height = sizes.reduce((sum, each) => sum + each.height, 0) + GAP * (sizes.length - 1);
      block.now = { width: left + right, height, axis: left };
    } else if (block.beside) {
      const sizes = block.beside.map(measure);
      const width = sizes.reduce((sum, each) => sum + each.width, 0) + APART * (sizes.length - 1);
      const last = sizes[sizes.length - 1];
      const axis = Math.floor((sizes[0].axis + width - last.width + last.axis) / 2);
      block.now = { width, height: Math.max(...sizes.map((each) => each.height)), axis };
    } else if (block.frame) {
      block.now = measureFrame(block);
    } else {
      block.now = { width: block.size[0], height: block.size[1], axis: block.size[0] / 2 };
    }
    return block.now;
  }

  function measureFrame(block) {
    if (folded.has(block.frame)) return { width: block.narrow, height: FOLDED, axis: block.narrow / 2 };
    const size = measure(block.inside);
    if (block.kind === "arms") return size;
    const left = Math.max(size.axis + PAD, block.least / 2);
    const right = Math.max(size.width - size.axis + PAD, block.least / 2);
    return { width: left + right, height: size.height + 2 * PAD + TITLE, axis: left };
  }

  function put(block, x, y, boxes, chain) {
    if (block.series) {
      for (const each of block.series) {
        put(each, x + block.now.axis - each.now.axis, y, boxes, chain);
        y += each.now.height + GAP;
      }
    } else if (block.beside) {
      for (const each of block.beside) {
        put(each, x, y, boxes, chain);
        x += each.now.width + APART;
      }
    } else {
      boxes.set(keyOf(block), { x, y, ...block.now, chain });
      if (!block.frame || folded.has(block.frame)) return;
      if (block.kind === "arms") put(block.inside, x, y, boxes, chain);
      else put(block.inside, x + block.now.axis - block.inside.now.axis, y + PAD + TITLE, boxes, [...chain, block.frame]);
    }
  }

  function place() {
    const size = measure(data.block);
    const boxes = new Map();
    put(data.block, PAD, PAD, boxes, []);
    return { boxes, width: size.width + 2 * PAD, height: size.height + 2 * PAD };
  }

  const shown = (key) => around.get(key).find((each) => folded.has(each)) || key;
  const short = (number) => String(Number(number.toFixed(1)));

  function linesOf(boxes) {
    const lines = new Map();
    for (const [source, target, opens, ends, isCurved] of data.lines) {
      const one = shown(source);
      const other = shown(target);
      const id = `${one} ${other}`;
      if (one !== other && !lines.has(id)) lines.set(id, { path: path(boxes, one, other, opens, ends, isCurved), ends });
    }
    return [...lines.values()];
  }

  function path(boxes, one, other, opens, ends, isCurved) {
    const source = boxes.get(one);
    const target = boxes.get(other);
    const outermost = (box, than) => boxes.get(box.chain.find((each) => !than.chain.includes(each)));
    const left = outermost(source, target) || source;
    const entered = outermost(target, source) || target;
    const x1 = source.x + source.axis;
    const y1 = one.startsWith("bend") ? source.y : source.y + source.height;
    const x2 = target.x + target.axis;
    const n = short;
    if (isCurved) {
      const leaves = Math.max(entered.y - GAP, y1);
      const arrives = entered.y - (ends ? 8 : 0);
      const middle = (leaves + arrives) / 2;
      return `M${n(x1)} ${n(y1)}V${n(leaves)}C${n(x1)} ${n(middle)} ${n(x2)} ${n(middle)} ${n(x2)} ${n(arrives)}V${n(target.y)}`;
    }
    const across = x2 - x1;
    if (Math.abs(across) < 1) return `M${n(x1)} ${n(y1)}V${n(target.y)}`;
    const turn = opens ? left.y + left.height + GAP / 2 : entered.y - GAP / 2;
    const bow = Math.min(8, Math.abs(across) / 2);
    const side = across > 0 ? bow : -bow;
    return (
      `M${n(x1)} ${n(y1)}V${n(turn - bow)}Q${n(x1)} ${n(turn)} ${n(x1 + side)} ${n(turn)}` +
      `H${n(x2 - side)}Q${n(x2)} ${n(turn)} ${n(x2)} ${n(turn + bow)}V${n(target.y)}`
    );
  }

  function draw() {
    const { boxes, width, height } = place();
    for (const [key, parts] of elements) {
      const box = boxes.get(key);
      for (const part of parts) {
        if (!box) {
          part.setAttribute("display", "none");
          continue;
        }
        part.removeAttribute("display");
        part.setAttribute("transform", `translate(${short(box.x)} ${short(box.y)})`);
        if (frames.has(key)) drawFrame(part, box, frames.get(key));
      }
    }
    const lines = svg.querySelector(".lines");
    lines.replaceChildren(
      ...linesOf(boxes).map((each) => {
        const line = document.createElementNS(svg.namespaceURI, "path");
        line.setAttribute("class", "line");
        line.setAttribute("d", each.path);
        if (each.ends) line.setAttribute("marker-end", "url(#head)");
        return line;
      }),
    );
    for (const each of svg.querySelectorAll(".fold")) each.setAttribute("aria-expanded", String(!folded.has(each.dataset.opens)));
    svg.setAttribute("viewBox", `0 0 ${short(width)} ${short(height)}`);
    svg.dataset.width = width;
    svg.dataset.height = height;
    resize();
  }

  function drawFrame(part, box, block) {
    const isFolded = folded.has(block.frame);
    const rect = part.querySelector("rect");
    if (rect) {
      rect.setAttribute("width", short(box.width));
      rect.setAttribute("height", short(box.height));
      part.classList.toggle("folded", isFolded);
    } else {
      part.querySelector("text").setAttribute("x", short(box.axis));
      part.querySelector("text").textContent = block.titles[isFolded ? 1 : 0];
    }
  }

  function resize() {
    svg.setAttribute("width", short(svg.dataset.width * scale));
    svg.setAttribute("height", short(svg.dataset.height * scale));
  }

  function zoom(to, x = view.clientWidth / 2, y = view.clientHeight / 2) {
    const before = scale;
    scale = Math.min(Math.max(to, 0.05), 4);
    const left = (view.scrollLeft + x) * (scale / before) - x;
    const top = (view.scrollTop + y) * (scale / before) - y;
    resize();
    view.scrollTo(left, top);
  }

  function fit(least) {
    const wide = (view.clientWidth - 20) / svg.dataset.width;
    const high = (view.clientHeight - 20) / svg.dataset.height;
    scale = Math.max(Math.min(1, wide, least ? 1 : high), least);
    resize();
    view.scrollTo((view.scrollWidth - view.clientWidth) / 2, 0);
  }

  // What is folded and what opens it stays where it is on the screen.
  function setFolded(keys, isFolded, anchor) {
    const before = anchor && anchor.getBoundingClientRect();
    for (const key of keys) isFolded ? folded.add(key) : folded.delete(key);
    draw();
    if (current && !isSeen(current)) rove(cards.find(isSeen));
    if (!anchor) return;
    const after = anchor.getBoundingClientRect();
    view.scrollBy(after.left - before.left, after.top - before.top);
  }

  const isSeen = (card) => card.getAttribute("display") !== "none";
  const faceOf = (card) => card.querySelector(".face");
  const isStep = (card) => card.dataset.key in data.steps;
  const toggle = (key, anchor) => setFolded([key], !folded.has(key), anchor);

  function rove(card) {
    if (current) faceOf(current).setAttribute("tabindex", "-1");
    current = card;
    faceOf(card).setAttribute("tabindex", "0");
  }

  function go(card) {
    if (!card) return;
    rove(card);
    faceOf(card).focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function reveal(card) {
    const hiding = around.get(card.dataset.key).filter((each) => folded.has(each));
    if (hiding.length) setFolded(hiding, false);
  }

  const middle = (card) => {
    const box = card.getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  };

  function beside(card, sign) {
    const [x, y] = middle(card);
    let best = null;
    let least = Infinity;
    for (const each of cards.filter((one) => isSeen(one) && isStep(one) && one !== card)) {
      const [ox, oy] = middle(each);
      const far = (ox - x) * sign + 3 * Math.abs(oy - y);
      if ((ox - x) * sign > 1 && far < least) [best, least] = [each, far];
    }
    return best;
  }

  function step(card, by) {
    const seen = cards.filter((each) => isSeen(each) && isStep(each));
    return seen[seen.indexOf(card) + by];
  }

  function onKey(event) {
    const card = event.target.closest(".card");
    if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
    const seen = cards.filter((each) => isSeen(each) && isStep(each));
    const fold = card.querySelector(".fold");
    const moves = {
      ArrowDown: () => go(step(card, 1)),
      ArrowUp: () => go(step(card, -1)),
      ArrowRight: () => go(beside(card, 1)),
      ArrowLeft: () => go(beside(card, -1)),
      Home: () => go(seen[0]),
      End: () => go(seen[seen.length - 1]),
      Enter: () => tell(card),
      " ": () => tell(card),
      f: () => fold && toggle(fold.dataset.opens, card),
      "/": () => search.focus(),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  }

  // ---- what is told of a step: all of it text, never markup
  function make(name, text, ...inside) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    made.append(...inside);
    return made;
  }

  const list = (items) => make("ul", "", ...items.map((each) => make("li", "", make("code", each))));
  const artifact = (each) => each.name + (each.type ? `: ${each.type}` : "");

  function section(title, ...inside) {
    return [make("h3", title), ...inside];
  }

  function target(each) {
    const rows = [
      ["node", each.node],
      ["image", each.image],
      ["asks for", each.resources.join(", ")],
      ["tries", each.attempts],
      ["deadline", each.deadline],
      ["container", each.shares],
      ["members", each.members > 1 ? `${each.members} of the foreach in one` : ""],
      ["options", each.options.join(", ")],
    ].filter(([, value]) => value);
    const cells = rows.flatMap(([name, value]) => [make("dt", name), make("dd", "", make("code", value))]);
    return section(each.target, make("dl", "", ...cells));
  }

  function tell(card) {
    const facts = data.steps[card.dataset.key];
    if (!facts) return;
    if (told) told.classList.remove("told");
    told = card;
    card.classList.add("told");
    const close = make("button", "Close");
    close.type = "button";
    close.className = "close";
    close.addEventListener("click", back);
    const heading = make("h2", facts.step);
    heading.tabIndex = -1;
    const doc = make("p", facts.doc);
    doc.className = "doc";
    panel.replaceChildren(
      close,
      heading,
      make("p", "", make("code", `${facts.path}:${facts.line}`)),
      ...(facts.doc ? [doc] : []),
      make("p", facts.is_join ? `join, ${facts.goes}` : facts.goes),
      ...(facts.decorators.length ? section("Decorators", list(facts.decorators)) : []),
      ...(facts.reads.length ? section("Reads", list(facts.reads.map(artifact))) : []),
      ...(facts.writes.length ? section("Writes", list(facts.writes.map(artifact))) : []),
      ...(facts.may_set_more ? [make("p", "It may set artifacts that its text does not name.")] : []),
      ...facts.targets.flatMap(target),
    );
    rove(card);
    panel.hidden = false;
    panel.scrollTop = 0;
    card.scrollIntoView({ block: "nearest", inline: "nearest" });
    heading.focus({ preventScroll: window.innerWidth > 800 });
  }

  function back() {
    panel.hidden = true;
    if (!told) return;
    told.classList.remove("told");
    reveal(told);
    go(told);
    told = null;
  }

  // ---- finding
  const texts = new Map(
    cards.filter(isStep).map((card) => {
      const facts = data.steps[card.dataset.key];
      const names = [...facts.reads, ...facts.writes].map((each) => each.name);
      return [card, [facts.step, facts.doc, ...facts.marks, ...facts.decorators, ...names].join("\n").toLowerCase()];
    }),
  );
  let matches = [];
  let at = -1;

  function find() {
    const wanted = search.value.trim().toLowerCase();
    matches = wanted ? [...texts.keys()].filter((card) => texts.get(card).includes(wanted)) : [];
    at = -1;
    for (const card of cards) card.classList.toggle("match", matches.includes(card));
    found.textContent = !wanted ? "" : matches.length ? `${matches.length} found, Enter goes to the next` : "nothing found";
  }

  function next() {
    if (!matches.length) return;
    at = (at + 1) % matches.length;
    reveal(matches[at]);
    rove(matches[at]);
    matches[at].scrollIntoView({ block: "center", inline: "center" });
    found.textContent = `${at + 1} of ${matches.length}: ${data.steps[matches[at].dataset.key].step}`;
  }

  search.addEventListener("input", find);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") next();
    else if (event.key === "ArrowDown" && matches.length) go(matches[Math.max(at, 0)]);
    else return;
    event.preventDefault();
  });

  // ---- moving
  const hold = { x: 0, y: 0, is: false };
  view.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button || event.target.closest(".face, .fold, .folded")) return;
    Object.assign(hold, { x: event.clientX, y: event.clientY, is: true });
    view.setPointerCapture(event.pointerId);
    view.classList.add("moving");
  });
  view.addEventListener("pointermove", (event) => {
    if (!hold.is) return;
    view.scrollBy(hold.x - event.clientX, hold.y - event.clientY);
    Object.assign(hold, { x: event.clientX, y: event.clientY });
  });
  for (const end of ["pointerup", "pointercancel"]) {
    view.addEventListener(end, () => {
      hold.is = false;
      view.classList.remove("moving");
    });
  }
  view.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const box = view.getBoundingClientRect();
      zoom(scale * Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
    },
    { passive: false },
  );

  svg.addEventListener("click", (event) => {
    const fold = event.target.closest(".fold");
    const frame = event.target.closest(".frame.folded");
    const card = event.target.closest(".card");
    if (fold) toggle(fold.dataset.opens, card);
    else if (frame) toggle(frame.dataset.key, svg.querySelector(`[data-opens="${frame.dataset.key}"]`)?.closest(".card"));
    else if (card) tell(card);
  });
  svg.addEventListener("keydown", onKey);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden && event.target !== search) back();
  });
  const foldable = [...frames.values()].filter((each) => ["foreach", "gang", "arms"].includes(each.kind)).map((each) => each.frame);
  for (const name of ["fold", "unfold"]) document.getElementById(name).hidden = !foldable.length;
  document.getElementById("larger").addEventListener("click", () => zoom(scale * 1.25));
  document.getElementById("smaller").addEventListener("click", () => zoom(scale / 1.25));
  document.getElementById("fit").addEventListener("click", () => fit(0));
  document.getElementById("fold").addEventListener("click", () => setFolded(foldable, true));
  document.getElementById("unfold").addEventListener("click", () => setFolded(foldable, false));

  // For whoever compares what this places with what the compiler places.
  window.flowcFold = (keys) => {
    folded.clear();
    setFolded(keys, true);
  };
  window.flowcPlace = () => ({ ...place(), lines: linesOf(place().boxes).map((each) => each.path) });
  draw();
  rove(cards.find((each) => isSeen(each) && isStep(each)));
  fit(0.55);
})();
