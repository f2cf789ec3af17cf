// Reads the server's events (interface/event_stream.py) from a response of fetch().

// Calls onEvent(kind, data) for each event, and onSign() for each sign of life, a comment among
// them. Ends when the response does; throws if it breaks off.
export async function readEvents(response, onEvent, onSign) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let unread = "";
  while (true) {
    const { done, value } = await reader.read();
    if (done) return;
    onSign();
    const blocks = (unread + value).split("\n\n");
    unread = blocks.pop();
    for (const block of blocks) {
      const lines = block.split("\n");
      const field = (name) => lines.find((line) => line.startsWith(name))?.slice(name.length);
      const kind = field("event: ");
      if (kind) onEvent(kind, JSON.parse(field("data: ")));
    }
  }
}
