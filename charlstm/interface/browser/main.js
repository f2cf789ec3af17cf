// Loaded once, by the page's head: the views, and what acts without being called by Gradio.
// The page's handlers import the functions they call from the other modules by themselves.
import "./visitor.js";
import "./clipboard.js";
import "./number_boxes.js";
import "./tab_keys.js";
import "../write/paper_view.js";
import "../write/buttons.js";
import "../write/link.js";
import "../write/next_odds.js";
import "./dropped_files.js";
import "../train/report.js";
import "../watch/watch.js";
import "../inside/inside.js";
import "../compare/compare.js";
import "../how/how.js";
import "../stage/stage.js";
