// What a message carries besides text: photos, albums, files, contacts, places. Sizes are known before the bytes arrive,
// so that nothing jumps while it loads.

import { fileUrl } from "./api.js";
import { avatar, bold, el, hiddenText, icon } from "./dom.js";
import { countOf, nameOf, sizeOf } from "./format.js";
import { viewPhotos } from "./viewer.js";

const BOX = { width: 420, height: 440 };

/** The node for a message's media, or `null`. `open` says that a spoiler over a photo was lifted. */
export function media(message, open) {
  if (message.photo) return photo(message, open, BOX);
  if (message.sticker) return sticker(message.sticker);
  if (message.animation || message.video || message.video_note) return video(message);
  if (message.voice || message.audio) return audio(message.voice ?? message.audio);
  if (message.document) return file(message.document);
  if (message.contact) return contact(message.contact);
  if (message.location || message.venue) return place(message);
  if (message.poll) return poll(message.poll);
  if (message.dice) return el("p.jumbo", {}, `${message.dice.emoji} ${message.dice.value}`);
  return null;
}

/** Photos without a caption have the time written over them. */
export const isPicture = (message) => Boolean(message.photo);

export function album(messages, open) {
  if (!messages[0].photo) return el("div.files", {}, messages.map((message) => media(message, open)));
  const count = messages.length;
  return el("div.album", { class: `n${Math.min(count, 10)}`, role: "group", "aria-label": `Album, ${countOf(count, "photo")}` },
    messages.map((message, index) => photo(message, open, null, `Photo ${index + 1} of ${count}`)));
}

export const largest = (sizes) => sizes.reduce((best, size) => (size.width * size.height > best.width * best.height ? size : best));

/** The smallest size that fills the box on a dense screen. */
function fitting(sizes, width) {
  const enough = sizes.filter((size) => size.width >= width * Math.min(2, devicePixelRatio || 1));
  return enough.length ? enough.reduce((best, size) => (size.width < best.width ? size : best)) : largest(sizes);
}

function photo(message, open, box, label = "Photo") {
  const whole = largest(message.photo);
  const width = whole.width || 400;
  const height = whole.height || 300;
  const image = el("img", { src: fileUrl(fitting(message.photo, box?.width ?? 320).file_id), alt: message.caption ?? "", decoding: "async", draggable: "false" });
  const button = el("button.photo", { type: "button", "aria-label": `${label}, enlarge` }, image);
  if (box) {
    const scale = Math.min(box.width / width, box.height / height, 1);
    const shown = Math.max(120, Math.round(width * scale));
    // Very long strips are cropped rather than shown as a line.
    const ratio = Math.max(0.45, Math.min(2.6, width / height));
    button.style.setProperty("--w", `${shown}px`);
    button.style.setProperty("--ratio", String(ratio));
    image.width = shown;
    image.height = Math.round(shown / ratio);
  }
  image.addEventListener("error", () => button.classList.add("broken"));
  const hidden = message.has_media_spoiler && !open;
  if (hidden) {
    button.classList.add("hidden-photo");
    button.setAttribute("aria-label", "Hidden photo. Press to show it.");
  }
  button.addEventListener("click", () => {
    if (button.classList.contains("hidden-photo")) {
      button.dispatchEvent(new CustomEvent("reveal", { bubbles: true }));
      return;
    }
    viewPhotos(message);
  });
  return button;
}

function sticker(it) {
  if (it.is_animated || it.is_video) return el("p.jumbo", {}, it.emoji ?? "Sticker");
  return el("img.sticker", { src: fileUrl(it.file_id), alt: it.emoji ?? "Sticker", width: 180, height: 180 });
}

function video(message) {
  const it = message.animation ?? message.video ?? message.video_note;
  const quiet = Boolean(message.animation);
  const node = el("video.video", { src: fileUrl(it.file_id), controls: !quiet, loop: quiet, autoplay: quiet, playsinline: true, preload: "metadata", width: it.width, height: it.height });
  node.muted = quiet;
  return node;
}

const audio = (it) => el("audio.audio", { src: fileUrl(it.file_id), controls: true, preload: "metadata" });

function file(it) {
  const name = it.file_name || "file";
  const ending = /\.([a-z0-9]{1,5})$/i.exec(name)?.[1] ?? "";
  const isPicture = /^image\/(png|jpeg|webp|gif)$/.test(it.mime_type ?? "");
  const thumb = it.thumbnail?.file_id ?? (isPicture && it.file_size < 4_000_000 ? it.file_id : null);
  const face = thumb
    ? el("span.file-face", {}, el("img", { src: fileUrl(thumb), alt: "", decoding: "async" }))
    : el("span.file-face", { "aria-hidden": "true" }, icon("file"), ending && el("b", {}, ending));
  return el("a.file", { href: fileUrl(it.file_id), download: name },
    face,
    el("span.file-text", {}, bold(name), el("small", {}, hiddenText("Download, "), sizeOf(it.file_size), icon("download"))));
}

function contact(it) {
  const name = nameOf({ first_name: it.first_name, last_name: it.last_name });
  return el("div.contact", {},
    avatar(it.user_id ?? it.phone_number.replace(/\D/g, ""), name),
    el("span.file-text", {}, bold(name),
      el("a", { href: `tel:${it.phone_number.replace(/[^\d+]/g, "")}`, dir: "ltr" }, it.phone_number)));
}

function place(message) {
  const { latitude, longitude } = message.venue?.location ?? message.location;
  const text = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
  const map = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`;
  return el("a.place", { href: map, target: "_blank", rel: "noopener noreferrer", title: "Open in OpenStreetMap" },
    el("span.place-map", {}, icon("pin")),
    el("span.file-text", {}, bold(message.venue?.title ?? "Location"),
      message.venue?.address && el("span", { dir: "auto" }, message.venue.address), el("small", { dir: "ltr" }, text)));
}

function poll(it) {
  return el("div.poll", {}, el("b", { dir: "auto" }, it.question),
    el("ul", {}, it.options.map((option) => el("li", { dir: "auto" }, option.text, el("small", {}, String(option.voter_count))))));
}
