// A socket that comes back: waits longer after each failure, notices a dead line, polls while it is away for long.
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
const POLL_AFTER = 10_000;
const POLL_EVERY = 15_000;
const ASK_EVERY = 30_000;
const NOT_A_MEMBER = 4404;

// Calls resync() on each opening and on each poll, receive(message) for each message, show(state) on each change.
export function keepOpen(path, { resync, receive, show }) {
  const address = new URL(path, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  let wait = FIRST_WAIT;
  let awayTimer = 0;
  let pollTimer = 0;

  function opened() {
    clearTimeout(awayTimer);
    clearInterval(pollTimer);
    awayTimer = pollTimer = 0;
    wait = FIRST_WAIT;
    show("live");
    resync();
  }

  function closed(event) {
    if (event.code === NOT_A_MEMBER) return location.reload();
    awayTimer ||= setTimeout(poll, POLL_AFTER);
    if (!pollTimer) show("reconnecting");
    setTimeout(connect, wait * (0.5 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  function poll() {
    show("polling");
    resync();
    pollTimer = setInterval(resync, POLL_EVERY);
  }

  function connect() {
    const socket = new WebSocket(address);
    let asking = 0;
    let heard = true;
    socket.addEventListener("open", () => {
      asking = setInterval(ask, ASK_EVERY);
      opened();
    });
    socket.addEventListener("message", (event) => {
      heard = true;
      receive(JSON.parse(event.data));
    });
    socket.addEventListener("close", (event) => {
      clearInterval(asking);
      closed(event);
    });

    // A line can be dead without having closed; whoever answers nothing for a whole round is gone.
    function ask() {
      if (!heard) return socket.close();
      heard = false;
      socket.send('{"ping": true}');
    }
  }

  connect();
}
