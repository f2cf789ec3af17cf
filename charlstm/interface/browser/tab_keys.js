// Arrow keys between the tabs, as the pattern for tabs has it (WAI-ARIA Authoring Practices, "Tabs");
// Gradio's tabs know the mouse alone. One Tab press leads from them to what the tab shows.
const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.('[role="tab"]');
  if (!tab || event.ctrlKey || event.altKey || event.metaKey) return;
  const tabs = [...tab.parentNode.querySelectorAll('[role="tab"]')];
  const ends = { Home: 0, End: tabs.length - 1 };
  const step = STEPS[event.key];
  if (step === undefined && ends[event.key] === undefined) return;
  event.preventDefault();
  const place = step ? (tabs.indexOf(tab) + step + tabs.length) % tabs.length : ends[event.key];
  tabs[place].focus();
  tabs[place].click();
});
