// What the chat does in the browser alone: composing, following the end, copying, the drawer on a phone.
folkmoot.chat = (() => {
  const LONGEST = 10000, NEAR_LIMIT = 9000, MOVE_MS = 4000;
  const by = (id) => document.getElementById(id);
  let key = null, here = null, following = true, sent = 0;

  const draftName = () => "folkmoot-draft-" + here;
  function keep(text) { if (here === null) return; try { text ? sessionStorage.setItem(draftName(), text) : sessionStorage.removeItem(draftName()); } catch { /* no storage, no draft */ } }
  function drafted() { try { return sessionStorage.getItem(draftName()) || ""; } catch { return ""; } }
  const longer = (text) => [...text].length; // as the server counts

  function fit() {
    const box = by("chat-text");
    if (!box) return;
    box.style.height = "auto";
    box.style.height = box.scrollHeight + "px";
    const left = by("chat-left"), length = box.value.length > NEAR_LIMIT ? longer(box.value) : 0;
    left.textContent = length > NEAR_LIMIT ? `${length.toLocaleString("en")} / ${LONGEST.toLocaleString("en")}` : "";
    left.classList.toggle("over", length > LONGEST);
  }
  function input() { fit(); keep(by("chat-text").value); }

  // The page can be typed into before its line to the server stands, and while that is broken.
  const connected = () => here !== null && window.did_handshake === true && window.socket?.connected !== false;
  function send(emit) {
    const box = by("chat-text");
    if (sent) return;
    if (!box.value.trim()) return box.focus();
    if (longer(box.value) > LONGEST) return folkmoot.toast(`That is more than ${LONGEST.toLocaleString("en")} characters: shorten it, or attach it as a text file.`, "red");
    key ??= Date.now().toString(36) + Math.random().toString(36).slice(2); // sent twice, it is said once
    following = true;
    sent = setTimeout(deliver, 0, { text: box.value, key }, emit, 0);
  }
  function deliver(said, emit, tries) {
    const ready = connected();
    if (ready) emit(said);
    if (tries === 8) folkmoot.toast("The server does not answer; it is tried again.", "red");
    sent = setTimeout(deliver, ready ? 4000 : 250, said, emit, tries + (ready ? 4 : 1));
  }
  function delivered() { clearTimeout(sent); sent = 0; key = null; }
  // Enter sends; on a screen that is touched it begins a line, for there is no Shift there.
  function pressed(e, emit) {
    if (e.key !== "Enter" || e.shiftKey || e.isComposing || matchMedia("(pointer: coarse)").matches) return;
    e.preventDefault();
    send(emit);
  }
  // It was taken: the box is free for the next.
  function taken() { const box = by("chat-text"); delivered(); box.value = ""; keep(""); fit(); }
  // It was not: what was typed stays, and is another message if it is sent again.
  function refused() { delivered(); by("chat-text")?.focus(); }

  // Which conversation this is. What is typed belongs to it, also when another is looked at in between.
  function at(conversation, address, { push = false, focus = false } = {}) {
    const box = by("chat-text"), early = here === null && box?.value; // typed before the page was told where it is
    here = conversation;
    if (address !== location.pathname) history[push ? "pushState" : "replaceState"]({}, "", address);
    if (early) keep(box.value);
    else if (box) { delivered(); box.value = drafted(); fit(); if (focus && matchMedia("(pointer: fine)").matches) box.focus(); }
    shelf(false);
    following = conversation !== ""; // a new one is read from its beginning
    following ? end() : (room().scrollTop = 0);
  }
  // The first thing was said here: from now on this conversation has its own address.
  function begun(conversation, address) { here = conversation; history.replaceState({}, "", address); keep(by("chat-text").value); }

  const room = () => by("chat-said");
  const low = () => { const r = room(); return !r || r.scrollHeight - r.scrollTop - r.clientHeight < 80; };
  function end() { const r = room(); if (r) { r.scrollTop = r.scrollHeight; following = true; mark(); } }
  function mark() { const b = by("chat-end"); if (b) b.hidden = following || low(); }
  function watch() {
    const r = room();
    if (!r) return;
    let before = r.scrollTop;
    r.addEventListener("scroll", () => {
      if (r.scrollTop < before - 2) following = low(); else if (low()) following = true;
      before = r.scrollTop;
      mark();
    }, { passive: true });
    const moved = () => { if (following) r.scrollTop = r.scrollHeight; mark(); };
    new MutationObserver(moved).observe(r, { childList: true, subtree: true, characterData: true });
    new ResizeObserver(moved).observe(r);
    moved();
  }
  // What was said earlier is put above: what is being read stays where it is.
  function above() {
    const r = room(), from = r.scrollHeight - r.scrollTop;
    following = false;
    const once = new MutationObserver(() => { r.scrollTop = r.scrollHeight - from; });
    once.observe(r, { childList: true, subtree: true });
    setTimeout(() => once.disconnect(), 800);
  }

  function put(text) {
    const copied = () => folkmoot.toast("Copied");
    const byHand = () => {
      const area = Object.assign(document.createElement("textarea"), { value: text, style: "position:fixed;opacity:0" });
      (document.querySelector("dialog[open]") ?? document.body).append(area);
      area.select();
      // Without https the browser keeps the clipboard to itself; the old way is left.
      document.execCommand("copy") ? copied() : folkmoot.toast("The browser does not allow copying here", "red");
      area.remove();
    };
    navigator.clipboard ? navigator.clipboard.writeText(text).then(copied, byHand) : byHand();
  }

  let opener = null;
  function shelf(open) {
    const chat = document.querySelector(".chat");
    if (!chat || chat.classList.contains("shelved") === open) return;
    chat.classList.toggle("shelved", open);
    by("chat-open-shelf")?.setAttribute("aria-expanded", String(open));
    if (open) { opener = document.activeElement; by("chat-close-shelf")?.focus({ preventScroll: true }); } else { opener?.focus({ preventScroll: true }); opener = null; }
  }

  // A link within the page, unless it is to be opened elsewhere.
  function follow(e, emit) {
    const link = e.target.closest("a");
    if (!link || e.metaKey || e.ctrlKey || e.shiftKey || e.button) return;
    e.preventDefault();
    emit(link.dataset.talk ?? "");
    // What is typed from now on belongs to where this leads; it is said once the page is there.
    here = null;
    const box = by("chat-text");
    if (box) { delivered(); box.value = ""; fit(); }
    setTimeout(() => { if (here === null) location.assign(link.href); }, MOVE_MS);
  }
  function dropped(e, uploader) {
    const files = [...(e.dataTransfer ?? e.clipboardData)?.files ?? []];
    by("chat-composer").classList.remove("over");
    if (!files.length) return;
    e.preventDefault();
    uploader.addFiles(files);
  }
  function over(e, is) {
    if (![...e.dataTransfer.types].includes("Files")) return;
    e.preventDefault();
    by("chat-composer").classList.toggle("over", is);
  }

  addEventListener("click", (e) => {
    const button = e.target.closest?.("[data-copy-code]");
    if (button) put(button.closest(".code").querySelector("code").textContent);
  });
  addEventListener("keydown", (e) => { if (e.key === "Escape" && !document.querySelector("dialog[open]")) shelf(false); });
  addEventListener("popstate", () => {
    const id = location.pathname.replace(/^\/dashboard\/chat\/?/, "");
    by("chat-go")?.dispatchEvent(new CustomEvent("go", { detail: decodeURIComponent(id) }));
  });
  return { above, at, begun, dropped, end, fit, follow, input, over, pressed, put, refused, send, shelf, taken, watch };
})();
