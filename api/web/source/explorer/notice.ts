/** The card in the middle of the map: no scenes yet, a token is needed, the server is gone. */

import type { Server } from "./server";

export class Notice {
  readonly #root: HTMLElement;
  readonly #command: HTMLElement;
  readonly #token: HTMLFormElement;
  readonly #again: HTMLButtonElement;

  constructor(root: HTMLElement, server: Server) {
    this.#root = root;
    this.#command = root.querySelector(".command")!;
    this.#token = root.querySelector(".token")!;
    this.#again = root.querySelector(".again")!;
    const code = this.#command.querySelector("code")!;
    this.#command.querySelector(".copy")!.addEventListener("click", () => {
      void navigator.clipboard.writeText(code.textContent ?? "");
    });
    this.#token.addEventListener("submit", (event) => {
      event.preventDefault();
      server.token = String(new FormData(this.#token).get("token")).trim();
      location.reload();
    });
    this.#again.addEventListener("click", () => location.reload());
  }

  hide(): void {
    this.#root.hidden = true;
  }

  noScenes(collection: string): void {
    this.#show(
      "No scenes yet",
      "Register some COGs of your own, then look again. For example:",
    );
    this.#command.querySelector("code")!.textContent = `cogmill ingest ${collection} ./my-scenes`;
    this.#command.hidden = false;
    this.#offerAgain("Look again");
  }

  needsToken(): void {
    this.#show(
      "This server asks for a token",
      "Make a client with “cogmill client create”, get an access token for it at /oauth/token, and paste it here. It is kept until this tab closes.",
    );
    this.#token.hidden = false;
    this.#token.querySelector("input")!.focus();
  }

  failed(message: string): void {
    this.#show("This did not work", message);
    this.#offerAgain("Try again");
  }

  #offerAgain(label: string): void {
    this.#again.textContent = label;
    this.#again.hidden = false;
  }

  #show(title: string, text: string): void {
    this.#root.querySelector("h2")!.textContent = title;
    this.#root.querySelector("p")!.textContent = text;
    this.#command.hidden = true;
    this.#token.hidden = true;
    this.#again.hidden = true;
    this.#root.hidden = false;
  }
}
