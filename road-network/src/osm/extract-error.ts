export type ExtractErrorCode =
  | "EXTRACT_NOT_FOUND"
  | "EXTRACT_EMPTY"
  | "EXTRACT_TRUNCATED"
  | "EXTRACT_BROKEN"
  | "EXTRACT_NO_ROADS"
  | "EXTRACT_TOO_LARGE";

/** An extract that cannot be used. The message names the value that was met and what to do about it. */
export class ExtractError extends Error {
  readonly code: ExtractErrorCode;

  constructor(code: ExtractErrorCode, message: string) {
    super(message);
    this.name = "ExtractError";
    this.code = code;
  }
}
