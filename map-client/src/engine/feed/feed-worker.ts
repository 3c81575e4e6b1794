import { backoffMs } from "./backoff.ts";
import type { FromFeedWorker, ToFeedWorker } from "./desk-messages.ts";
import { FeedSession } from "./feed-session.ts";
import { ServerClock } from "./server-clock.ts";

/** The worker that owns the socket. Everything it decides is in {@link FeedSession}. */
const scope = self as unknown as {
  postMessage(message: FromFeedWorker, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToFeedWorker>) => void) | null;
};

const clock = new ServerClock();
let url: string | undefined;
let socket: WebSocket | undefined;
let session: FeedSession | undefined;
let attempt = 0;
let retryTimer: ReturnType<typeof setTimeout> | undefined;

function emit(message: FromFeedWorker): void {
  if (message.type === "link" && message.link.state === "live") attempt = 0;
  const transfer: Transferable[] = [];
  if (message.type === "frame") {
    const { columns } = message;
    transfer.push(columns.unitNo.buffer, columns.x.buffer, columns.y.buffer);
  } else if (message.type === "units" && message.change.order !== undefined) {
    transfer.push(message.change.order.buffer);
  }
  scope.postMessage(message, transfer);
}

function connect(): void {
  if (url === undefined) return;
  emit({ type: "link", link: { state: "connecting", attempt } });
  const mine = new WebSocket(url);
  mine.binaryType = "arraybuffer";
  socket = mine;
  mine.onopen = () => {
    session = new FeedSession(
      {
        send: (message) => {
          if (mine.readyState === WebSocket.OPEN) mine.send(JSON.stringify(message));
        },
        emit,
        close: (final) => {
          if (final) url = undefined;
          drop(mine);
        },
      },
      clock,
      Date.now(),
    );
  };
  mine.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
    if (socket !== mine) return;
    if (typeof event.data === "string") session?.receiveText(event.data, Date.now());
    else session?.receiveFrame(new Uint8Array(event.data), Date.now());
  };
  mine.onclose = () => drop(mine);
}

function drop(which: WebSocket): void {
  if (socket !== which) return;
  socket = undefined;
  session = undefined;
  which.close();
  if (url === undefined) return;
  const waitMs = backoffMs(attempt, Math.random());
  attempt += 1;
  emit({ type: "link", link: { state: "waiting", retryAtMs: Date.now() + waitMs, attempt } });
  retryTimer = setTimeout(connect, waitMs);
}

setInterval(() => session?.tick(Date.now()), 1000);

scope.onmessage = ({ data }) => {
  clearTimeout(retryTimer);
  const open = socket;
  socket = undefined;
  session = undefined;
  open?.close();
  url = data.type === "connect" ? data.url : undefined;
  attempt = 0;
  connect();
};
