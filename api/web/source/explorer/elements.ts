/** Elements in a line each. */

/** Return an element with a class and a text. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  name: string,
  text = "",
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}

/** Return a paragraph with a class and a text. */
export function paragraph(name: string, text: string): HTMLElement {
  return element("p", name, text);
}
