// Where the page begins: what is asked first, and what a click does.

import { clearAnswer, showAnswer } from "./answer.js";
import { ask, token } from "./api.js";
import { startBatch } from "./batch.js";
import { byId, h, show, whileSeen } from "./dom.js";
import { showDrift, startStrangers } from "./drift.js";
import { EXAMPLES } from "./examples.js";
import { buildForm, clearFieldErrors, fillForm, passengerFromForm, showFieldError } from "./form.js";
import { showModel } from "./model.js";
import { capital } from "./words.js";

const TRY_AGAIN_AFTER = 3000;

let built = false;
let latest = 0;

/** Ask for the contract and make the form; as long as the service is not there, again and again. */
async function begin() {
  if (built || token.missing) return;
  try {
    const { fields } = await ask("contract");
    built = true;
    buildForm(fields);
    byId("examples").replaceChildren(...EXAMPLES.map(example));
    show(byId("examples-group"), true);
  } catch (error) {
    if (!token.missing) {
      const message = error.unreachable ? "The form will be here as soon as the service answers." : error.message;
      byId("fields").replaceChildren(h("p", { class: "notice" }, message));
      setTimeout(begin, TRY_AGAIN_AFTER);
    }
  }
}

function example({ title, passenger }) {
  return h("button", {
    type: "button",
    onclick: () => {
      fillForm(passenger);
      askModel();
    },
  }, title);
}

async function askModel() {
  latest += 1;
  const mine = latest;
  const place = byId("answer");
  clearFieldErrors();
  complain("");
  place.setAttribute("aria-busy", "true");
  try {
    const onSlow = () => mine === latest && complain("The service takes its time. Still waiting …");
    const answer = await ask("explain", { json: passengerFromForm(), onSlow });
    if (mine !== latest) return;
    complain("");
    showAnswer(answer);
    bringIntoView(place);
    if (answer.variant === "champion" && answer.model_version !== byId("live").dataset.version) showModel();
  } catch (error) {
    if (mine !== latest) return;
    clearAnswer();
    const shown = error.field && showFieldError(error.field, error.message);
    complain(shown ? "" : capital(error.message));
    if (!shown) bringIntoView(place);
  } finally {
    if (mine === latest) place.removeAttribute("aria-busy");
  }
}

// On a narrow screen the answer is below the form.
function bringIntoView(place) {
  const card = place.closest("section");
  const { top } = card.getBoundingClientRect();
  if (top < 0 || top > innerHeight / 2) card.scrollIntoView();
}

function complain(message) {
  byId("trouble").replaceChildren(...(message ? [h("p", { class: "notice bad" }, message)] : []));
}

function startToken() {
  const panel = byId("token");
  const value = byId("token-value");
  addEventListener("token-wanted", ({ detail }) => {
    byId("token-reason").textContent = token.value ? `The token was not accepted. ${detail}` : detail;
    const appears = panel.hidden;
    show(panel, true);
    show(byId("token-forget"), Boolean(token.value));
    if (appears) byId("token-title").focus();
  });
  byId("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!value.value.trim()) {
      value.focus();
      return;
    }
    token.use(value.value.trim());
    value.value = "";
  });
  addEventListener("token-given", async () => {
    show(panel, false);
    show(byId("token-forget"), true);
    complain("");
    await showModel();
    if (token.missing) {
      value.focus();
      return;
    }
    byId("ask").focus();
    await begin();
    await showDrift();
  });
  byId("token-forget").addEventListener("click", () => {
    token.forget();
    location.reload();
  });
  show(byId("token-forget"), Boolean(token.value));
}

function startConnection() {
  const place = byId("connection");
  addEventListener("reached", () => show(place, false));
  addEventListener("unreachable", () => {
    place.textContent = "The service does not answer. This page goes on trying.";
    show(place, true);
  });
}

byId("passenger").addEventListener("submit", (event) => {
  event.preventDefault();
  askModel();
});
byId("passenger").addEventListener("reset", () => {
  clearFieldErrors();
  complain("");
});
clearAnswer();
startConnection();
startToken();
startBatch();
startStrangers();
await begin();
showModel();
whileSeen(byId("model"), 10, showModel);
whileSeen(byId("drift"), 3, showDrift);
