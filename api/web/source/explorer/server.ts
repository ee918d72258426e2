/** The only place that talks to the server: the same origin, with a token where one was given. */

import { type CheckReport, type PageInfo, type PixelReport, Refusal, refusalOf } from "./contract";

const TOKEN_KEY = "cogmill.token";

/** Requests to the server that served the page. */
export class Server {
  #token: string | null = sessionStorage.getItem(TOKEN_KEY);

  /** Use a token from now on, until the browser's tab closes. */
  set token(token: string) {
    this.#token = token;
    sessionStorage.setItem(TOKEN_KEY, token);
  }

  /** Return a good response; throws a Refusal, or what an abort throws. */
  async ask(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#token) headers.set("Authorization", `Bearer ${this.#token}`);
    let response: Response;
    try {
      response = await fetch(url, { ...init, headers });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new Refusal(0, "The server cannot be reached.");
    }
    if (!response.ok) throw await refusalOf(response);
    return response;
  }

  async page(): Promise<PageInfo> {
    return (await this.ask("/api/v1/page")).json();
  }

  async script(id: string): Promise<string> {
    return (await this.ask(`/api/v1/scripts/${encodeURIComponent(id)}?format=js`)).text();
  }

  /** Return what is said of a script that is to read these collections. */
  async check(evalscript: string, collections: string[], signal: AbortSignal): Promise<CheckReport> {
    return this.#post("/api/v1/scripts/check", { evalscript, collections }, signal);
  }

  /** Return one pixel of a Process request, which holds its point, seen from inside. */
  async pixel(request: object, signal: AbortSignal): Promise<PixelReport> {
    return this.#post("/api/v1/process/debug", request, signal);
  }

  async #post<T>(url: string, value: object, signal: AbortSignal): Promise<T> {
    const headers = { "Content-Type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify(value), signal };
    return (await this.ask(url, init)).json();
  }
}
