// Covers parts of a picture before it leaves the device: the file input is given the covered picture, never the
// original. Without this script the page is a plain upload.
"use strict";

(() => {
  const form = document.getElementById("proof-form");
  const input = document.getElementById("id_file");
  const panel = document.getElementById("cover");
  const canvas = document.getElementById("cover-canvas");
  const said = document.getElementById("cover-said");
  const note = document.getElementById("cover-note");
  if (!form || !input || !panel || !canvas || !window.createImageBitmap || !window.DataTransfer) return;

  const LONGEST = 2400; // pixels of the longer side: more is not kept
  const pen = canvas.getContext("2d");
  let picture = null; // what is being covered
  let boxes = []; // {x, y, w, h} in pixels of the canvas
  let chosen = -1;
  let drawing = null; // where the pointer went down
  let sending = false;

  const tell = (text) => { said.textContent = text; };
  const warn = (text) => { note.textContent = text; note.hidden = !text; };

  const paint = (marked) => {
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    pen.fillStyle = "#000";
    for (const box of boxes) pen.fillRect(box.x, box.y, box.w, box.h);
    if (marked && boxes[chosen]) {
      const box = boxes[chosen];
      pen.strokeStyle = "#e8a200";
      pen.lineWidth = Math.max(2, canvas.width / 300);
      pen.strokeRect(box.x, box.y, box.w, box.h);
    }
  };

  const choose = (index) => {
    chosen = index;
    tell(boxes.length ? panel.dataset.box.replace("{n}", String(chosen + 1)) : panel.dataset.none);
    paint(true);
  };

  const add = (box) => { boxes.push(box); choose(boxes.length - 1); };

  const remove = () => {
    if (!boxes[chosen]) return;
    boxes.splice(chosen, 1);
    choose(boxes.length - 1);
  };

  const close = () => {
    if (picture) picture.close();
    picture = null;
    boxes = [];
    chosen = -1;
    panel.hidden = true;
  };

  const open = async () => {
    close();
    warn("");
    const file = input.files[0];
    if (!file) return;
    if (file.type === "application/pdf") { warn(panel.dataset.pdf); return; }
    try {
      picture = await createImageBitmap(file);
    } catch {
      input.value = ""; // what cannot be covered is not sent behind the person's back
      warn(panel.dataset.unreadable);
      return;
    }
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    panel.hidden = false;
    paint(false);
    tell(panel.dataset.ready);
  };

  const at = (event) => {
    const shown = canvas.getBoundingClientRect();
    const x = ((event.clientX - shown.left) / shown.width) * canvas.width;
    const y = ((event.clientY - shown.top) / shown.height) * canvas.height;
    return { x: Math.min(canvas.width, Math.max(0, x)), y: Math.min(canvas.height, Math.max(0, y)) };
  };

  const between = (one, other) => ({
    x: Math.floor(Math.min(one.x, other.x)),
    y: Math.floor(Math.min(one.y, other.y)),
    w: Math.ceil(Math.abs(one.x - other.x)),
    h: Math.ceil(Math.abs(one.y - other.y)),
  });

  canvas.addEventListener("pointerdown", (event) => {
    drawing = at(event);
    canvas.setPointerCapture(event.pointerId);
    event.preventDefault();
    canvas.focus();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    const box = between(drawing, at(event));
    paint(false);
    pen.fillStyle = "#000";
    pen.fillRect(box.x, box.y, box.w, box.h);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (!drawing) return;
    const box = between(drawing, at(event));
    drawing = null;
    if (box.w > 3 && box.h > 3) add(box);
    else choose(boxes.findIndex((b) => box.x >= b.x && box.x <= b.x + b.w && box.y >= b.y && box.y <= b.y + b.h));
  });
  canvas.addEventListener("pointercancel", () => { drawing = null; paint(true); });

  canvas.addEventListener("keydown", (event) => {
    const box = boxes[chosen];
    if (!box) return;
    const step = Math.max(1, Math.round(canvas.width / 60));
    const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] || [0, 0];
    if (event.key === "Delete" || event.key === "Backspace") remove();
    else if (dx || dy) {
      if (event.shiftKey) {
        box.w = Math.max(step, box.w + dx);
        box.h = Math.max(step, box.h + dy);
      } else {
        box.x = Math.min(canvas.width - step, Math.max(0, box.x + dx));
        box.y = Math.min(canvas.height - step, Math.max(0, box.y + dy));
      }
      paint(true);
    } else return;
    event.preventDefault();
  });

  document.getElementById("cover-add").addEventListener("click", () => {
    const w = Math.round(canvas.width / 4);
    const h = Math.round(canvas.height / 8);
    add({ x: Math.round((canvas.width - w) / 2), y: Math.round((canvas.height - h) / 2), w, h });
    canvas.focus();
  });
  document.getElementById("cover-next").addEventListener("click", () => {
    if (boxes.length) choose((chosen + 1) % boxes.length);
    canvas.focus();
  });
  document.getElementById("cover-remove").addEventListener("click", remove);
  input.addEventListener("change", open);

  form.addEventListener("submit", (event) => {
    if (!picture || sending) return;
    event.preventDefault();
    paint(false); // without the mark of the chosen box
    canvas.toBlob((blob) => {
      if (!blob) { warn(panel.dataset.failed); return; }
      const covered = new DataTransfer();
      covered.items.add(new File([blob], "document.jpg", { type: "image/jpeg" }));
      input.files = covered.files;
      sending = true;
      form.submit();
    }, "image/jpeg", 0.92);
  });

  if (input.files.length) open(); // what a browser kept over a reload
})();
