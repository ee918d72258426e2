/** Starts the page: asks the server what there is, and the address what was chosen. */

import { type Choice, readAddress } from "./choice";
import { type PageInfo, Refusal } from "./contract";
import { Explorer } from "./explorer";
import { Notice } from "./notice";
import { suits } from "./scripts";
import { Server } from "./server";

const server = new Server();
const notice = new Notice(document.querySelector<HTMLElement>(".notice")!, server);

try {
  const page = await server.page();
  const { choice, place } = await readAddress(location.hash);
  await new Explorer(server, page, completeChoice(page, choice), notice).start(place);
} catch (error) {
  if (error instanceof Refusal && error.status === 401) notice.needsToken();
  else notice.failed(error instanceof Error ? error.message : String(error));
}

/** Return what the address says where the server has it, else what is best to look at first. */
function completeChoice(page: PageInfo, said: Partial<Choice>): Choice {
  const collection =
    page.collections.find(({ id }) => id === said.collection) ??
    page.collections[0];
  if (!collection) throw new Error("The server has no collections.");
  const scripts = page.scripts.filter((script) => suits(script, collection));
  const script = scripts.find(({ id }) => id === said.script) ?? scripts[0];
  const days = collection.dates;
  const clearest = Math.min(...days.map(({ cloudCover }) => cloudCover ?? 0));
  const date =
    days.find((day) => day.date === said.date) ??
    days.findLast(({ cloudCover }) => (cloudCover ?? 0) <= clearest);
  return {
    collection: collection.id,
    script: script?.id ?? "",
    code: said.code ?? null,
    date: date?.date ?? "",
    days: said.days ?? 1,
    order: said.order ?? "mostRecent",
    maxCloudCover: said.maxCloudCover ?? 100,
  };
}
