// The answer to one passenger: the probability and what made it, drawn and in words.

import { byId, h, strip, svg } from "./dom.js";
import { valueInWords } from "./form.js";
import { capital, labelOf, percent, points } from "./words.js";

const ROWS = 4;
const COLUMNS = 25;
const WORTH_A_LINE = 0.0005;
const SHORTEST_SCALE = 0.05; // so that what hardly matters looks like it

/** Show a prediction with its explanation. */
export function showAnswer(answer) {
  const hundred = Math.round(answer.probability * 100);
  const verdict = inWords(answer);
  const told = `Of 100 such passengers, about ${hundred} would have lived.`;
  byId("answer").replaceChildren(
    h("p", { class: `verdict ${answer.survived ? "lived" : "died"}` }, verdict),
    h("p", { class: "chance" }, h("strong", {}, percent(answer.probability)), " chance of survival"),
    dots(hundred),
    h("p", { class: "told" }, told),
    ...(answer.explanation ? why(answer) : []),
    h(
      "p",
      { class: "fine" },
      `Model ${answer.model_version}, ${answer.variant}. Request `,
      h("code", {}, answer.request_id),
    ),
  );
  byId("spoken").textContent = `${verdict}, ${percent(answer.probability)} chance of survival. `
    + (answer.explanation?.summary ?? "");
}

/** Show nothing but where an answer would be. */
export function clearAnswer() {
  byId("answer").replaceChildren(
    dots(0, true),
    h("p", { class: "hint" }, "Each dot stands for one of a hundred such passengers. Choose an invented one, or "
      + "fill in the form and ask; what is not known may stay empty."),
  );
  byId("spoken").textContent = "";
}

function inWords({ survived, probability }) {
  const sure = Math.max(probability, 1 - probability);
  const how = sure >= 0.95 ? "Almost certainly" : sure >= 0.8 ? "Very probably" : sure >= 0.6 ? "Probably" : "Just about";
  return `${how} ${survived ? "survived" : "died"}`;
}

// A bar of a hundred passengers, filled column by column.
function dots(living, isEmpty = false) {
  const each = Array.from({ length: ROWS * COLUMNS }, (_, at) => svg("circle", {
    class: at < living ? "alive" : "dead",
    cx: 5 + 10 * Math.floor(at / ROWS),
    cy: 5 + 10 * (at % ROWS),
    r: at < living ? 3.9 : 3.3,
  }));
  return svg(
    "svg",
    {
      class: "dots",
      viewBox: `0 0 ${COLUMNS * 10} ${ROWS * 10}`,
      ...(isEmpty ? { "aria-hidden": "true" } : { role: "img", "aria-label": `${living} of 100` }),
    },
    each,
  );
}

function why({ explanation, probability }) {
  const { reference, contributions, summary } = explanation;
  const weighty = contributions.filter((each) => Math.abs(each.contribution) >= WORTH_A_LINE);
  const rest = contributions.filter((each) => !weighty.includes(each)).map((each) => labelOf(each.field));
  const most = Math.max(...contributions.map((each) => Math.abs(each.contribution)), SHORTEST_SCALE);
  return [
    h("h3", {}, "Why"),
    h("p", {}, summary),
    h(
      "div",
      { class: "reasons" },
      h("p", { class: "reason end" },
        h("span", {}, "Begins with ", reference.text), h("span", { class: "number" }, percent(reference.probability))),
      h("ol", { "aria-label": "What moved it, the most important first" },
        weighty.map((each) => reason(each, most))),
      h("p", { class: "reason end" },
        h("span", {}, "Arrives at this passenger"), h("span", { class: "number" }, percent(probability))),
    ),
    rest.length ? h("p", { class: "hint" }, `Next to no difference was made by: ${rest.join(", ")}.`) : "",
  ];
}

function reason({ field, value, contribution, sentence }, most) {
  return h(
    "li",
    { class: "reason" },
    h("span", { class: "what" }, h("strong", {}, labelOf(field)), " ", valueInWords(field, value)),
    h("span", { class: "number" }, points(contribution)),
    strip("zero", [{
      from: 50,
      to: 50 + (48 * contribution) / most,
      kind: contribution < 0 ? "lowers" : "raises",
      "data-contribution": contribution,
    }], [50]),
    h("span", { class: "sentence" }, `${capital(sentence)}.`),
  );
}
