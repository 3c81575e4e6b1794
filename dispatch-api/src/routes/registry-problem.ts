import type { RegistryRefusal, Written } from "../adapters/registry-store.ts";
import { RequestProblem } from "../problem.ts";

/** The row that was written; throws the problem that a refusal is. `id` is what the request named. */
export function getWritten<T>(written: Written<T>, id: string): T {
  if ("ok" in written) return written.ok;
  throw toProblem(written.refused, written.what ?? id);
}

function toProblem(refused: RegistryRefusal, what: string): RequestProblem {
  switch (refused) {
    case "callsign-taken":
      return new RequestProblem("CALLSIGN_TAKEN", `another unit has the callsign ${what}; choose another`, "/callsign");
    case "device-id-taken":
      return new RequestProblem("DEVICE_ID_TAKEN", `there is a device ${what} already; choose another id`, "/id");
    case "device-bound-elsewhere":
      return new RequestProblem(
        "DEVICE_BOUND_ELSEWHERE",
        "the device serves another unit; unbind it there first",
        "/deviceId",
      );
    case "not-found":
      return new RequestProblem(
        what.startsWith("u-") ? "UNIT_NOT_FOUND" : "DEVICE_NOT_FOUND",
        `there is no ${what}; it may have been removed`,
      );
  }
}
