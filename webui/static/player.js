// Our own control in place of the browser's: the same in all of them, in both languages, with the message's waveform.
"use strict";

{ // its own names: the answer to a form that was sent here (campaign.js) runs it once more
  const language = document.documentElement.lang;
  const clock = (seconds) => {
    const two = (value) => Math.floor(value).toLocaleString(language, { minimumIntegerDigits: 2, useGrouping: false });
    return `${Math.floor(seconds / 60).toLocaleString(language, { useGrouping: false })}:${two(seconds % 60)}`;
  };

  const dress = (box) => {
    const audio = box.querySelector("audio"), control = box.querySelector(".player-control");
    const button = control.querySelector("button"), place = control.querySelector("input");
    const now = control.querySelector(".player-now"), all = control.querySelector(".player-all");
    const known = Number(place.max) / 1000; // of a message that was not loaded yet
    const length = () => (Number.isFinite(audio.duration) ? audio.duration : known);

    const show = () => {
      now.textContent = clock(audio.currentTime);
      all.textContent = length() ? ` / ${clock(length())}` : "";
      place.max = String(Math.round(length() * 1000));
      if (document.activeElement !== place || !audio.paused) place.value = String(Math.round(audio.currentTime * 1000));
      place.setAttribute("aria-valuetext", clock(audio.currentTime));
    };
    const turn = () => {
      const isStill = audio.paused || audio.ended;
      box.classList.toggle("is-playing", !isStill);
      button.setAttribute("aria-label", isStill ? box.dataset.play : box.dataset.pause);
      show();
    };

    button.addEventListener("click", () => {
      if (!audio.paused) { audio.pause(); return; }
      for (const other of document.querySelectorAll("audio")) if (other !== audio) other.pause();
      audio.play();
    });
    place.addEventListener("input", () => { audio.currentTime = Number(place.value) / 1000; });
    for (const event of ["play", "pause", "ended"]) audio.addEventListener(event, turn);
    for (const event of ["timeupdate", "durationchange", "emptied"]) audio.addEventListener(event, show);
    audio.inert = true; // the browser's control is not seen any more, nor reached by the keyboard
    control.hidden = false;
    turn();
  };

  const dressAll = (root) => { for (const box of root.querySelectorAll(".player:not(.is-dressed)")) { box.classList.add("is-dressed"); dress(box); } };
  dressAll(document);
  document.addEventListener("htmx:afterSwap", (event) => dressAll(event.detail.target.parentElement ?? document));
}
