/** The small form that says which scenes are laid on top of each other. */

import type { Choice, SceneOrder } from "./choice";

type Which = Pick<Choice, "maxCloudCover" | "days" | "order">;

export class MoreForm {
  readonly #form: HTMLFormElement;
  readonly #maxcc: HTMLInputElement;
  readonly #days: HTMLSelectElement;
  readonly #order: HTMLSelectElement;
  readonly #details: HTMLDetailsElement;

  constructor(details: HTMLElement, onChange: (change: Which) => void) {
    this.#details = details as HTMLDetailsElement;
    this.#form = details.querySelector("form")!;
    this.#maxcc = this.#form.querySelector("[name=maxcc]")!;
    this.#days = this.#form.querySelector("[name=days]")!;
    this.#order = this.#form.querySelector("[name=order]")!;
    this.#form.addEventListener("input", () => this.#write());
    this.#form.addEventListener("change", () => onChange(this.#which));
    document.addEventListener("pointerdown", (event) => {
      if (!details.contains(event.target as Node)) this.#details.open = false;
    });
    details.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#details.open = false;
    });
  }

  /** Show what is chosen. */
  fill({ maxCloudCover, days, order }: Which): void {
    this.#maxcc.value = String(maxCloudCover);
    if (![...this.#days.options].some((option) => option.value === String(days))) {
      this.#days.append(new Option(`the ${days - 1} days before, too`, String(days)));
    }
    this.#days.value = String(days);
    this.#order.value = order;
    this.#write();
  }

  get #which(): Which {
    return {
      maxCloudCover: Number(this.#maxcc.value),
      days: Number(this.#days.value),
      order: this.#order.value as SceneOrder,
    };
  }

  #write(): void {
    this.#form.querySelector("output")!.textContent = `${this.#maxcc.value} %`;
    const { maxCloudCover, days, order } = this.#which;
    const isPlain = maxCloudCover === 100 && days === 1 && order === "mostRecent";
    this.#details.classList.toggle("changed", !isPlain);
  }
}
