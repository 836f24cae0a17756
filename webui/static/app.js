// Small helps for forms; everything works without them.
"use strict";

{ // its own names: the answer to a form that was sent here (campaign.js) runs it once more
  // Listen to a recording before it is sent.
  for (const input of document.querySelectorAll("input[data-listen]")) {
    const player = document.getElementById(input.dataset.listen);
    let address = null;
    input.addEventListener("change", () => {
      if (address) URL.revokeObjectURL(address);
      const file = input.files[0];
      address = file ? URL.createObjectURL(file) : null;
      (player.closest(".player") ?? player).hidden = !file;
      if (file) player.src = address; else player.removeAttribute("src");
    });
  }

  // The kind of message proposes its calling hours, as long as nobody wrote others.
  const hours = document.querySelector("input[name=windows]");
  const kinds = [...document.querySelectorAll("input[data-hours]")];
  for (const kind of kinds) {
    kind.addEventListener("change", () => {
      if (hours && kinds.some((other) => other.dataset.hours === hours.value)) hours.value = kind.dataset.hours;
    });
  }

  // What takes long says so, and is not sent twice.
  for (const form of document.querySelectorAll("form[data-busy]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "yes";
      const button = event.submitter || form.querySelector("button[type=submit]");
      setTimeout(() => {
        button.textContent = form.dataset.busy;
        for (const one of form.querySelectorAll("button")) one.disabled = true;
      });
    });
  }
  // Coming back by the browser's history finds the form usable again.
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });

  // The menu of a form that was refused opens at what is wrong.
  const wrong = document.querySelector("[aria-invalid=true]");
  if (wrong) wrong.focus();

  // On a phone a table's rows become cards: each cell then says what its column is called.
  const label = (root) => {
    for (const table of root.querySelectorAll("table.cards-on-phone")) {
      const names = [...table.querySelectorAll("thead th")].map((one) => (one.querySelector(".visually-hidden") ? "" : one.textContent.trim()));
      for (const row of table.tBodies[0]?.rows ?? []) {
        [...row.cells].forEach((cell, at) => { if (names[at] && at && cell.textContent.trim()) cell.dataset.label = names[at]; });
      }
    }
  };
  label(document);
  document.addEventListener("htmx:afterSwap", (event) => label(event.detail.target.parentElement ?? document));

  // While the site does not answer, what is shown is old: say so by fading it.
  document.addEventListener("htmx:afterRequest", (event) => {
    event.detail.elt.classList.toggle("stale", !event.detail.successful);
  });
}
