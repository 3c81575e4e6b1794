import mqemitter, { type Message, type MQEmitter } from "mqemitter";

/**
 * The emitter of aedes for commands only: what devices publish is passed over, so that no fan-out costs a ping anything and no
 * reader that does not read holds up ingest.
 */
export function createCommandEmitter(): MQEmitter {
  const emitter = mqemitter({ matchEmptyLevels: true });
  const emit = emitter.emit.bind(emitter);
  emitter.emit = (message: Message, done?: (error?: Error) => void) => {
    // aedes marks what a client published with that client's id.
    if (typeof message.clientId === "string") done?.();
    else emit(message, done);
  };
  return emitter;
}
