// Invented passengers of different fates to begin with. What is not named is not known.

import { toCsv } from "./csv.js";

export const EXAMPLES = [
  {
    title: "A first-class woman",
    passenger: {
      pclass: 1, sex: "female", age: 38, sibsp: 1, fare: 86.5, embarked: "C",
      name: "Ashcombe, Mrs. Edwin (Eleanor Wray)", ticket: "AX 1071", cabin: "B36",
    },
  },
  {
    title: "A third-class man",
    passenger: {
      pclass: 3, sex: "male", age: 47, fare: 7.25, embarked: "S",
      name: "Bergdahl, Mr. Jonas", ticket: "AX 3145",
    },
  },
  {
    title: "A boy with his family",
    passenger: {
      pclass: 2, sex: "male", age: 6, sibsp: 1, parch: 2, fare: 29, embarked: "S",
      name: "Tanner, Master. Wilfred", ticket: "AX 2208",
    },
  },
  {
    title: "A girl, one of seven",
    passenger: {
      pclass: 3, sex: "female", age: 9, sibsp: 4, parch: 2, fare: 31.4, embarked: "Q",
      name: "Fennelly, Miss. Nora", ticket: "AX 3390",
    },
  },
  {
    title: "A colonel of sixty",
    passenger: {
      pclass: 1, sex: "male", age: 60, fare: 30.5, embarked: "S",
      name: "Harrowgate, Col. Philip", ticket: "AX 1002", cabin: "D14",
    },
  },
  { title: "Almost nothing known", passenger: { pclass: 3, sex: "female" } },
];

/** Someone whom no passenger list of 1912 holds. */
export const STRANGER = { pclass: 1, sex: "female", age: 110, sibsp: 8, parch: 6, fare: 1900, embarked: "Q" };

/** A small list as people have them: most lines good, one not. */
export function sampleList() {
  const columns = ["name", "pclass", "sex", "age", "sibsp", "parch", "fare", "embarked", "ticket", "cabin"];
  const rows = EXAMPLES.map(({ passenger }) => columns.map((column) => passenger[column] ?? ""));
  rows.splice(3, 0, columns.map((column) => (
    { name: "Quill, Mr. Ambrose", pclass: 4, sex: "male", age: 41, fare: 8.05, embarked: "S" }[column] ?? ""
  )));
  return toCsv([columns, ...rows]);
}
