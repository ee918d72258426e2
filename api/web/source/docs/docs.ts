/** The API documentation: Swagger UI over the server's own OpenAPI description. */

import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const followSystem = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followSystem);
followSystem();

SwaggerUI({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  // The validator badge would ask another host.
  validatorUrl: null,
});
