// Sending photos and files: chosen, pasted or dropped. Photos are made as large as Telegram's own apps make them,
// so that a bot sees here what it would see there.

import { sendBody } from "./actions.js";
import { bold, el, icon, iconButton } from "./dom.js";
import { countOf, sizeOf } from "./format.js";
import { dialog, toast } from "./ui.js";

const ALBUM = 10;
const CAPTION = 1024;
const SIDE = 1280;
const PICTURE = /^image\/(jpeg|png|webp|bmp|avif)$/;

export const isPicture = (file) => PICTURE.test(file.type);

/** Opens the file picker; resolves with the files, or with none. */
export function pickFiles(accept) {
  return new Promise((resolve) => {
    const input = el("input", { type: "file", multiple: true, accept, hidden: true, "aria-hidden": "true" });
    const done = () => {
      resolve([...input.files]);
      input.remove();
    };
    input.addEventListener("change", done);
    input.addEventListener("cancel", done);
    document.body.append(input);
    input.click();
  });
}

/** Shows what is about to be sent; photos by default if everything is a picture. Resolves with `true` once sent. */
export function attach(ref, files, { asFiles = false, replyTo } = {}) {
  let chosen = [...files];
  if (!chosen.length) return Promise.resolve(false);
  const urls = new Map();
  const urlOf = (file) => urls.get(file) ?? urls.set(file, URL.createObjectURL(file)).get(file);
  const grid = el("ul.uploads", { "aria-label": "Chosen files" });
  const caption = el("textarea.caption", { rows: 1, maxlength: CAPTION, dir: "auto", placeholder: "Caption", "aria-label": "Caption", autofocus: true });
  const whole = el("input", { type: "checkbox" });
  const wholeField = el("label.check", {}, whole, "Send as files, unchanged");
  let node = null;

  const photos = () => chosen.every(isPicture) && !whole.checked;
  const draw = () => {
    wholeField.hidden = !chosen.every(isPicture);
    grid.classList.toggle("as-photos", photos());
    grid.replaceChildren(...chosen.map((file) => el("li.upload", {},
      isPicture(file) ? el("img", { src: urlOf(file), alt: "" }) : el("span.file-face", { "aria-hidden": "true" }, icon("file")),
      el("span.upload-text", {}, bold(file.name), el("small", {}, sizeOf(file.size))),
      iconButton("close", `Remove ${file.name}`, () => remove(file)))));
    const title = node?.querySelector("h2");
    if (title) title.textContent = titleOf();
  };
  const titleOf = () => `Send ${countOf(chosen.length, photos() ? "photo" : "file")}`;
  const remove = (file) => {
    chosen = chosen.filter((other) => other !== file);
    if (chosen.length) draw();
    else node.close();
  };
  const more = async () => {
    chosen.push(...await pickFiles());
    draw();
  };
  whole.checked = asFiles;
  whole.addEventListener("change", draw);
  caption.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    caption.form.requestSubmit();
  });
  draw();
  const closed = dialog({
    title: titleOf(),
    action: "Send",
    body: [grid, el("div.upload-more", {}, wholeField, el("button.plain", { type: "button", onclick: more }, icon("plus"), "Add")), caption],
    submit: async () => {
      await send(ref, chosen, photos(), caption.value.trim(), replyTo);
      return true;
    },
  });
  node = grid.closest("dialog");
  return closed.then((sent) => {
    for (const url of urls.values()) URL.revokeObjectURL(url);
    return Boolean(sent);
  });
}

async function send(ref, files, photos, caption, replyTo) {
  for (let at = 0; at < files.length; at += ALBUM) {
    const form = new FormData();
    form.set("kind", photos ? "photo" : "document");
    if (caption && at === 0) form.set("caption", caption);
    if (replyTo && at === 0) form.set("reply_to_message_id", String(replyTo));
    for (const file of files.slice(at, at + ALBUM)) {
      const part = photos ? await shrink(file) : file;
      form.append("file", part, photos ? file.name.replace(/\.\w+$/, "") + ".jpg" : file.name);
    }
    await sendBody(ref, form);
  }
}

/** A photo as Telegram's apps send it: JPEG, upright, 1280 pixels at the longer side. */
async function shrink(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(`${file.name} is not a picture that can be read; send it as a file.`);
  }
  const { width, height } = bitmap;
  const scale = Math.min(1, SIDE / Math.max(width, height));
  if (scale === 1 && file.type === "image/jpeg") return file;
  const canvas = el("canvas", { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) });
  const context = canvas.getContext("2d");
  // Transparent parts would turn black in a JPEG.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
  return blob ?? file;
}

/** Files can be dropped anywhere on `area`; `take(files)` gets them. */
export function acceptDrops(area, take) {
  const veil = el("div.veil", { hidden: true, "aria-hidden": "true" }, el("div", {}, icon("attach"), "Drop to send"));
  area.append(veil);
  let depth = 0;
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  const show = (state) => { veil.hidden = !state; };
  area.addEventListener("dragenter", (event) => { if (hasFiles(event)) { depth += 1; show(true); } });
  area.addEventListener("dragleave", () => { depth = Math.max(0, depth - 1); show(depth > 0); });
  // Without this the browser would leave the page and open the file, wherever it was dropped.
  document.addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    show(false);
    if (!area.contains(event.target)) return;
    if (event.dataTransfer.files.length) take([...event.dataTransfer.files]);
    else toast("Only files can be dropped here.");
  });
}
