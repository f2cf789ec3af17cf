"""The recipe's network and training written plainly with torch.nn.LSTM, for comparison."""

from __future__ import annotations

import json
import sys
import time

import numpy as np


def train(request: dict) -> dict:
    import torch
    from torch import nn

    from charlstm.analysis.evaluation import evaluate
    from charlstm.machine import cpu_name
    from charlstm.network.lstm import Network
    from charlstm.runs.recipes import RECIPES
    from charlstm.text.corpus import read_file
    from charlstm.text.split import split
    from charlstm.text.vocabulary import Vocabulary
    from charlstm.training.batches import Lanes
    from charlstm.training.initial_weights import EMBEDDING, OUTPUT_BIAS, with_counts

    recipe, budget_s = RECIPES[request["recipe"]], 60 * request["minutes"]
    torch.manual_seed(request["random_seed"])
    on = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    text = read_file(request["text_path"], "verse").text
    vocabulary = Vocabulary.from_text(text)
    training_ids, held_out_ids = split(vocabulary.encode(text))
    lanes = Lanes(
        ids=training_ids,
        lanes=recipe.lanes,
        window=recipe.window,
        fresh_start_share=recipe.fresh_start_share,
        random_seed=request["random_seed"],
    )
    embedding = nn.Embedding(len(vocabulary), recipe.embedding_units)
    lstms, features = nn.ModuleList(), recipe.embedding_units
    for units in recipe.lstm_units:
        lstms.append(nn.LSTM(features, units, batch_first=True))
        features = units
    output = nn.Linear(features, len(vocabulary))
    model = nn.ModuleList([embedding, *lstms, output]).to(on)
    for lstm in lstms:  # as Keras begins: it remembers
        with torch.no_grad():
            lstm.bias_hh_l0.zero_()
            lstm.bias_ih_l0.zero_()
            lstm.bias_ih_l0[lstm.hidden_size : 2 * lstm.hidden_size] = 1
    if recipe.max_epochs_from_counts:
        with torch.no_grad():
            first = with_counts({EMBEDDING: embedding.weight.detach().cpu().numpy()}, training_ids)
            embedding.weight.copy_(torch.from_numpy(first[EMBEDDING]))
            output.bias.copy_(torch.from_numpy(first[OUTPUT_BIAS]))
    optimizer = torch.optim.AdamW(
        model.parameters(), betas=(0.9, recipe.beta_2), weight_decay=recipe.weight_decay
    )
    state = [
        tuple(torch.zeros(1, recipe.lanes, units, device=on) for _ in range(2))
        for units in recipe.lstm_units
    ]
    step, began_s = 0, time.monotonic()
    while (elapsed_s := time.monotonic() - began_s) < budget_s:
        batch = lanes.batch(step)
        keep = torch.from_numpy(batch.keep)[None].to(on)
        x = embedding(torch.from_numpy(batch.ids).to(on))
        x = nn.functional.dropout(x, recipe.embedding_dropout)
        for layer, lstm in enumerate(lstms):
            x, after = lstm(x, tuple(value * keep for value in state[layer]))
            state[layer] = tuple(value.detach() for value in after)
            x = nn.functional.dropout(x, recipe.dropout)
        loss = nn.functional.cross_entropy(
            output(x).flatten(0, 1), torch.from_numpy(batch.targets).to(on).flatten().long()
        )
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate_at(elapsed_s / budget_s)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
        optimizer.step()
        step += 1
    elapsed_s = time.monotonic() - began_s
    weights = {
        "embedding/embeddings": embedding.weight,
        "output/kernel": output.weight.T,
        "output/bias": output.bias,
    }
    for place, lstm in enumerate(lstms, 1):
        name = f"lstm_{place}/lstm_cell"
        weights[f"{name}/kernel"] = lstm.weight_ih_l0.T
        weights[f"{name}/recurrent_kernel"] = lstm.weight_hh_l0.T
        weights[f"{name}/bias"] = lstm.bias_ih_l0 + lstm.bias_hh_l0
    arrays = {
        name: np.ascontiguousarray(tensor.detach().cpu().numpy())
        for name, tensor in weights.items()
    }
    network = Network(recipe.architecture(len(vocabulary)), arrays)
    return {
        "device": torch.cuda.get_device_name() if on.type == "cuda" else cpu_name(),
        "step": step,
        "elapsed_s": elapsed_s,
        "characters_per_s": step * recipe.lanes * recipe.window / elapsed_s,
        "results": evaluate(network, held_out_ids).as_dict(),
        "parameters": network.architecture.parameters(),
    }


if __name__ == "__main__":
    print(json.dumps(train(json.load(sys.stdin))))
