import { LIMITS } from "@wufen/contract";
import { passedOnHeaders } from "../adapters/broker-client.ts";
import type { Parts } from "../parts.ts";
import type { Api } from "./api.ts";

const SCHEMA = { tags: ["devices"], summary: "OwnTracks HTTP mode, with the device's own credentials (Basic)" };
const PASSED_BACK = ["content-type", "www-authenticate", "retry-after"];

/** OwnTracks over HTTP, passed through to the broker, which knows the devices' credentials and answers after the commit. */
export async function deviceHttpRoutes(app: Api, parts: Parts): Promise<void> {
  await app.register(async (raw) => {
    raw.removeAllContentTypeParsers();
    raw.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    raw.post(
      "/pub",
      {
        bodyLimit: LIMITS.packetBytes,
        config: { right: "open", forDevices: true, rateLimit: false },
        schema: SCHEMA,
      },
      async (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const path = `/pub${new URL(request.url, "http://own").search}`;
        const answer = await parts.broker.send("POST", path, passedOnHeaders(request.headers), body, request.ip);
        for (const name of PASSED_BACK) {
          const value = answer.headers[name];
          if (value !== undefined) reply.header(name, value);
        }
        return reply.code(answer.status).send(answer.body);
      },
    );
  });
}
