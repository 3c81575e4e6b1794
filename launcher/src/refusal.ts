/** A fault that the reader can act on: shown as its message, without a stack, with exit code 1. */
export class Refusal extends Error {
  override name = "Refusal";
}
