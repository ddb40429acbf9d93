"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const data = (id) => { const island = $(id); return island ? JSON.parse(island.textContent) : null; };
  const make = (name, cls, text) => {
    const made = document.createElement(name);
    if (cls) made.className = cls;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const MANY = 100;
  const PRINTED = 60;
  const index = data("data-index").findings.map(([link, fault, state, rule, actor, subject]) => ({ link, fault, state, rule, actor, subject }));
  const byLink = new Map(index.map((each) => [each.link, each]));
  const inFault = [];
  for (const each of index) (inFault[each.fault] ??= []).push(each);
  let texts = null;

  // --- messages: text from the capture becomes text nodes, never markup ---------------------------------------------
  const quote = (place) => {
    if (place.firstChild) return;
    texts ??= data("data-texts");
    const lines = texts[place.dataset.text] ?? [];
    const marks = new Map(JSON.parse(place.dataset.lines || "[]"));
    const kind = place.dataset.kind || "";
    const list = make("ol");
    lines.forEach((line, number) => {
      const spans = marks.get(number);
      const item = make("li", spans ? `hot ${kind}` : number ? "rest" : "");
      let at = 0;
      for (const [begin, end] of spans ?? []) {
        item.append(line.slice(at, begin), make("mark", kind, line.slice(begin, end)));
        at = end;
      }
      item.append(line.slice(at));
      list.append(item);
    });
    place.append(list);
    const rest = list.querySelectorAll(".rest").length;
    if (rest && place.dataset.lines !== undefined) {
      place.classList.add("short");
      const more = make("button", "", `${rest} other lines`);
      more.type = "button";
      more.setAttribute("aria-expanded", "false");
      more.addEventListener("click", () => {
        const short = place.classList.toggle("short");
        more.textContent = short ? `${rest} other lines` : "Only what matters";
        more.setAttribute("aria-expanded", String(!short));
      });
      place.append(more);
    }
  };

  // --- what is opened becomes a part of the page --------------------------------------------------------------------
  const put = (body, html) => {
    body.innerHTML = html;
    body.querySelectorAll(".quote").forEach(quote);
  };
  const fits = (each) => wanted === null || wanted.has(each);
  const openFault = (box) => {
    const body = box.querySelector(":scope > .body");
    if (body.firstChild) return;
    const parts = data(body.dataset.island);
    if (parts.length === 1) { put(body, parts[0][2]); return; }
    box.parts = parts;
    box.drawn = 0;
    more(box);
    const first = body.querySelector(".finding:not([hidden])");
    if (first && parts.length <= 5) openFinding(first);
  };
  const more = (box, until = 0) => {
    const body = box.querySelector(":scope > .body");
    const wantedTo = Math.max(box.drawn + MANY, until);
    body.querySelector(":scope > .next")?.remove();
    for (; box.drawn < Math.min(wantedTo, box.parts.length); box.drawn += 1) {
      const [link, headline] = box.parts[box.drawn];
      const item = make("details", "finding");
      item.id = `finding-${link}`;
      item.place = box.drawn;
      item.hidden = !fits(byLink.get(link));
      const head = make("summary");
      head.innerHTML = headline;
      item.append(head, make("div", "body"));
      item.addEventListener("toggle", () => { if (item.open) openFinding(item); });
      body.append(item);
    }
    if (box.drawn < box.parts.length) {
      const next = make("button", "next", `${box.parts.length - box.drawn} more`);
      next.type = "button";
      next.addEventListener("click", () => more(box));
      body.append(next);
    }
  };
  const openFinding = (item) => {
    const body = item.querySelector(":scope > .body");
    if (!body.firstChild) put(body, item.closest(".fault").parts[item.place][2]);
    item.open = true;
  };
  const openSubject = (box) => {
    const body = box.querySelector(":scope > .body");
    if (!body.firstChild) body.innerHTML = data(body.dataset.island);
  };
  document.addEventListener("toggle", (event) => {
    const box = event.target;
    if (!box.open) return;
    if (box.classList.contains("fault")) openFault(box);
    if (box.classList.contains("subject")) openSubject(box);
    // who opens it by key shall see what came, not only its head at the foot of the window
    const head = box.querySelector(":scope > summary");
    if (head?.matches(":focus-visible") && box.getBoundingClientRect().bottom > innerHeight) box.scrollIntoView({ block: "start" });
  }, true);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".ladder button[data-text]");
    if (!button) return;
    const row = button.closest("tr");
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    if (open) { row.nextElementSibling.remove(); return; }
    const below = make("tr", "text");
    const cell = make("td");
    const place = make("div", "quote");
    cell.colSpan = 9;
    place.dataset.text = button.dataset.text;
    quote(place);
    cell.append(place);
    below.append(cell);
    row.after(below);
  });

  // --- filters ------------------------------------------------------------------------------------------------------
  const form = $("filters");
  let wanted = null;
  const filter = () => {
    if (!form) return;
    const states = new Set([...form.querySelectorAll("[name=state]:checked")].map((box) => box.value));
    const rule = form.rule.value, actor = form.actor.value, subject = form.subject.value;
    const words = form.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const said = [];
    const all = index.filter((each) => {
      if (!states.has(each.state) || (rule && each.rule !== rule) || (actor && each.actor !== actor)) return false;
      if (subject && String(each.subject) !== subject) return false;
      if (!words.length) return true;
      said[each.fault] ??= $(`fault-${each.fault}`).querySelector("summary").textContent.toLowerCase();
      const text = `${said[each.fault]} ${each.rule.toLowerCase()}`;
      return words.every((word) => text.includes(word));
    });
    wanted = all.length === index.length ? null : new Set(all);
    inFault.forEach((each, number) => { $(`fault-${number}`).hidden = !each.some(fits); });
    document.querySelectorAll(".finding").forEach((item) => { item.hidden = !fits(byLink.get(item.id.slice(8))); });
    $("shown").textContent = wanted === null ? index.length.toLocaleString("en") : `${all.length.toLocaleString("en")} of ${index.length.toLocaleString("en")}`;
    $("none").hidden = all.length > 0;
  };
  form?.addEventListener("input", filter);
  form?.addEventListener("submit", (event) => event.preventDefault());
  form?.addEventListener("reset", () => setTimeout(filter));

  // --- links --------------------------------------------------------------------------------------------------------
  const show = (item) => {
    item.scrollIntoView({ block: "start" });
    (item.querySelector(":scope > summary") ?? item).focus({ preventScroll: true });
  };
  const follow = () => {
    let name;
    try { name = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const finding = name.startsWith("finding-") ? byLink.get(name.slice(8)) : undefined;
    if (finding) {
      if (!fits(finding)) form.reset(), filter();
      const box = $(`fault-${finding.fault}`);
      box.hidden = false;
      box.open = true;
      openFault(box);
      select(box);
      if (box.parts) {
        const place = box.parts.findIndex(([link]) => link === finding.link);
        if (place >= box.drawn) more(box, place + 1);
        const item = $(name);
        item.hidden = false;
        openFinding(item);
        show(item);
      } else show(box);
      return;
    }
    const subject = /^subject-(\d+)(?:-frame-(\d+-\d+))?$/.exec(name);
    const box = subject && $(`subject-${subject[1]}`);
    if (box) {
      box.open = true;
      openSubject(box);
      const row = subject[2] && $(`frame-${subject[1]}-${subject[2]}`);
      document.querySelectorAll("tr.target").forEach((each) => each.classList.remove("target"));
      if (row) {
        row.classList.add("target");
        row.scrollIntoView({ block: "center" });
      } else show(box);
      return;
    }
    const item = $(name);
    if (item instanceof HTMLDetailsElement) { item.open = true; show(item); }
  };
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (link && link.getAttribute("href") === location.hash) follow();
  });

  // --- keys ---------------------------------------------------------------------------------------------------------
  let current = null;
  const select = (box) => {
    current?.classList.remove("current");
    current = box;
    box.classList.add("current");
  };
  const step = (by) => {
    const boxes = [...document.querySelectorAll(".fault:not([hidden])")];
    if (!boxes.length) return;
    const at = boxes.indexOf(current);
    const box = boxes[at < 0 ? (by > 0 ? 0 : boxes.length - 1) : Math.min(Math.max(at + by, 0), boxes.length - 1)];
    select(box);
    box.querySelector("summary").focus({ preventScroll: true });
    box.scrollIntoView({ block: "nearest" });
  };
  const PARTS = { s: "summary", f: "findings", u: "subjects", c: "clauses", n: "unjudged" };
  let going = false;
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "checkbox") {
      if (event.key === "Escape") event.target.blur?.();
      return;
    }
    if (going && PARTS[event.key]) { location.hash = PARTS[event.key]; going = false; event.preventDefault(); return; }
    going = event.key === "g";
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "/" && form) { form.text.focus(); form.scrollIntoView({ block: "nearest" }); }
    else if (event.key === "t") turn();
    else if (event.key === "?") $("help").showModal();
    else return;
    event.preventDefault();
  });
  $("keys").addEventListener("click", () => $("help").showModal());

  // --- light and dark -----------------------------------------------------------------------------------------------
  const THEMES = ["auto", "light", "dark"];
  const root = document.documentElement;
  const stored = () => { try { return localStorage.getItem("gmaudit-theme"); } catch { return null; } };
  const theme = (name) => {
    if (name === "auto") delete root.dataset.theme;
    else root.dataset.theme = name;
    $("theme").textContent = name[0].toUpperCase() + name.slice(1);
    $("theme").setAttribute("aria-label", `Colours: ${name}`);
  };
  const turn = () => {
    const name = THEMES[(THEMES.indexOf(root.dataset.theme ?? "auto") + 1) % THEMES.length];
    theme(name);
    try { localStorage.setItem("gmaudit-theme", name); } catch { /* a page opened from disk may have no storage */ }
  };
  $("theme").addEventListener("click", turn);
  theme(THEMES.includes(stored()) ? stored() : "auto");

  // --- on paper all that is shown is open, as long as that is not a book ---------------------------------------------
  addEventListener("beforeprint", () => {
    const boxes = [...document.querySelectorAll(".fault:not([hidden])")];
    if (boxes.length <= PRINTED) boxes.forEach((box) => { box.open = true; openFault(box); });
    const subjects = [...document.querySelectorAll(".subject")];
    if (subjects.length <= 3) subjects.forEach((box) => { box.open = true; openSubject(box); });
  });
  follow();
})();
