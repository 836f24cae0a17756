// A field in which something is looked up while one types, as the ARIA pattern «combobox» has it.
"use strict";

for (const input of document.querySelectorAll("input[data-choose]")) {
  const list = document.getElementById(input.getAttribute("aria-controls"));
  let waits = 0, asked = 0, at = -1;

  const options = () => [...list.querySelectorAll("[data-value]")];
  const show = (isOpen) => { list.hidden = !isOpen; input.setAttribute("aria-expanded", String(isOpen)); if (!isOpen) input.removeAttribute("aria-activedescendant"); };
  const mark = (place) => {
    at = place;
    options().forEach((one, index) => { one.setAttribute("aria-selected", String(index === at)); if (index === at) { input.setAttribute("aria-activedescendant", one.id); one.scrollIntoView({ block: "nearest" }); } });
  };
  const take = (one) => { input.value = one.dataset.value; show(false); };
  const look = async () => {
    const mine = ++asked, text = input.value.trim();
    if (!text) { show(false); return; }
    const answer = await fetch(`${input.dataset.choose}?text=${encodeURIComponent(text)}`, { headers: { "HX-Request": "true" } });
    if (mine !== asked || !answer.ok) return;
    list.innerHTML = await answer.text();
    options().forEach((one, index) => { one.id = `${list.id}-${index}`; });
    show(true);
    mark(-1);
  };

  input.addEventListener("input", () => { clearTimeout(waits); waits = setTimeout(look, 150); });
  input.addEventListener("keydown", (event) => {
    const all = options();
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) { look(); return; }
      mark((at + (event.key === "ArrowDown" ? 1 : all.length - 1) + (at < 0 && event.key === "ArrowUp" ? 1 : 0)) % Math.max(1, all.length));
    } else if (event.key === "Enter" && !list.hidden && all[at]) { event.preventDefault(); take(all[at]); }
    else if (event.key === "Escape" && !list.hidden) { event.preventDefault(); show(false); }
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault(); // the field keeps the cursor
    const one = event.target.closest("[data-value]");
    if (one) take(one);
  });
  input.addEventListener("blur", () => show(false));
}
