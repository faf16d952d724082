/** Elements of the page, and making some. */

export function element<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as T;
}

/** `make("td", "text")`, `make("tr", cell, cell)`: text is never taken for markup. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  ...parts: readonly (string | Node)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.append(...parts);
  return made;
}

/** Picks by their tabs which of the panels is seen; `shown` is told its id. */
export function wireTabs(shown: (id: string) => void): void {
  const tabs = [...document.querySelectorAll<HTMLElement>('[role="tab"]')];
  const show = (tab: HTMLElement): void => {
    for (const one of tabs) {
      one.setAttribute("aria-selected", String(one === tab));
      one.tabIndex = one === tab ? 0 : -1;
      element(one.getAttribute("aria-controls")!).hidden = one !== tab;
    }
    shown(tab.getAttribute("aria-controls")!);
  };
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => show(tab));
    tab.addEventListener("keydown", ({ key }) => {
      const by = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
      if (by === 0) return;
      const next = tabs[(i + by + tabs.length) % tabs.length]!;
      show(next);
      next.focus();
    });
  });
}
