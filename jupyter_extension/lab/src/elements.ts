/**
 * The few HTML elements that banner, panel and report are made of. Text goes in as text, never as HTML.
 */

/** An element with a class and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  name: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  if (name) {
    node.className = name;
  }
  node.append(...children);
  return node;
}

/** A button that says what it does. */
export function button(label: string, name: string, run: () => void): HTMLButtonElement {
  const node = element('button', `sm-Button ${name}`, label);
  node.type = 'button';
  node.addEventListener('click', run);
  return node;
}

/** A link that opens in a tab of its own, which does not learn where it was opened. */
export function link(label: string, name: string, href: string): HTMLAnchorElement {
  const node = element('a', name, label);
  node.href = href;
  node.target = '_blank';
  node.rel = 'noopener noreferrer';
  return node;
}

/** A heading and what stands under it; nothing if there is nothing. */
export function section(heading: string, ...children: Node[]): HTMLElement[] {
  return children.length === 0 ? [] : [element('section', 'sm-Section', element('h3', '', heading), ...children)];
}

/** A list with one item for each row of children. */
export function list(rows: (Node | string)[][]): HTMLElement[] {
  return rows.length === 0 ? [] : [element('ul', 'sm-List', ...rows.map(row => element('li', '', ...row)))];
}
