/** The parts of an OpenAPI document that the page shows. */
interface OpenApi {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string | undefined };
  readonly paths?: Readonly<Record<string, unknown>> | undefined;
}

interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly parameters?: unknown;
  readonly requestBody?: unknown;
  readonly responses?: unknown;
}

/** The API as a page without scripts and without another host: an offline machine under a strict CSP shows it too. */
export function renderDocsPage(document: OpenApi): string {
  const operations = listOperations(document);
  const tags = [...new Set(operations.map(({ tag }) => tag))];
  const sections = tags.map((tag) => {
    const shown = operations.filter((operation) => operation.tag === tag).map(render);
    return `<h2>${escapeHtml(tag)}</h2>${shown.join("")}`;
  });
  const { title, version, description = "" } = document.info;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/api/docs.css"></head>
<body><h1>${escapeHtml(title)} ${escapeHtml(version)}</h1><p>${escapeHtml(description)}</p>
<p>For machines: <a href="/api/openapi.json">openapi.json</a></p>${sections.join("\n")}</body></html>`;
}

interface Listed {
  readonly method: string;
  readonly path: string;
  readonly tag: string;
  readonly operation: Operation;
}

function listOperations(document: OpenApi): Listed[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      tag: operation.tags?.[0] ?? "other",
      operation,
    })),
  );
}

function render({ method, path, operation }: Listed): string {
  const parts = (["parameters", "requestBody", "responses"] as const).flatMap((part) =>
    operation[part] === undefined
      ? []
      : `<h4>${part}</h4><pre>${escapeHtml(JSON.stringify(operation[part], null, 2))}</pre>`,
  );
  const line = `<span class="method">${method}</span><code>${escapeHtml(path)}</code> ${escapeHtml(operation.summary ?? "")}`;
  return `<details><summary>${line}</summary>${parts.join("")}</details>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
