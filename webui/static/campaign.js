// A campaign in the making: files that are dropped and sent with progress, hours on a bar.
// Everything works without it, by the fields that are there.
"use strict";

{ // its own names: the answer to a form that was sent here (campaign.js) runs it once more
  const reader = document.documentElement.lang;

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
  // Where not all columns fit, that of the numbers is what one sees first.
  for (const table of document.querySelectorAll(".scroll > .preview")) {
    const cell = table.querySelector("th.role-number"), box = table.parentElement;
    if (!cell) continue;
    const own = cell.getBoundingClientRect(), whole = box.getBoundingClientRect();
    if (own.left < whole.left || own.right > whole.right) box.scrollLeft += (own.left + own.right - whole.left - whole.right) / 2;
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

  if (rules) {
    for (const option of rules.querySelectorAll("input[name=begins]")) option.addEventListener("change", showParts);
    showParts();
    drawHours();
  }
}
