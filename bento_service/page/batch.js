// A list of passengers: sent as it is, its answers in a table and as a file to keep.

import { ask } from "./api.js";
import { fromCsv, toCsv } from "./csv.js";
import { byId, h, strip } from "./dom.js";
import { sampleList } from "./examples.js";
import { count, percent, several } from "./words.js";

const SHOWN = 200;
const NAME = /^name$/i;

let download = "";

/** Make the file chooser, the place to drop files and the sample work. */
export function startBatch() {
  const chooser = byId("file");
  const drop = byId("drop");
  chooser.addEventListener("change", () => {
    if (chooser.files.length) send(chooser.files[0]);
    chooser.value = "";
  });
  byId("sample").addEventListener("click", () => {
    send(new File([sampleList()], "sample.csv", { type: "text/csv" }));
  });
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length) send(event.dataTransfer.files[0]);
  });
}

async function send(file) {
  const status = byId("list-status");
  const say = (text, bad = false) => {
    status.textContent = text;
    status.classList.toggle("bad", bad);
  };
  byId("list-result").replaceChildren();
  say(`Asking about ${file.name} …`);
  try {
    const text = await file.text();
    const onSlow = () => say(`Still waiting for the answers to ${file.name} …`);
    const { predictions, ignored_columns: unused = [] } = await ask("batch_predict", { csv: text, onSlow });
    say(summary(file.name, predictions, unused));
    showResult(file.name, predictions, whoIsWho(text, predictions.length));
  } catch (error) {
    say(`${file.name}: ${error.message}`, true);
  }
}

function summary(name, predictions, unused) {
  const failed = predictions.filter((each) => each.error).length;
  const lived = predictions.filter((each) => each.survived).length;
  const rest = failed ? ` ${several(failed, "line")} could not be answered.` : "";
  const columns = unused.length ? ` Columns not used: ${unused.join(", ")}.` : "";
  return `${name}: ${several(predictions.length, "passenger")}, ${count(lived)} would have survived, `
    + `${count(predictions.length - failed - lived)} would have died.${rest}${columns}`;
}

/** The name on each line, when the list has names and its lines are those that were answered. */
function whoIsWho(text, lines) {
  const [header = [], ...rows] = fromCsv(text);
  const at = header.findIndex((name) => NAME.test(name.trim()));
  return at >= 0 && rows.length === lines ? rows.map((row) => row[at] ?? "") : null;
}

function showResult(name, predictions, names) {
  const cut = predictions.length > SHOWN;
  URL.revokeObjectURL(download);
  download = URL.createObjectURL(new Blob([resultCsv(predictions)], { type: "text/csv" }));
  byId("list-result").replaceChildren(
    h(
      "div",
      { class: "scroll", role: "region", tabindex: "0", "aria-labelledby": "list-caption" },
      h(
        "table",
        {},
        h("caption", { id: "list-caption" },
          cut ? `The first ${SHOWN} of ${count(predictions.length)} answers` : "The answers", ` to ${name}`),
        h("thead", {}, h("tr", {},
          ["Line", ...(names ? ["Name"] : []), "Answer", "Chance"].map((word) => h("th", { scope: "col" }, word)))),
        h("tbody", {}, predictions.slice(0, SHOWN).map((each, at) => line(each, at, names))),
      ),
    ),
    h("p", {}, h("a", { class: "button", href: download, download: name.replace(/(\.csv)?$/i, "-answers.csv") },
      `Download all ${count(predictions.length)} answers as CSV`)),
  );
}

function line(each, at, names) {
  const head = [h("th", { scope: "row" }, count(at + 1)), names && h("td", {}, names[at] || h("span", { class: "hint" }, "no name"))];
  if (each.error) {
    return h("tr", { class: "failed" }, head, h("td", { colspan: 2 }, h("span", { class: "error" }, each.error.message)));
  }
  return h(
    "tr",
    {},
    head,
    h("td", { class: each.survived ? "lived" : "died" }, each.survived ? "Survived" : "Died"),
    h("td", { class: "number" }, percent(each.probability),
      strip("small", [{ from: 0, to: each.probability * 100, kind: each.survived ? "raises" : "lowers" }], [50])),
  );
}

function resultCsv(predictions) {
  const header = ["line", "survived", "probability", "model_version", "request_id", "error"];
  return toCsv([header, ...predictions.map((each, at) => [
    at + 1,
    each.error ? "" : each.survived,
    each.probability ?? "",
    each.model_version ?? "",
    each.request_id ?? "",
    each.error?.message ?? "",
  ])]);
}
