import type { Problem, ProblemCode } from "@wufen/contract";

/** An answer of the API that says no. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: ProblemCode | "UNREACHABLE" | "UNREADABLE";

  constructor(status: number, code: ApiProblem["code"], message: string) {
    super(message);
    this.name = "ApiProblem";
    this.status = status;
    this.code = code;
  }
}

/** Longest wait for an answer, ms. */
const PATIENCE_MS = 20_000;

/** One request to the API of this page's own origin; throws {@link ApiProblem} for every answer but a 2xx. */
export async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      credentials: "same-origin",
      signal: signal === undefined ? patience : AbortSignal.any([signal, patience]),
      ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
  } catch (fault) {
    if (signal?.aborted) throw fault;
    throw new ApiProblem(
      0,
      "UNREACHABLE",
      `${method} ${path}: ${fault instanceof Error ? fault.message : String(fault)}`,
    );
  }
  const text = await answer.text();
  let value: unknown;
  try {
    value = text === "" ? undefined : JSON.parse(text);
  } catch {
    throw new ApiProblem(answer.status, "UNREADABLE", `${method} ${path} answered ${answer.status} with no JSON`);
  }
  if (!answer.ok) {
    const problem = value as Partial<Problem> | undefined;
    throw new ApiProblem(
      answer.status,
      problem?.code ?? "UNREADABLE",
      problem?.message ?? `${method} ${path}: ${answer.status}`,
    );
  }
  return value as T;
}
