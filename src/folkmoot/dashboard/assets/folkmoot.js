// What the pages do in the browser alone: theme, toasts, dialogs. Nothing here leaves the page's origin.
window.folkmoot = (() => {
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const kept = (() => { try { return localStorage.getItem("folkmoot-theme"); } catch { return null; } })();
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  const system = () => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  function theme() {
    const next = dark() ? "light" : "dark";
    try {
      // Back on what the system says means: follow the system again.
      if (next === system()) { delete root.dataset.theme; localStorage.removeItem("folkmoot-theme"); }
      else { root.dataset.theme = next; localStorage.setItem("folkmoot-theme", next); }
    } catch { root.dataset.theme = next; }
    toast(next === "dark" ? "Dark colours" : "Light colours");
  }
  function toast(text, kind, undo) {
    const region = document.getElementById("toasts");
    if (!region) return;
    const item = document.createElement("div");
    item.className = "toast" + (kind ? " " + kind : "");
    item.append(Object.assign(document.createElement("span"), { textContent: text }));
    const away = setTimeout(() => item.remove(), undo || kind === "red" ? 9000 : 4500);
    if (undo) {
      const button = Object.assign(document.createElement("button"), { textContent: "Undo", type: "button" });
      button.onclick = () => { clearTimeout(away); item.remove(); document.getElementById(undo)?.click(); };
      item.append(button);
    }
    region.append(item);
  }
  function open(id) { const d = document.getElementById(id); if (d && !d.open) d.showModal(); }
  function close(id) { document.getElementById(id)?.close(); }
  function copy(id) {
    const element = document.getElementById(id);
    if (!element) return;
    const select = () => { getSelection().selectAllChildren(element); toast("Selected; copy it with the keyboard"); };
    // Without https the browser keeps the clipboard to itself.
    navigator.clipboard ? navigator.clipboard.writeText(element.textContent).then(() => toast("Copied"), select) : select();
  }
  // A form as an object; several boxes of one name as a list.
  function values(form) {
    const out = {};
    for (const [key, value] of new FormData(form)) if (typeof value === "string") (out[key] ??= []).push(value);
    return out;
  }
  addEventListener("storage", (e) => { if (e.key === "folkmoot-signed-out") location.assign("/dashboard/sign-in"); });
  // The cookie is gone when this address is reached: now the other tabs may follow.
  if (location.pathname === "/dashboard/sign-in" && location.search === "?signed-out") {
    try { localStorage.setItem("folkmoot-signed-out", String(Date.now())); } catch { /* no storage: they end by themselves */ }
  }
  addEventListener("click", (e) => {
    for (const pop of document.querySelectorAll("details.pop[open]")) if (!pop.contains(e.target)) pop.open = false;
  });
  addEventListener("keydown", (e) => {
    if (e.key === "Escape") for (const pop of document.querySelectorAll("details.pop[open]")) { pop.open = false; pop.querySelector("summary")?.focus(); }
  });
  // The library wraps every page in a <main> of its own; ours is the one that holds the content.
  const watch = new MutationObserver(() => {
    const outer = document.querySelector("main.q-page");
    if (!outer) return;
    outer.setAttribute("role", "presentation");
    watch.disconnect();
    // On a phone the sections stand in a row that is wider than the window.
    const nav = document.querySelector(".nav"), here = nav?.querySelector("[aria-current]");
    if (here) nav.scrollLeft = here.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2;
  });
  watch.observe(root, { childList: true, subtree: true });
  return { theme, toast, open, close, copy, values };
})();
