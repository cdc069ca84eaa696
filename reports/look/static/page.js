// What a page does beyond HTML and CSS. Without this script every number is there and every panel is shown.
// The script knows no dates, no sums and no number formats: the server has written all of that (but for the what-if
// form, which only divides, and the count beside a search). look/document.py removes comments and indentation when it embeds the file, so a comment
// has a line of its own and no text goes over several lines.
"use strict";

(() => {
  const first = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text != null) made.textContent = text;
    return made;
  };

  // ---- Colour scheme: automatic, light, dark --------------------------------------------------------------------

  function colourScheme() {
    const button = first(".mode");
    const modes = ["auto", "light", "dark"];
    let current = 0;

    const show = () => {
      const mode = modes[current];
      if (mode === "auto") delete document.documentElement.dataset.mode;
      else document.documentElement.dataset.mode = mode;
      button.textContent = mode[0].toUpperCase() + mode.slice(1);
      button.setAttribute("aria-label", "Colour scheme: " + mode);
    };

    // a browser may refuse storage to a page that is opened as a file
    try {
      current = Math.max(0, modes.indexOf(localStorage.getItem("mode")));
    } catch {}
    button.hidden = false;
    button.onclick = () => {
      current = (current + 1) % modes.length;
      try {
        localStorage.setItem("mode", modes[current]);
      } catch {}
      show();
    };
    show();
  }

  // ---- The address says where one is and what is chosen: #section?period=mtd&owner=all -----------------------------

  // [id of the section, what is chosen]
  function address() {
    const [id, query = ""] = location.hash.slice(1).split("?");
    try {
      return [decodeURIComponent(id), new URLSearchParams(query)];
    } catch {
      return ["", new URLSearchParams()];
    }
  }

  const hash = (id, query) => "#" + encodeURIComponent(id) + (String(query) && "?" + query);

  // `silently`: the browser's history gets no new entry
  function choose(chosen, silently) {
    const [id, query] = address();
    for (const name in chosen) query.set(name, chosen[name]);
    if (silently) location.replace(hash(id, query));
    else location.hash = hash(id, query);
  }

  // A link to a receipt opens its lists.
  let opened = "";
  function openTarget() {
    const [id] = address();
    if (id === opened) return;
    opened = id;
    showTarget();
  }

  function showTarget() {
    const target = document.getElementById(address()[0]);
    if (!target) return;
    for (let box = target.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    if (target.matches(".folded .free")) first(".fold", target.closest(".lines")).click();
    const lists = target.matches(".receipt") && first("details", target);
    if (lists) lists.open = true;
    target.scrollIntoView();
  }

  // What is chosen goes along to the other sections.
  function carryAlong() {
    const query = String(address()[1]);
    for (const link of all(".sections a")) link.hash = link.hash.split("?")[0] + (query && "?" + query);
  }

  // ---- Filters: the server has rendered every choice; here the chosen one is unpacked and put in place --------------

  function filters(form) {
    const names = form.dataset.by.split(" ");
    const line = first(".shown");
    const options = names.map((name) => all(`[name=${name}] option,input[name=${name}]`, form));
    const defaults = options.map((of) => of.findIndex((one) => one.defaultSelected || one.defaultChecked));
    const packs = all("script[data-for]").map(pack);

    // the number of a choice, as components/filters.py counts them: the last filter changes fastest
    const numberOf = (places) => places.reduce((number, place, i) => number * options[i].length + place, 0);
    let shown = numberOf(defaults);
    // the place that the address names may only come with what is chosen
    let arriving = true;

    const show = async () => {
      const query = address()[1];
      const places = options.map((of, i) => {
        const place = of.findIndex((one) => one.value === query.get(names[i]));
        return place < 0 ? defaults[i] : place;
      });
      const chosen = places.map((place, i) => options[i][place]);
      chosen.forEach(mark);
      for (const button of all("[data-step]", form)) {
        const i = names.indexOf(button.dataset.for);
        button.disabled = !options[i][places[i] + Number(button.dataset.step)];
      }
      const note = chosen.map((one) => one.dataset.note).join(" · ");
      // the line is read out whenever it is written, so it is only written when it changes
      if (line.textContent !== note) line.textContent = note;
      const number = numberOf(places);
      if (number === shown) return;
      shown = number;
      for (const { box, read } of packs) {
        const versions = await read();
        // something else was chosen meanwhile
        if (shown !== number) return;
        box.innerHTML = versions.of[versions.at[number]];
        tabs(box);
        rows(box);
      }
      if (arriving) showTarget();
      arriving = false;
      document.documentElement.dataset.shown = number;
    };

    form.hidden = false;
    form.onsubmit = (event) => event.preventDefault();
    form.onchange = (event) => {
      choose({ [event.target.name]: event.target.value });
      show();
    };
    form.onclick = (event) => {
      const button = event.target.closest("[data-step]");
      if (!button) return;
      const list = form.elements[button.dataset.for];
      list.selectedIndex += Number(button.dataset.step);
      choose({ [list.name]: list.value });
      show();
    };
    addEventListener("hashchange", show);
    show();

    const soon = self.requestIdleCallback || ((work) => setTimeout(work, 200));
    soon(async () => {
      for (const { read } of packs) await read();
      document.documentElement.dataset.ready = 1;
    });
  }

  // The versions behind a filtered part of the page: base64 of deflated JSON, read once.
  function pack(script) {
    let reading;
    const bytes = () => Uint8Array.from(atob(script.textContent), (letter) => letter.charCodeAt(0));
    const unpack = () => new Blob([bytes()]).stream().pipeThrough(new DecompressionStream("deflate"));
    return {
      box: document.getElementById(script.dataset.for),
      read: () => (reading ??= new Response(unpack()).json()),
    };
  }

  // Select an option, or check a button and bring it into view in its row.
  function mark(option) {
    if ("selected" in option) {
      option.selected = true;
      return;
    }
    option.checked = true;
    const label = option.parentNode;
    const row = label.parentNode;
    row.scrollLeft = label.offsetLeft - row.clientWidth / 2 + label.offsetWidth / 2;
  }

  // ---- What if: each step of the chain is the one before, divided by its rate; decimals are carried -----------------

  function whatIf(form) {
    const fields = all("[data-of]", form);
    const given = address()[1];

    // a field that nobody has touched counts with all its decimals
    const value = (field) => {
      const untouched = field.value === field.defaultValue;
      const typed = field.value === "" ? NaN : Number(field.value);
      return (untouched ? Number(field.dataset.exact) : typed) / (field.dataset.percent ? 100 : 1);
    };

    const work = () => {
      let carried = value(fields[0]);
      for (const field of fields.slice(1)) {
        carried /= value(field);
        const known = Number.isFinite(carried);
        const output = first(`[data-step=${field.dataset.of}]`, form);
        first("b", output).textContent = known ? Math.ceil(carried - 1e-9).toLocaleString("en") : "–";
        first("small", output).textContent = known
          ? carried.toLocaleString("en", { maximumFractionDigits: 4 })
          : "";
      }
    };

    // a number and its slider
    const setBoth = (field, text) => {
      field.value = text;
      field.nextElementSibling.value = text;
    };

    for (const field of fields) {
      const text = given.get(field.name);
      if (text !== null && text !== "" && Number(text) >= 0) setBoth(field, text);
    }
    let waiting;
    form.oninput = (event) => {
      const field = event.target.dataset.of ? event.target : event.target.previousElementSibling;
      setBoth(field, event.target.value);
      work();
      clearTimeout(waiting);
      waiting = setTimeout(() => choose({ [field.name]: field.value }, true), 150);
    };
    form.onreset = () => {
      // what was typed a moment ago would come back into the address
      clearTimeout(waiting);
      // the browser resets the fields after this event
      setTimeout(reset);
    };
    const reset = () => {
      for (const field of fields) setBoth(field, field.defaultValue);
      work();
      const [id, query] = address();
      for (const field of fields) query.delete(field.name);
      location.replace(hash(id, query));
    };
    form.onsubmit = (event) => event.preventDefault();
    form.hidden = false;
    work();
  }

  // ---- Tooltips: CSS shows them on hover and focus; Escape closes them, a tap opens them ----------------------------

  function tooltips() {
    // phones don't focus a button that is tapped
    document.addEventListener("click", (event) => {
      const info = event.target.closest?.(".info");
      for (const other of all(".info.on")) if (other !== info) other.classList.remove("on");
      if (info && event.target.closest("button")) info.classList.toggle("on");
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      for (const info of all(".info")) {
        info.classList.remove("on");
        info.classList.add("off");
      }
    });
    for (const kind of ["focusin", "pointerover", "click"]) {
      document.addEventListener(kind, (event) => {
        const info = event.target.closest?.(".info");
        for (const other of all(".info.off")) if (other !== info) other.classList.remove("off");
        if (info) moveInside(first("[role=tooltip]", info));
      });
    }
  }

  // A tooltip near the right edge moves left, one near the bottom opens upwards.
  function moveInside(tooltip) {
    tooltip.style.left = "";
    tooltip.classList.remove("up");
    if (getComputedStyle(tooltip).position !== "absolute") return;
    const box = tooltip.getBoundingClientRect();
    const room = tooltip.parentNode.getBoundingClientRect().top;
    if (box.bottom > innerHeight && room > innerHeight - room) tooltip.classList.add("up");
    const over = tooltip.getBoundingClientRect().right - document.documentElement.clientWidth + 10;
    if (over > 0) tooltip.style.left = -8 - over + "px";
  }

  // ---- Search: what does not contain every word is hidden, and with it a group in which nothing is left --------------

  function search(form) {
    const input = first("input", form);
    const items = all(form.dataset.items);
    const texts = items.map((item) => item.textContent.toLowerCase());
    const groups = [...new Set(items.map((item) => item.closest("[data-group],.contents")).filter(Boolean))];
    const openAtFirst = groups.map((group) => group.open);
    form.hidden = false;
    form.onsubmit = (event) => event.preventDefault();
    form.oninput = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      items.forEach((item, i) => {
        item.hidden = !words.every((word) => texts[i].includes(word));
      });
      groups.forEach((group, i) => {
        group.hidden = !items.some((item) => !item.hidden && group.contains(item));
        if (group.matches("details")) group.open = words.length > 0 || openAtFirst[i];
      });
      const found = items.filter((item) => !item.hidden).length;
      first("[role=status]", form).textContent = words.length ? `${found} of ${items.length}` : "";
    };
  }

  // ---- Tabs ---------------------------------------------------------------------------------------------------------

  let tabCount = 0;
  function tabs(root) {
    for (const box of all(".tabs", root)) {
      const panels = all(":scope>.tab", box);
      const bar = element("div", "tablist");
      bar.setAttribute("role", "tablist");
      box.prepend(bar);

      const pick = (chosen, focus) => {
        panels.forEach((panel, i) => {
          panel.hidden = i !== chosen;
          bar.children[i].setAttribute("aria-selected", i === chosen);
          bar.children[i].tabIndex = i === chosen ? 0 : -1;
        });
        if (focus) bar.children[chosen].focus();
      };

      panels.forEach((panel, i) => {
        const tab = element("button", "", panel.dataset.tab);
        tab.type = "button";
        tab.id = "t" + ++tabCount;
        tab.setAttribute("role", "tab");
        panel.setAttribute("role", "tabpanel");
        panel.setAttribute("aria-labelledby", tab.id);
        tab.onclick = () => pick(i);
        tab.onkeydown = (event) => {
          const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
          if (step) pick((i + step + panels.length) % panels.length, true);
        };
        bar.append(tab);
      });
      pick(0);
    }
  }

  // ---- Rows that scroll: their current link is in view, their edges fade where there is more ----------------------

  const fade = (row) => {
    const hidden = row.scrollWidth - row.clientWidth;
    row.classList.toggle("more-left", row.scrollLeft > 2);
    row.classList.toggle("more-right", row.scrollLeft < hidden - 2);
  };
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      asBlocks(target);
      fade(target);
    }
  });

  function rows(root) {
    for (const row of all(".row,.scroll,.seg", root)) {
      const current = first("[aria-current],.here", row);
      if (current) row.scrollLeft = current.offsetLeft - row.offsetLeft - (row.clientWidth - current.offsetWidth) / 2;
      row.addEventListener("scroll", () => fade(row), { passive: true });
      sizes.observe(row);
    }
  }

  // On a phone, a table that is too wide becomes a block per row, so that no column is out of sight. One with many
  // numbers is read by its columns: it scrolls, and its first column stays.
  function asBlocks(box) {
    const table = first(":scope>table.plain", box);
    if (!table || box.lastWidth === box.clientWidth || all("thead .n", table).length > 2) return;
    box.lastWidth = box.clientWidth;
    table.classList.remove("blocks");
    if (box.clientWidth > 480 || box.scrollWidth < box.clientWidth + 2) return;
    table.classList.add("blocks");
    for (const [parts, role] of [["thead,tbody", "rowgroup"], ["tr", "row"], ["td", "cell"], ["tbody th", "rowheader"]]) {
      for (const part of all(parts, table)) part.setAttribute("role", role);
    }
    table.setAttribute("role", "table");
    const heads = all("thead th", table);
    for (const head of heads) head.setAttribute("role", "columnheader");
    for (const cell of all("tbody td", table)) {
      if (cell.textContent.trim()) cell.dataset.label = heads[cell.cellIndex].textContent;
    }
  }

  // Of a report's sections, the link to the one that is in view is the current one.
  function sectionInView() {
    const links = all(".sections a.here");
    const targets = links.map((link) => document.getElementById(link.hash.slice(1).split("?")[0]));
    if (!targets.some(Boolean)) return;
    const mark = () => {
      const passed = targets.map((target) => Boolean(target) && target.getBoundingClientRect().top < 160);
      const now = Math.max(0, passed.lastIndexOf(true));
      links.forEach((link, i) => {
        if (i === now) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      });
    };
    addEventListener("scroll", mark, { passive: true });
    mark();
  }

  // ---- On a phone, lines without a goal are folded -----------------------------------------------------------------

  function fold(button) {
    const lines = button.closest(".lines");
    button.hidden = false;
    button.onclick = () => {
      const folded = lines.classList.toggle("folded");
      button.setAttribute("aria-expanded", !folded);
    };
    lines.classList.add("folded");
  }

  // ---- Charts: a tooltip reads its numbers from the chart's own table of data ---------------------------------------

  const dataRows = (plot) => all("tbody tr", plot.parentNode);

  function charts() {
    document.addEventListener("pointermove", (event) => {
      const plot = event.target.closest?.(".plot");
      for (const other of all(".plot")) if (other !== plot) clearTip(other);
      if (!plot) return;
      const box = plot.getBoundingClientRect();
      const i = nearest(plot, (event.clientX - box.left) / box.width);
      if (plot.shownRow !== i || !first(".tip", plot)) showTip(plot, i);
    });
    document.addEventListener("keydown", (event) => {
      const plot = event.target.closest?.(".plot");
      if (!plot) return;
      if (event.key === "Escape") clearTip(plot);
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const count = dataRows(plot).length;
      const before = plot.shownRow ?? (step > 0 ? -1 : count);
      showTip(plot, Math.min(count - 1, Math.max(0, before + step)));
    });
    document.addEventListener("focusout", (event) => {
      const plot = event.target.closest?.(".plot");
      if (plot) clearTip(plot);
    });
  }

  // Bars fill a band each, points stand at the ends of equal steps; look/charts.py draws them so.
  const isBand = (plot) => plot.dataset.mode === "band";

  function nearest(plot, share) {
    const count = dataRows(plot).length;
    const place = isBand(plot) ? Math.floor(share * count) : Math.round(share * (count - 1));
    return Math.max(0, Math.min(count - 1, place));
  }

  function clearTip(plot) {
    for (const part of all(".cx,.tip", plot)) part.remove();
    plot.shownRow = null;
  }

  function showTip(plot, i) {
    const rows = dataRows(plot);
    const count = rows.length;
    const x = isBand(plot) ? (i + 0.5) / count : count > 1 ? i / (count - 1) : 0.5;
    clearTip(plot);
    plot.shownRow = i;

    const line = element("i", "cx");
    line.style.left = x * 100 + "%";
    const tip = element("div", "tip");
    tip.setAttribute("role", "status");
    tip.append(element("b", "", rows[i].cells[0].textContent));
    all("thead th", plot.parentNode).forEach((head, j) => {
      const entry = element("span");
      entry.append(element("span", "", head.textContent), element("em", "", rows[i].cells[j + 1].textContent));
      tip.append(entry);
    });
    const onTheRight = x > 0.55;
    tip.style[onTheRight ? "right" : "left"] = `calc(${(onTheRight ? 1 - x : x) * 100}% + 10px)`;
    tip.style.top = "0";
    plot.append(line, tip);
  }

  // ---- Start --------------------------------------------------------------------------------------------------------

  colourScheme();
  // where no line has a goal there would be nothing left
  if (first(".score tbody tr:not(.free)")) all(".fold").forEach(fold);
  rows(document);
  sectionInView();
  addEventListener("hashchange", openTarget);
  // a link to where one already is
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (link && link.hash === location.hash) showTarget();
  });
  openTarget();
  addEventListener("hashchange", carryAlong);
  carryAlong();
  const form = first(".filters");
  if (form) filters(form);
  all(".whatif").forEach(whatIf);
  all(".search").forEach(search);
  tooltips();
  tabs(document);
  charts();
})();
