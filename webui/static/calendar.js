// Dates are chosen from a calendar: the browser knows both.  Everything works without it, by typing.
"use strict";

{
  const { lang } = document.documentElement;
  const figure = (value) => value.toLocaleString(lang, { useGrouping: false });
  const clockOf = (minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

  class Calendar {
    constructor(box) {
      this.box = box;
      this.input = box.querySelector("input");
      this.isJalali = box.dataset.dates === "jalali";
      this.isAhead = "ahead" in box.dataset; // a day that has passed makes no sense
      const kind = this.isJalali ? "persian" : "gregory";
      this.parts = new Intl.DateTimeFormat(`en-u-ca-${kind}-nu-latn`, { year: "numeric", month: "numeric", day: "numeric", timeZone: "UTC" });
      this.title = new Intl.DateTimeFormat(`${lang}-u-ca-${kind}`, { year: "numeric", month: "long", timeZone: "UTC" });
      this.weekday = new Intl.DateTimeFormat(lang, { weekday: "narrow", timeZone: "UTC" });
      this.first = lang === "fa" ? 6 : 1; // Saturday, Monday
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
      return this.isJalali || document.documentElement.lang === "fa" ? `${year}/${two(month)}/${two(day)}` : `${year}-${two(month)}-${two(day)}`;
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
      const { left, right } = this.panel.getBoundingClientRect();
      this.panel.classList.toggle("at-end", left < 0 || right > document.documentElement.clientWidth);
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
          made.disabled = this.isAhead && day < this.today;
          made.setAttribute("aria-pressed", String(this.chosen?.getTime() === day.getTime()));
          if (day.getTime() === this.today.getTime()) made.className = "today";
          made.addEventListener("click", () => { this.chosen = at; this.write(); this.close(); this.input.focus(); });
          cell.append(made);
        }
      } while (this.of(day).month === month);
      this.panel.replaceChildren(head, table, ...(this.box.dataset.time ? [this.clock()] : []));
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
      const time = this.box.dataset.time ? ` ${this.time}` : "";
      this.input.value = `${this.written(this.chosen)}${time}`.replace(/\d/g, (digit) => figure(Number(digit)));
    }
  }

  for (const box of document.querySelectorAll(".with-calendar")) new Calendar(box);
}
