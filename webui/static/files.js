// Files that were chosen for a form: a server that refuses the form cannot put them back into it.
"use strict";

// What was chosen is kept in this browser until the next page comes. If that is the log-in page, it waits there; if it is
// the same form, refused for another field or after the log-in («#kept»), the files are in it again.
(() => {
  const person = document.body.dataset.person, inputs = [...document.querySelectorAll("form[method=post] input[type=file]")];
  const MOST = 50_000_000, HOUR = 3_600_000; // bytes of a form's files, ms
  const place = (input) => `${input.form.getAttribute("action") ?? location.pathname} ${input.name}`;
  const shelf = new Promise((resolve) => {
    try {
      const asked = indexedDB.open("kept-files", 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore("files", { keyPath: "place" });
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => resolve(null); // none in a private window
    } catch { resolve(null); }
  });
  const store = async () => (await shelf)?.transaction("files", "readwrite").objectStore("files");
  const wasRefused = (form) => form.querySelector(".is-invalid, .invalid-feedback, .alert-danger") || document.querySelector(".alert-danger");
  const put = (input, files) => {
    const given = new DataTransfer();
    for (const file of files) given.items.add(file);
    input.files = given.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  if (!person) { // the log-in page: they wait for who is sent back to the form; of who has logged out nothing is left
    if (!location.search.includes("kept")) store().then((files) => files?.clear());
    return;
  }
  const isBack = location.hash === "#kept";
  store().then((files) => {
    if (!files) return;
    files.getAll().onsuccess = (event) => {
      files.clear();
      for (const one of event.target.result) {
        const input = inputs.find((field) => place(field) === one.place);
        if (one.person === person && Date.now() - one.at < HOUR && input && !input.files.length && (isBack || wasRefused(input.form))) put(input, one.files);
      }
    };
  });
  for (const input of inputs) input.addEventListener("change", async () => {
    const files = [...input.files], bytes = files.reduce((sum, file) => sum + file.size, 0);
    if (bytes <= MOST) (await store())?.put({ place: place(input), person, at: Date.now(), files });
  });
})();
