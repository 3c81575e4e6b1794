import { PROBLEMS, type Problem, type ProblemCode } from "@wufen/contract";

/** A refusal of a request, by its code in the table of faults. */
export class RequestProblem extends Error {
  readonly code: ProblemCode;
  readonly path: string | undefined;

  constructor(code: ProblemCode, message: string, path?: string) {
    super(message);
    this.code = code;
    this.path = path;
  }

  get status(): number {
    return PROBLEMS[this.code];
  }

  toBody(requestId: string): Problem {
    const { code, message, path } = this;
    return { code, message, requestId, ...(path === undefined ? {} : { path }) };
  }
}
