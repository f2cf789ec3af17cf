"""The buttons beside the list of models: download, load, rename, delete; and the Hub.

What they do is in model_files.js, which asks the functions that are offered here.
"""

from __future__ import annotations

import gradio as gr

from charlstm.interface.assets import browser_function
from charlstm.interface.endpoints import offer
from charlstm.interface.models import ModelRegistry
from charlstm.runs.titles import MAX_CHARACTERS


class ModelFiles:
    """Serves the buttons."""

    def __init__(self, registry: ModelRegistry):
        self.registry = registry

    def rename(self, model: str, title: str) -> dict:
        """Give a model a name."""
        now = self.registry.rename(model, title)
        return {"model": model, "sentence": f"It is called “{now}” now."}

    def delete(self, model: str) -> dict:
        """Delete a model, which can be brought back for a while."""
        title = self.registry.delete(model)
        return {"sentence": f"“{title}” is deleted.", "can_undo": True}

    def bring_back(self) -> dict:
        """Bring back what was deleted last."""
        model = self.registry.bring_back()
        return {"model": model, "sentence": f"“{self.registry.title(model)}” is back."}

    def get_from_hub(self, name: str) -> dict:
        """Get a model from the Hugging Face Hub."""
        from charlstm.network import hub

        pulled = hub.pull(name)
        model, is_new = self.registry.add(pulled.data, pulled.name)
        sentence = (
            f"“{self.registry.title(model)}” came from the Hub: now it is chosen."
            if is_new
            else f"“{self.registry.title(model)}” is here already: now it is chosen."
        )
        return {"model": model, "sentence": sentence}

    def put_on_hub(self, model: str, name: str, is_public: bool) -> dict:
        """Put a model on the Hugging Face Hub, as whoever is logged in on this computer."""
        from charlstm.network import hub

        address = hub.push(self.registry.file(model), name, is_private=not is_public)
        seen_by = "everybody can see it" if is_public else "only you can see it"
        return {"sentence": f"It is on the Hub ({seen_by}):", "address": address}


def build_model_files(registry: ModelRegistry, model: gr.Dropdown) -> None:
    """Place the buttons; to be called where the list of models stands."""
    files = ModelFiles(registry)
    with gr.Row(elem_classes="model-actions"):
        download = gr.Button("Download", size="sm", min_width=0, elem_id="download-model")
        load = gr.Button("Load…", size="sm", min_width=0, elem_id="load-model")
        rename = gr.Button("Rename", size="sm", min_width=0, elem_id="rename-model")
        delete = gr.Button("Delete", size="sm", min_width=0, elem_id="delete-model")
    with gr.Row(elem_id="model-title"):
        title = gr.Textbox(
            label="Its name", max_lines=1, max_length=MAX_CHARACTERS, min_width=0, scale=3
        )
        keep = gr.Button("Keep", size="sm", min_width=0)
    gr.HTML("<model-note></model-note>", js_on_load=None, elem_classes="model-note")

    def act(name: str) -> str:
        return browser_function("model_files/model_files.js", name)

    download.click(None, model, None, js=act("download"))
    load.click(None, None, None, js=act("chooseFile"))
    rename.click(None, None, title, js=act("beginRenaming"))
    gr.on([keep.click, title.submit], None, [model, title], None, js=act("rename"))
    delete.click(None, model, None, js=act("remove"))
    offer("rename_model", files.rename)
    offer("delete_model", files.delete)
    offer("bring_back_model", files.bring_back)
    if not registry.limits.is_public:
        _build_hub(files, model)


def _build_hub(files: ModelFiles, model: gr.Dropdown) -> None:
    """The Hugging Face Hub, for pages of one's own."""
    with gr.Accordion("Hugging Face Hub", open=False, elem_id="hub"):
        name = gr.Textbox(
            label="Its name there",
            placeholder="your-name/your-model",
            max_lines=1,
            max_length=200,
            elem_id="hub-name",
        )
        with gr.Row(elem_classes="model-actions"):
            get = gr.Button("Get it", size="sm", min_width=0, elem_id="get-from-hub")
            put = gr.Button("Put this model there", size="sm", min_width=0, elem_id="put-on-hub")
        is_public = gr.Checkbox(False, label="Everybody can see it there", elem_id="hub-public")

    def act(name: str) -> str:
        return browser_function("model_files/model_files.js", name)

    gr.on([get.click, name.submit], None, name, None, js=act("getFromHub"))
    put.click(None, [model, name, is_public], None, js=act("putOnHub"))
    offer("get_from_hub", files.get_from_hub)
    offer("put_on_hub", files.put_on_hub)
