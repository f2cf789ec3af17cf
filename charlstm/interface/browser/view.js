// The base of the page's own elements, such as <next-odds>. A view builds itself when the page
// first shows it. It asks the server for figures and draws them itself.
import { chosenModel, onModelChosen } from "./chosen_model.js";

export class View extends HTMLElement {
  connectedCallback() {
    if (!this.isBuilt) {
      this.isBuilt = true;
      this.build();
    }
    this.endSubscription = onModelChosen((model) => this.modelChanged(model));
    if (chosenModel() !== null) this.modelChanged(chosenModel());
  }

  disconnectedCallback() {
    this.endSubscription();
  }

  build() {} // once: fill the element
  modelChanged(model) {} // when it is shown, and whenever another model is chosen
}
