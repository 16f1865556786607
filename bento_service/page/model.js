// The live model and where it comes from.

import { ask, token } from "./api.js";
import { byId, h, show } from "./dom.js";
import { capital, count, moment, percent } from "./words.js";

// Shares are best read as percentages; all else is shown as it is.
const SHARE = /accuracy/;
const FIGURES = {
  accuracy_of_sex_alone: "Accuracy of sex alone",
  accuracy_by_ticket: "Accuracy, families kept together",
  log_loss_by_ticket: "Log loss, families kept together",
  brier: "Brier score",
  roc_auc: "ROC AUC",
};

let shown = "";

/** Ask what is live and show it, if it is not what is shown already. */
export async function showModel() {
  if (token.missing) return;
  const place = byId("model-content");
  try {
    const model = await ask("model");
    const seen = JSON.stringify(model);
    if (seen === shown) return;
    shown = seen;
    place.replaceChildren(...describe(model));
    byId("live").textContent = model.champion ? `Model ${model.champion.version} is live` : "No model is live";
    byId("live").classList.toggle("none", !model.champion);
    byId("live").dataset.version = model.champion?.version ?? "";
    show(byId("live"), true);
  } catch (error) {
    shown = "";
    place.replaceChildren(h("p", { class: "notice bad" }, error.message));
  }
}

function describe({ champion, challenger, challenger_mode: mode, refused = [], source, unreachable }) {
  return [
    champion ? release(champion) : h("p", { class: "notice bad" }, "No model is live."),
    unreachable ? h("p", { class: "notice bad" }, "The place that releases come from cannot be reached now. What is live goes on.") : "",
    h("h3", {}, "Challenger"),
    challenger
      ? h("div", {}, h("p", {}, modeInWords(mode)), release(challenger))
      : h("p", { class: "hint" }, "None: no other model is tried beside this one."),
    h("h3", {}, "Refused releases"),
    refused.length
      ? h("ul", { class: "refused" }, refused.map(({ name, reason, time }) => h("li", {},
        h("strong", {}, name), " ", h("span", { class: "hint" }, moment(time)), h("br"), reason)))
      : h("p", { class: "hint" }, "None: every release that came was fit to be served."),
    h("p", { class: "fine" }, "Releases come from ", h("code", {}, source === "packed" ? "the bento itself" : source)),
  ];
}

function modeInWords(mode) {
  return {
    shadow: "In shadow: it answers every request too, and nobody sees its answers.",
    split: "Split: it answers a share of the callers.",
    off: "Known, but switched off.",
  }[mode] ?? mode;
}

function release({ version, digest, family, figures = {}, feature_version: features, provenance = {}, live_since: since, trained_on: passengers }) {
  return h(
    "div",
    { class: "release" },
    h("p", { class: "version" }, h("strong", {}, `Version ${version}`), ` ${family?.replaceAll("_", " ") ?? ""}`,
      since && h("span", { class: "hint" }, ` live since ${moment(since)}`)),
    h("dl", { class: "figures" }, Object.entries(figures).map(([name, value]) => h("div", {},
      h("dt", {}, FIGURES[name] ?? capital(name.replaceAll("_", " "))),
      h("dd", {}, SHARE.test(name) ? percent(value) : Number(value).toFixed(3))))),
    h("dl", { class: "provenance" }, [
      ["Digest", digest],
      ["Data fingerprint", provenance.data_fingerprint],
      ["Code revision", provenance.code_revision],
      ["Dagster run", provenance.dagster_run_id],
      ["MLflow run", provenance.mlflow_run_id],
      ["Features", features && `version ${features}`],
      ["Trained on", passengers && `${count(passengers)} passengers`],
    ].filter(([, value]) => value).map(([name, value]) => h("div", {},
      h("dt", {}, name), h("dd", {}, h("code", {}, String(value)))))),
  );
}
