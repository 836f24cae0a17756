// Recording a message in the browser; without a microphone the upload remains.
"use strict";

{ // its own names: the answer to a form that was sent here (campaign.js) runs it once more
  const recorder = document.getElementById("recorder");
  if (recorder) {
    const says = document.getElementById("recorder-says");
    const [start, stop, keep] = ["record", "record-stop", "record-keep"].map((id) => document.getElementById(id));
    const player = document.getElementById("recorded");
    const seconds = document.getElementById("recorder-seconds");
    const LONGEST = 600; // seconds that a message may last
    let context = null, stream = null, parts = [], taken = 0;

    const letGo = () => { for (const track of stream?.getTracks() ?? []) track.stop(); };

    // 16-bit mono WAV: what every browser can give and the server reads.
    const wav = (chunks, rate) => {
      const count = chunks.reduce((sum, part) => sum + part.length, 0);
      const view = new DataView(new ArrayBuffer(44 + count * 2));
      const text = (at, word) => [...word].forEach((char, index) => view.setUint8(at + index, char.charCodeAt(0)));
      text(0, "RIFF"); view.setUint32(4, 36 + count * 2, true); text(8, "WAVEfmt ");
      view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true);
      view.setUint32(24, rate, true); view.setUint32(28, rate * 2, true); view.setUint16(32, 2, true); view.setUint16(34, 16, true);
      text(36, "data"); view.setUint32(40, count * 2, true);
      let at = 44;
      for (const part of chunks) for (const value of part) {
        view.setInt16(at, Math.max(-1, Math.min(1, value)) * 0x7fff, true);
        at += 2;
      }
      return new Blob([view], { type: "audio/wav" });
    };

    start.addEventListener("click", async () => {
      try {
        // As it is said: what browsers do for conversations would eat music and lift the noise of pauses.
        stream = await navigator.mediaDevices.getUserMedia({
          audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
        });
        context = new AudioContext();
        await context.audioWorklet.addModule(recorder.dataset.worklet);
      } catch (error) {
        letGo();
        says.textContent = recorder.dataset.denied;
        return;
      }
      parts = []; taken = 0;
      const node = new AudioWorkletNode(context, "take");
      node.port.onmessage = (event) => {
        parts.push(event.data);
        taken += event.data.length;
        seconds.textContent = Math.floor(taken / context.sampleRate).toLocaleString(document.documentElement.lang);
        if (taken >= LONGEST * context.sampleRate) stop.click();
      };
      context.createMediaStreamSource(stream).connect(node);
      says.textContent = recorder.dataset.recording;
      start.disabled = true; stop.disabled = false; keep.disabled = true;
    });

    stop.addEventListener("click", async () => {
      stop.disabled = true;
      letGo();
      const made = wav(parts, context.sampleRate);
      await context.close();
      const files = new DataTransfer();
      files.items.add(new File([made], "recording.wav", { type: "audio/wav" }));
      recorder.elements.sound.files = files.files;
      player.src = URL.createObjectURL(made);
      player.closest(".player").hidden = false;
      says.textContent = seconds.textContent = "";
      start.disabled = false; keep.disabled = false;
    });
  }
}
