// A campaign in the making: files that are dropped and sent with progress, hours on a bar, dates from a calendar.
// Everything works without it, by the fields that are there.
"use strict";

const reader = document.documentElement.lang;
const figure = (value, options) => value.toLocaleString(reader, { useGrouping: false, ...options });

// -- files ----------------------------------------------------------------------------

for (const box of document.querySelectorAll(".drop")) {
  const input = box.querySelector("input[type=file]"), name = box.querySelector(".drop-name");
  const show = () => {
    const file = input.files[0];
    name.textContent = file ? file.name : box.dataset.none;
    box.classList.toggle("has-file", Boolean(file));
  };
  input.addEventListener("change", show);
  for (const event of ["dragenter", "dragover"]) box.addEventListener(event, () => box.classList.add("is-over"));
  for (const event of ["dragleave", "drop"]) box.addEventListener(event, () => box.classList.remove("is-over"));
  box.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    input.files = event.dataTransfer.files;
    show();
  });
  show();
}
// A file that is dropped beside the box does not take the page's place.
if (document.querySelector(".drop")) {
  for (const name of ["dragover", "drop"]) {
    document.addEventListener(name, (event) => {
      if (!event.dataTransfer.types.includes("Files") || event.target.closest("input[type=file]")) return;
      event.preventDefault();
      if (!event.target.closest(".drop")) event.dataTransfer.dropEffect = "none";
    });
  }
}

// A form with a file is sent with its progress shown; what comes back is shown as if the browser had sent it.
for (const form of document.querySelectorAll("form.uploads")) {
  form.addEventListener("submit", (event) => {
    const file = form.querySelector("input[type=file]");
    if (!file.files.length) return;
    event.preventDefault();
    if (form.dataset.sent) return;
    form.dataset.sent = "yes";
    const box = form.querySelector(".sending"), bar = box.querySelector("progress"), says = box.querySelector(".sending-text");
    const buttons = [...form.querySelectorAll("button[type=submit]")];
    for (const one of buttons) one.disabled = true;
    box.hidden = false;
    const request = new XMLHttpRequest();
    const lost = () => {
      says.textContent = box.dataset.lost;
      delete form.dataset.sent;
      for (const one of buttons) one.disabled = false;
    };
    request.upload.addEventListener("progress", (part) => {
      const share = part.lengthComputable ? part.loaded / part.total : 0;
      bar.value = share * 100;
      says.textContent = share < 1 ? share.toLocaleString(reader, { style: "percent" }) : box.dataset.allSent;
    });
    request.addEventListener("load", () => {
      if (request.status < 400 && request.responseURL) { window.location.assign(request.responseURL); return; }
      document.open();
      document.write(request.responseText);
      document.close();
    });
    for (const wrong of ["error", "abort", "timeout"]) request.addEventListener(wrong, lost);
    request.open("POST", form.action);
    request.send(new FormData(form));
  });
}

// -- the list ---------------------------------------------------------------------------

for (const select of document.querySelectorAll("select.sends")) {
  select.addEventListener("change", () => select.form.requestSubmit(select.form.querySelector("button[value=read]")));
}
// A column that becomes the numbers takes that from the one that was.
const roles = [...document.querySelectorAll(".preview select")];
for (const select of roles) {
  select.addEventListener("change", () => {
    for (const only of ["number", "name"]) {
      if (select.value !== only) continue;
      for (const other of roles) if (other !== select && other.value === only) other.value = "keep";
    }
    const marked = (cell, role) => { cell.className = `role-${role}`; };
    for (const row of select.closest("table").rows) roles.forEach((one, at) => marked(row.cells[at], one.value));
  });
}

// -- when -------------------------------------------------------------------------------

const rules = document.getElementById("rules");
const chosen = (name) => rules.querySelector(`input[name=${name}]:checked`)?.value;

const showParts = () => {
  for (const part of rules.querySelectorAll("[data-shown-for]")) part.hidden = !part.dataset.shownFor.split(" ").includes(chosen("begins"));
};

const DAY = 1440;
const minutesOf = (text) => {
  const open = new Uint8Array(DAY);
  const plain = text.replace(/[۰-۹]/g, (digit) => String("۰۱۲۳۴۵۶۷۸۹".indexOf(digit))).replace(/[–—]/g, "-");
  for (const span of plain.matchAll(/(\d{1,2})(?::(\d{2}))?\s*(?:-|تا|to)\s*(\d{1,2})(?::(\d{2}))?/g)) {
    const from = Number(span[1]) * 60 + Number(span[2] ?? 0), to = Number(span[3]) * 60 + Number(span[4] ?? 0);
    if (from >= DAY || to > DAY) continue;
    if (from < to) open.fill(1, from, to); else { open.fill(1, from, DAY); open.fill(1, 0, to); }
  }
  return open;
};
const spansOf = (open) => {
  const spans = [];
  for (let at = 0, from = -1; at <= DAY; at += 1) {
    if (at < DAY && open[at]) { if (from < 0) from = at; } else if (from >= 0) { spans.push([from, at]); from = -1; }
  }
  return spans;
};
const clockOf = (minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

const drawHours = () => {
  const bar = document.getElementById("hours-bar"), field = rules.querySelector("input[name=windows]");
  const kinds = [...rules.querySelectorAll("input[data-hours]")];
  const allowed = () => kinds.find((kind) => kind.checked)?.dataset.hours ?? "";
  const fill = (group, spans) => {
    group.replaceChildren(...spans.map(([from, to]) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      for (const [name, value] of Object.entries({ x: from, y: 0, width: to - from, height: 100 })) made.setAttribute(name, value);
      return made;
    }));
  };
  const show = () => {
    fill(bar.querySelector(".bar-own"), field.value.trim() ? spansOf(minutesOf(field.value)) : [[0, DAY]]);
    const closed = allowed() ? minutesOf(allowed()).map((open) => 1 - open) : new Uint8Array(DAY);
    fill(bar.querySelector(".bar-kind"), spansOf(closed));
    for (const text of rules.querySelectorAll("[data-kind]")) text.classList.toggle("is-chosen", text.dataset.kind === chosen("kind"));
  };
  let open = null, from = 0, makes = true;
  const minuteAt = (event) => {
    const box = bar.getBoundingClientRect();
    const share = Math.min(0.9999, Math.max(0, (event.clientX - box.left) / box.width));
    return Math.floor((document.dir === "rtl" ? 1 - share : share) * 48) * 30;
  };
  const draw = (event) => {
    const to = minuteAt(event), now = open.slice();
    now.fill(makes ? 1 : 0, Math.min(from, to), Math.max(from, to) + 30);
    field.value = spansOf(now).map(([first, last]) => `${clockOf(first)}-${clockOf(last)}`).join(",");
    show();
  };
  bar.addEventListener("pointerdown", (event) => {
    open = field.value.trim() ? minutesOf(field.value) : new Uint8Array(DAY);
    from = minuteAt(event);
    makes = !open[from];
    bar.setPointerCapture(event.pointerId);
    draw(event);
  });
  bar.addEventListener("pointermove", (event) => { if (open) draw(event); });
  for (const end of ["pointerup", "pointercancel"]) bar.addEventListener(end, () => { open = null; });
  field.addEventListener("input", show);
  for (const kind of kinds) kind.addEventListener("change", () => setTimeout(show)); // after the proposal of its hours
  show();
};

// -- dates: the browser knows both calendars ----------------------------------------------

class Calendar {
  constructor(box) {
    this.box = box;
    this.input = box.querySelector("input");
    this.isJalali = box.dataset.dates === "jalali";
    const kind = this.isJalali ? "persian" : "gregory";
    this.parts = new Intl.DateTimeFormat(`en-u-ca-${kind}-nu-latn`, { year: "numeric", month: "numeric", day: "numeric", timeZone: "UTC" });
    this.title = new Intl.DateTimeFormat(`${reader}-u-ca-${kind}`, { year: "numeric", month: "long", timeZone: "UTC" });
    this.weekday = new Intl.DateTimeFormat(reader, { weekday: "narrow", timeZone: "UTC" });
    this.first = reader === "fa" ? 6 : 1; // Saturday, Monday
    const button = document.createElement("button");
    button.type = "button";
    button.className = "calendar-button";
    button.setAttribute("aria-label", box.dataset.open);
    button.setAttribute("aria-expanded", "false");
    button.innerHTML = '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M5 6h14v14H5zM5 10h14M9 3v4M15 3v4"/></svg>';
    button.addEventListener("click", () => (this.panel ? this.close() : this.open()));
    this.button = button;
    box.append(button);
    document.addEventListener("pointerdown", (event) => { if (this.panel && !box.contains(event.target)) this.close(); });
    box.addEventListener("keydown", (event) => { if (event.key === "Escape" && this.panel) { this.close(); button.focus(); } });
  }

  of(date) {
    const found = {};
    for (const part of this.parts.formatToParts(date)) found[part.type === "relatedYear" ? "year" : part.type] = parseInt(part.value, 10);
    return found;
  }

  written(date) {
    const { year, month, day } = this.of(date);
    const two = (value) => String(value).padStart(2, "0");
    return this.isJalali ? `${year}/${two(month)}/${two(day)}` : `${year}-${two(month)}-${two(day)}`;
  }

  // The day that is typed, else today; days are UTC midnights, as a date has no zone.
  typed() {
    const plain = this.input.value.replace(/[۰-۹]/g, (digit) => String("۰۱۲۳۴۵۶۷۸۹".indexOf(digit)));
    const found = plain.match(/(\d{4})[/-](\d{1,2})[/-](\d{1,2})(?:\s+(\d{1,2}):(\d{2}))?/);
    this.time = found?.[4] ? `${found[4].padStart(2, "0")}:${found[5]}` : "09:00";
    if (!found) return null;
    const [year, month, day] = found.slice(1, 4).map(Number);
    let at = new Date(Date.UTC(year < 1700 ? year + 621 : year, month - 1, day));
    for (let tries = 0; year < 1700 && tries < 400; tries += 1) {
      const seen = this.of(at);
      if (seen.year === year && seen.month === month && seen.day === day) return at;
      at = new Date(at.getTime() + 86_400_000 * (seen.year * 400 + seen.month * 31 + seen.day < year * 400 + month * 31 + day ? 1 : -1));
    }
    return at;
  }

  open() {
    const now = new Date();
    this.today = new Date(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate()));
    this.chosen = this.typed();
    this.shown = this.chosen ?? this.today;
    this.panel = document.createElement("div");
    this.panel.className = "calendar";
    this.panel.setAttribute("role", "group");
    this.box.append(this.panel);
    this.button.setAttribute("aria-expanded", "true");
    this.draw();
    this.panel.querySelector("[aria-pressed=true], .today")?.focus();
  }

  close() {
    this.panel.remove();
    this.panel = null;
    this.button.setAttribute("aria-expanded", "false");
  }

  step(date, days) { return new Date(date.getTime() + days * 86_400_000); }

  draw() {
    const start = this.step(this.shown, 1 - this.of(this.shown).day), month = this.of(start).month;
    const head = document.createElement("div");
    head.className = "calendar-head";
    const turn = (text, label, days) => {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = text;
      made.setAttribute("aria-label", label);
      made.addEventListener("click", () => { this.shown = this.step(start, days); this.draw(); });
      return made;
    };
    const title = document.createElement("strong");
    title.setAttribute("aria-live", "polite");
    title.textContent = this.title.format(start);
    const [back, on] = document.dir === "rtl" ? ["›", "‹"] : ["‹", "›"];
    head.append(turn(back, this.box.dataset.earlier, -1), title, turn(on, this.box.dataset.later, 32));
    const table = document.createElement("table"), names = table.createTHead().insertRow(), body = table.createTBody();
    let day = this.step(start, -((start.getUTCDay() - this.first + 7) % 7));
    for (let column = 0; column < 7; column += 1) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = this.weekday.format(this.step(day, column));
      names.append(cell);
    }
    do {
      const row = body.insertRow();
      for (let column = 0; column < 7; column += 1, day = this.step(day, 1)) {
        const seen = this.of(day), cell = row.insertCell();
        if (seen.month !== month) continue;
        const made = document.createElement("button"), at = day;
        made.type = "button";
        made.textContent = figure(seen.day);
        made.disabled = day < this.today;
        made.setAttribute("aria-pressed", String(this.chosen?.getTime() === day.getTime()));
        if (day.getTime() === this.today.getTime()) made.className = "today";
        made.addEventListener("click", () => { this.chosen = at; this.write(); this.close(); this.input.focus(); });
        cell.append(made);
      }
    } while (this.of(day).month === month);
    this.panel.replaceChildren(head, table, this.clock());
  }

  clock() {
    const row = document.createElement("label"), select = document.createElement("select");
    row.className = "calendar-time";
    row.textContent = this.box.dataset.time;
    select.className = "form-select form-select-sm";
    const times = Array.from({ length: 96 }, (_each, at) => clockOf(at * 15));
    if (!times.includes(this.time)) times.push(this.time);
    for (const time of times.sort()) {
      const option = new Option(time.replace(/\d/g, (digit) => figure(Number(digit))), time, false, time === this.time);
      select.add(option);
    }
    select.addEventListener("change", () => { this.time = select.value; if (this.chosen) this.write(); });
    row.append(select);
    return row;
  }

  write() {
    this.input.value = `${this.written(this.chosen)} ${this.time}`.replace(/\d/g, (digit) => figure(Number(digit)));
  }
}

if (rules) {
  for (const option of rules.querySelectorAll("input[name=begins]")) option.addEventListener("change", showParts);
  showParts();
  drawHours();
  for (const box of document.querySelectorAll(".with-calendar")) new Calendar(box);
}
