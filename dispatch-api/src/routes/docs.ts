import { Type } from "typebox";
import type { Api } from "./api.ts";
import { renderDocsPage } from "./docs-page.ts";

export function docsRoutes(app: Api): void {
  app.get(
    "/api/openapi.json",
    {
      config: { right: "read-api" },
      schema: { tags: ["docs"], summary: "This API as OpenAPI 3.1", response: { 200: Type.Unknown() } },
    },
    () => app.swagger(),
  );
  app.get(
    "/api/docs",
    { config: { right: "read-api" }, schema: { tags: ["docs"], summary: "This API as a page to read" } },
    (_request, reply) => reply.type("text/html; charset=utf-8").send(renderDocsPage(app.swagger())),
  );
  app.get(
    "/api/docs.css",
    { config: { right: "read-api" }, schema: { tags: ["docs"], summary: "The page's style" } },
    (_request, reply) => reply.type("text/css; charset=utf-8").send(STYLE),
  );
}

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1rem; }
h2 { border-bottom: 1px solid #8886; margin-top: 2.5rem; }
summary { cursor: pointer; padding: .3rem 0; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { background: #8882; border-radius: 4px; overflow: auto; padding: .8rem; }
.method { display: inline-block; font-weight: 700; width: 4.5rem; }
`;
