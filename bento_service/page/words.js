// How this page says things: numbers, and names for the fields of the contract.
// A field that has no name here is called what the contract calls it.

const LABELS = {
  pclass: "Ticket class",
  sex: "Sex",
  age: "Age",
  sibsp: "Siblings and spouses",
  parch: "Parents and children",
  fare: "Fare",
  embarked: "Embarked at",
  name: "Name",
  ticket: "Ticket",
  cabin: "Cabin",
};

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export const labelOf = (name) => LABELS[name] ?? capital(name.replaceAll("_", " "));

/** The word that a field's explanation has for a value: "1 first, 2 second" says what 1 is. */
export function wordFor(value, explanation) {
  const found = explanation.match(new RegExp(`(?:^|[^\\w.])${value} ([a-z]{3,})`, "i"));
  return found && found[1];
}

const decimals = (digits) => new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const whole = new Intl.NumberFormat("en");
const tenth = decimals(1);
const hundredth = decimals(2);

export const count = (number) => whole.format(number);
export const percent = (share) => `${tenth.format(share * 100)}\u00a0%`;
export const index = (number) => hundredth.format(number);
export const several = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** A change of probability in points, with its sign. */
export function points(change) {
  const text = tenth.format(Math.abs(change * 100));
  if (text === "0.0") return "0.0";
  return `${change < 0 ? "−" : "+"}${text}`;
}

/** A moment as a person reads it, in the person's own time. */
export function moment(text) {
  const time = new Date(text);
  return Number.isNaN(time.getTime())
    ? String(text)
    : new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(time);
}
