// Makes elements. Whatever comes from the API or from a person goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/** An HTML element with attributes (`on...`: a listener; null or false: left out) and children. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** A bar across a strip of 100 by 10, from one place to another. */
export function strip(className, bars, marks = []) {
  return svg(
    "svg",
    { class: `strip ${className}`, viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "track", width: 100, height: 10 }),
    bars.map(({ from, to, kind, ...data }) =>
      svg("rect", { class: kind, x: Math.min(from, to), width: Math.abs(to - from), height: 10, ...data })),
    marks.map((x) => svg("line", { class: "mark", x1: x, x2: x, y1: -4, y2: 14 })),
  );
}

/** Show or hide, by the attribute that assistive technology understands too. */
export function show(element, visible) {
  element.hidden = !visible;
}

/** Run a task now and every few seconds while an element can be seen. */
export function whileSeen(element, seconds, task) {
  let inView = false;
  let timer = 0;
  const look = async () => {
    clearTimeout(timer);
    if (!inView || document.hidden) return;
    await task();
    clearTimeout(timer);
    timer = setTimeout(look, seconds * 1000);
  };
  new IntersectionObserver((entries) => {
    inView = entries.at(-1).isIntersecting;
    look();
  }).observe(element);
  document.addEventListener("visibilitychange", look);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}
