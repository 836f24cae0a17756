// Before something that is hard to undo, and when the session has ended: nothing typed is lost, nothing is done by mistake.
"use strict";

{ // its own names: the answer to a form that was sent here (campaign.js) runs it once more
  // A form with data-confirm asks first, in a dialog of our own; the button that was pressed goes with it.
  const dialog = document.getElementById("confirm");
  if (dialog) {
    document.addEventListener("submit", (event) => {
      const form = event.target;
      const asks = event.submitter?.dataset.confirm ?? form.dataset.confirm;
      if (!asks || form.dataset.agreed) return;
      event.preventDefault();
      dialog.querySelector("p").textContent = asks;
      const yes = dialog.querySelector("[value=yes]");
      yes.textContent = event.submitter?.textContent.trim() || yes.dataset.text;
      dialog.returnValue = "";
      dialog.onclose = () => {
        if (dialog.returnValue !== "yes") return;
        form.dataset.agreed = "yes";
        form.requestSubmit(event.submitter ?? undefined);
        delete form.dataset.agreed;
      };
      dialog.showModal();
    }, true);
    // A live part is not renewed under an open question: the form that asks would be gone.
    document.addEventListener("htmx:beforeSwap", (event) => { if (dialog.open) event.detail.shouldSwap = false; });
  }

  // What was typed is kept in this tab until the next page comes. If that is the log-in page, it waits there, and is
  // put back into the form afterwards («#kept»). Passwords and codes are not kept; files are by files.js.
  const KEPT = "kept-form", here = location.pathname;
  const dear = (field) => field.name && !["password", "file", "hidden", "submit", "button"].includes(field.type) && field.autocomplete !== "one-time-code";
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || !document.body.dataset.person) return;
    const fields = [...form.elements].filter(dear).map((field) => [field.name, field.type, field.value, field.checked ?? false]);
    try { sessionStorage.setItem(KEPT, JSON.stringify({ here, to: form.getAttribute("action"), person: document.body.dataset.person, fields })); } catch { /* too long to keep */ }
  });
  if (document.body.dataset.person) {
    let kept = null;
    try { kept = JSON.parse(sessionStorage.getItem(KEPT)); sessionStorage.removeItem(KEPT); } catch { /* nothing */ }
    if (kept && location.hash === "#kept") {
      history.replaceState(null, "", location.pathname + location.search);
      const form = [...document.forms].find((one) => one.getAttribute("action") === kept.to);
      if (form && kept.person === document.body.dataset.person) {
        const fields = [...form.elements].filter(dear);
        kept.fields.forEach(([name, type, value, checked], at) => {
          const field = fields[at]?.name === name && fields[at].type === type ? fields[at] : fields.find((one) => one.name === name);
          if (!field) return;
          if (type === "checkbox" || type === "radio") field.checked = checked && field.value === value || (type === "checkbox" && checked);
          else field.value = value;
        });
        for (let box = form.closest("details"); box; box = box.parentElement?.closest("details")) box.open = true;
        document.getElementById("kept")?.removeAttribute("hidden");
        form.querySelector("button[type=submit]")?.focus();
      }
    }
  }

  // A file's own control: what was chosen is said in the page's language.
  for (const box of document.querySelectorAll(".file")) {
    const input = box.querySelector("input"), names = box.querySelector(".file-names");
    const none = names.textContent;
    input.addEventListener("change", () => {
      names.replaceChildren();
      if (!input.files.length) names.textContent = none;
      for (const file of input.files) {
        const name = document.createElement("bdi");
        name.textContent = file.name;
        names.append(names.childNodes.length ? ", " : "", name);
      }
    });
  }
}
