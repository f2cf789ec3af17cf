// Copying text, and the buttons that copy what they carry in `data-text`.
export async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Browsers hide the clipboard from pages that come over plain HTTP: the old way still works.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest(".copy-figures");
  if (!button) return;
  const copied = await toClipboard(button.dataset.text);
  button.textContent = copied ? "Copied" : "Select them by hand";
});
