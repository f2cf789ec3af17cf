// The story of a talk in five steps. Each shows a tab and sets it going.
const element = (selector) => document.querySelector(selector);

function openTab(name) {
  [...document.querySelectorAll('[role="tab"]')]
    .find((tab) => tab.dataset.tabId === name)
    ?.click();
}

// A tab builds itself when it is opened first.
async function there(selector) {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = element(selector);
    if (found && !found.disabled) return found;
    await new Promise((go) => setTimeout(go, 50));
  }
  return null;
}

function type(box, text) {
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

export const STORY = [
  {
    title: "It begins with gibberish.",
    async show() {
      openTab("watch");
      const slider = await there("training-story input[type=range]");
      if (slider) type(slider, slider.min || 0);
    },
  },
  {
    title: "Watch it learn.",
    async show() {
      openTab("watch");
      (await there(".watch-play"))?.click();
    },
  },
  {
    title: "Give it a word.",
    hint: "Type it and press Enter. Then N goes on.",
    async show() {
      openTab("write");
      const box = await there("#seed-text textarea");
      box.focus();
      box.select(); // what is typed takes its place
    },
  },
  {
    title: "Careful, or wild?",
    async show() {
      openTab("compare");
      // The word of the audience, also when it was typed a moment ago: Gradio hears of it later.
      const word = element("#seed-text textarea")?.value || "ROMEO:";
      type(await there("#compare-seed-text textarea"), word);
      (await there("#compare-write"))?.click();
    },
  },
  {
    title: "Nobody told it what a line is.",
    async show() {
      openTab("inside");
      (await there('input[name="inside-mode"][value="cells"]'))?.click();
      (await there(".cell-list button"))?.click();
    },
  },
];
