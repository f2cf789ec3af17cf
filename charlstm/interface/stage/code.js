// The QR code of the page's address, as large as the window, for a room full of phones.
const THIS_MACHINE = /^(localhost|127\.|\[::1\])/;

async function addressForOthers() {
  const here = new URL(location.href);
  here.searchParams.delete("stage");
  if (!THIS_MACHINE.test(here.hostname)) return here.href;
  try {
    const { address } = await (await fetch(new URL("room-address", document.baseURI))).json();
    return address ? new URL(here.search, address).href : "";
  } catch {
    return "";
  }
}

export async function showCode() {
  const address = await addressForOthers();
  if (document.querySelector("dialog[open]")) return; // it was pressed twice
  const dialog = document.createElement("dialog");
  dialog.className = "stage-code";
  const words = document.createElement("p");
  if (address) {
    const picture = document.createElement("img");
    picture.alt = `QR code of ${address}`;
    picture.src = new URL(`qr.svg?address=${encodeURIComponent(address)}`, document.baseURI);
    dialog.append(picture);
    words.textContent = address;
  } else {
    words.textContent =
      "Only this computer can open the page. Start it with --host 0.0.0.0 for the room, " +
      "or with --share for everybody.";
  }
  const hint = document.createElement("p");
  hint.className = "quiet";
  const isTouch = window.matchMedia("(pointer: coarse)").matches;
  hint.textContent = isTouch ? "Tap to close." : "Press Q or Escape, or click, to close.";
  dialog.append(words, hint);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", () => dialog.close());
  document.addEventListener("keydown", (event) => event.key.toLowerCase() === "q" && dialog.close(), {
    once: true,
  });
  document.querySelector(".gradio-container").append(dialog);
  dialog.showModal();
}
