// A photo as large as the window allows, with the other photos of the chat left and right of it.

import { fileUrl } from "./api.js";
import { el, icon, iconButton } from "./dom.js";
import { fullTimeOf, nameOf } from "./format.js";
import { largest } from "./media.js";
import { messagesOf, view } from "./store.js";
import { backdropCloses } from "./ui.js";

export function viewPhotos(message) {
  const before = document.activeElement;
  const photos = messagesOf(view.chat).filter((other) => other.photo && (!other.has_media_spoiler || other.message_id === message.message_id));
  let at = photos.findIndex((other) => other.message_id === message.message_id);
  const image = el("img.viewer-photo", { alt: "" });
  const caption = el("p.viewer-caption", { dir: "auto" });
  const title = el("span.viewer-title", { dir: "auto" });
  const save = el("a.round", { "aria-label": "Download", title: "Download" }, icon("download"));
  const back = iconButton("back", "Previous photo", () => step(-1), { class: "viewer-step back" });
  const next = iconButton("next", "Next photo", () => step(1), { class: "viewer-step next" });
  const node = el("dialog.viewer", { "aria-label": "Photo" },
    el("header.viewer-head", {}, title, save, iconButton("close", "Close", () => node.close(), { autofocus: true })),
    image, caption, back, next);

  function show() {
    const shown = photos[at];
    const whole = largest(shown.photo);
    image.src = fileUrl(whole.file_id);
    image.alt = shown.caption ?? "Photo";
    image.classList.remove("full");
    caption.textContent = shown.caption ?? "";
    caption.hidden = !shown.caption;
    title.textContent = `${nameOf(shown.from ?? shown.sender_chat)} · ${fullTimeOf(shown.date)}`;
    save.href = image.src;
    save.setAttribute("download", `photo-${shown.message_id}.${whole.file_path?.split(".").pop() ?? "jpg"}`);
    back.hidden = at === 0;
    next.hidden = at === photos.length - 1;
  }

  function step(by) {
    if (!photos[at + by]) return;
    at += by;
    show();
  }

  image.addEventListener("click", () => image.classList.toggle("full"));
  node.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  backdropCloses(node, () => node.close());
  node.addEventListener("close", () => {
    node.remove();
    before?.focus?.({ preventScroll: true });
  });
  show();
  document.body.append(node);
  node.showModal();
}
