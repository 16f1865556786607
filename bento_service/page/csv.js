// Comma-separated values, as far as a person's list and a download need them.

/** Rows as CSV. */
export function toCsv(rows) {
  const cell = (value) => (/[",\r\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** CSV as rows; lines with nothing on them are left out. */
export function fromCsv(text) {
  const rows = [];
  let row = [];
  let cell = "";
  let quoted = false;
  const endCell = () => {
    row.push(cell);
    cell = "";
  };
  const endRow = () => {
    endCell();
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  };
  const source = text.replace(/^\uFEFF/, "");
  for (let at = 0; at < source.length; at += 1) {
    const sign = source[at];
    if (quoted) {
      if (sign !== '"') cell += sign;
      else if (source[at + 1] === '"') cell += source[(at += 1)];
      else quoted = false;
    } else if (sign === '"' && cell === "") quoted = true;
    else if (sign === ",") endCell();
    else if (sign === "\n") endRow();
    else if (sign === "\r") {
      if (source[at + 1] !== "\n") endRow();
    } else cell += sign;
  }
  if (cell !== "" || row.length) endRow();
  return rows;
}
