"use strict";
// Light or dark: as the system, until the reader says otherwise.
(() => {
  const button = document.getElementById("theme");
  const schemes = [["", "as the system"], ["light", "light"], ["dark", "dark"]];
  let chosen = 0;
  button.hidden = false;
  button.addEventListener("click", () => {
    chosen = (chosen + 1) % schemes.length;
    document.documentElement.style.colorScheme = schemes[chosen][0];
    button.textContent = `theme: ${schemes[chosen][1]}`;
  });
})();
// The browser of traces. Everything models wrote is set as text: no markup is ever parsed.
(() => {
  const embedded = document.getElementById("browser-data");
  if (embedded === null) return;
  const data = JSON.parse(embedded.textContent);
  const byId = (id) => document.getElementById(id);
  const list = byId("list"), pane = byId("pane");
  const filters = {
    verifier: byId("filter-verifier"), group: byId("filter-group"),
    outcome: byId("filter-outcome"), text: byId("filter-text"),
  };
  const visible = new Set(data.arms.filter((arm) => arm.shown).map((arm) => arm.name));
  let shown = [], current = -1;

  const make = (tag, className = "", text = null, ...children) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== null) node.textContent = text;
    node.append(...children);
    return node;
  };
  const written = (tag, className, text) => {
    const node = make(tag, className, text);
    node.dir = "auto";
    return node;
  };
  const armsOf = (item) =>
    data.arms.filter((arm) => visible.has(arm.name) && Object.hasOwn(item.responses, arm.name));
  const responseOf = (item, arm) => item.responses[arm.name];

  const offer = (select, all, options) => {
    for (const [value, label] of [["", all], ...options]) {
      const option = make("option", "", label);
      option.value = value;
      select.append(option);
    }
  };
  const distinct = (of) => [...new Set(data.items.flatMap(of))].sort().map((value) => [value, value]);

  const outcomeFits = (item, wanted, arms) => {
    const responses = arms.map((arm) => responseOf(item, arm));
    if (wanted === "") return true;
    if (wanted === "is:hit") return responses.some((response) => response.hit);
    if (wanted === "is:miss") return responses.some((response) => !response.hit && !response.strict.undecided);
    if (wanted === "is:split") {
      const all = armsOf(item).map((arm) => responseOf(item, arm).hit);
      return all.includes(true) && all.includes(false);
    }
    return responses.some((response) => response.strict.outcome === wanted);
  };
  const fits = (item) => {
    const arms = armsOf(item);
    if (arms.length === 0) return false;
    if (filters.verifier.value !== "" && item.verifier !== filters.verifier.value) return false;
    if (filters.group.value !== "" && item.group !== filters.group.value) return false;
    if (!outcomeFits(item, filters.outcome.value, arms)) return false;
    const text = filters.text.value.trim().toLowerCase();
    const texts = [item.id, item.question, item.gold, ...arms.map((arm) => responseOf(item, arm).text)];
    return text === "" || texts.some((one) => one.toLowerCase().includes(text));
  };

  const mark = (arm, item) => {
    const response = responseOf(item, arm);
    const state = !response || response.strict.undecided ? "none" : response.hit ? "hit" : "miss";
    const node = make("span", `mark ${state}`);
    node.style.setProperty("--arm", arm.colour);
    node.title = `${arm.name}: ${response ? response.strict.outcome : "no response"}`;
    return node;
  };
  const entry = (item, index) => {
    const marks = make("span", "marks", null,
      ...data.arms.filter((arm) => visible.has(arm.name)).map((arm) => mark(arm, item)));
    const hits = armsOf(item).filter((arm) => responseOf(item, arm).hit).map((arm) => arm.name);
    marks.append(make("span", "hidden", `right: ${hits.join(", ") || "none"}`));
    const about = make("span", "about", null, make("span", "", `${item.verifier} · ${item.group}`), marks);
    const node = make("li", "", null, written("span", "asked", item.question), about);
    node.id = `item-${index}`;
    node.setAttribute("role", "option");
    node.setAttribute("aria-selected", "false");
    node.addEventListener("click", () => select(index));
    return node;
  };

  const refresh = () => {
    const before = shown[current];
    shown = data.items.filter(fits);
    list.replaceChildren(...shown.map(entry));
    byId("count").textContent = `${shown.length} of ${data.items.length}`;
    current = -1;
    if (shown.length === 0) {
      list.append(make("li", "empty", "No question fits these filters."));
      list.removeAttribute("aria-activedescendant");
      pane.replaceChildren();
    } else {
      select(Math.max(0, shown.indexOf(before)), false);
    }
  };
  const select = (index, scroll = true) => {
    if (current >= 0) list.children[current].setAttribute("aria-selected", "false");
    current = Math.min(Math.max(index, 0), shown.length - 1);
    const node = list.children[current];
    node.setAttribute("aria-selected", "true");
    list.setAttribute("aria-activedescendant", node.id);
    if (scroll) node.scrollIntoView({ block: "nearest" });
    show(shown[current]);
  };

  const picture = (digest, number) => {
    const uri = data.pictures[digest];
    if (!uri) return make("div", "missing", "This picture could not be read.");
    const image = make("img");
    image.alt = `picture ${number + 1} of the question`;
    image.addEventListener("load", () => image.classList.toggle("small", image.naturalWidth < 192));
    image.src = uri;
    return image;
  };
  const verdictText = (verdict) => {
    const symbol = { correct: "✓", wrong: "✗", graded: "◐", unparseable: "✗" }[verdict.outcome] ?? "–";
    const score = verdict.outcome === "graded" ? ` ${verdict.score.toFixed(2)}` : "";
    return `${symbol} ${verdict.outcome}${score}`;
  };
  const why = (verdict) => {
    const read = verdict.extracted === null ? "nothing extracted" : `extracted ${verdict.extracted}`;
    return verdict.why ? `${read} · ${verdict.why}` : read;
  };
  const facts = (response) => {
    const rows = [`strict: ${why(response.strict)}`];
    const { strict, lenient } = response;
    if (strict.outcome !== lenient.outcome || strict.score !== lenient.score || strict.extracted !== lenient.extracted)
      rows.push(`lenient: ${verdictText(lenient)} · ${why(lenient)}`);
    const worth = ([name, value]) => `${name} ${value === null ? "undecided" : value.toFixed(2)}`;
    rows.push(`reward: ${response.terms.map(worth).join(" + ")}`);
    const counts = response.tokens === null ? [] : [`${response.tokens} tokens`];
    if (response.truncated) counts.push("cut at the limit");
    if (response.steps_true !== null && response.steps_false !== null)
      counts.push(`${response.steps_true} steps true, ${response.steps_false} false`);
    if (response.draws) counts.push(`${response.draw_hits} of ${response.draws} draws right`);
    rows.push(counts.join(" · "));
    return make("p", "facts", null, ...rows.map((row) => written("span", "", row)));
  };
  const step = (one) => {
    const state = one.truth === null ? "" : one.truth ? " true" : " false";
    const sign = one.truth === null ? "·" : one.truth ? "✓" : "✗";
    const told = one.truth === null ? "" : one.truth ? "true" : "false";
    const node = make("li", `step${state}`, null, make("span", "sign", sign));
    if (told) node.append(make("span", "hidden", `${told}: `));
    node.append(written("span", "said", one.text));
    if (one.hesitant) node.append(make("span", "habit", "… hesitates"));
    if (one.repeated) node.append(make("span", "habit", "↻ repeats"));
    return node;
  };
  const parts = (response) => {
    if (!response.tagged && response.steps.length === 0)
      return [make("p", "label", "not in the asked form; as written"), written("p", "text think raw", response.text)];
    if (!response.tagged)
      return [make("p", "label", "think, not in the asked form"), make("ol", "think", null, ...response.steps.map(step))];
    return [
      make("div", "", null, make("p", "label", "think"), make("ol", "think", null, ...response.steps.map(step))),
      make("div", "", null, make("p", "label", "answer"), written("p", "text answer", response.answer)),
    ];
  };
  const card = (arm, response) => {
    const state = response.strict.undecided ? "undecided" : response.hit ? "hit" : "miss";
    const name = arm.name + (response.decoding === "greedy" ? "" : " (first draw)");
    const verdict = make("span", `verdict ${state}`, verdictText(response.strict));
    const body = make("div", "", null, ...parts(response));
    const node = make("section", "card", null, make("header", "", null, make("h3", "", name), verdict), body);
    node.style.setProperty("--arm", arm.colour);
    if (response.tagged || response.steps.length > 0) {
      const toggle = make("button", "", "as written");
      toggle.type = "button";
      toggle.addEventListener("click", () => {
        const raw = toggle.textContent === "as written";
        body.replaceChildren(...(raw ? [written("p", "text think raw", response.text)] : parts(response)));
        toggle.textContent = raw ? "in parts" : "as written";
      });
      node.append(toggle);
    }
    node.append(facts(response));
    return node;
  };
  const show = (item) => {
    const question = make("div", "", null,
      make("p", "label", "question"), written("p", "text", item.question),
      make("p", "label gold", "gold"), written("p", "text", item.gold),
      make("p", "where", `${item.id} · ${item.source} · ${item.group} · ${item.verifier} · ${item.dimension}`));
    const task = make("div", "task", null, make("div", "pictures", null, ...item.images.map(picture)), question);
    const arms = armsOf(item);
    pane.replaceChildren(task, make("div", "cards", null, ...arms.map((arm) => card(arm, responseOf(item, arm)))));
    pane.scrollTop = 0;
  };

  for (const arm of data.arms) {
    const box = make("input");
    box.type = "checkbox";
    box.checked = arm.shown;
    box.value = arm.name;
    box.addEventListener("input", () => {
      if (box.checked) visible.add(arm.name);
      else visible.delete(arm.name);
      refresh();
    });
    const dot = make("i", "dot");
    dot.style.background = arm.colour;
    byId("filter-arms").append(make("label", "", null, box, dot, arm.name));
  }
  offer(filters.verifier, "all", distinct((item) => [item.verifier]));
  offer(filters.group, "all", distinct((item) => [item.group]));
  offer(filters.outcome, "any", [
    ["is:hit", "right"], ["is:miss", "not right"], ["is:split", "arms disagree"],
    ...distinct((item) => Object.values(item.responses).map((response) => response.strict.outcome)),
  ]);
  for (const control of Object.values(filters)) control.addEventListener("input", refresh);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  list.addEventListener("keydown", (event) => {
    const moves = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: shown.length - 1 };
    if (shown.length === 0 || !Object.hasOwn(moves, event.key)) return;
    event.preventDefault();
    select(moves[event.key]);
  });
  byId("filters").hidden = false;
  byId("legend").hidden = false;
  refresh();
})();
