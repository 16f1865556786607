// The online drift window, kept up to date in place, and a way to see it rise.

import { ask, token } from "./api.js";
import { byId, h, show, strip } from "./dom.js";
import { STRANGER } from "./examples.js";
import { count, index, labelOf, percent } from "./words.js";

const AT_ONCE = 10;
const PAUSE = 80;
const MORE_THAN_THE_WINDOW = 1.2;
const OFTEN_ENOUGH = 5;
const FULL_BAR = 5;

const known = new Map();
let window_ = 500;
let sending = false;

/** Ask for the window and show it. */
export async function showDrift() {
  if (token.missing) return;
  try {
    update(await ask("drift"));
  } catch (error) {
    byId("drift-window").textContent = error.message;
  }
}

/** Make the button for strange passengers work: it starts the sending, and ends it early. */
export function startStrangers() {
  byId("strange").addEventListener("click", () => {
    if (sending) sending = false;
    else sendStrangers();
  });
}

function update({ window: size, predictions, full, threshold, fields }) {
  window_ = size;
  byId("drift-threshold").textContent = String(threshold);
  byId("drift-window").textContent = full
    ? `The last ${count(size)} passengers`
    : `${count(predictions)} passengers so far; judged from ${count(size)} on`;
  for (const [name, field] of Object.entries(fields)) {
    if (!known.has(name)) known.set(name, addField(name));
    updateField(known.get(name), field, full);
  }
  for (const [name, part] of known) {
    if (name in fields) continue;
    part.details.remove();
    known.delete(name);
  }
}

function addField(name) {
  const part = {
    label: name === "probability" ? "The answers" : labelOf(name),
    drifted: null,
    seen: "",
    bar: h("span", { class: "bar" }),
    number: h("span", { class: "number" }),
    state: h("span", { class: "state" }),
    bins: h("div", { class: "scroll" }),
  };
  part.details = h("details", { "data-field": name },
    h("summary", {}, h("span", { class: "what" }, part.label), part.bar, part.number, part.state), part.bins);
  byId("drift-fields").append(part.details);
  return part;
}

function updateField(part, field, full) {
  const seen = JSON.stringify([field, full]);
  if (seen === part.seen) return;
  part.seen = seen;
  // The index has no end and matters most near its threshold: its root leaves room for both.
  const along = (value) => 100 * Math.sqrt(Math.min(1, value / FULL_BAR));
  const bar = { from: 0, to: along(field.drift), kind: field.drifted ? "lowers" : "raises", "data-drift": field.drift };
  part.bar.replaceChildren(strip("psi", [bar], [along(field.bar)]));
  part.number.textContent = index(field.drift);
  part.state.textContent = field.drifted ? "moved" : full ? "steady" : "so far";
  part.details.classList.toggle("drifted", field.drifted);
  part.bins.replaceChildren(binTable(part.label, field.bins));
  if (part.drifted !== null && part.drifted !== field.drifted) {
    byId("drift-spoken").textContent = `${part.label}: ${field.drifted ? "has moved" : "is steady again"}.`;
  }
  part.drifted = field.drifted;
}

function binTable(label, bins) {
  const total = Math.max(1, bins.reduce((sum, bin) => sum + bin.window, 0));
  const shares = bins.map((bin) => ({ ...bin, window: bin.window / total }));
  const most = Math.max(...shares.flatMap((bin) => [bin.reference, bin.window]), 0.01);
  const bar = (share, kind) => strip("small", [{ from: 0, to: (100 * share) / most, kind }]);
  return h(
    "table",
    { class: "bins" },
    h("caption", {}, `${label}: share of passengers in training and of late`),
    h("thead", {}, h("tr", {}, ["Value", "In training", "Of late"].map((word) => h("th", { scope: "col" }, word)))),
    h("tbody", {}, shares.map((bin) => h("tr", {},
      h("th", { scope: "row" }, bin.label),
      h("td", { class: "number" }, percent(bin.reference), bar(bin.reference, "then")),
      h("td", { class: "number" }, percent(bin.window), bar(bin.window, "raises"))))),
  );
}

async function sendStrangers() {
  const [button, progress, status] = ["strange", "strange-progress", "strange-status"].map(byId);
  const total = Math.ceil((window_ * MORE_THAN_THE_WINDOW) / AT_ONCE) * AT_ONCE;
  sending = true;
  button.textContent = "Stop";
  status.textContent = "";
  progress.max = total;
  show(progress, true);
  let sent = 0;
  try {
    while (sending && sent < total) {
      const pause = await sendSome();
      if (!pause) sent += AT_ONCE;
      progress.value = sent;
      status.textContent = pause ? `The service asks to wait ${pause} s.` : "";
      if (sent % (AT_ONCE * OFTEN_ENOUGH) === 0) await showDrift();
      await new Promise((resolve) => setTimeout(resolve, pause * 1000 || PAUSE));
    }
    status.textContent = `${count(sent)} strange passengers sent.`;
  } catch (error) {
    status.textContent = `${error.message} ${count(sent)} were sent.`;
  } finally {
    sending = false;
    button.textContent = "Send strange passengers";
    show(progress, false);
    await showDrift();
  }
}

/** Send a few; how many seconds to wait if the service has had enough for now. */
async function sendSome() {
  try {
    await ask("batch_predict", { json: { passengers: Array(AT_ONCE).fill(STRANGER) } });
    return 0;
  } catch (error) {
    if (error.status === 429) return error.retryAfter || 1;
    throw error;
  }
}
