// The form, made from what the contract says of each field.

import { byId, h, show } from "./dom.js";
import { capital, labelOf, wordFor } from "./words.js";

const UNKNOWN = "";
const MOST_CHOICES = 6;
const FEW = 3;
const LONG_TEXT = 100;

let fields = [];

/** Make the form anew. */
export function buildForm(contract) {
  fields = contract;
  byId("fields").replaceChildren(...fields.map((field) => (choicesOf(field) ? choice(field) : entry(field))));
  show(byId("passenger-buttons"), true);
}

/** What has been filled in, as the API takes it; what is unknown is left out. */
export function passengerFromForm() {
  const values = new FormData(byId("passenger"));
  const passenger = {};
  for (const field of fields) {
    const text = String(values.get(field.name) ?? "").trim();
    if (text !== UNKNOWN) passenger[field.name] = asTyped(field, text);
  }
  return passenger;
}

/** Put a passenger into the form; whatever the contract does not know is left out. */
export function fillForm(passenger) {
  const form = byId("passenger");
  form.reset();
  for (const field of fields) {
    const value = passenger[field.name];
    if (value !== undefined) form.elements[field.name].value = String(value);
  }
}

/** Show an error of the API beside the field it names; false if there is no such field. */
export function showFieldError(name, message) {
  const place = byId(`${name}-error`);
  if (!place || !fields.some((field) => field.name === name)) return false;
  place.textContent = message;
  invalidPart(name).setAttribute("aria-invalid", "true");
  const box = place.closest(".field");
  (box.querySelector(":checked") ?? box.querySelector("input")).focus({ preventScroll: true });
  box.scrollIntoView({ block: "center" });
  return true;
}

/** Take back what `showFieldError` showed. */
export function clearFieldErrors() {
  for (const { name } of fields) {
    byId(`${name}-error`).textContent = "";
    invalidPart(name).removeAttribute("aria-invalid");
  }
}

/** A value of a field as the form words it. */
export function valueInWords(name, value) {
  if (value === null || value === undefined) return "unknown";
  const field = fields.find((each) => each.name === name);
  return (field && choicesOf(field) && wordFor(value, field.explanation)) || String(value);
}

// Of choices it is the whole group that is wrong.
function invalidPart(name) {
  const box = byId(`${name}-error`).closest(".field");
  return box.matches("fieldset") ? box : box.querySelector("input");
}

// What cannot be a number goes as it is: the API says what is wrong with it better than we could.
function asTyped(field, text) {
  if (field.kind !== "integer" && field.kind !== "number") return text;
  return /^[-+]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : text;
}

function choicesOf(field) {
  if (field.kind === "category") return field.allowed;
  if (field.kind !== "integer" || !(field.high - field.low < MOST_CHOICES)) return null;
  return Array.from({ length: field.high - field.low + 1 }, (_, at) => field.low + at);
}

const wordOf = (field, value) => capital(wordFor(value, field.explanation) ?? String(value));
const isNeeded = (field) => field.required && !field.optional;
const neededWord = (field) => isNeeded(field) && h("span", { class: "needed" }, " needed");
const errorPlace = (field) => h("p", { id: `${field.name}-error`, class: "error" });

function choice(field) {
  const values = choicesOf(field);
  // Choices that already say what the explanation says need no second telling.
  const told = values.every((value) => wordFor(value, field.explanation));
  const hint = !told && h("p", { id: `${field.name}-hint`, class: "hint" }, field.explanation);
  const options = values.map((value) => option(field, value, wordOf(field, value)));
  if (!isNeeded(field)) options.push(option(field, UNKNOWN, "Unknown"));
  return h(
    "fieldset",
    {
      class: "field wide",
      role: "radiogroup",
      "aria-required": isNeeded(field) ? "true" : null,
      "aria-describedby": `${hint ? `${field.name}-hint ` : ""}${field.name}-error`,
    },
    h("legend", {}, labelOf(field.name), neededWord(field)),
    hint,
    h("div", { class: options.length > FEW ? "choices" : "choices few" }, options),
    errorPlace(field),
  );
}

function option(field, value, word) {
  const id = `${field.name}-${value === UNKNOWN ? "unknown" : value}`;
  const chosen = value === (field.default ?? (isNeeded(field) ? null : UNKNOWN));
  return h(
    "div",
    { class: "option" },
    h("input", { type: "radio", id, name: field.name, value, checked: chosen, class: "unseen" }),
    h("label", { for: id }, word),
  );
}

function entry(field) {
  return h(
    "div",
    { class: field.max_length > LONG_TEXT ? "field wide" : "field" },
    h("label", { for: `field-${field.name}` }, labelOf(field.name), neededWord(field)),
    h("p", { id: `${field.name}-hint`, class: "hint" }, field.explanation),
    h("input", {
      id: `field-${field.name}`,
      name: field.name,
      type: "text",
      inputmode: { integer: "numeric", number: "decimal" }[field.kind],
      maxlength: field.max_length,
      value: field.default,
      autocomplete: "off",
      spellcheck: "false",
      "aria-required": isNeeded(field) ? "true" : null,
      "aria-describedby": `${field.name}-hint ${field.name}-error`,
    }),
    errorPlace(field),
  );
}
