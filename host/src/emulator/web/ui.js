// What opens above the page: toasts, dialogs, menus. All of them close with Esc and give the focus back.
// It knows nothing about chats.

import { el, icon } from "./dom.js";

/** A short note at the top of the page that goes away by itself. */
export function toast(text, kind = "info") {
  const box = document.getElementById("toasts");
  const note = el("div.toast", { class: kind, dir: "auto" }, text);
  box.append(note);
  while (box.children.length > 3) box.firstChild.remove();
  // Shown anew each time, because a popover opened before a dialog would stay below it.
  if (box.matches(":popover-open")) box.hidePopover();
  box.showPopover();
  const leave = () => {
    note.remove();
    if (!box.children.length && box.matches(":popover-open")) box.hidePopover();
  };
  note.addEventListener("click", leave);
  setTimeout(leave, Math.max(3000, Math.min(9000, 1500 + text.length * 60)));
}

export function fail(error) {
  toast(error instanceof Error ? error.message : String(error), "error");
}

/**
 * Opens a modal dialog and resolves when it closes: with what `submit` returned, or `undefined` if it was dismissed.
 * `submit` may throw: the dialog then stays open and the reason is shown.
 */
export function dialog({ title, body, submit, action = "OK", dismiss = "Cancel", wide = false, role }) {
  return new Promise((resolve) => {
    let result;
    const close = (value) => { result = value; node.close(); };
    const ok = submit && el("button.primary", { type: "submit" }, action);
    const form = el("form.sheet", { method: "dialog", novalidate: false },
      el("header.sheet-head", {},
        el("h2", { id: "sheet-title", dir: "auto" }, title),
        el("button.round", { type: "button", "aria-label": "Close", title: "Close", onclick: () => close() }, icon("close"))),
      el("div.sheet-body", {}, typeof body === "function" ? body(close) : body),
      (submit || dismiss) && el("footer.sheet-foot", {},
        dismiss && el("button.plain", { type: "button", onclick: () => close() }, dismiss), ok));
    const node = el("dialog.modal", { "aria-labelledby": "sheet-title", role, class: wide ? "wide" : "" }, form);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!submit) return close();
      ok.disabled = true;
      try {
        close(await submit());
      } catch (error) {
        fail(error);
      } finally {
        ok.disabled = false;
      }
    });
    backdropCloses(node, () => close());
    node.addEventListener("close", () => { node.remove(); resolve(result); });
    document.body.append(node);
    node.showModal();
    // By itself the browser would choose the cross.
    const inside = node.querySelector("[autofocus]") ?? node.querySelector(".sheet-body :is(input, select, textarea, button, a)");
    (inside ?? ok ?? node.querySelector("button")).focus();
  });
}

/** A press that both begins and ends outside of the dialog closes it; selecting text out of it does not. */
export function backdropCloses(node, close) {
  let began = null;
  node.addEventListener("pointerdown", (event) => { began = event.target; });
  node.addEventListener("click", (event) => { if (event.target === node && began === node) close(); });
}

/** A message from a bot that waits for the person's OK. */
export function alertDialog(title, text) {
  return dialog({
    title,
    body: el("p.alert-text", { dir: "auto" }, text),
    submit: () => true,
    action: "OK",
    dismiss: null,
    role: "alertdialog",
  });
}

/**
 * A menu at an element (or at a point): `items` are `{label, icon, act, danger, href}`, nulls are left out.
 * Arrow keys move, Esc closes, the focus goes back to where it was.
 */
export function menu(anchor, items, label) {
  const before = document.activeElement;
  const list = el("div.menu", { popover: "auto", role: "menu", "aria-label": label });
  for (const item of items.filter(Boolean)) {
    const pick = () => { list.hidePopover(); item.act?.(); };
    const face = [item.icon && icon(item.icon), el("span", { dir: "auto" }, item.label)];
    list.append(item.href
      ? el("a.menu-item", { role: "menuitem", href: item.href, target: "_blank", rel: "noopener", onclick: pick }, face)
      : el("button.menu-item", { type: "button", role: "menuitem", class: item.danger ? "danger" : "", onclick: pick }, face));
  }
  list.addEventListener("keydown", (event) => moveFocus(event, list));
  list.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    if (list.contains(document.activeElement) || document.activeElement === document.body) before?.focus?.({ preventScroll: true });
    list.remove();
  });
  (document.querySelector("dialog[open]") ?? document.body).append(list);
  list.showPopover();
  place(list, anchor);
  list.firstElementChild?.focus();
  return list;
}

function moveFocus(event, list) {
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -1e6, End: 1e6 }[event.key];
  if (event.key === "Tab") { event.preventDefault(); list.hidePopover(); }
  if (!step) return;
  event.preventDefault();
  const items = [...list.children];
  const at = items.indexOf(document.activeElement) + step;
  items[Math.abs(step) > 1 ? Math.max(0, Math.min(items.length - 1, at)) : (at + items.length) % items.length].focus();
}

/** Puts a floating box below its anchor, or above it where there is no room, and always inside the window. */
function place(box, anchor) {
  const at = anchor instanceof Element ? anchor.getBoundingClientRect() : new DOMRect(anchor.x, anchor.y, 0, 0);
  const { offsetWidth: width, offsetHeight: height } = box;
  const gap = 6;
  const below = at.bottom + gap;
  const top = below + height + gap <= innerHeight ? below : Math.max(gap, at.top - gap - height);
  const start = at.left + width + gap <= innerWidth ? at.left : at.right - width;
  box.style.left = `${Math.max(gap, Math.min(start, innerWidth - width - gap))}px`;
  box.style.top = `${top}px`;
}
